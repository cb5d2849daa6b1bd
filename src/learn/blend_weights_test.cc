#include "learn/blend_weights.h"

#include <gtest/gtest.h>

#include <numeric>

#include "core/random.h"

namespace starcast::learn {
namespace {

TEST(LearnWeights, GivesAllToThePartThatIsRight) {
  const std::vector<double> truth = {1, 2, 3, 4, 5};
  const std::vector<double> wrong = {5, 4, 3, 2, 1};

  EXPECT_EQ(learn_weights({wrong, truth}, truth, Objective::kMean), (std::vector<double>{0, 1}));
}

TEST(LearnWeights, SharesBetweenPartsThatErrApart) {
  core::Random random(1);
  std::vector<double> truth;
  std::vector<std::vector<double>> parts(3);
  for (int i = 0; i < 2000; ++i) {
    truth.push_back(random.normal());
    for (std::vector<double>& part : parts) part.push_back(truth.back() + random.normal());
  }

  const std::vector<double> weights = learn_weights(parts, truth, Objective::kBlend);

  EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1, 1e-12);
  for (const double weight : weights) EXPECT_NEAR(weight, 1.0 / 3, 0.11);
}

TEST(LearnWeights, TheObjectiveDecidesBetweenMeanAndMedian) {
  // A skewed truth: the constant 0 is the median, the constant 1 the mean.
  const std::vector<double> truth = {0, 0, 0, 0, 5};
  const std::vector<double> zeros(5, 0.0);
  const std::vector<double> ones(5, 1.0);

  EXPECT_EQ(learn_weights({zeros, ones}, truth, Objective::kMean), (std::vector<double>{0, 1}));
  EXPECT_EQ(learn_weights({zeros, ones}, truth, Objective::kMedian), (std::vector<double>{1, 0}));
}

TEST(LearnWeights, APartWeighsNothingOrItsLeast) {
  // The best share of the second part is 0.1.
  const std::vector<double> truth = {0.1, -0.1};
  const std::vector<double> zeros(2, 0.0);
  const std::vector<double> large = {1, -1};
  const auto learnt = [&](double least) {
    return learn_weights({zeros, large}, truth, Objective::kMean, std::vector<double>{0, least});
  };

  EXPECT_EQ(learnt(0.1)[1], 0.1);
  EXPECT_EQ(learnt(0.15)[1], 0.15);
  EXPECT_EQ(learnt(0.3)[1], 0);
  EXPECT_EQ(learnt(0.3)[0], 1);
}

TEST(LearnWeights, EqualPartsLeaveAllToTheFirst) {
  const std::vector<double> truth = {1, 2};

  EXPECT_EQ(learn_weights({truth, truth}, truth, Objective::kBlend), (std::vector<double>{1, 0}));
}

}  // namespace
}  // namespace starcast::learn
