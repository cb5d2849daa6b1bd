#include "app/params.h"

#include <gtest/gtest.h>

namespace starcast::app {
namespace {

TEST(ParseParams, NothingGivesTheDefaultsOfTheBoostedLearner) {
  const Params params = parse_params("", "params.yaml").value();

  EXPECT_EQ(params.train.learner, learn::Learner::kBoosted);
  ASSERT_EQ(params.train.cases.size(), 2U);
  EXPECT_EQ(params.train.cases[0].point.size(), 3U);
  EXPECT_EQ(params.train.objective, learn::Objective::kBlend);
  EXPECT_EQ(params.split.test_share, 0.2);
  EXPECT_FALSE(params.generated);
}

TEST(ParseParams, ReadsWhatIsThere) {
  const Params params =
      parse_params(
          "data: {generated: true}\nsplit: {test_share: 0.3, seed: 4}\n"
          "train:\n  learner: boosted\n  launched:\n    forests:\n      mean: {weight: 0.4, trees: 7, "
          "num_leaves: 63}\n"
          "      mean-extra: {weight: 0.3}\n    band: {trees: 9}\nevaluate: {bootstrap_resamples: 10}\n",
          "params.yaml")
          .value();

  EXPECT_TRUE(params.generated);
  EXPECT_EQ(params.split.seed, 4U);
  EXPECT_EQ(params.train.cases[0].point[0].booster.trees, 7);
  EXPECT_EQ(params.train.cases[0].point[0].weight, 0.4);
  EXPECT_EQ(params.train.cases[0].band.trees, 9);
  EXPECT_EQ(params.evaluate.bootstrap_resamples, 10U);
  bool found = false;
  for (const auto& parameter : params.train.cases[0].point[0].booster.parameters) {
    found = found || (parameter.first == "num_leaves" && parameter.second == "63");
  }
  EXPECT_TRUE(found);
}

TEST(ParseParams, ALearnerBringsItsOwnPlan) {
  const Params params = parse_params("train: {learner: random-forest}\n", "params.yaml").value();

  EXPECT_EQ(params.train.learner, learn::Learner::kRandomForest);
  ASSERT_EQ(params.train.cases.size(), 1U);
  EXPECT_EQ(params.train.cases[0].point.size(), 4U);
}

TEST(ParseParams, AnObjectiveLeavesOutTheForestsOfTheOtherLoss) {
  const Params params = parse_params("train: {objective: median}\n", "params.yaml").value();

  ASSERT_EQ(params.train.cases[0].point.size(), 1U);
  EXPECT_EQ(params.train.cases[0].point[0].name, "median");
  EXPECT_EQ(params.train.cases[0].point[0].weight, 1);
  EXPECT_EQ(params.train.cases[1].point.size(), 1U);
}

std::vector<std::string> launched_forests(const Params& params) {
  std::vector<std::string> names;
  for (const learn::PointPlan& plan : params.train.cases[0].point) names.push_back(plan.name);
  return names;
}

TEST(ParseParams, AChosenObjectiveGoesBeforeTheFiles) {
  const auto params = parse_params("train: {objective: mean}\n", "params.yaml", learn::Objective::kMedian);

  ASSERT_TRUE(params) << params.error().message();
  EXPECT_EQ(params->train.objective, learn::Objective::kMedian);
  EXPECT_EQ(launched_forests(*params), std::vector<std::string>{"median"});
}

TEST(ParseParams, AChosenObjectiveLeavesOutForestsThatTheFileSets) {
  const auto params = parse_params("train: {launched: {forests: {mean: {trees: 7}}}}\n", "params.yaml",
                                   learn::Objective::kMedian);

  ASSERT_TRUE(params) << params.error().message();
  EXPECT_EQ(launched_forests(*params), std::vector<std::string>{"median"});
}

TEST(ParseParams, RefusesAChosenObjectiveBesideAForestOfOneLoss) {
  const auto params =
      parse_params("train: {learner: random-forest}\n", "params.yaml", learn::Objective::kMedian);

  ASSERT_FALSE(params);
  EXPECT_EQ(params.error().code(), core::ErrorCode::kInvalidInput);
}

struct BadParams {
  const char* text;
  const char* message;
};

class ParseBadParams : public ::testing::TestWithParam<BadParams> {};

TEST_P(ParseBadParams, NamesFileLineAndKey) {
  const auto params = parse_params(GetParam().text, "params.yaml");

  ASSERT_FALSE(params);
  EXPECT_EQ(params.error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_EQ(params.error().message(), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseBadParams,
    ::testing::Values(
        BadParams{"trian: {}\n", "params.yaml:1: trian: unknown parameter; did you mean 'train'?"},
        BadParams{"train:\n  learnr: boosted\n",
                  "params.yaml:2: train.learnr: unknown parameter; did you mean 'learner'?"},
        BadParams{"train: {learner: magic}\n",
                  "params.yaml:1: train.learner: 'magic' is no learner; known are boosted and random-forest"},
        BadParams{"train: {objective: mode}\n",
                  "params.yaml:1: train.objective: 'mode' is no objective; known are mean, median and blend"},
        BadParams{"split: {test_share: 2}\n",
                  "params.yaml:1: split.test_share: '2' is no number from 0.01 to 0.99"},
        BadParams{"split: {seed: -1}\n",
                  "params.yaml:1: split.seed: '-1' is no whole number from 0 to 2147483647"},
        BadParams{"split: 3\n", "params.yaml:1: split has to be a mapping"},
        BadParams{"train: {launched: {forests: {mean: {weight: 0.5}}}}\n",
                  "params.yaml:1: train.launched.forests: the weights sum to 1.15, not to 1"},
        BadParams{"train: {launched: {forests: {mean: {num_threads: 2}}}}\n",
                  "params.yaml:1: train.launched.forests.mean.num_threads: this LightGBM parameter is set by "
                  "starcast"},
        BadParams{"data: {generated: maybe}\n",
                  "params.yaml:1: data.generated: 'maybe' is neither true nor false"}));

}  // namespace
}  // namespace starcast::app
