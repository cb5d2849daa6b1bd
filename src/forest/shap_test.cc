#include "forest/shap.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "core/numeric.h"
#include "core/random.h"
#include "core/strings.h"
#include "forest/decision.h"

namespace starcast::forest {
namespace {

using core::ErrorCode;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Forest parsed(const std::string& text) {
  auto forest = parse_lightgbm(text);
  EXPECT_TRUE(forest) << (forest ? "" : forest.error().message()) << "\n" << text.substr(0, 1000);
  return std::move(forest).value();
}

ShapExplainer explainer_of(const Forest& forest) {
  auto explainer = ShapExplainer::create(forest);
  EXPECT_TRUE(explainer) << (explainer ? "" : explainer.error().message());
  return std::move(explainer).value();
}

std::vector<double> explain(const ShapExplainer& explainer, const std::vector<double>& row) {
  std::vector<double> shares(row.size(), 99);
  explainer.explain(row, shares);
  return shares;
}

std::string header(std::size_t features, const std::string& lines = "") {
  std::string names;
  for (std::size_t i = 0; i < features; ++i) names += fmt::format(" f{}", i);
  return fmt::format(
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx={}\n{}feature_names={}\n\n",
      features - 1, lines, names.substr(1));
}

// Two features and a feature met again: f0 <= 0 ? 1 : (f1 <= 0 ? 2 : (f0 <= 5 ? 4 : 8)), of 8 rows.
const char* const kChain =
    "Tree=0\nnum_leaves=4\nnum_cat=0\nsplit_feature=0 1 0\nthreshold=0 0 5\ndecision_type=2 2 "
    "2\nleft_child=-1 -2 -3\n"
    "right_child=1 2 -4\nleaf_value=1 2 4 8\nleaf_count=4 2 1 1\ninternal_count=8 4 2\n\n";
const char* const kLeafOnly = "Tree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=0.25\n\n";
const char* const kEnd = "end of trees\n";

// Random trees of every kind of split, with parents' counts that are the sums of their children's.
class TreeText {
 public:
  TreeText(std::size_t features, std::size_t leaves, core::Random& random)
      : features_(features), random_(random) {
    grow(leaves);
  }

  std::string text() const {
    return fmt::format(
        "num_leaves={}\nnum_cat=1\nsplit_feature={}\nthreshold={}\ndecision_type={}\nleft_child={}\nright_"
        "child={}\n"
        "leaf_value={}\nleaf_count={}\ninternal_count={}\ncat_boundaries=0 1\ncat_threshold=5\n\n",
        values_.size(), fmt::join(feature_, " "), fmt::join(threshold_, " "), fmt::join(decision_, " "),
        fmt::join(left_, " "), fmt::join(right_, " "), fmt::join(values_, " "), fmt::join(leaf_count_, " "),
        fmt::join(node_count_, " "));
  }

 private:
  struct Grown {
    std::ptrdiff_t child = 0;
    std::size_t count = 0;
  };

  Grown grow(std::size_t leaves) {
    if (leaves == 1) {
      values_.push_back(random_.normal());
      leaf_count_.push_back(1 + random_.below(40));
      return {-static_cast<std::ptrdiff_t>(values_.size()), leaf_count_.back()};
    }
    const std::size_t node = feature_.size();
    constexpr std::array kDecisions = {0, 2, 4, 6, 8, 10, 1};
    decision_.push_back(kDecisions[random_.below(kDecisions.size())]);
    feature_.push_back(random_.below(features_));
    threshold_.push_back(decision_.back() == 1 ? 0 : random_.normal());
    left_.push_back(0);
    right_.push_back(0);
    node_count_.push_back(0);
    const std::size_t on_left = 1 + random_.below(leaves - 1);
    const Grown left = grow(on_left);
    const Grown right = grow(leaves - on_left);
    left_[node] = left.child;
    right_[node] = right.child;
    node_count_[node] = left.count + right.count;
    return {static_cast<std::ptrdiff_t>(node), node_count_[node]};
  }

