#include "app/ask.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/testing/tiny_model.h"

namespace starcast::app {
namespace {

using listing::Listing;
using ::testing::HasSubstr;
using ::testing::Not;

// The listing that comes of the answers, and what was said meanwhile.
struct Conversation {
  Listing listing;
  std::string said;
};

Conversation converse(const std::string& answers) {
  const model::RatingScorer scorer = model::RatingScorer::create(model::tiny_model()).value();
  core::StringSource source(answers);
  Conversation conversation;
  conversation.listing =
      ask_listing(source, scorer, [&](std::string_view text) { conversation.said += text; }).value();
  return conversation;
}

TEST(AskListing, TakesOneAnswerAField) {
  const Listing listing =
      converse("Chess\nArt & Design\n24M\n2.99\nTeen\n2018-07-30\n4.4 and up\n1200\n10,000+\n").listing;

  EXPECT_EQ(listing.app, "Chess");
  EXPECT_EQ(listing.category, "ART_AND_DESIGN");
  EXPECT_EQ(listing.size_mb, 24);
  EXPECT_EQ(listing.price_usd, 2.99);
  EXPECT_EQ(listing.content_rating, "Teen");
  EXPECT_EQ(codec::to_iso(*listing.last_updated), "2018-07-30");
  EXPECT_EQ(listing.android_version, "4.4 and up");
  EXPECT_EQ(listing.reviews, 1200);
  EXPECT_EQ(listing.installs, 10000);
}

TEST(AskListing, KnowsWhatAPriceImplies) {
  EXPECT_EQ(converse("\n\n\n2.99\n").listing.type, listing::Type::kPaid);
  EXPECT_EQ(converse("\n\n\n0\n").listing.type, listing::Type::kFree);
}

TEST(AskListing, AnEmptyAnswerIsNotKnown) {
  const Listing listing = converse("\n\n\n\n\n\n\n\n\n").listing;

  for (const listing::Field field : listing::all_fields()) EXPECT_FALSE(listing::is_known(listing, field));
}

TEST(AskListing, TheEndOfTheAnswersLeavesTheRestUnknown) {
  const Conversation conversation = converse("Chess");

  EXPECT_EQ(conversation.listing.app, "Chess");
  EXPECT_TRUE(conversation.listing.category.empty());
  EXPECT_THAT(conversation.said, HasSubstr("what is left is taken as not known"));
}

TEST(AskListing, AsksAgainWithTheReason) {
  const Conversation conversation = converse("Chess\nTOOLS\nlarge\n24M\n");

  EXPECT_EQ(conversation.listing.size_mb, 24);
  EXPECT_THAT(conversation.said, HasSubstr("That cannot be: Size: 'large'"));
}

TEST(AskListing, SaysWhatWasNeverSeenAndTakesIt) {
  const Conversation conversation = converse("Alpha beta\nFOO\n");

  EXPECT_EQ(conversation.listing.category, "FOO");
  EXPECT_THAT(conversation.said, HasSubstr("Note: category 'FOO' was never seen."));
  EXPECT_THAT(conversation.said, Not(HasSubstr("That cannot be")));
}

TEST(AskListing, TakesLinesThatEndAsInDos) {
  EXPECT_EQ(converse("Chess\r\nTOOLS\r\n").listing.app, "Chess");
}

TEST(AskListing, RefusesALineWithoutEnd) {
  const model::RatingScorer scorer = model::RatingScorer::create(model::tiny_model()).value();
  const std::string answer(kAnswerBytesMax + 1, 'x');
  core::StringSource source(answer);

  const auto listing = ask_listing(source, scorer, [](std::string_view) {});

  ASSERT_FALSE(listing);
  EXPECT_EQ(listing.error().code(), core::ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace starcast::app
