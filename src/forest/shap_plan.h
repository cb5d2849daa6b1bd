// What ShapExplainer computes once from a forest: flat arrays in the order in which a row's passes read them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/result.h"
#include "forest/decision.h"
#include "forest/forest.h"
#include "forest/path_plan.h"

namespace starcast::forest {

inline constexpr std::size_t kShapLanes = 4;           // quadrature points that are computed together
inline constexpr std::size_t kShapTests = 32;          // nodes that are tested together
inline constexpr std::size_t kPathFeaturesMax = 1024;  // different features on one path

// GCC's and clang's vector of four doubles; where the processor has none so wide, the compiler splits it.
struct alignas(kShapLanes * sizeof(double)) Lanes {
  typedef double Vector __attribute__((vector_size(kShapLanes * sizeof(double))));
  Vector at;
};

// The tests of 32 neighbouring nodes on a row's codes; the rest of them never go right.
struct alignas(64) ShapTests {
  std::array<std::uint8_t, kShapTests> place = {};
  std::array<std::uint8_t, kShapTests> at_least = {};
};

// The test of one node of a tree that has no codes.
struct ShapPlainTest {
  SplitColumn cell;
  std::int32_t category_set = -1;
  double threshold = 0;
};

// Let e be the nearest edge above a node that splits on the same feature, z the share of training rows that e
// and those edges let through, and f(t) = z + (1 - z) t. Without such an edge z = f = 1.
struct ShapFactor {
  Lanes point;   // t / f(t)
  Lanes weight;  // z / f(t)^2
};

struct ShapNode {
  double left_share = 0;  // of the training rows that reach the node, those that go left; never 0 nor 1
  // Slots of the children: nodes first, then leaves, from 0 in each tree. Not used for a pair of leaves.
  std::uint32_t left = 0;
  std::uint32_t right = 0;
  std::uint32_t feature = 0;
  std::uint32_t factor = 0;  // the first of its factors, one for each group of lanes
};

// A node whose feature was split on above it.
struct ShapRepeat {
  std::uint32_t node = 0;
  std::uint32_t above = 0;  // the nearest such node
  double side = 0;          // 1: on its left, -1: on its right
};

// The values of a node whose children are both leaves.
struct ShapPair {
  double right = 0;
  double gap = 0;
};

// Ranges of the plan's arrays. Parents come before their children, and nodes with a node below them before
// those with a pair of leaves.
struct ShapTree {
  std::size_t first_node = 0;
  std::size_t node_count = 0;  // at least 1: trees of one leaf have no shares
  std::size_t pair_count = 0;  // of these nodes, the last ones
  std::size_t first_pair = 0;
  std::size_t first_left_shares = 0;
  bool is_coded = false;
  std::size_t first_tests = 0;  // if it is coded; else of the plain tests
  std::size_t first_leaf = 0;   // of those outside of pairs
  std::size_t leaf_count = 0;
  std::size_t first_repeat = 0;
  std::size_t repeat_count = 0;
  std::size_t rule = 0;  // of the points of its integral
};

// The points of [0, 1] and their weights for polynomials up to some degree, in groups of lanes.
struct ShapRule {
  std::vector<Lanes> points;
  std::vector<Lanes> weights;
  std::uint32_t first_factor = 0;  // of the nodes whose feature is new on their path
};

struct ShapPlan {
  std::size_t feature_count = 0;
  double expected_value = 0;
  double scale = 1;  // of the shares: 1 / rounds if averaged
  std::size_t node_count_max = 0;
  std::vector<ShapTree> trees;  // those of like form side by side, so that loops are as long as before
  std::vector<ShapRule> rules;
  std::vector<ShapFactor> factors;
  std::vector<ShapNode> nodes;
  std::vector<Lanes> left_shares;  // of each four nodes of a tree, once more
  std::shared_ptr<const PathPlan> paths;
  std::vector<ShapTests> tests;
  std::vector<ShapPlainTest> plain_tests;
  // Less the mean of their tree, which changes no share and keeps rounding errors small.
  std::vector<double> leaves;
  std::vector<ShapPair> pairs;
  std::vector<ShapRepeat> repeats;
  std::vector<std::vector<std::uint32_t>> category_sets;
};

// Of the trees of one class.
core::Result<ShapPlan> plan_shap(const Forest& forest, std::size_t class_index);

}  // namespace starcast::forest
