// One tree, one row. Let a feature take part with probability t, independently of the others; one that does not take part
// goes to both sides of its splits by their shares of training rows. A node's value is
//
//   value = right's value + p * gap,   gap = left's value - right's value,   p = left_share + move * t,
//
// where move = (1 if the row goes left, else 0) - left_share. What its feature adds when it takes part is
// reach * move * gap, with reach the probability of getting to the node by all the other splits; the integral over t of
// the sum of that over its nodes is the feature's share.
//
// Where the feature was split on above, at edges that let through the share z of the training rows:
// - the row fails one of these edges: who is here does not follow the row in this feature, so move = 0;
// - it passes them all: whoever takes part follows it here, and the splits above let through f = z + (1 - z) t of all.
//   So p = left_share + move * t / f. The edge above has been credited as if its z and f held for all that lies below; a
//   side of this node with z' and f' instead is due (o' - z') / f' of what reaches it (o' = 1 if the row goes there), where
//   it got (1 - z) / f. Both sides' differences add up to reach * move * gap * z / f^2, which is this node's credit.
// So each node needs two factors, t / f and z / f^2, that do not depend on the row.
#include "forest/shap.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/check.h"
#include "forest/decision.h"
#include "forest/shap_plan.h"

namespace starcast::forest {

namespace {

// What one explanation writes to, of the size of the largest tree.
struct Scratch {
  explicit Scratch(const ShapPlan& plan)
      : cells(plan.columns.size()),
        moves(plan.node_count_max),
        value(2 * plan.node_count_max + 1),
        reach(2 * plan.node_count_max + 1),
        chance(plan.node_count_max),
        credit(plan.node_count_max),
        shares(plan.feature_count) {}

