#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "core/strings.h"
#include "forest/forest.h"

namespace starcast::forest {
namespace {

using core::ErrorCode;
using testing::HasSubstr;

// Two trees: three leaves with a category split, and one leaf.
const char* const kModel =
    "tree\n"
    "version=v4\n"
    "num_class=1\n"
    "num_tree_per_iteration=1\n"
    "label_index=0\n"
    "max_feature_idx=1\n"
    "objective=regression\n"
    "feature_names=size=1 genre\n"
    "feature_infos=[0:1] 0:1:2\n"
    "tree_sizes=400 100\n"
    "\n"
    "Tree=0\n"
    "num_leaves=3\n"
    "num_cat=1\n"
    "split_feature=0 1\n"
    "split_gain=4 2\n"
    "threshold=1.5 0\n"
    "decision_type=2 1\n"
    "left_child=1 -1\n"
    "right_child=-2 -3\n"
    "leaf_value=1 2 3\n"
    "leaf_weight=1 1 1\n"
    "leaf_count=5 6 7\n"
    "internal_value=0 0\n"
    "internal_count=18 12\n"
    "cat_boundaries=0 1\n"
    "cat_threshold=6\n"
    "is_linear=0\n"
    "shrinkage=0.1\n"
    "\n"
    "\n"
    "Tree=1\n"
    "num_leaves=1\n"
    "num_cat=0\n"
    "leaf_value=0.25\n"
    "shrinkage=1\n"
    "\n"
    "\n"
    "end of trees\n"
    "\n"
    "feature_importances:\n"
    "size=1=1\n";

std::string with(const std::string& from, const std::string& to) {
  const std::string text = core::replaced(kModel, from, to);
  EXPECT_NE(text, kModel) << "the model has no '" << from << "'";
  return text;
}

core::Error error_of(const std::string& text) {
  const auto forest = parse_lightgbm(text);
  if (forest) {
    ADD_FAILURE() << "parsed:\n" << text;
    return core::Error(ErrorCode::kInternal, "");
  }
  return forest.error();
}

void expect_corrupt(const std::string& text, const std::string& part) {
  const core::Error error = error_of(text);
  EXPECT_EQ(error.code(), ErrorCode::kCorrupt);
  EXPECT_THAT(error.message(), HasSubstr(part));
}

TEST(LightGbmText, ReadsTreesAndNames) {
  const auto forest = parse_lightgbm(kModel);

  ASSERT_TRUE(forest) << forest.error().message();
  EXPECT_EQ(forest->feature_names(), (std::vector<std::string>{"size=1", "genre"}));
  ASSERT_EQ(forest->tree_count(), 2U);
  const Tree& tree = forest->trees()[0];
  EXPECT_EQ(tree.feature, (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(tree.category_set, (std::vector<std::int32_t>{-1, 0}));
  EXPECT_EQ(tree.leaf_count, (std::vector<std::uint32_t>{5, 6, 7}));
  EXPECT_EQ(tree.node_count, (std::vector<std::uint32_t>{18, 12}));
  EXPECT_EQ(tree.shrinkage, 0.1);
  EXPECT_EQ(forest->gains(), (std::vector<double>{4, 2}));
}

TEST(LightGbmText, ReadsWindowsLineEnds) {
  EXPECT_TRUE(parse_lightgbm(core::replaced(kModel, "\n", "\r\n")));
}

TEST(LightGbmText, ReadsAModelWithoutTreeSizesOrObjective) {
  EXPECT_TRUE(parse_lightgbm(core::replaced(with("tree_sizes=400 100\n", ""), "objective=regression\n", "")));
}

TEST(LightGbmText, RefusesWhatIsNoModel) {
  for (const char* const text : {"", "\n", "a,b\n1,2\n", "trees\n", "{\"learner\": {}}"}) {
    EXPECT_EQ(error_of(text).code(), ErrorCode::kInvalidInput) << text;
  }
}

TEST(LightGbmText, RefusesEveryCutText) {
  const std::string model = kModel;
  const std::size_t end = model.find("end of trees") + std::string("end of trees").size();
  for (std::size_t length = 0; length < end; ++length) {
    EXPECT_FALSE(parse_lightgbm(model.substr(0, length))) << length;
  }
}

TEST(LightGbmText, NamesTheLineAndTheTree) {
  EXPECT_THAT(error_of(with("threshold=1.5 0", "threshold=1.5 x")).message(),
              HasSubstr("tree 0 (line 12): line 17: threshold[1] is not a number"));
}

TEST(LightGbmText, RefusesChildrenOutOfRange) {
  expect_corrupt(with("left_child=1 -1", "left_child=2 -1"), "left_child[0] is 2, out of range");
  expect_corrupt(with("left_child=1 -1", "left_child=1 -4"), "left_child[1] is -4, out of range");
  expect_corrupt(with("left_child=1 -1", "left_child=1 -2147483648"), "out of range");
}

TEST(LightGbmText, RefusesCycles) {
  expect_corrupt(with("left_child=1 -1", "left_child=0 -1"), "its own ancestor");
  expect_corrupt(with("left_child=1 -1", "left_child=1 1"), "its own ancestor");
}

TEST(LightGbmText, RefusesNodesThatNothingReaches) {
  expect_corrupt(with("left_child=1 -1", "left_child=-1 1"), "cannot be reached");
}

TEST(LightGbmText, RefusesALeafWithTwoParents) {
  expect_corrupt(with("right_child=-2 -3", "right_child=-2 -2"), "leaf 1 has two parents");
}

TEST(LightGbmText, RefusesArraysOfAnotherLength) {
  expect_corrupt(with("leaf_value=1 2 3", "leaf_value=1 2"), "leaf_value has 2 values, not 3");
  expect_corrupt(with("leaf_value=1 2 3", "leaf_value=1 2 3 4"), "leaf_value has more than 3");
  expect_corrupt(with("leaf_count=5 6 7", "leaf_count="), "leaf_count has 0 values");
  expect_corrupt(with("internal_count=18 12", "internal_count=18"), "internal_count has 1");
}

TEST(LightGbmText, RefusesALeafCountThatTheArraysDoNotBear) {
  expect_corrupt(with("num_leaves=3", "num_leaves=2147483647"), "has 3 values, not 2147483647");
  expect_corrupt(with("num_leaves=3", "num_leaves=0"), "num_leaves is 0");
  expect_corrupt(with("num_leaves=3", "num_leaves=-3"), "num_leaves is -3");
  expect_corrupt(with("num_leaves=3", "num_leaves=99999999999"), "num_leaves[0] is not a number that fits");
}

TEST(LightGbmText, RefusesFeaturesOutOfRange) {
  expect_corrupt(with("split_feature=0 1", "split_feature=0 2"),
                 "split_feature[1] is 2, but the model has 2");
  expect_corrupt(with("split_feature=0 1", "split_feature=-1 1"), "split_feature[0] is -1");
}

TEST(LightGbmText, ReadsInfiniteThresholds) {
  const auto forest = parse_lightgbm(with("threshold=1.5 0", "threshold=-inf 0"));

  ASSERT_TRUE(forest) << forest.error().message();
  EXPECT_EQ(forest->trees()[0].threshold[0], -std::numeric_limits<double>::infinity());
}

TEST(LightGbmText, RefusesWhatIsNoNumber) {
  expect_corrupt(with("leaf_value=1 2 3", "leaf_value=1 nan 3"), "leaf_value[1] is not a number");
  expect_corrupt(with("leaf_value=1 2 3", "leaf_value=1 0x2 3"), "leaf_value[1] is not a number");
  expect_corrupt(with("leaf_value=1 2 3", "leaf_value=1 1e999 3"), "leaf_value[1] is not a number");
  expect_corrupt(with("threshold=1.5 0", "threshold=nan 0"), "threshold[0] is not a number");
}

TEST(LightGbmText, RefusesCategorySetsThatDoNotFit) {
  expect_corrupt(with("threshold=1.5 0", "threshold=1.5 1"), "names a category set");
  expect_corrupt(with("threshold=1.5 0", "threshold=1.5 -1"), "names a category set");
  expect_corrupt(with("threshold=1.5 0", "threshold=1.5 0.5"), "names a category set");
  expect_corrupt(with("num_cat=1", "num_cat=0"), "names a category set");
  expect_corrupt(with("num_cat=1", "num_cat=-1"), "num_cat is -1");
  expect_corrupt(with("num_cat=1", "num_cat=2147483647"), "cat_boundaries has 2 values");
  expect_corrupt(with("cat_boundaries=0 1", "cat_boundaries=0 4294967295"), "cat_threshold has 1 values");
  expect_corrupt(with("cat_boundaries=0 1", "cat_boundaries=1 0"), "does not rise from 0");
}

TEST(LightGbmText, RefusesUnknownDecisions) {
  expect_corrupt(with("decision_type=2 1", "decision_type=12 1"), "decision_type[0] is 12");
  expect_corrupt(with("decision_type=2 1", "decision_type=-1 1"), "decision_type[0] is -1");
}

TEST(LightGbmText, RefusesMissingAndRepeatedFields) {
  expect_corrupt(with("left_child=1 -1\n", ""), "left_child is missing");
  expect_corrupt(with("num_cat=1\n", ""), "num_cat is missing");
  expect_corrupt(with("num_class=1\n", ""), "num_class is missing");
  expect_corrupt(with("leaf_value=1 2 3\n", "leaf_value=1 2 3\nleaf_value=1 2 3\n"),
                 "leaf_value is there twice");
}

TEST(LightGbmText, RefusesCountsThatDisagree) {
  expect_corrupt(with("max_feature_idx=1", "max_feature_idx=2"),
                 "feature_names has 2 names, but max_feature_idx says 3");
  expect_corrupt(with("max_feature_idx=1", "max_feature_idx=-1"), "no features");
  expect_corrupt(with("tree_sizes=400 100", "tree_sizes=400"), "more trees than the 1");
  expect_corrupt(with("tree_sizes=400 100", "tree_sizes=400 100 1"), "2 trees, but tree_sizes names 3");
  expect_corrupt(with("tree_sizes=400 100", "tree_sizes="), "more trees than the 0");
}

TEST(LightGbmText, RefusesAModelWithoutTrees) {
  expect_corrupt(
      "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nfeature_names=a\n"
      "tree_sizes=\n\nend of trees\n",
      "no trees");
}

TEST(LightGbmText, NamesWhatItDoesNotSupport) {
  const auto expect_unsupported = [](const std::string& text, const std::string& part) {
    const core::Error error = error_of(text);
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.message(), HasSubstr(part));
  };
  expect_unsupported(with("is_linear=0", "is_linear=1"), "linear trees");
  expect_unsupported(with("objective=regression", "objective=no_such"), "'no_such'");
  expect_unsupported(with("version=v4", "version=v2"), "'v2'");
}

TEST(LightGbmText, RefusesClassesThatDoNotFit) {
  expect_corrupt(with("num_class=1", "num_class=3"), "num_tree_per_iteration is 1, but num_class is 3");
  expect_corrupt(with("num_class=1", "num_class=0"), "num_class is 0");
  expect_corrupt(with("objective=regression", "objective=multiclass num_class:3"),
                 "the objective has 3 classes, but there are 1 trees a round");
  expect_corrupt(with("objective=regression", "objective=multiclass"), "the objective lacks its num_class");
  expect_corrupt(core::replaced(with("num_class=1", "num_class=3"), "num_tree_per_iteration=1",
                                "num_tree_per_iteration=3"),
                 "2 trees are no whole rounds of 3");
}

TEST(LightGbmText, RefusesMoreClassesThanAnyoneHas) {
  const std::string text = core::replaced(with("num_class=1", "num_class=2000000000"),
                                          "num_tree_per_iteration=1", "num_tree_per_iteration=2000000000");
  EXPECT_EQ(error_of(text).code(), ErrorCode::kUnsupported);
}

TEST(LightGbmText, RefusesASigmoidThatIsNotAboveZero) {
  expect_corrupt(with("objective=regression", "objective=binary sigmoid:0"), "sigmoid");
  expect_corrupt(with("objective=regression", "objective=binary"), "sigmoid");
}

}  // namespace
}  // namespace starcast::forest
