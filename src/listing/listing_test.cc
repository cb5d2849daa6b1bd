#include "listing/listing.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starcast::listing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Listing with(Field field, std::string_view text, std::vector<FieldNote>* notes = nullptr) {
  Listing listing;
  std::vector<FieldNote> own_notes;
  set_field(listing, field, text, notes != nullptr ? *notes : own_notes);
  return listing;
}

Listing named(std::string_view name) {
  Listing listing;
  listing.app = name;
  return listing;
}

// Every field set, each to something that is easy to get wrong.
Listing full_listing() {
  Listing listing;
  listing.app = "He said \"hi\", twice \U0001F600";
  listing.category = "ART_AND_DESIGN";
  listing.rating = 4.3999998569488525;
  listing.reviews = 78158306;
  listing.size_mb = 0.1 + 0.2;
  listing.installs = 1e9;
  listing.type = Type::kPaid;
  listing.price_usd = 0.30000000000000004;
  listing.content_rating = "Mature 17+";
  listing.genres = "Art & Design;Pretend Play";
  listing.last_updated = codec::date_from({.year = 2018, .month = 1, .day = 7});
  listing.current_version = "1.0.|";
  listing.android_version = "4.0.3 and up";
  return listing;
}

void expect_same(const Listing& a, const Listing& b) {
  for (const Field field : all_fields()) EXPECT_EQ(text_of(a, field), text_of(b, field)) << name_of(field);
  EXPECT_EQ(a.rating, b.rating);
  EXPECT_EQ(a.reviews, b.reviews);
  EXPECT_EQ(a.size_mb, b.size_mb);
  EXPECT_EQ(a.installs, b.installs);
  EXPECT_EQ(a.price_usd, b.price_usd);
  EXPECT_EQ(a.type, b.type);
  EXPECT_EQ(a.last_updated, b.last_updated);
}

TEST(Field, NamesAreTheHeaderOf2018) {
  EXPECT_EQ(name_of(Field::kApp), "App");
  EXPECT_EQ(name_of(Field::kContentRating), "Content Rating");
  EXPECT_EQ(name_of(Field::kAndroidVersion), "Android Ver");
}

TEST(Field, IsFoundByItsOwnName) {
  for (const Field field : all_fields()) EXPECT_EQ(field_named(name_of(field)), field);
}

TEST(Field, IsNotFoundByAnotherName) {
  EXPECT_FALSE(field_named("app"));
}

TEST(SetField, TextOfReadsBackToTheSameValue) {
  const Listing original = full_listing();

  Listing copy;
  std::vector<FieldNote> notes;
  for (const Field field : all_fields()) set_field(copy, field, text_of(original, field), notes);

  expect_same(original, copy);
  EXPECT_THAT(notes, IsEmpty());
}

TEST(SetField, TextOfAMissingFieldReadsBackAsMissing) {
  for (const Field field : all_fields()) {
    EXPECT_EQ(text_of(Listing{}, field), "");
    EXPECT_FALSE(is_known(with(field, ""), field)) << name_of(field);
  }
}

TEST(SetField, ReadsTheSpellingsOf2018) {
  EXPECT_EQ(with(Field::kSize, "201k").size_mb, 0.201);
  EXPECT_EQ(with(Field::kInstalls, "10,000+").installs, 10000);
  EXPECT_EQ(with(Field::kPrice, "$4.99 ").price_usd, 4.99);
  EXPECT_EQ(with(Field::kType, "Paid").type, Type::kPaid);
  EXPECT_EQ(with(Field::kLastUpdated, "January 7, 2018").last_updated,
            codec::date_from({.year = 2018, .month = 1, .day = 7}));
}

TEST(SetField, ReadsTheDatesOfTheOtherLayouts) {
  EXPECT_EQ(text_of(with(Field::kLastUpdated, "29-Mar-19"), Field::kLastUpdated), "March 29, 2019");
  EXPECT_EQ(text_of(with(Field::kLastUpdated, "Jun 09, 2021"), Field::kLastUpdated), "June 9, 2021");
}

TEST(SetField, MarksASizeThatVaries) {
  const Listing listing = with(Field::kSize, "Varies with device");

  EXPECT_TRUE(listing.size_varies);
  EXPECT_TRUE(core::is_missing(listing.size_mb));
  EXPECT_TRUE(is_known(listing, Field::kSize));
  EXPECT_EQ(text_of(listing, Field::kSize), "Varies with device");
}

TEST(SetField, ReplacesASizeThatVaried) {
  Listing listing = with(Field::kSize, "Varies with device");
  std::vector<FieldNote> notes;

  set_field(listing, Field::kSize, "19M", notes);

  EXPECT_FALSE(listing.size_varies);
  EXPECT_EQ(listing.size_mb, 19);
}

TEST(SetField, NotesARatingOutsideOneToFive) {
  for (const char* const text : {"19", "0", "5.1", "0.99", "-3"}) {
    std::vector<FieldNote> notes;
    const Listing listing = with(Field::kRating, text, &notes);

    EXPECT_TRUE(core::is_missing(listing.rating)) << text;
    ASSERT_THAT(notes, SizeIs(1)) << text;
    EXPECT_EQ(notes[0].kind, FieldNote::Kind::kDropped);
    EXPECT_EQ(notes[0].text, std::string("Rating: '") + text + "' is outside 1 to 5; treated as missing");
  }
}