  std::vector<double> cells;  // one a column
  std::vector<double> moves;  // one a node
  // One a node and a leaf.
  std::vector<Lanes> value;
  std::vector<Lanes> reach;
  // One a node: p, and the credit for reach 1.
  std::vector<Lanes> chance;
  std::vector<Lanes> credit;
  std::vector<Lanes> shares;  // one a feature
};

double cell_of(const ShapColumn& column, std::span<const double> row) {
  double value = row[column.feature];
  if (is_zero(value)) value = 0;
  if (std::isnan(value) && column.missing != MissingKind::kNaN) value = 0;
  const bool goes_default =
      column.missing == MissingKind::kNaN ? std::isnan(value) : column.missing == MissingKind::kZero && value == 0;
  if (!goes_default) return value;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  return column.default_left ? -kInfinity : std::numeric_limits<double>::quiet_NaN();
}

[[gnu::always_inline]] inline void find_moves(const ShapPlan& plan, const ShapTree& tree, std::span<const double> row,
                                              Scratch& scratch) {
  const double* const cells = scratch.cells.data();
  const double* const threshold = plan.threshold.data() + tree.first_node;
  const std::uint32_t* const column = plan.column.data() + tree.first_node;
  const ShapNode* const nodes = plan.nodes.data() + tree.first_node;
  double* const moves = scratch.moves.data();
  for (std::size_t i = 0; i < tree.node_count; ++i) {
    moves[i] = (cells[column[i]] <= threshold[i] ? 1.0 : 0.0) - nodes[i].left_share;
  }
  for (std::size_t i = 0; i < tree.category_split_count; ++i) {
    const ShapCategorySplit& split = plan.category_splits[tree.first_category_split + i];
    double value = row[split.feature];
    if (is_zero(value)) value = 0;
    const bool left = category_side(plan.category_sets[split.set], value) == Side::kLeft;
    moves[split.node] = (left ? 1.0 : 0.0) - nodes[split.node].left_share;
  }
  // A move is above 0 if the row goes left, below if it goes right, and 0 where it has failed the feature before.
  const ShapRepeat* const repeats = plan.repeats.data() + tree.first_repeat;
  for (std::size_t i = 0; i < tree.repeat_count; ++i) {
    const ShapRepeat& repeat = repeats[i];
    moves[repeat.node] = moves[repeat.above] * repeat.side > 0 ? moves[repeat.node] : 0.0;
  }
}

[[gnu::always_inline]] inline void add_group(const ShapPlan& plan, const ShapTree& tree, std::size_t group,
                                             Scratch& scratch) {
  const ShapNode* const nodes = plan.nodes.data() + tree.first_node;
  const ShapFactor* const factors = plan.factors.data() + group;
  const double* const moves = scratch.moves.data();
  Lanes* const value = scratch.value.data();
  Lanes* const reach = scratch.reach.data();
  Lanes* const chance = scratch.chance.data();
  Lanes* const credit = scratch.credit.data();
  Lanes* const shares = scratch.shares.data();

  const double* const leaves = plan.leaves.data() + tree.first_leaf;
  for (std::size_t i = 0; i <= tree.node_count; ++i) value[tree.node_count + i].at = leaves[i] - Lanes::Vector{};
  for (std::size_t i = tree.node_count; i-- > 0;) {
    const ShapNode& node = nodes[i];
    const ShapFactor& factor = factors[node.factor];
    const auto p = node.left_share + moves[i] * factor.point.at;
    const auto right = value[node.right].at;
    const auto gap = value[node.left].at - right;
    value[i].at = right + p * gap;
    chance[i].at = p;
    credit[i].at = moves[i] * factor.weight.at * gap;
  }
  reach[0] = plan.rules[tree.rule].weights[group];
  for (std::size_t i = 0; i < tree.node_count; ++i) {
    const ShapNode& node = nodes[i];
    const auto here = reach[i].at;
    const auto left = here * chance[i].at;
    shares[node.feature].at += here * credit[i].at;
    reach[node.left].at = left;
    reach[node.right].at = here - left;
  }
}

[[gnu::always_inline]] inline void add_trees(const ShapPlan& plan, std::span<const double> row, Scratch& scratch) {
  for (const ShapTree& tree : plan.trees) {
    find_moves(plan, tree, row, scratch);
    const std::size_t groups = plan.rules[tree.rule].points.size();
    for (std::size_t group = 0; group < groups; ++group) add_group(plan, tree, group, scratch);
  }
}

void add_trees_portable(const ShapPlan& plan, std::span<const double> row, Scratch& scratch) {
  add_trees(plan, row, scratch);
}

#if defined(__x86_64__)
[[gnu::target("avx2")]] void add_trees_avx2(const ShapPlan& plan, std::span<const double> row, Scratch& scratch) {
  add_trees(plan, row, scratch);
}

bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
#else
void add_trees_avx2(const ShapPlan& plan, std::span<const double> row, Scratch& scratch) {
  add_trees(plan, row, scratch);
}

bool has_avx2() { return false; }
#endif

}  // namespace

std::vector<ShapKernel> shap_kernels() {
  std::vector<ShapKernel> kernels = {ShapKernel::kPortable};
  if (has_avx2()) kernels.push_back(ShapKernel::kAvx2);
  return kernels;
}

core::Result<ShapExplainer> ShapExplainer::create(const Forest& forest) {
  return create(forest, shap_kernels().back());
}

core::Result<ShapExplainer> ShapExplainer::create(const Forest& forest, ShapKernel kernel) {
  ShapPlan plan = TRY(plan_shap(forest));
  return ShapExplainer(std::make_shared<const ShapPlan>(std::move(plan)), kernel);
}

std::size_t ShapExplainer::feature_count() const { return plan_->feature_count; }

double ShapExplainer::expected_value() const { return plan_->expected_value; }

void ShapExplainer::explain(std::span<const double> row, std::span<double> shares) const {
  const ShapPlan& plan = *plan_;
  CHECK(row.size() == plan.feature_count);
  CHECK(shares.size() == plan.feature_count);
  Scratch scratch(plan);
  for (std::size_t i = 0; i < plan.columns.size(); ++i) scratch.cells[i] = cell_of(plan.columns[i], row);
  switch (kernel_) {
    case ShapKernel::kPortable:
      add_trees_portable(plan, row, scratch);
      break;
    case ShapKernel::kAvx2:
      add_trees_avx2(plan, row, scratch);
      break;
  }
  for (std::size_t i = 0; i < shares.size(); ++i) {
    const auto& lanes = scratch.shares[i].at;
    shares[i] = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) * plan.scale;
  }
}

}  // namespace starcast::forest
