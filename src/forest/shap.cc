// One tree, one row. Let a feature take part with probability t, independently of the others; one that does
// not take part goes to both sides of its splits by their shares of training rows. A node's value is
//
//   value = right's value + p * gap,   gap = left's value - right's value,   p = left_share + move * t,
//
// where move = (1 if the row goes left, else 0) - left_share. What its feature adds when it takes part is
// reach * move * gap, with reach the probability of getting to the node by all the other splits; the integral
// over t of the sum of that over its nodes is the feature's share.
//
// Where the feature was split on above, at edges that let through the share z of the training rows:
// - the row fails one of these edges: who is here does not follow the row in this feature, so move = 0;
// - it passes them all: whoever takes part follows it here, and the splits above let through f = z + (1 - z)
// t of all.
//   So p = left_share + move * t / f. The edge above has been credited as if its z and f held for all that
//   lies below; a side of this node with z' and f' instead is due (o' - z') / f' of what reaches it (o' = 1
//   if the row goes there), where it got (1 - z) / f. Both sides' differences add up to reach * move * gap *
//   z / f^2, which is this node's credit.
// So each node needs two factors, t / f and z / f^2, that do not depend on the row.
#include "forest/shap.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "forest/code_lookup.h"
#include "forest/decision.h"
#include "forest/processor.h"
#include "forest/shap_plan.h"

namespace starcast::forest {

namespace {

// What the way up a node leaves for the way down.
struct Step {
  Lanes chance;  // p
  Lanes credit;  // for reach 1
};

// What one explanation writes to, of the size of the largest tree.
struct Scratch {
  explicit Scratch(const ShapPlan& plan)
      : moves(plan.node_count_max + kShapTests),
        value(2 * plan.node_count_max + 1),
        reach(2 * plan.node_count_max + 1),
        steps_of_even(plan.node_count_max),
        steps_of_odd(plan.node_count_max),
        shares(plan.feature_count) {}