  std::size_t features_;
  core::Random& random_;
  std::vector<std::size_t> feature_;
  std::vector<double> threshold_;
  std::vector<int> decision_;
  std::vector<std::ptrdiff_t> left_;
  std::vector<std::ptrdiff_t> right_;
  std::vector<double> values_;
  std::vector<std::size_t> leaf_count_;
  std::vector<std::size_t> node_count_;
};

// f0 <= 0 ? v0 : f1 <= 0 ? v1 : ..., with a new feature at each split.
std::string chain_text(std::size_t splits) {
  std::vector<std::size_t> features(splits);
  std::iota(features.begin(), features.end(), std::size_t{0});
  std::vector<std::ptrdiff_t> left;
  std::vector<std::ptrdiff_t> right;
  std::vector<double> values;
  std::vector<std::size_t> node_counts;
  for (std::size_t i = 0; i < splits; ++i) {
    left.push_back(-static_cast<std::ptrdiff_t>(i) - 1);
    right.push_back(i + 1 < splits ? static_cast<std::ptrdiff_t>(i) + 1
                                   : -static_cast<std::ptrdiff_t>(splits) - 1);
    node_counts.push_back(splits - i + 1);
  }
  for (std::size_t i = 0; i <= splits; ++i) values.push_back(static_cast<double>(i % 7));
  return fmt::format(
      "Tree=0\nnum_leaves={}\nnum_cat=0\nsplit_feature={}\nthreshold={}\nleft_child={}\nright_child={}\nleaf_"
      "value={}\n"
      "leaf_count={}\ninternal_count={}\n\n",
      splits + 1, fmt::join(features, " "), fmt::join(std::vector<double>(splits, 0.0), " "),
      fmt::join(left, " "), fmt::join(right, " "), fmt::join(values, " "),
      fmt::join(std::vector<int>(splits + 1, 1), " "), fmt::join(node_counts, " "));
}

// The definition, leaf by leaf: each feature of the path with the share z of training rows that its splits
// let through, and whether the row passes them (o). A feature's share is (o - z) * value * the sum, over all
// sets S of the other features, of |S|! (n - 1 - |S|)! / n! * the product of o in S and of z outside.
class PlainShap {
 public:
  PlainShap(const Forest& forest, std::span<const double> row)
      : forest_(forest), row_(row), shares_(row.size()) {
    for (const Tree& tree : forest.trees()) {
      if (!tree.left.empty()) walk(tree, 0, {});
    }
  }

  std::vector<double> shares() const {
    std::vector<double> shares;
    for (const long double share : shares_) {
      shares.push_back(static_cast<double>(share) /
                       (forest_.averaged() ? static_cast<double>(forest_.tree_count()) : 1));
    }
    return shares;
  }

 private:
  struct Step {
    std::size_t feature = 0;
    long double share = 1;
    bool passed = true;
  };

  void walk(const Tree& tree, std::int32_t place, const std::vector<Step>& path) {
    if (place < 0) return add_leaf(tree.leaf_value[static_cast<std::size_t>(~place)], path);
    const auto node = static_cast<std::size_t>(place);
    const auto feature = static_cast<std::size_t>(tree.feature[node]);
    const Side side = side_of(forest_.library(), tree, forest_.category_sets(), node, row_[feature]);
    for (const Side way : {Side::kLeft, Side::kRight}) {
      const std::int32_t child = way == Side::kLeft ? tree.left[node] : tree.right[node];
      const auto index = static_cast<std::size_t>(child >= 0 ? child : ~child);
      const long double count = child >= 0 ? tree.node_count[index] : tree.leaf_count[index];
      std::vector<Step> longer = path;
      auto step = longer.begin();
      while (step != longer.end() && step->feature != feature) ++step;
      if (step == longer.end()) step = longer.insert(step, Step{.feature = feature});
      step->share *= count / tree.node_count[node];
      step->passed = step->passed && way == side;
      walk(tree, child, longer);
    }
  }

