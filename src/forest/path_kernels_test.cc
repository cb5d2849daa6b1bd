// Every kernel against the plain walk, bit for bit, over random forests and cells chosen to be awkward.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "core/numeric.h"
#include "core/random.h"
#include "forest/decision.h"
#include "forest/forest.h"
#include "forest/path_plan.h"

namespace starcast::forest {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::size_t kRows = 200;

struct Shape {
  std::size_t features = 5;
  std::size_t trees = 20;
  std::size_t leaves_min = 1;
  std::size_t leaves_max = 32;
  std::size_t thresholds = 40;  // to choose from
  bool with_categories = true;
  bool averaged = false;
  std::size_t classes = 1;
};

// Thresholds to choose from: the odd ones first.
std::vector<double> thresholds_of(const Shape& shape, core::Random& random) {
  std::vector<double> thresholds = {0.0,       -0.0,       kZeroThreshold, -kZeroThreshold,
                                    kInfinity, -kInfinity, 5e-324,         1e300};
  while (thresholds.size() < shape.thresholds) thresholds.push_back(random.normal());
  return thresholds;
}

// A tree of random form whose splits are of every kind.
class TreeText {
 public:
  TreeText(const Shape& shape, const std::vector<double>& thresholds, core::Random& random)
      : shape_(shape), thresholds_(thresholds), random_(random) {
    grow(shape.leaves_min + random.below(shape.leaves_max - shape.leaves_min + 1));
  }

  std::string text() const {
    if (feature_.empty()) return fmt::format("num_leaves=1\nnum_cat=0\nleaf_value={}\n\n", values_[0]);
    return fmt::format(
        "num_leaves={}\nnum_cat=2\nsplit_feature={}\nthreshold={}\ndecision_type={}\nleft_child={}\n"
        "right_child={}\nleaf_value={}\ncat_boundaries=0 1 3\ncat_threshold=5 1 9\n\n",
        values_.size(), fmt::join(feature_, " "), fmt::join(threshold_, " "), fmt::join(decision_, " "),
        fmt::join(left_, " "), fmt::join(right_, " "), fmt::join(values_, " "));
  }

 private:
  std::ptrdiff_t grow(std::size_t leaves) {
    if (leaves == 1) {
      values_.push_back(random_.normal());
      return -static_cast<std::ptrdiff_t>(values_.size());
    }
    const std::size_t node = feature_.size();
    constexpr std::array kDecisions = {0, 2, 4, 6, 8, 10, 1};  // the last one by categories
    decision_.push_back(kDecisions[random_.below(kDecisions.size() - (shape_.with_categories ? 0U : 1U))]);
    feature_.push_back(random_.below(shape_.features));
    threshold_.push_back(decision_.back() == 1 ? static_cast<double>(random_.below(2))
                                               : thresholds_[random_.below(thresholds_.size())]);
    left_.push_back(0);
    right_.push_back(0);
    const std::size_t on_left = 1 + random_.below(leaves - 1);
    const std::ptrdiff_t left = grow(on_left);
    const std::ptrdiff_t right = grow(leaves - on_left);
    left_[node] = left;
    right_[node] = right;
    return static_cast<std::ptrdiff_t>(node);
  }

  const Shape& shape_;
  const std::vector<double>& thresholds_;
  core::Random& random_;
  std::vector<std::size_t> feature_;
  std::vector<double> threshold_;
  std::vector<int> decision_;
  std::vector<std::ptrdiff_t> left_;
  std::vector<std::ptrdiff_t> right_;
  std::vector<double> values_;
};

struct Sample {
  Forest forest;
  std::vector<double> thresholds;
};

Sample sample_of(const Shape& shape, std::uint64_t seed) {
  core::Random random(seed);
  std::vector<double> thresholds = thresholds_of(shape, random);
  std::string names;
  for (std::size_t i = 0; i < shape.features; ++i) names += fmt::format(" f{}", i);
  std::string text = fmt::format(
      "tree\nversion=v4\nnum_class={}\nnum_tree_per_iteration={}\nmax_feature_idx={}\n{}feature_names={}\n\n",
      shape.classes, shape.classes, shape.features - 1, shape.averaged ? "average_output\n" : "",
      names.substr(1));
  for (std::size_t i = 0; i < shape.trees; ++i)
    text += fmt::format("Tree={}\n", i) + TreeText(shape, thresholds, random).text();
  auto forest = parse_lightgbm(text + "end of trees\n");
  EXPECT_TRUE(forest) << (forest ? "" : forest.error().message());
  return {std::move(forest).value(), std::move(thresholds)};
}

double cell(const Sample& sample, core::Random& random) {
  constexpr std::array kOdd = {core::kMissing,
                               -core::kMissing,
                               0.0,
                               -0.0,
                               1e-35,
                               -1e-35,
                               1e-36,
                               kInfinity,
                               -kInfinity,
                               -0.5,
                               -1.0,
                               1.0,
                               2.0,
                               33.0,
                               64.0,
                               1e18};
  const double threshold = sample.thresholds[random.below(sample.thresholds.size())];
  switch (random.below(4)) {
    case 0:
      return kOdd[random.below(kOdd.size())];
    case 1:
      return threshold;
    case 2:
      return std::nextafter(threshold, random.below(2) == 0 ? kInfinity : -kInfinity);
    default:
      return random.normal();
  }
}

bool is_same(double left, double right) {
  return std::bit_cast<std::uint64_t>(left) == std::bit_cast<std::uint64_t>(right);
}

// How many rows a kernel answers otherwise than the plain walk, one by one or all at once.
std::size_t differences(Sample& sample, ForestKernel kernel, std::uint64_t seed) {
  core::Random random(seed);
  Forest& forest = sample.forest;
  forest.use(kernel);
  std::size_t wrong = 0;
  const std::size_t width = forest.feature_count();
  const std::size_t classes = forest.class_count();
  // Now and then all of a block, some lines of one, and fewer rows than a block is worth.
  const std::size_t count = seed % 4 == 0 ? kRows + random.below(200) : 1 + random.below(kRows);
  std::vector<double> rows(count * width);
  for (double& value : rows) value = cell(sample, random);
  std::vector<double> batch(count * classes);
  forest.predict_batch_raw(rows, batch);
  std::vector<double> fast(classes);
  std::vector<double> plain(classes);
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = std::span<const double>(rows).subspan(i * width, width);
    forest.predict_raw(row, fast);
    forest.predict_raw_plainly(row, plain);
    for (std::size_t c = 0; c < classes; ++c) {
      if (!is_same(fast[c], plain[c]) || !is_same(batch[i * classes + c], plain[c])) ++wrong;
    }
  }
  return wrong;
}

