#include "forest/batch_plan.h"

#include <algorithm>

namespace starcast::forest {

namespace {

constexpr std::size_t kLeavesAligned = 16;

class BatchPlanner {
 public:
  BatchPlanner(const PathPlan& paths, const std::vector<Tree>& trees) : paths_(paths), trees_(trees) {}

  BatchPlan plan() {
    for (std::size_t i = 0; i < trees_.size(); ++i) add_tree(trees_[i], paths_.coded[i]);
    // The last tree's leaves too are loaded by whole tables of registers.
    constexpr std::size_t kTableLeaves = 64;
    if (!plan_.leaves.empty()) plan_.leaves.resize(plan_.leaves.size() + kTableLeaves);
    if (!plan_.float_leaves.empty()) plan_.float_leaves.resize(plan_.float_leaves.size() + kTableLeaves);
    return std::move(plan_);
  }

 private:
  // A node whose sides are being taken, and where its result goes.
  struct Visit {
    std::size_t node = 0;
    std::uint16_t result = 0;
    int sides_done = 0;
    BatchOperand left = {};
  };

  static BatchOperand leaf_operand(std::int32_t child) { return {static_cast<std::uint16_t>(~child), 0}; }
  static std::uint16_t line_of(std::uint16_t result) {
    return static_cast<std::uint16_t>(kCodedLeavesMax + result * kBlockLines);
  }

  void add_tree(const Tree& tree, bool is_coded) {
    BatchTree added{.first_node = static_cast<std::uint32_t>(plan_.nodes.size()), .is_walked = !is_coded};
    if (is_coded) {
      added.leaves = static_cast<std::uint32_t>(tree.leaf_value.size());
      plan_.leaves_max = std::max(plan_.leaves_max, tree.leaf_value.size());
      if (paths_.library == Library::kXgBoost) {
        added.first_leaf = append(plan_.float_leaves, tree.leaf_value);
      } else {
        added.first_leaf = append(plan_.leaves, tree.leaf_value);
      }
      if (!tree.left.empty()) add_nodes(tree);
      added.nodes = static_cast<std::uint32_t>(plan_.nodes.size()) - added.first_node;
    }
    plan_.trees.push_back(added);
  }

  template <typename Number>
  static std::uint32_t append(std::vector<Number>& leaves, const std::vector<double>& values) {
    const auto first = static_cast<std::uint32_t>(leaves.size());
    for (const double value : values) leaves.push_back(static_cast<Number>(value));
    leaves.resize((leaves.size() + kLeavesAligned - 1) / kLeavesAligned * kLeavesAligned);
    return first;
  }

  // Sides before their node, without recursion. A result is free again once its node is done.
  void add_nodes(const Tree& tree) {
    std::vector<Visit> path = {Visit{}};
    BatchOperand done;  // the side that was just finished
    while (!path.empty()) {
      Visit& visit = path.back();
      const std::size_t node = visit.node;
      if (visit.sides_done == 0) {
        visit.sides_done = 1;
        done = leaf_operand(tree.left[node]);
        if (tree.left[node] >= 0) {
          path.push_back({.node = static_cast<std::size_t>(tree.left[node]), .result = visit.result});
          continue;
        }
      }
      if (visit.sides_done == 1) {
        visit.sides_done = 2;
        visit.left = done;
        done = leaf_operand(tree.right[node]);
        if (tree.right[node] >= 0) {
          const auto next = static_cast<std::uint16_t>(visit.result + (visit.left.step != 0 ? 1 : 0));
          path.push_back({.node = static_cast<std::size_t>(tree.right[node]), .result = next});
          continue;
        }
      }
      const PathTest test = test_of(paths_, tree, node);
      plan_.nodes.push_back({.place = test.place,
                             .at_least = test.at_least,
                             .out = line_of(visit.result),
                             .left = visit.left,
                             .right = done});
      plan_.results_max = std::max<std::size_t>(plan_.results_max, visit.result + std::size_t{1});
      done = {line_of(visit.result), 1};
      path.pop_back();
    }
  }

  const PathPlan& paths_;
  const std::vector<Tree>& trees_;
  BatchPlan plan_;
};

}  // namespace

BatchPlan plan_batch(const PathPlan& paths, const std::vector<Tree>& trees) {
  return BatchPlanner(paths, trees).plan();
}

BatchScratch::BatchScratch(const PathPlan& paths, const BatchPlan& plan, std::size_t classes)
    : codes_(paths.codes * kBlockLines), operands_(kCodedLeavesMax + plan.results_max * kBlockLines) {
  for (std::size_t leaf = 0; leaf < plan.leaves_max; ++leaf) {
    operands_[leaf].of_row.fill(static_cast<std::uint8_t>(leaf));
  }
  if (paths.library == Library::kXgBoost) {
    float_sums_.resize(classes * kBlockRows * sizeof(float) / sizeof(ByteLine));
  } else {
    sums_.resize(classes * kBlockRows * sizeof(double) / sizeof(ByteLine));
  }
}

}  // namespace starcast::forest
