#include "forest/forest.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/numeric.h"

namespace starcast::forest {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct Stump {
  std::string decision = "2";
  std::string threshold = "0.5";
  std::string objective = "regression";
  std::string category_lines = "num_cat=0\n";
};

// One split on feature 0 of two: 10 on its left, 20 on its right.
Forest forest_of(const Stump& stump) {
  const std::string text =
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nobjective=" +
      stump.objective + "\nfeature_names=a b\n\nTree=0\nnum_leaves=2\n" + stump.category_lines +
      "split_feature=0\nsplit_gain=3.5\nthreshold=" + stump.threshold + "\ndecision_type=" + stump.decision +
      "\nleft_child=-1\nright_child=-2\nleaf_value=10 20\nleaf_count=3 4\ninternal_count=7\n"
      "is_linear=0\nshrinkage=0.1\n\n\nend of trees\n";
  auto forest = parse_lightgbm(text);
  EXPECT_TRUE(forest) << (forest ? "" : forest.error().message());
  return std::move(forest).value();
}

double predict(const Forest& forest, double value) {
  return forest.predict(std::array{value, 0.0});
}

TEST(Forest, SendsValuesUpToTheThresholdLeft) {
  const Forest forest = forest_of({});

  EXPECT_EQ(predict(forest, 0.5), 10);
  EXPECT_EQ(predict(forest, std::nextafter(0.5, 1.0)), 20);
  EXPECT_EQ(predict(forest, -kInfinity), 10);
  EXPECT_EQ(predict(forest, kInfinity), 20);
}

TEST(Forest, TreatsMissingAsZeroWhenTheMissingKindIsNone) {
  EXPECT_EQ(predict(forest_of({.decision = "0", .threshold = "0.5"}), core::kMissing), 10);
  EXPECT_EQ(predict(forest_of({.decision = "2", .threshold = "-0.5"}), core::kMissing), 20);
}

TEST(Forest, SendsMissingToTheDefaultSideWhenTheMissingKindIsNaN) {
  EXPECT_EQ(predict(forest_of({.decision = "10", .threshold = "-5"}), core::kMissing), 10);
  EXPECT_EQ(predict(forest_of({.decision = "8", .threshold = "5"}), core::kMissing), 20);
}

TEST(Forest, ComparesZeroAsANumberWhenTheMissingKindIsNaN) {
  EXPECT_EQ(predict(forest_of({.decision = "10", .threshold = "-5"}), 0), 20);
}

TEST(Forest, SendsZeroAndMissingToTheDefaultSideWhenTheMissingKindIsZero) {
  const Forest left = forest_of({.decision = "6", .threshold = "-5"});
  const Forest right = forest_of({.decision = "4", .threshold = "5"});

  for (const double value : {0.0, -0.0, 1e-36, -1e-36, core::kMissing}) {
    EXPECT_EQ(predict(left, value), 10) << value;
    EXPECT_EQ(predict(right, value), 20) << value;
  }
}

TEST(Forest, ReadsValuesUpToTheFloat1em35AsZero) {
  const Forest forest = forest_of({.decision = "0", .threshold = "0"});

  EXPECT_EQ(predict(forest, 1e-36), 10);
  EXPECT_EQ(predict(forest, static_cast<double>(1e-35f)), 10);
  EXPECT_EQ(predict(forest, std::nextafter(static_cast<double>(1e-35f), 1.0)), 20);
}

TEST(Forest, SendsMembersOfACategorySetLeftAndAllElseRight) {
  // Words 5 = 0b101 and 2 = 0b10: categories 0, 2 and 33.
  const Forest forest = forest_of({.decision = "1",
                                   .threshold = "0",
                                   .category_lines = "num_cat=1\ncat_boundaries=0 2\ncat_threshold=5 2\n"});

  for (const double member : {0.0, 2.0, 33.0, 2.9, -0.5}) EXPECT_EQ(predict(forest, member), 10) << member;
  for (const double other : {1.0, -1.0, 32.0, 64.0, 2147483647.0, 2147483648.0, 4294967296.0, 1e300,
                             kInfinity, -kInfinity, core::kMissing}) {
    EXPECT_EQ(predict(forest, other), 20) << other;
  }
}

TEST(Forest, AppliesTheTransformOfItsObjective) {
  EXPECT_EQ(predict(forest_of({.objective = "regression sqrt"}), 0), 100);
  EXPECT_EQ(predict(forest_of({.objective = "huber sqrt"}), 0), 10);
  EXPECT_EQ(predict(forest_of({.objective = "poisson"}), 0), std::exp(10.0));
  EXPECT_EQ(predict(forest_of({.objective = "binary sigmoid:0.5"}), 0), 1 / (1 + std::exp(-5.0)));
  EXPECT_EQ(predict(forest_of({.objective = "quantile alpha:0.9"}), 0), 10);
}

TEST(Forest, AveragesWhenTheModelSaysSo) {
  const std::string tree =
      "num_leaves=1\nnum_cat=0\nsplit_feature=\nthreshold=\nleft_child=\nright_child=\nleaf_value=";
  const std::string text =
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\naverage_output\n"
      "feature_names=a\n\nTree=0\n" +
      tree + "1\n\nTree=1\n" + tree + "4\n\nend of trees\n";

  const auto forest = parse_lightgbm(text);

  ASSERT_TRUE(forest) << forest.error().message();
  EXPECT_EQ(forest->predict(std::array{0.0}), 2.5);
}

TEST(Forest, NamesTheLeafThatARowReaches) {
  const Forest forest = forest_of({});
  std::array<std::int32_t, 1> leaf = {-7};

  forest.leaves(std::array{3.0, 0.0}, leaf);

  EXPECT_EQ(leaf[0], 1);
}

TEST(Forest, AddsGainsByFeature) {
  EXPECT_EQ(forest_of({}).gains(), (std::vector<double>{3.5, 0}));
}

TEST(ForestDeathTest, RefusesARowOfAnotherWidth) {
  const Forest forest = forest_of({});

  EXPECT_DEATH(forest.predict(std::array{1.0}), "feature_count");
}

}  // namespace
}  // namespace starcast::forest