  void add_leaf(double value, const std::vector<Step>& path) {
    const std::size_t count = path.size();
    for (const Step& step : path) {
      std::vector<long double> by_size = {1};  // the sum of the products over all sets of one size
      for (const Step& other : path) {
        if (&other == &step) continue;
        by_size.push_back(0);
        for (std::size_t size = by_size.size() - 1; size > 0; --size) {
          by_size[size] = by_size[size] * other.share + (other.passed ? by_size[size - 1] : 0.0L);
        }
        by_size[0] *= other.share;
      }
      long double sum = 0;
      long double weight = 1.0L / static_cast<long double>(count);  // |S|! (n - 1 - |S|)! / n!
      for (std::size_t size = 0; size < count; ++size) {
        sum += by_size[size] * weight;
        weight *= static_cast<long double>(size + 1) /
                  static_cast<long double>(std::max<std::size_t>(count - 1 - size, 1));
      }
      shares_[step.feature] += ((step.passed ? 1.0L : 0.0L) - step.share) * sum * value;
    }
  }

  const Forest& forest_;
  std::span<const double> row_;
  std::vector<long double> shares_;
};

double size_of(const std::vector<double>& shares) {
  return std::accumulate(shares.begin(), shares.end(), 0.0,
                         [](double sum, double share) { return sum + std::fabs(share); });
}

void expect_near(const std::vector<double>& shares, const std::vector<double>& expected, double relative) {
  ASSERT_EQ(shares.size(), expected.size());
  const double margin = relative * size_of(expected);
  for (std::size_t i = 0; i < shares.size(); ++i)
    EXPECT_NEAR(shares[i], expected[i], margin) << "feature " << i;
}

struct RandomForest {
  std::size_t features = 1;
  std::size_t trees = 1;
  std::size_t leaves = 2;
};

Forest draw_forest(const RandomForest& shape, core::Random& random) {
  std::string text = header(shape.features, random.uniform() < 0.3 ? "average_output\n" : "");
  for (std::size_t i = 0; i < shape.trees; ++i) {
    text += fmt::format("Tree={}\n", i) + TreeText(shape.features, shape.leaves, random).text();
  }
  return parsed(text + kEnd);
}

std::vector<double> draw_row(std::size_t features, core::Random& random) {
  constexpr std::array kOdd = {core::kMissing, 0.0, -0.0, 1e-36, 1.0, 2.0, kInfinity, -kInfinity, 1e300};
  std::vector<double> row;
  for (std::size_t i = 0; i < features; ++i) {
    row.push_back(random.uniform() < 0.5 ? random.normal() : kOdd[random.below(kOdd.size())]);
  }
  return row;
}

TEST(ShapExplainer, GivesOneSplitTheWholeDifferenceFromTheMean) {
  const Forest forest =
      parsed(header(2) +
             "Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=1\nthreshold=0\ndecision_type=2\n"
             "left_child=-1\nright_child=-2\nleaf_value=10 20\nleaf_count=3 1\ninternal_count=4\n\n" +
             kEnd);
  const ShapExplainer explainer = explainer_of(forest);

  EXPECT_EQ(explainer.feature_count(), 2U);
  EXPECT_EQ(explainer.expected_value(), 12.5);
  EXPECT_THAT(explain(explainer, {0, -1}), ElementsAre(0, DoubleNear(-2.5, 1e-14)));
  EXPECT_THAT(explain(explainer, {0, 1}), ElementsAre(0, DoubleNear(7.5, 1e-14)));
}

// By hand. Leaving a feature out: v() = 1/2 * 1 + 1/4 * 2 + 1/8 * (4 + 8) = 2.5; with f0 = 9: v(f0) = (2 + 8)
// / 2 = 5; with f1 = 1: v(f1) = 1/2 * 1 + 1/4 * (4 + 8) = 3.5; both: 8.
TEST(ShapExplainer, JoinsTheSplitsOfAFeatureThatAPathMeetsTwice) {
  const ShapExplainer explainer = explainer_of(parsed(header(2) + kChain + kEnd));

  EXPECT_EQ(explainer.expected_value(), 2.5);
  EXPECT_THAT(explain(explainer, {9, 1}), ElementsAre(DoubleNear(3.5, 1e-14), DoubleNear(2, 1e-14)));
}

// With f0 = -1 the second split on f0 is never met: v(f0) = 1, v(f0, f1) = 1, v(f1) = 3.5.
TEST(ShapExplainer, GivesASplitNothingThatTheRowCannotReachByItsFeature) {
  const ShapExplainer explainer = explainer_of(parsed(header(2) + kChain + kEnd));

  EXPECT_THAT(explain(explainer, {-1, 1}), ElementsAre(DoubleNear(-2, 1e-14), DoubleNear(0.5, 1e-14)));
}

TEST(ShapExplainer, CountsATreeOfOneLeafAsExpected) {
  const ShapExplainer explainer = explainer_of(parsed(header(2) + kChain + kLeafOnly + kEnd));

  EXPECT_EQ(explainer.expected_value(), 2.75);
  EXPECT_THAT(explain(explainer, {9, 1}), ElementsAre(DoubleNear(3.5, 1e-14), DoubleNear(2, 1e-14)));
}

TEST(ShapExplainer, ExplainsAForestOfOneLeafByNothing) {
  const ShapExplainer explainer = explainer_of(parsed(header(2) + kLeafOnly + kEnd));

  EXPECT_EQ(explainer.expected_value(), 0.25);
  EXPECT_THAT(explain(explainer, {9, 1}), ElementsAre(0, 0));
}

TEST(ShapExplainer, AveragesWhenTheForestDoes) {
  const ShapExplainer explainer =
      explainer_of(parsed(header(2, "average_output\n") + kChain + kLeafOnly + kEnd));

  EXPECT_EQ(explainer.expected_value(), 1.375);
  EXPECT_THAT(explain(explainer, {9, 1}), ElementsAre(DoubleNear(1.75, 1e-14), DoubleNear(1, 1e-14)));
}

TEST(ShapExplainer, ExplainsTheRawPredictionBeforeTheTransform) {
  const Forest forest = parsed(header(2, "objective=poisson\n") + kChain + kEnd);
  const ShapExplainer explainer = explainer_of(forest);
  const std::vector<double> row = {9, 1};

  const std::vector<double> shares = explain(explainer, row);

  EXPECT_NEAR(explainer.expected_value() + shares[0] + shares[1], forest.predict_raw(row), 1e-14);
  EXPECT_EQ(forest.predict(row), std::exp(forest.predict_raw(row)));
}

TEST(ShapExplainer, FollowsTheDefinitionOnRandomForests) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    core::Random random(seed);
    const std::size_t features = 1 + random.below(24);
    const Forest forest =
        draw_forest({.features = features, .trees = 3, .leaves = 2 + random.below(60)}, random);
    const ShapExplainer explainer = explainer_of(forest);
    for (int i = 0; i < 10; ++i) {
      const std::vector<double> row = draw_row(features, random);

      expect_near(explain(explainer, row), PlainShap(forest, row).shares(), 1e-12);
    }
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

// Beyond 80 features the points are fewer than exactness by degree would take.
TEST(ShapExplainer, FollowsTheDefinitionOnLongPaths) {
  for (const std::size_t splits : {9U, 17U, 79U, 81U, 110U}) {
    const Forest forest = parsed(header(splits) + chain_text(splits) + kEnd);
    const ShapExplainer explainer = explainer_of(forest);
    core::Random random(splits);
    for (const double pass_share : {0.5, 0.97, 1.0}) {
      std::vector<double> row;
      for (std::size_t i = 0; i < splits; ++i) row.push_back(random.uniform() < pass_share ? 1 : -1);

      expect_near(explain(explainer, row), PlainShap(forest, row).shares(), 1e-12);
    }
    ASSERT_FALSE(HasFailure()) << splits;
  }
}

TEST(ShapExplainer, AddsUpToTheRawPrediction) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    core::Random random(seed);
    const Forest forest = draw_forest({.features = 30, .trees = 20, .leaves = 200}, random);
    const ShapExplainer explainer = explainer_of(forest);
    const std::vector<double> row = draw_row(30, random);