class PathKernel : public testing::TestWithParam<ForestKernel> {
 protected:
  void SetUp() override {
    const std::vector<ForestKernel> usable = forest_kernels();
    if (std::find(usable.begin(), usable.end(), GetParam()) == usable.end()) {
      GTEST_SKIP() << "this processor lacks " << name_of(GetParam());
    }
  }

  void expect_the_plain_walk(const Shape& shape, std::uint64_t seeds = 20) {
    for (std::uint64_t seed = 0; seed < seeds; ++seed) {
      Sample sample = sample_of(shape, seed);
      EXPECT_EQ(differences(sample, GetParam(), seed), 0U) << "seed " << seed;
    }
  }
};

TEST_P(PathKernel, GivesThePlainWalksBits) {
  expect_the_plain_walk({});
}

TEST_P(PathKernel, GivesThemForTreesOfUpTo64Leaves) {
  expect_the_plain_walk({.leaves_min = 33, .leaves_max = 64, .with_categories = false});
}

TEST_P(PathKernel, GivesThemForSmallAndLargeTreesSideBySide) {
  expect_the_plain_walk({.trees = 40, .leaves_max = 64});
}

TEST_P(PathKernel, GivesThemForTreesThatAreTooLargeToo) {
  expect_the_plain_walk({.leaves_min = 50, .leaves_max = 80});
}

TEST_P(PathKernel, GivesThemForMoreThresholdsThanACodeHolds) {
  expect_the_plain_walk({.features = 2, .trees = 60, .thresholds = 900}, 5);
}

TEST_P(PathKernel, GivesThemForMoreColumnsThanCodesHold) {
  expect_the_plain_walk({.features = 100, .trees = 60}, 5);
}

TEST_P(PathKernel, GivesThemForAsManyColumnsAsCodesHold) {
  expect_the_plain_walk({.features = 50, .trees = 60, .with_categories = false}, 5);
}

TEST_P(PathKernel, GivesThemForAMeanOfTrees) {
  expect_the_plain_walk({.trees = 7, .averaged = true});
}

TEST_P(PathKernel, GivesThemForSeveralClasses) {
  expect_the_plain_walk({.trees = 21, .leaves_max = 70, .classes = 3});
}

TEST_P(PathKernel, GivesThemForTreesThatOnlyBatchesTakeWhole) {
  expect_the_plain_walk({.trees = 6, .leaves_min = 65, .leaves_max = 256}, 8);
}

TEST_P(PathKernel, GivesThemForTreesBeyond256Leaves) {
  expect_the_plain_walk({.trees = 4, .leaves_min = 250, .leaves_max = 300}, 8);
}

TEST_P(PathKernel, GivesThemForTreesOfOneLeaf) {
  expect_the_plain_walk({.trees = 3, .leaves_max = 1});
}

INSTANTIATE_TEST_SUITE_P(Each, PathKernel,
                         testing::Values(ForestKernel::kPortable, ForestKernel::kAvx2, ForestKernel::kAvx512),
                         [](const auto& parameter) { return std::string(name_of(parameter.param)); });

TEST(PathPlan, WalksNoTreeThatFits) {
  Sample sample = sample_of({.leaves_min = 64, .leaves_max = 64, .with_categories = false}, 1);

  EXPECT_TRUE(
      plan_paths(Library::kLightGbm, sample.forest.trees(), sample.forest.feature_count()).walked.empty());
}

TEST(PathPlan, SpreadsManyThresholdsOverColumns) {
  Sample sample = sample_of(
      {.features = 2, .trees = 60, .leaves_min = 20, .thresholds = 900, .with_categories = false}, 1);

  const PathPlan plan = plan_paths(Library::kLightGbm, sample.forest.trees(), sample.forest.feature_count());

  EXPECT_TRUE(plan.walked.empty());
  EXPECT_GT(plan.columns.back().page, 0U);
}

TEST(PathPlan, WalksTreesThatDoNotFitAndOnlyThose) {
  Sample sample = sample_of({.features = 200, .trees = 60, .leaves_min = 20}, 1);

  const PathPlan plan = plan_paths(Library::kLightGbm, sample.forest.trees(), sample.forest.feature_count());

  EXPECT_GT(plan.walked.size(), 0U);
  EXPECT_LT(plan.walked.size(), 60U);
}

TEST(Forest, HasTheFastestKernelWhenItIsLoaded) {
  EXPECT_EQ(sample_of({}, 1).forest.kernel(), forest_kernels().back());
}

TEST(ForestKernels, AreKnownByTheirNames) {
  for (const ForestKernel kernel : forest_kernels()) EXPECT_EQ(forest_kernel_named(name_of(kernel)), kernel);
  EXPECT_EQ(forest_kernel_named("avx1024"), std::nullopt);
}

}  // namespace
}  // namespace starcast::forest
