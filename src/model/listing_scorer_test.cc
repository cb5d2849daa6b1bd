#include "model/listing_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "model/testing/tiny_model.h"

namespace starcast::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ListingScorer tiny() {
  return ListingScorer(RatingScorer::create(tiny_model()).value());
}

TEST(ListingScorer, RowsAndListingsGiveTheSameAnswer) {
  const ListingScorer scorer = tiny();
  const std::unique_ptr<Rows> rows = scorer.make_rows();
  rows->add_row();
  ASSERT_TRUE(rows->set_text(0, "Alpha"));
  ASSERT_TRUE(rows->set_number(2, 5000));
  ASSERT_TRUE(rows->set_text(4, "1,000+"));
  rows->add_row();
  RowScores scores;

  scorer.score(*rows, 0, 2, scores);

  ASSERT_EQ(scores.rows, 2U);
  ASSERT_EQ(scores.levels, 2U);
  EXPECT_EQ(scorer.signature().inputs[2].name, "Reviews");
  EXPECT_EQ(scorer.signature().inputs[4].name, "Installs");
  const Prediction launched = scorer.scorer().predict(ListingScorer::listing_of(*rows, 0)).prediction;
  EXPECT_EQ(scores.values[0], launched.value);
  EXPECT_EQ(scores.intervals[1].low, launched.intervals[1].low);
  EXPECT_NEAR(scores.intervals[1].low, 3.8, 1e-12);
  EXPECT_NEAR(scores.intervals[3].low, 2.9, 1e-12);
}

TEST(ListingScorer, NotesACellThatMakesNoSense) {
  const std::unique_ptr<Rows> rows = tiny().make_rows();
  rows->add_row();

  ASSERT_TRUE(rows->set_text(2, "many"));

  EXPECT_THAT(rows->notes(0), ElementsAre(HasSubstr("many")));
}

TEST(ListingScorer, KnowsTheLevelsOfItsIntervals) {
  EXPECT_THAT(tiny().levels(), ElementsAre(0.5, 0.8));
}

TEST(ListingScorer, SaysWhichQuestionItAnswers) {
  const ListingScorer scorer = tiny();
  const std::unique_ptr<Rows> rows = scorer.make_rows();
  rows->add_row();

  EXPECT_EQ(scorer.answered_as(*rows, 0), "before_launch");
}

TEST(ListingScorer, PutsARecordWithoutItsCategoryBack) {
  const std::unique_ptr<Rows> rows = tiny().make_rows();

  ASSERT_TRUE(rows->add_record({0, 1, Rows::kNoColumn, 2}, {"Alpha", "4.5", "17"}));

  const listing::Listing listing = ListingScorer::listing_of(*rows, 0);
  EXPECT_EQ(listing.category, "");
  EXPECT_EQ(listing.reviews, 17);
  EXPECT_THAT(rows->notes(0), ElementsAre(HasSubstr("Category")));
}

TEST(ListingScorer, RefusesARecordOfAnotherLength) {
  const std::unique_ptr<Rows> rows = tiny().make_rows();

  const auto added = rows->add_record({0, 1, Rows::kNoColumn, 2}, {"Alpha", "TOOLS", "4.5", "17", "5"});

  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().message(), HasSubstr("5 cells where the header has 4"));
}

TEST(ListingScorer, CountsWhatIsMissing) {
  const ListingScorer scorer = tiny();
  const std::unique_ptr<Rows> rows = scorer.make_rows();
  rows->add_row();
  ASSERT_TRUE(rows->set_text(0, "Alpha"));
  const std::size_t columns = scorer.signature().inputs.size();
  ColumnCounts counts{std::vector<std::uint64_t>(columns), std::vector<std::uint64_t>(columns),
                      std::vector<std::uint64_t>(columns)};

  scorer.count_columns(*rows, 0, 1, counts);

  EXPECT_EQ(counts.missing[0], 0U);
  EXPECT_EQ(std::accumulate(counts.missing.begin(), counts.missing.end(), std::uint64_t{0}), columns - 1);
}

}  // namespace
}  // namespace starcast::model