    const std::vector<double> shares = explain(explainer, row);

    const double sum = std::accumulate(shares.begin(), shares.end(), explainer.expected_value());
    EXPECT_NEAR(sum, forest.predict_raw(row), 1e-12 * size_of(shares)) << seed;
  }
}

TEST(ShapExplainer, GivesTheSameBitsByEveryKernel) {
  core::Random random(5);
  const Forest forest = draw_forest({.features = 12, .trees = 30, .leaves = 31}, random);
  for (int i = 0; i < 20; ++i) {
    const std::vector<double> row = draw_row(12, random);
    const auto portable = ShapExplainer::create(forest, ShapKernel::kPortable);
    ASSERT_TRUE(portable);
    const std::vector<double> expected = explain(*portable, row);
    for (const ShapKernel kernel : shap_kernels()) {
      const auto explainer = ShapExplainer::create(forest, kernel);
      ASSERT_TRUE(explainer);

      EXPECT_EQ(explain(*explainer, row), expected);
    }
  }
}

TEST(ShapExplainer, OutlivesTheForest) {
  const ShapExplainer explainer = [] { return explainer_of(parsed(header(2) + kChain + kEnd)); }();

  EXPECT_THAT(explain(explainer, {9, 1}), ElementsAre(DoubleNear(3.5, 1e-14), DoubleNear(2, 1e-14)));
}

