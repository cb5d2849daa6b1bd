#include "model/whatif.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/kernel_input.h"
#include "model/testing/tiny_model.h"

namespace starcast::model {
namespace {

using listing::Field;
using listing::Listing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Listing listing_of(std::string name, std::string category, std::string genres, double rating) {
  Listing listing;
  listing.app = std::move(name);
  listing.category = std::move(category);
  listing.genres = std::move(genres);
  listing.rating = rating;
  listing.reviews = 100;
  listing.installs = 1000;
  listing.size_mb = 20;
  listing.type = listing::Type::kFree;
  listing.price_usd = 0;
  listing.content_rating = "Everyone";
  listing.last_updated = codec::parse_date("2018-01-07");
  listing.android_version = "4.4 and up";
  return listing;
}

// A kernel model alone, of apps of which those in Tools are rated worse than those in Books & Reference.
RatingScorer scorer_by_category() {
  std::vector<Listing> training;
  for (int i = 0; i < 8; ++i) {
    training.push_back(listing_of("Wrench " + std::to_string(i), "TOOLS", "Tools", 3));
    training.push_back(
        listing_of("Reader " + std::to_string(i), "BOOKS_AND_REFERENCE", "Books & Reference", 4.8));
    training.push_back(listing_of("Player " + std::to_string(i), "GAME", "Action", 4.9));
  }
  training[0].last_updated = codec::parse_date("2018-08-08");
  const std::vector<double> weights(training.size(), 1);
  RatingModel model = tiny_model();
  model.trained_on.seen = {};
  model::RatingCase& launched = model.cases[0];
  launched.encoder = features::Encoder::fit(training, weights, {}).value().encoder;
  const model::KernelInputMaker inputs = model::KernelInputMaker::create(launched.encoder).value();
  std::vector<model::KernelInput> made;
  std::vector<similar::KernelItem> items;
  std::vector<double> ratings;
  std::vector<double> row(launched.encoder.columns().size());
  for (const Listing& listing : training) {
    launched.encoder.transform(listing, row);
    made.push_back(inputs.make(listing, row));
    ratings.push_back(listing.rating);
  }
  for (const model::KernelInput& input : made) items.push_back(input.item());
  const std::vector<double> noise(training.size(), 0.01);
  for (model::PointForest& point : launched.point) point.weight = 0;
  launched.kernel = model::KernelPart{
      1,
      similar::KernelModel::fit({items, ratings, noise}, model::kernel_options()).value().model.to_bytes()};
  return RatingScorer::create(std::move(model)).value();
}

std::vector<std::string> offers(const Listing& listing, Field field) {
  const RatingScorer scorer = scorer_by_category();
  std::vector<std::string> to;
  for (const ChangedListing& changed : possible_changes(scorer, listing, {})) {
    if (changed.change.field == field) to.push_back(changed.change.to);
  }
  return to;
}

Listing asked() {
  return listing_of("Hammer", "TOOLS", "Tools", core::kMissing);
}

TEST(PossibleChanges, MakeTheAppSmaller) {
  EXPECT_THAT(offers(asked(), Field::kSize), ElementsAre("10M", "5M"));
}

TEST(PossibleChanges, UpdateOnTheModelsLastDay) {
  EXPECT_THAT(offers(asked(), Field::kLastUpdated), ElementsAre("August 8, 2018"));
}

TEST(PossibleChanges, LowerTheAndroidVersionOnly) {
  EXPECT_THAT(offers(asked(), Field::kAndroidVersion), ElementsAre("4.1 and up", "4.0 and up"));
}

TEST(PossibleChanges, ALaunchedFreeAppStaysFree) {
  EXPECT_TRUE(offers(asked(), Field::kPrice).empty());
}

TEST(PossibleChanges, APaidAppMayBecomeFreeOrCheaper) {
  Listing paid = asked();
  paid.type = listing::Type::kPaid;
  paid.price_usd = 4.99;

  EXPECT_THAT(offers(paid, Field::kPrice), ElementsAre("0", "$0.99", "$1.99", "$2.99"));
}

TEST(PossibleChanges, TakeCategoriesWhoseGenreIsClear) {
  EXPECT_THAT(offers(asked(), Field::kCategory), ElementsAre("BOOKS_AND_REFERENCE"));
}

TEST(PossibleChanges, LeaveAloneWhatIsNotKnown) {
  const RatingScorer scorer = scorer_by_category();

  EXPECT_TRUE(possible_changes(scorer, {}, {}).empty());
}

TEST(PossibleChanges, NeverTouchReviewsOrInstalls) {
  const RatingScorer scorer = scorer_by_category();

  for (const ChangedListing& changed : possible_changes(scorer, asked(), {})) {
    EXPECT_EQ(changed.listing.reviews, asked().reviews);
    EXPECT_EQ(changed.listing.installs, asked().installs);
  }
}

TEST(PossibleChanges, TryTheNamesAskedForAndThenSimplerOnes) {
  const RatingScorer scorer = scorer_by_category();
  Listing listing = asked();
  listing.app = "Hammer: Pro";
  std::vector<std::string> names;
  for (const ChangedListing& changed : possible_changes(scorer, listing, {"Mallet", "Hammer", "Mallet"})) {
    if (changed.change.field == Field::kApp) names.push_back(changed.listing.app);
  }

  EXPECT_THAT(names, ElementsAre("Mallet", "Hammer"));
}

TEST(PossibleChanges, DoNotLeadOutsideWhatTheModelSaw) {
  RatingModel model = tiny_model();
  Listing smallest = asked();
  smallest.size_mb = 6;
  model.trained_on.seen = SeenFields::of(std::vector<Listing>{asked(), smallest});
  const RatingScorer scorer = RatingScorer::create(std::move(model)).value();
  std::vector<std::string> to;
  for (const ChangedListing& changed :
       possible_changes(scorer, asked(), {"Mallet, the one that is too long"}))
    to.push_back(changed.change.to);

  EXPECT_THAT(to, ElementsAre("Mallet, the one that is too long", "10M"));
}

TEST(WhatIf, AnswersEachNameThatIsAskedForWithItsInterval) {
  const RatingScorer scorer = scorer_by_category();

  const WhatIf result = what_if(scorer, asked(), {0.8, std::nullopt, {"Reader for all", "Hammer"}});

  ASSERT_EQ(result.names.size(), 2U);
  EXPECT_NE(result.names[0].rating, result.rating);
  EXPECT_NEAR(result.names[0].gain, result.names[0].rating - result.rating, 1e-12);
  EXPECT_LT(result.names[0].interval.low, result.names[0].interval.high);
  EXPECT_EQ(result.names[1].gain, 0);
}

TEST(WhatIf, ShowsWhatNoPublisherCanChange) {
  const RatingScorer scorer = scorer_by_category();

  const WhatIf result = what_if(scorer, asked(), {});

  ASSERT_EQ(result.fixed.size(), 2U);
  EXPECT_EQ(result.fixed[0].field, Field::kReviews);
  EXPECT_EQ(result.fixed[0].value, "100");
  EXPECT_EQ(result.fixed[1].value, "1,000+");
}

TEST(WhatIf, WarnsOfWhatLiesOutside) {
  const RatingScorer scorer = RatingScorer::create(tiny_model()).value();

  Listing listing = asked();
  listing.reviews = 9000;

  EXPECT_THAT(what_if(scorer, listing, {}).warnings,
              Contains("reviews 9,000 are above the largest seen, 5,000"));
}

TEST(WhatIf, FindsTheCategoryThatIsRatedBetter) {
  const RatingScorer scorer = scorer_by_category();

  const WhatIf result = what_if(scorer, asked(), {});

  ASSERT_FALSE(result.best.empty());
  EXPECT_EQ(result.best[0].changes[0].to, "BOOKS_AND_REFERENCE");
  EXPECT_GT(result.best[0].gain, 0.1);
  EXPECT_NEAR(result.best[0].rating, result.rating + result.best[0].gain, 1e-12);
  EXPECT_LE(result.best[0].interval.low, result.best[0].rating);
}

TEST(WhatIf, SaysNothingWhenNothingHelps) {
  const RatingScorer scorer = RatingScorer::create(tiny_model()).value();

  EXPECT_TRUE(what_if(scorer, asked(), {}).best.empty());
}

TEST(WhatIf, ReachesATargetWithAsFewChangesAsItCan) {
  const RatingScorer scorer = scorer_by_category();
  const WhatIf single = what_if(scorer, asked(), {});

  const WhatIf result = what_if(scorer, asked(), {0.8, single.best[0].rating - 0.01});

  ASSERT_TRUE(result.target.has_value());
  EXPECT_TRUE(result.target->is_reached);
  EXPECT_EQ(result.target->answer.changes.size(), 1U);
}

TEST(WhatIf, ATargetThatIsReachedAlreadyNeedsNoChange) {
  const RatingScorer scorer = scorer_by_category();

  const WhatIf result = what_if(scorer, asked(), {0.8, 1.5});

  EXPECT_TRUE(result.target->is_reached);
  EXPECT_TRUE(result.target->answer.changes.empty());
}

TEST(WhatIf, SaysWhenATargetCannotBeReached) {
  const RatingScorer scorer = scorer_by_category();

  const WhatIf result = what_if(scorer, asked(), {0.8, 5});

  EXPECT_FALSE(result.target->is_reached);
  EXPECT_LE(result.target->answer.changes.size(), 3U);
}

TEST(WhatIfJson, EndsWithWhatItIsNot) {
  const RatingScorer scorer = scorer_by_category();

  const std::string text =
      codec::to_text(to_json(what_if(scorer, asked(), {0.8, 4.9})), codec::JsonStyle::kCompact);

  EXPECT_THAT(text,
              HasSubstr(R"("changes":[{"field":"Category","from":"TOOLS","to":"BOOKS_AND_REFERENCE"}])"));
  EXPECT_THAT(text, HasSubstr(R"("reached":false)"));
  EXPECT_THAT(text, HasSubstr("association, not cause"));
}

}  // namespace
}  // namespace starcast::model
