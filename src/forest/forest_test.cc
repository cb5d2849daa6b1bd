#include "forest/forest.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

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

// Three classes of one tree each: value <= 0 ? i : 10 + i.
Forest forest_of_classes(const std::string& objective, const std::string& header = "") {
  std::string text = "tree\nversion=v4\nnum_class=3\nnum_tree_per_iteration=3\nmax_feature_idx=1\n" + header +
                     (objective.empty() ? "" : "objective=" + objective + "\n") + "feature_names=a b\n\n";
  for (const char* const leaves : {"0 10", "1 11", "2 12"}) {
    text +=
        "Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=0\ndecision_type=2\nleft_child=-1\n"
        "right_child=-2\nleaf_value=" +
        std::string(leaves) + "\nleaf_count=1 3\ninternal_count=4\n\n";
  }
  auto forest = parse_lightgbm(text + "end of trees\n");
  EXPECT_TRUE(forest) << (forest ? "" : forest.error().message());
  return std::move(forest).value();
}

std::array<double, 3> classes_of(const Forest& forest, double value) {
  std::array<double, 3> outputs = {};
  forest.predict(std::array{value, 0.0}, outputs);
  return outputs;
}

TEST(Forest, SumsEachClassByItself) {
  const Forest forest = forest_of_classes("");

  EXPECT_EQ(forest.class_count(), 3U);
  EXPECT_EQ(forest.output_count(), 3U);
  EXPECT_EQ(classes_of(forest, -1), (std::array<double, 3>{0, 1, 2}));
  EXPECT_EQ(classes_of(forest, 1), (std::array<double, 3>{10, 11, 12}));
}

TEST(Forest, TurnsClassesIntoProbabilities) {
  const double total = std::exp(-2.0) + std::exp(-1.0) + std::exp(0.0);

  EXPECT_EQ(classes_of(forest_of_classes("multiclass num_class:3"), -1),
            (std::array<double, 3>{std::exp(-2.0) / total, std::exp(-1.0) / total, std::exp(0.0) / total}));
  EXPECT_EQ(classes_of(forest_of_classes("multiclassova num_class:3 sigmoid:0.5"), -1),
            (std::array<double, 3>{0.5, 1 / (1 + std::exp(-0.5)), 1 / (1 + std::exp(-1.0))}));
}

TEST(Forest, AveragesClassesOverTheirRounds) {
  EXPECT_EQ(classes_of(forest_of_classes("", "average_output\n"), 1), (std::array<double, 3>{10, 11, 12}));
}

TEST(Forest, AnswersABatchAsRowByRow) {
  const Forest forest = forest_of_classes("multiclass num_class:3");
  std::vector<double> rows;
  for (int i = 0; i < 300; ++i) rows.insert(rows.end(), {i % 7 - 3.0, 0.5});
  std::vector<double> outputs(300 * 3);

  forest.predict_batch(rows, outputs);

  for (std::size_t i = 0; i < 300; ++i) {
    const std::array<double, 3> expected = classes_of(forest, rows[2 * i]);
    EXPECT_TRUE(
        std::equal(expected.begin(), expected.end(), outputs.begin() + static_cast<std::ptrdiff_t>(3 * i)));
  }
}

TEST(Forest, AnswersABatchOfNoRows) {
  forest_of({}).predict_batch({}, {});
}

TEST(Forest, ReadsLogOfOnePlusExp) {
  EXPECT_EQ(predict(forest_of({.objective = "cross_entropy_lambda"}), 0), std::log1p(std::exp(10.0)));
}

TEST(Forest, LeavesRankingScoresAsTheyAre) {
  EXPECT_EQ(predict(forest_of({.objective = "lambdarank"}), 0), 10);
}

TEST(Forest, HasTheKernelThatWasAskedFor) {
  const Forest forest = forest_of({});
  for (const ForestKernel kernel : forest_kernels()) {
    Forest other = forest;
    other.use(kernel);

    EXPECT_EQ(other.kernel(), kernel);
    EXPECT_EQ(predict(other, 1), 20);
  }
}

TEST(Forest, TakesTheKernelOfItsOptions) {
  const std::string text =
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nfeature_names=a\n\nTree="
      "0\n"
      "num_leaves=1\nnum_cat=0\nleaf_value=1\n\nend of trees\n";
  for (const ForestKernel kernel : forest_kernels()) {
    const auto forest = parse_lightgbm(text, {.kernel = kernel});

    ASSERT_TRUE(forest) << forest.error().message();
    EXPECT_EQ(forest->kernel(), kernel);
  }
}

TEST(ForestDeathTest, RefusesOneAnswerOfSeveralClasses) {
  const Forest forest = forest_of_classes("");

  EXPECT_DEATH(forest.predict(std::array{1.0, 0.0}), "output_count");
}

TEST(ForestDeathTest, RefusesABatchThatIsNoWholeRows) {
  const Forest forest = forest_of({});
  std::array<double, 3> cells = {};
  std::array<double, 1> out = {};

  EXPECT_DEATH(forest.predict_batch(cells, out), "width");
}

TEST(ForestDeathTest, RefusesARowOfAnotherWidth) {
  const Forest forest = forest_of({});

  EXPECT_DEATH(forest.predict(std::array{1.0}), "feature_count");
}

}  // namespace
}  // namespace starcast::forest