void expect_refused(const std::string& text, ErrorCode code, const std::string& part) {
  const auto explainer = ShapExplainer::create(parsed(text));
  ASSERT_FALSE(explainer);
  EXPECT_EQ(explainer.error().code(), code);
  EXPECT_THAT(explainer.error().message(), HasSubstr(part));
}

TEST(ShapExplainer, RefusesATextWithoutCounts) {
  const std::string chain = core::replaced(kChain, "leaf_count=4 2 1 1\n", "");

  expect_refused(header(2) + chain + kEnd, ErrorCode::kFailedPrecondition,
                 "tree 0: the split 0 has a side without");
}

TEST(ShapExplainer, RefusesCountsThatDoNotAddUp) {
  const std::string chain = core::replaced(kChain, "internal_count=8 4 2", "internal_count=8 4 3");

  expect_refused(header(2) + chain + kEnd, ErrorCode::kFailedPrecondition,
                 "tree 0: the split 1 has 4 training rows, but its sides have 2 and 3");
}

TEST(ShapExplainer, RefusesAPathThroughTooManyFeatures) {
  expect_refused(header(1025) + chain_text(1025) + kEnd, ErrorCode::kUnsupported,
                 "a path through 1025 different features");
}

// As deep as a text can make it, without recursion in the plan.
TEST(ShapExplainer, SurvivesADeepTree) {
  const std::string text = chain_text(30000);
  const std::size_t start = text.find("split_feature=");
  const std::string one_feature = text.substr(0, start) + "split_feature=" +
                                  fmt::format("{}", fmt::join(std::vector<int>(30000, 0), " ")) +
                                  text.substr(text.find('\n', start));
  const ShapExplainer explainer = explainer_of(parsed(header(1) + one_feature + kEnd));

  EXPECT_THAT(explain(explainer, {-1}), ElementsAre(DoubleNear(-explainer.expected_value(), 1e-12)));
}

TEST(ShapExplainerDeathTest, RefusesARowOrSharesOfAnotherWidth) {
  const ShapExplainer explainer = explainer_of(parsed(header(2) + kChain + kEnd));
  std::array<double, 2> two = {};
  std::array<double, 3> three = {};

  EXPECT_DEATH(explainer.explain(three, two), "row.size");
  EXPECT_DEATH(explainer.explain(two, three), "shares.size");
}

}  // namespace
}  // namespace starcast::forest
