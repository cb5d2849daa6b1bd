// The reader on the real files, where the machine has them: STARCAST_TEST_DATA, or ../shared/data beside the
// checkout.
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "listing/clean.h"
#include "listing/reader.h"

namespace starcast::listing {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::optional<std::string> text_of_file(const std::string& name) {
  const char* const folder = std::getenv("STARCAST_TEST_DATA");
  std::ifstream file(std::string(folder != nullptr ? folder : "../shared/data") + "/" + name,
                     std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

#define READ_OR_SKIP(file, name)                                                                \
  const std::optional<std::string> text = text_of_file(name);                                   \
  if (!text) GTEST_SKIP() << name << " is neither in STARCAST_TEST_DATA nor in ../shared/data"; \
  core::StringSource source(*text);                                                             \
  ListingFile file = read_listings(source, {.file_name = name}).value()

std::size_t at(Field field) {
  return static_cast<std::size_t>(field);
}

TEST(RealFile2018, HasItsRowsAndItsOneShiftedRow) {
  READ_OR_SKIP(file, "googleplaystore.csv");

  EXPECT_EQ(file.report.rows, 10841U);
  EXPECT_EQ(file.report.shifted_repaired, 1U);
  EXPECT_EQ(file.report.ragged, 0U);
  EXPECT_EQ(file.report.missing[at(Field::kRating)], 1474U);
  EXPECT_EQ(file.report.missing[at(Field::kCategory)], 1U);
  EXPECT_EQ(file.report.repaired[at(Field::kType)], 1U);
  for (const Field field : all_fields()) EXPECT_EQ(file.report.dropped[at(field)], 0U) << name_of(field);
  ASSERT_THAT(file.report.notes, SizeIs(2));
  EXPECT_EQ(file.report.notes[1].line, 10474U);
  EXPECT_THAT(file.report.notes[1].text, HasSubstr("Category"));
}

TEST(RealFile2018, LeavesItsRatedAppsOnce) {
  READ_OR_SKIP(file, "googleplaystore.csv");

  const CleanListings clean = cleaned(std::move(file));

  EXPECT_EQ(clean.report.apps, 8181U);
  EXPECT_EQ(clean.report.unrated, 1474U);
  EXPECT_EQ(clean.report.duplicates, 1186U);
  EXPECT_EQ(clean.report.date_last, codec::date_from({.year = 2018, .month = 8, .day = 8}));
}

TEST(RealFile2018, ReadsBackFromItsCleanedForm) {
  READ_OR_SKIP(file, "googleplaystore.csv");

  core::StringSink sink;
  ListingWriter writer(sink);
  for (const Listing& listing : file.listings) ASSERT_TRUE(writer.write(listing));
  ASSERT_TRUE(writer.flush());
  core::StringSource again(sink.text());
  const ListingFile copy = read_listings(again, {}).value();

  ASSERT_EQ(copy.listings.size(), file.listings.size());
  for (std::size_t i = 0; i < copy.listings.size(); ++i) {
    for (const Field field : all_fields())
      ASSERT_EQ(text_of(copy.listings[i], field), text_of(file.listings[i], field)) << i;
  }
  EXPECT_THAT(copy.report.notes, SizeIs(0));
}

TEST(RealFile2019, IsReadWithItsTwoCutNames) {
  READ_OR_SKIP(file, "Google-Playstore-32K.csv");

  EXPECT_EQ(file.report.layout, Layout::kPlayStore2019);
  EXPECT_EQ(file.report.rows, 32000U);
  EXPECT_EQ(file.report.shifted_repaired, 2U);
  EXPECT_EQ(file.report.dropped[at(Field::kApp)], 1310U);
  EXPECT_EQ(file.report.ragged, 0U);
  for (const Field field : all_fields()) {
    if (field == Field::kApp) continue;
    EXPECT_EQ(file.report.dropped[at(field)], 0U) << name_of(field);
  }
  for (const Listing& listing : file.listings) ASSERT_FALSE(core::is_missing(listing.rating));
}

TEST(RealFile2021, NeverLearnsFromTheZerosOfItsUnratedApps) {
  READ_OR_SKIP(file, "Google-Playstore-2021-sample.csv");

  EXPECT_EQ(file.report.layout, Layout::kPlayStore2021);
  EXPECT_EQ(file.report.rows, 11998U);
  EXPECT_EQ(file.report.unrated_as_zero, 5473U);
  EXPECT_EQ(file.report.missing[at(Field::kRating)], 5473U + 108U);
  for (const Field field : all_fields()) EXPECT_EQ(file.report.dropped[at(field)], 0U) << name_of(field);
  const CleanListings clean = cleaned(std::move(file));
  EXPECT_EQ(clean.report.unrated, 5581U);
  for (const Listing& listing : clean.listings) ASSERT_GE(listing.rating, 1);
}

}  // namespace
}  // namespace starcast::listing
