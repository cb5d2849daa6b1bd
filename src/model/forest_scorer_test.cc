#include "model/forest_scorer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "model/testing/tiny_forest.h"

namespace starcast::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ForestModel stump(std::optional<Signature> signature = std::nullopt) {
  return {forest::parse_lightgbm(stump_text({"x", "y"}, 10, 20)).value(), ForestAnswer::kValues,
          std::move(signature)};
}

std::vector<double> values_of(const ForestScorer& scorer, const std::vector<double>& first_cells) {
  const std::unique_ptr<Rows> rows = scorer.make_rows();
  for (const double cell : first_cells) {
    rows->add_row();
    EXPECT_TRUE(rows->set_number(0, cell));
  }
  RowScores scores;
  scorer.score(*rows, 0, first_cells.size(), scores);
  return scores.values;
}

TEST(ForestScorer, ScoresOneRowAndMany) {
  const auto scorer = ForestScorer::create(stump()).value();

  EXPECT_THAT(values_of(*scorer, {1}), ElementsAre(10));
  EXPECT_THAT(values_of(*scorer, {1, 2, 3, core::kMissing}), ElementsAre(10, 20, 20, 10));
}

TEST(ForestScorer, TakesColumnsOfLightGbmByPosition) {
  const Signature signature{{{"b", ColumnType::kDouble, true}, {"a", ColumnType::kLong, true}}, {}};

  const auto scorer = ForestScorer::create(stump(signature)).value();

  EXPECT_TRUE(scorer->enforces_signature());
  EXPECT_THAT(values_of(*scorer, {1, 2}), ElementsAre(10, 20));
}

TEST(ForestScorer, NamesItsOwnFeaturesWithoutASignature) {
  const auto scorer = ForestScorer::create(stump()).value();

  EXPECT_FALSE(scorer->enforces_signature());
  EXPECT_EQ(scorer->signature().inputs[1].name, "y");
}

TEST(ForestScorer, RefusesASignatureOfAnotherLength) {
  const auto scorer = ForestScorer::create(stump(Signature{{{"x", ColumnType::kDouble, true}}, {}}));

  ASSERT_FALSE(scorer);
  EXPECT_THAT(scorer.error().message(), HasSubstr("1 columns, but the model takes 2 features"));
}

TEST(ForestScorer, RefusesAColumnOfTexts) {
  const auto scorer = ForestScorer::create(
      stump(Signature{{{"x", ColumnType::kDouble, true}, {"y", ColumnType::kString, true}}, {}}));

  ASSERT_FALSE(scorer);
  EXPECT_THAT(scorer.error().message(), HasSubstr("'y'"));
}

TEST(ForestScorer, ReadsANumberFromAText) {
  const auto scorer = ForestScorer::create(stump()).value();
  const std::unique_ptr<Rows> rows = scorer->make_rows();
  rows->add_row();

  EXPECT_TRUE(rows->set_text(0, " 2.5 "));

  RowScores scores;
  scorer->score(*rows, 0, 1, scores);
  EXPECT_THAT(scores.values, ElementsAre(20));
}

TEST(ForestScorer, RefusesATextThatIsNoNumber) {
  const auto scorer = ForestScorer::create(stump()).value();
  const std::unique_ptr<Rows> rows = scorer->make_rows();
  rows->add_row();

  const auto set = rows->set_text(0, "two");

  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().message(), "'two' is no number");
}

TEST(ForestScorer, RoundsAFloatColumnToFloat) {
  const Signature signature{{{"x", ColumnType::kFloat, true}, {"y", ColumnType::kFloat, true}}, {}};
  const auto scorer = ForestScorer::create(stump(signature)).value();

  // Rounds to 1.5.
  EXPECT_THAT(values_of(*scorer, {std::nextafter(1.5, 2)}), ElementsAre(10));
}

TEST(ForestScorer, GivesAllClassesOfARow) {
  const auto scorer =
      ForestScorer::create({forest::parse_lightgbm(three_class_text()).value(), ForestAnswer::kValues})
          .value();

  EXPECT_EQ(scorer->width(), 3U);
  const std::vector<double> values = values_of(*scorer, {1, 2});
  ASSERT_EQ(values.size(), 6U);
  EXPECT_NEAR(values[0] + values[1] + values[2], 1, 1e-12);
  EXPECT_NEAR(values[1], values[5], 1e-12);
}

TEST(ForestScorer, AnswersWithLabelsWhereAClassifierWould) {
  const auto scorer =
      ForestScorer::create({forest::parse_lightgbm(three_class_text()).value(), ForestAnswer::kLabels})
          .value();

  EXPECT_EQ(scorer->width(), 1U);
  EXPECT_TRUE(scorer->answers_integers());
  EXPECT_THAT(values_of(*scorer, {1, 2}), ElementsAre(1, 2));
}

TEST(ForestScorer, ExplainsByShares) {
  const auto scorer = ForestScorer::create(stump()).value();
  const std::unique_ptr<Rows> rows = scorer->make_rows();
  rows->add_row();
  ASSERT_TRUE(rows->set_number(0, 2));

  const RowExplanation explanation = scorer->explain(*rows, 0, 0).value();

  EXPECT_EQ(explanation.value, 20);
  EXPECT_NEAR(explanation.base, 15, 1e-12);
  EXPECT_EQ(explanation.reasons[0].column, "x");
  EXPECT_EQ(explanation.reasons[0].value, "2");
  EXPECT_NEAR(explanation.reasons[0].share, 5, 1e-12);
}

TEST(ForestScorer, CountsMissingCellsByColumn) {
  const auto scorer = ForestScorer::create(stump()).value();
  const std::unique_ptr<Rows> rows = scorer->make_rows();
  rows->add_row();
  ASSERT_TRUE(rows->set_number(0, 2));
  ColumnCounts counts{{0, 0}, {0, 0}, {0, 0}};

  scorer->count_columns(*rows, 0, 1, counts);

  EXPECT_THAT(counts.missing, ElementsAre(0, 1));
}

TEST(ForestScorer, GivesTheLeafOfEachTree) {
  const auto scorer = ForestScorer::create(stump()).value();
  const std::unique_ptr<Rows> rows = scorer->make_rows();
  rows->add_row();
  ASSERT_TRUE(rows->set_number(0, 2));
  std::vector<std::int64_t> leaves;

  EXPECT_EQ(scorer->leaves(*rows, 0, 1, leaves).value(), 1U);

  EXPECT_THAT(leaves, ElementsAre(1));
}

}  // namespace
}  // namespace starcast::model