TEST(SetField, TakesTheBordersOfARating) {
  EXPECT_EQ(with(Field::kRating, "1").rating, 1);
  EXPECT_EQ(with(Field::kRating, "5.0").rating, 5);
}

TEST(SetField, NotesACountWithASuffixAsRepaired) {
  std::vector<FieldNote> notes;
  const Listing listing = with(Field::kReviews, "3.0M", &notes);

  EXPECT_EQ(listing.reviews, 3000000);
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].kind, FieldNote::Kind::kRepaired);
  EXPECT_EQ(notes[0].text, "Reviews: '3.0M' is no whole number; read as 3000000");
}

TEST(SetField, MakesSenselessCellsMissingWithANote) {
  const std::vector<std::pair<Field, const char*>> senseless = {{Field::kCategory, "1.9"},
                                                                {Field::kRating, "good"},
                                                                {Field::kReviews, "Varies with device"},
                                                                {Field::kSize, "1,000+"},
                                                                {Field::kInstalls, "Free"},
                                                                {Field::kType, "0"},
                                                                {Field::kPrice, "Everyone"},
                                                                {Field::kContentRating, "0"},
                                                                {Field::kLastUpdated, "1.0.19"},
                                                                {Field::kLastUpdated, "February 30, 2018"},
                                                                {Field::kLastUpdated, "1970-01-01"},
                                                                {Field::kAndroidVersion, "16-Mar-19"}};
  for (const auto& [field, text] : senseless) {
    std::vector<FieldNote> notes;
    const Listing listing = with(field, text, &notes);

    EXPECT_FALSE(is_known(listing, field)) << name_of(field) << " " << text;
    ASSERT_THAT(notes, SizeIs(1)) << name_of(field) << " " << text;
    EXPECT_EQ(notes[0].kind, FieldNote::Kind::kDropped);
    EXPECT_EQ(notes[0].field, field);
  }
}

TEST(SetField, ForgetsTheOldValueWhenTheNewOneMakesNoSense) {
  Listing listing = full_listing();
  std::vector<FieldNote> notes;

  set_field(listing, Field::kRating, "19", notes);
  set_field(listing, Field::kCategory, "7", notes);

  EXPECT_FALSE(is_known(listing, Field::kRating));
  EXPECT_FALSE(is_known(listing, Field::kCategory));
}

TEST(SetField, MendsBrokenUtf8WithANote) {
  std::vector<FieldNote> notes;
  const Listing listing = with(Field::kApp, "Pr\xE9nom", &notes);

  EXPECT_EQ(listing.app, "Pr\uFFFDnom");
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_THAT(notes[0].text, HasSubstr("broken UTF-8"));
}

TEST(SetField, ReplacesControlCharactersBySpaces) {
  std::vector<FieldNote> notes;

  EXPECT_EQ(with(Field::kApp, std::string_view("a\x1B[31m\0b\n", 8), &notes).app, "a [31m b");
  EXPECT_THAT(notes, SizeIs(1));
}

TEST(SetField, KeepsANameOfTenThousandCharacters) {
  const std::string name(10000, 'x');

  EXPECT_EQ(with(Field::kApp, name).app, name);
}

TEST(SetField, CutsALongCellInItsNote) {
  std::vector<FieldNote> notes;
  with(Field::kReviews, std::string(100000, 'x'), &notes);

  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_LT(notes[0].text.size(), 200U);
}

TEST(FillImplied, TakesAMissingTypeFromThePrice) {
  Listing listing = with(Field::kPrice, "$1.99");
  std::vector<FieldNote> notes;

  fill_implied(listing, notes);

  EXPECT_EQ(listing.type, Type::kPaid);
  ASSERT_THAT(notes, SizeIs(1));
  EXPECT_EQ(notes[0].text, "Type: missing; Paid by its price");
}

TEST(FillImplied, GivesAFreeAppItsPrice) {
  Listing listing = with(Field::kType, "Free");
  std::vector<FieldNote> notes;

  fill_implied(listing, notes);

  EXPECT_EQ(listing.price_usd, 0);
}

TEST(FillImplied, LeavesAloneWhatIsThereOrUnknowable) {
  std::vector<FieldNote> notes;
  Listing complete = full_listing();
  Listing paid = with(Field::kType, "Paid");
  Listing empty;

  fill_implied(complete, notes);
  fill_implied(paid, notes);
  fill_implied(empty, notes);

  EXPECT_THAT(notes, IsEmpty());
  EXPECT_FALSE(is_known(paid, Field::kPrice));
  EXPECT_FALSE(is_known(empty, Field::kType));
}

TEST(KeyOf, FoldsCaseAndCollapsesSpaces) {
  EXPECT_EQ(key_of(named("  My   App\t2 ")), "my app 2");
  EXPECT_EQ(key_of(named("\u0416\u0416 \u00A0 \u00C9t\u00E9")), key_of(named("\u0436\u0436 \u00E9T\u00C9")));
}

TEST(KeyOf, IsEmptyForAMissingName) {
  EXPECT_EQ(key_of(Listing{}), "");
}

TEST(KeyOf, TellsDifferentNamesApart) {
  EXPECT_NE(key_of(named("Chat")), key_of(named("Chat!")));
}

}  // namespace
}  // namespace starcast::listing