  PathCodes codes;
  std::vector<double> moves;  // one a node, and what the last tests write beyond
  // One a node and a leaf.
  std::vector<Lanes> value;
  std::vector<Lanes> reach;
  // One a node, of two groups in turn.
  std::vector<Step> steps_of_even;
  std::vector<Step> steps_of_odd;
  std::vector<Lanes> shares;  // one a feature
};

typedef std::int64_t Mask __attribute__((vector_size(sizeof(Lanes))));

bool goes_left(const ShapPlan& plan, const ShapPlainTest& test, std::span<const double> row) {
  const Library library = plan.paths->library;
  if (test.category_set < 0) return cell_of(library, test.cell, row) <= test.threshold;
  const double value = cell_seen_by(library, row[test.cell.feature]);
  return category_side(library, plan.category_sets[static_cast<std::size_t>(test.category_set)],
                       test.cell.default_left, value) == Side::kLeft;
}

// Which way a row goes is not to be foretold, so there is no branch on it.
template <typename RightOf>
[[gnu::always_inline]] inline void find_moves(const ShapPlan& plan, const ShapTree& tree,
                                              std::span<const double> row, Scratch& scratch,
                                              RightOf right_of) {
  double* const moves = scratch.moves.data();
  if (tree.is_coded) {
    const Lanes* left_shares = plan.left_shares.data() + tree.first_left_shares;
    const ShapTests* tests = plan.tests.data() + tree.first_tests;
    const Lanes::Vector ones = {1, 1, 1, 1};
    for (std::size_t first = 0; first < tree.node_count; first += kShapTests, ++tests) {
      const Mask right = static_cast<std::int64_t>(right_of(*tests)) - Mask{};
      Mask bit = {1, 2, 4, 8};
      const std::size_t count = std::min(tree.node_count - first, kShapTests);
      for (std::size_t i = 0; i < count; i += kShapLanes, bit <<= kShapLanes) {
        const Mask left = (right & bit) == Mask{};
        const Lanes::Vector move =
            reinterpret_cast<Lanes::Vector>(left & reinterpret_cast<Mask>(ones)) - left_shares++->at;
        std::memcpy(moves + first + i, &move, sizeof move);
      }
    }
  } else {
    const ShapPlainTest* const tests = plan.plain_tests.data() + tree.first_tests;
    for (std::size_t i = 0; i < tree.node_count; ++i) {
      moves[i] = (goes_left(plan, tests[i], row) ? 1.0 : 0.0) - plan.nodes[tree.first_node + i].left_share;
    }
  }
  // A move is above 0 if the row goes left, below if it goes right, and 0 where it has failed the feature
  // before.
  const ShapRepeat* const repeats = plan.repeats.data() + tree.first_repeat;
  for (std::size_t i = 0; i < tree.repeat_count; ++i) {
    const ShapRepeat& repeat = repeats[i];
    const bool passed =
        std::bit_cast<std::int64_t>(moves[repeat.above] * repeat.side) > 0;  // so is the double
    const std::uint64_t mask = std::uint64_t{0} - static_cast<std::uint64_t>(passed);
    moves[repeat.node] = std::bit_cast<double>(std::bit_cast<std::uint64_t>(moves[repeat.node]) & mask);
  }
}

// One tree at four points of its integral.
struct Group {
  const ShapTree* tree = nullptr;
  std::size_t index = 0;
  Step* steps = nullptr;
};

[[gnu::always_inline]] inline void climb(const ShapNode& node, const ShapFactor& factor, double move,
                                         Lanes* value, std::size_t place, Step& step) {
  const auto chance = node.left_share + move * factor.point.at;
  const auto right = value[node.right].at;
  const auto gap = value[node.left].at - right;
  value[place].at = right + chance * gap;
  step.chance.at = chance;
  step.credit.at = move * factor.weight.at * gap;
}

[[gnu::always_inline]] inline void descend(const ShapNode& node, const Step& step, Lanes* reach,
                                           std::size_t place, Lanes* shares) {
  const auto here = reach[place].at;
  const auto left = here * step.chance.at;
  shares[node.feature].at += here * step.credit.at;
  reach[node.left].at = left;
  reach[node.right].at = here - left;
}

// The same for a node with a pair of leaves.
[[gnu::always_inline]] inline void climb_pair(const ShapNode& node, const ShapFactor& factor, double move,
                                              const ShapPair& pair, Lanes& value, Step& step) {
  const auto chance = node.left_share + move * factor.point.at;
  value.at = pair.right + chance * pair.gap;
  step.credit.at = move * factor.weight.at * pair.gap;
}

// Both passes wait at each level for the one before, so the way down a group is taken together with the way
// up the next. Either may be without a tree.
[[gnu::always_inline]] inline void pass(const ShapPlan& plan, const Group& up, const Group& down,
                                        Scratch& scratch) {
  const ShapTree none;
  const ShapTree& above = up.tree != nullptr ? *up.tree : none;
  const ShapTree& below = down.tree != nullptr ? *down.tree : none;
  const ShapNode* const up_nodes = plan.nodes.data() + above.first_node;
  const ShapNode* const down_nodes = plan.nodes.data() + below.first_node;
  const ShapFactor* const factors = plan.factors.data() + up.index;
  const double* const moves = scratch.moves.data();
  Lanes* const value = scratch.value.data();
  Lanes* const reach = scratch.reach.data();
  Lanes* const shares = scratch.shares.data();

  const std::size_t up_count = above.node_count - above.pair_count;
  const ShapPair* const pairs = plan.pairs.data() + above.first_pair;
  for (std::size_t i = 0; i < above.pair_count; ++i) {
    const std::size_t place = up_count + i;
    climb_pair(up_nodes[place], factors[up_nodes[place].factor], moves[place], pairs[i], value[place],
               up.steps[place]);
  }
  const double* const leaves = plan.leaves.data() + above.first_leaf;
  for (std::size_t i = 0; i < above.leaf_count; ++i) {
    value[above.node_count + i].at = leaves[i] - Lanes::Vector{};
  }

  if (down.tree != nullptr) reach[0] = plan.rules[below.rule].weights[down.index];
  const std::size_t down_count = below.node_count - below.pair_count;
  const std::size_t both = std::min(up_count, down_count);
  for (std::size_t i = 0; i < both; ++i) {
    const std::size_t place = up_count - 1 - i;
    climb(up_nodes[place], factors[up_nodes[place].factor], moves[place], value, place, up.steps[place]);
    descend(down_nodes[i], down.steps[i], reach, i, shares);
  }
  for (std::size_t place = up_count - both; place-- > 0;) {
    climb(up_nodes[place], factors[up_nodes[place].factor], moves[place], value, place, up.steps[place]);
  }
  for (std::size_t i = both; i < down_count; ++i) descend(down_nodes[i], down.steps[i], reach, i, shares);

  for (std::size_t i = down_count; i < below.node_count; ++i) {
    shares[down_nodes[i].feature].at += reach[i].at * down.steps[i].credit.at;
  }
}

template <typename RightOf>
[[gnu::always_inline]] inline void add_trees(const ShapPlan& plan, std::span<const double> row,
                                             Scratch& scratch, RightOf right_of) {
  Group last;
  Group next{.steps = scratch.steps_of_even.data()};
  Step* free_steps = scratch.steps_of_odd.data();
  for (const ShapTree& tree : plan.trees) {
    find_moves(plan, tree, row, scratch, right_of);
    next.tree = &tree;
    const std::size_t groups = plan.rules[tree.rule].points.size();
    for (next.index = 0; next.index < groups; ++next.index) {
      pass(plan, next, last, scratch);
      last = next;
      std::swap(next.steps, free_steps);
    }
  }
  pass(plan, {}, last, scratch);
}

void add_trees_portable(const ShapPlan& plan, std::span<const double> row, Scratch& scratch) {
  add_trees(plan, row, scratch, [&](const ShapTests& tests) {
    return right_of_portable(scratch.codes, tests.place.data(), tests.at_least.data());
  });
}

#if defined(__x86_64__)
struct RightOfAvx2 {
  const PathCodes* codes;
  std::size_t sixteens;

