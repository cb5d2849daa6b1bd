#include "listing/sample.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "listing/clean.h"
#include "listing/reader.h"

namespace starcast::listing {
namespace {

struct Sample {
  std::string text;
  SampleTruth truth;
};

Sample made(SampleOptions options) {
  core::StringSink sink;
  SampleTruth truth = write_sample(sink, options).value();
  return {.text = sink.text(), .truth = std::move(truth)};
}

const Sample& usual() {
  static const Sample sample = made({});
  return sample;
}

ListingFile read(const std::string& text) {
  core::StringSource source(text);
  return read_listings(source, {.file_name = "sample.csv"}).value();
}

std::size_t at(Field field) {
  return static_cast<std::size_t>(field);
}

TEST(Sample, IsTheSameForTheSameSeed) {
  EXPECT_EQ(made({.apps = 500, .seed = 7}).text, made({.apps = 500, .seed = 7}).text);
}

TEST(Sample, DiffersForAnotherSeed) {
  EXPECT_NE(made({.apps = 500, .seed = 7}).text, made({.apps = 500, .seed = 8}).text);
}

TEST(Sample, SaysInItsFirstRowThatItIsGenerated) {
  EXPECT_EQ(read(usual().text).listings.front().app, kSampleFirstName);
}

TEST(Sample, HasTheQuirksOfTheRealFile) {
  const std::string& text = usual().text;

  for (const char* const quirk :
       {"\r\n", "Varies with device", ",NaN,", "+\",", "\"\"", "k,", "M,", ",$4.99,", "4.4W and up",
        "4.1 - 7.1.1", "\U0001F3AE", ", 2018\"", "Mature 17+", ",0,NaN,0,"}) {
    EXPECT_NE(text.find(quirk), std::string::npos) << quirk;
  }
}

TEST(Sample, IsReadBackWithOneShiftedRowAndNothingDropped) {
  const ListingFile file = read(usual().text);

  EXPECT_EQ(file.report.shifted_repaired, 1U);
  EXPECT_EQ(file.report.ragged, 0U);
  EXPECT_EQ(file.report.repaired[at(Field::kType)], 1U);
  for (const Field field : all_fields()) EXPECT_EQ(file.report.dropped[at(field)], 0U) << name_of(field);
}

TEST(Sample, HasItsSharesOfDuplicatesAndUnrated) {
  const ListingFile file = read(usual().text);
  const auto rows = static_cast<double>(file.report.rows);
  const CleanReport clean = cleaned(file).report;

  EXPECT_NEAR(rows, 11100, 150);
  EXPECT_NEAR(static_cast<double>(clean.unrated) / rows, 0.14, 0.02);
  EXPECT_NEAR(static_cast<double>(clean.duplicates) / rows, 0.09, 0.02);
}

TEST(Sample, HasATruthForEveryRatedRowAndForNoOther) {
  const ListingFile file = read(usual().text);

  ASSERT_EQ(usual().truth.expected_rating.size(), file.listings.size());
  for (std::size_t i = 0; i < file.listings.size(); ++i) {
    ASSERT_EQ(std::isnan(usual().truth.expected_rating[i]), core::is_missing(file.listings[i].rating)) << i;
  }
}

TEST(Sample, TellsTheBestR2ThatAModelCouldReach) {
  const CleanListings clean = cleaned(read(usual().text));
  double mean = 0;
  for (const Listing& listing : clean.listings)
    mean += listing.rating / static_cast<double>(clean.listings.size());
  double error = 0;
  double spread = 0;
  for (std::size_t i = 0; i < clean.listings.size(); ++i) {
    const double rating = clean.listings[i].rating;
    error += std::pow(rating - usual().truth.expected_rating[clean.rows[i]], 2);
    spread += std::pow(rating - mean, 2);
  }

  EXPECT_NEAR(1 - error / spread, usual().truth.r2_ceiling, 1e-9);
  EXPECT_GT(usual().truth.r2_ceiling, 0.28);
  EXPECT_LT(usual().truth.r2_ceiling, 0.36);
}

TEST(Sample, LooksLikeTheRealRatings) {
  const CleanListings clean = cleaned(read(usual().text));
  const auto count = static_cast<double>(clean.listings.size());
  double sum = 0;
  double squares = 0;
  for (const Listing& listing : clean.listings) {
    sum += listing.rating;
    squares += listing.rating * listing.rating;
  }
  const double mean = sum / count;

  EXPECT_NEAR(mean, 4.17, 0.05);
  EXPECT_NEAR(std::sqrt(squares / count - mean * mean), 0.537, 0.04);
}

TEST(Sample, CanBeOfAnySizeFromNone) {
  for (const std::size_t apps : {0U, 1U, 2U, 3U, 20U}) {
    const Sample sample = made({.apps = apps});
    EXPECT_GE(read(sample.text).report.rows, apps);
  }
}

TEST(Sample, RefusesTooManyApps) {
  core::StringSink sink;

  const core::Result<SampleTruth> truth = write_sample(sink, {.apps = 20'000'000});

  ASSERT_FALSE(truth);
  EXPECT_EQ(truth.error().code(), core::ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace starcast::listing