  [[gnu::target("avx2")]] std::uint32_t operator()(const ShapTests& tests) const {
    return static_cast<std::uint32_t>(
        _mm256_movemask_epi8(right_bytes_avx2(*codes, sixteens, tests.place.data(), tests.at_least.data())));
  }
};

[[gnu::target("avx2")]] void add_trees_avx2(const ShapPlan& plan, std::span<const double> row,
                                            Scratch& scratch) {
  add_trees(plan, row, scratch, RightOfAvx2{&scratch.codes, (plan.paths->codes + 15) / 16});
}
#else
void add_trees_avx2(const ShapPlan& plan, std::span<const double> row, Scratch& scratch) {
  add_trees_portable(plan, row, scratch);
}
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
  std::vector<ShapPlan> plans;
  for (std::size_t i = 0; i < forest.class_count(); ++i) plans.push_back(TRY(plan_shap(forest, i)));
  return ShapExplainer(std::make_shared<const std::vector<ShapPlan>>(std::move(plans)), kernel);
}

std::size_t ShapExplainer::class_count() const {
  return plans_->size();
}

std::size_t ShapExplainer::feature_count() const {
  return plans_->front().feature_count;
}

double ShapExplainer::expected_value(std::size_t class_index) const {
  CHECK(class_index < plans_->size());
  return (*plans_)[class_index].expected_value;
}

void ShapExplainer::explain(std::span<const double> row, std::span<double> shares) const {
  const std::size_t width = feature_count();
  CHECK(row.size() == width);
  CHECK(shares.size() == width * plans_->size());
  PathCodes codes;
  const ShapPlan& first = plans_->front();
  code_row(*first.paths, first.category_sets, row, codes);
  for (std::size_t i = 0; i < plans_->size(); ++i) {
    const ShapPlan& plan = (*plans_)[i];
    Scratch scratch(plan);
    scratch.codes = codes;
    switch (kernel_) {
      case ShapKernel::kPortable:
        add_trees_portable(plan, row, scratch);
        break;
      case ShapKernel::kAvx2:
        add_trees_avx2(plan, row, scratch);
        break;
    }
    for (std::size_t feature = 0; feature < width; ++feature) {
      const auto& lanes = scratch.shares[feature].at;
      shares[i * width + feature] = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) * plan.scale;
    }
  }
}

}  // namespace starcast::forest
