#include "forest/shap_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

namespace starcast::forest {

namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

struct QuadraturePoint {
  double at = 0;
  double weight = 0;
};

// Gauss-Legendre on [0, 1]: the roots of the Legendre polynomial of degree `count`, by Newton's method.
std::vector<QuadraturePoint> gauss_legendre(std::size_t count) {
  std::vector<QuadraturePoint> points(count);
  const auto degree = static_cast<long double>(count);
  for (std::size_t i = 0; i < count; ++i) {
    long double x =
        std::cos(std::numbers::pi_v<long double> * (static_cast<long double>(i) + 0.75L) / (degree + 0.5L));
    long double slope = 0;
    constexpr int kSteps = 8;  // each doubles the digits, and the guess has four
    for (int step = 0; step < kSteps; ++step) {
      long double before = 1;
      long double value = x;
      for (std::size_t n = 2; n <= count; ++n) {
        const auto order = static_cast<long double>(n);
        const long double next = ((2 * order - 1) * x * value - (order - 1) * before) / order;
        before = std::exchange(value, next);
      }
      slope = degree * (x * value - before) / (x * x - 1);
      x -= value / slope;
    }
    points[i] = {.at = static_cast<double>((1 + x) / 2),
                 .weight = static_cast<double>(1 / ((1 - x * x) * slope * slope))};
  }
  return points;
}

// The integrand's degree is one less than the number of different features on a path, and n points are exact
// up to degree 2n - 1. It is a positive mixture of t^k (1-t)^(m-k), whose part above degree n falls as
// exp(-n^2 / 2m): beyond some 80 features, 4.5 sqrt(m) points leave less than rounding does.
std::size_t groups_for(std::size_t path_features) {
  const std::size_t exact = (path_features + 1) / 2;
  const auto enough =
      static_cast<std::size_t>(std::ceil(4.5 * std::sqrt(static_cast<double>(path_features))));
  return (std::min(exact, enough) + kShapLanes - 1) / kShapLanes;
}

class ShapPlanner {
 public:
  ShapPlanner(const Forest& forest, std::size_t class_index)
      : forest_(forest), class_index_(class_index), last_edge_(forest.feature_count()) {}

  // The trees in the given order of numbers.
  Result<ShapPlan> plan(std::span<const std::size_t> order) {
    plan_.feature_count = forest_.feature_count();
    plan_.category_sets = forest_.category_sets();
    plan_.paths = forest_.paths();
    if (forest_.averaged()) {
      plan_.scale = 1 / static_cast<double>(forest_.tree_count() / forest_.class_count());
    }
    for (const std::size_t i : order) {
      TRY(add_tree(forest_.trees()[i], plan_.paths->coded[i]), fmt::format("tree {}", i));
    }
    plan_.expected_value = forest_.base_scores()[class_index_] + plan_.expected_value * plan_.scale;
    return std::move(plan_);
  }

 private:
  // The nearest edge above that splits on a feature.
  struct Edge {
    std::uint32_t node = kNone;
    double side = 0;
    double share = 1;  // of training rows, through it and all such edges above
  };

  Result<void> add_tree(const Tree& tree, bool is_coded) {
    if (tree.left.empty()) {
      plan_.expected_value += tree.leaf_value[0];
      return {};
    }
    TRY(check_counts(tree));
    const double mean = mean_of(tree);
    plan_.expected_value += mean;

    const std::size_t nodes = tree.left.size();
    if (nodes > std::numeric_limits<std::uint32_t>::max() / 4) {
      return Error(ErrorCode::kUnsupported,
                   fmt::format("{} splits in one tree are too many to explain", nodes));
    }
    ShapTree planned{.first_node = plan_.nodes.size(),
                     .node_count = nodes,
                     .first_pair = plan_.pairs.size(),
                     .first_left_shares = plan_.left_shares.size(),
                     .is_coded = is_coded,
                     .first_tests = is_coded ? plan_.tests.size() : plan_.plain_tests.size(),
                     .first_leaf = plan_.leaves.size(),
                     .first_repeat = plan_.repeats.size()};
    plan_.node_count_max = std::max(plan_.node_count_max, nodes);
    add_nodes(tree, mean, planned);
    planned.leaf_count = plan_.leaves.size() - planned.first_leaf;
    const std::size_t path_features = follow_paths(planned);
    if (path_features > kPathFeaturesMax) {
      return Error(ErrorCode::kUnsupported,
                   fmt::format("a path through {} different features; at most {} can be explained",
                               path_features, kPathFeaturesMax));
    }
    planned.repeat_count = plan_.repeats.size() - planned.first_repeat;
    planned.rule = rule_for(groups_for(path_features));
    add_factors(planned);
    plan_.trees.push_back(planned);
    return {};
  }

  // Training rows, or XGBoost's sum of second derivatives in their place.
  static double weight_of(const Tree& tree, std::int32_t child) {
    if (!tree.node_cover.empty()) {
      return child >= 0 ? tree.node_cover[static_cast<std::size_t>(child)]
                        : tree.leaf_cover[static_cast<std::size_t>(~child)];
    }
    return child >= 0 ? tree.node_count[static_cast<std::size_t>(child)]
                      : tree.leaf_count[static_cast<std::size_t>(~child)];
  }

  static double left_share_of(const Tree& tree, std::size_t node) {
    const double left = weight_of(tree, tree.left[node]);
    // XGBoost's floats do not add up exactly.
    const double both = tree.node_cover.empty() ? weight_of(tree, static_cast<std::int32_t>(node))
                                                : left + weight_of(tree, tree.right[node]);
    return left / both;
  }

  static Result<void> check_covers(const Tree& tree) {
    for (std::size_t node = 0; node < tree.left.size(); ++node) {
      for (const std::int32_t child : {tree.left[node], tree.right[node]}) {
        const double cover = weight_of(tree, child);
        if (cover > 0 && std::isfinite(cover)) continue;
        return Error(
            ErrorCode::kFailedPrecondition,
            fmt::format("the split {} has a side whose sum_hessian is {}, so its reasons are not known; "
                        "train the model again with a min_child_weight above 0",
                        node, cover));
      }
    }
    return {};
  }

  static Result<void> check_counts(const Tree& tree) {
    if (!tree.node_cover.empty()) return check_covers(tree);
    for (std::size_t node = 0; node < tree.left.size(); ++node) {
      const double left = weight_of(tree, tree.left[node]);
      const double right = weight_of(tree, tree.right[node]);
      if (left == 0 || right == 0) {
        return Error(
            ErrorCode::kFailedPrecondition,
            fmt::format(
                "the split {} has a side without training rows in the model text, so its reasons are not "
                "known; train the model again, or save it with leaf_count and internal_count",
                node));
      }
      if (left + right != tree.node_count[node]) {
        return Error(
            ErrorCode::kFailedPrecondition,
            fmt::format(
                "the split {} has {} training rows, but its sides have {} and {}, so its reasons are not "
                "known; train the model again",
                node, tree.node_count[node], left, right));
      }
    }
    return {};
  }

  static double mean_of(const Tree& tree) {
    if (!tree.node_cover.empty()) return mean_by_shares(tree);
    const double total = tree.node_count[0];
    double mean = 0;
    for (std::size_t leaf = 0; leaf < tree.leaf_value.size(); ++leaf) {
      mean += tree.leaf_count[leaf] / total * tree.leaf_value[leaf];
    }
    return mean;
  }

  // Nodes come before their children.
  static double mean_by_shares(const Tree& tree) {
    std::vector<double> reach(tree.left.size(), 0);
    reach[0] = 1;
    double mean = 0;
    for (std::size_t node = 0; node < reach.size(); ++node) {
      const double share = left_share_of(tree, node);
      const auto pass = [&](std::int32_t child, double part) {
        if (child >= 0) {
          reach[static_cast<std::size_t>(child)] = part;
        } else {
          mean += part * tree.leaf_value[static_cast<std::size_t>(~child)];
        }
      };
      pass(tree.left[node], reach[node] * share);
      pass(tree.right[node], reach[node] * (1 - share));
    }
    return mean;
  }

  static bool is_pair(const Tree& tree, std::size_t node) {
    return tree.left[node] < 0 && tree.right[node] < 0;
  }

  // Level by level, so that neighbours in memory do not wait for one another; then the pairs of leaves.
  void add_nodes(const Tree& tree, double mean, ShapTree& planned) {
    const std::size_t nodes = tree.left.size();
    std::vector<std::size_t> order = {0};
    order.reserve(nodes);
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (const std::int32_t child : {tree.left[order[i]], tree.right[order[i]]}) {
        if (child >= 0) order.push_back(static_cast<std::size_t>(child));
      }
    }
    const auto pairs = std::stable_partition(order.begin(), order.end(),
                                             [&](std::size_t node) { return !is_pair(tree, node); });
    planned.pair_count = static_cast<std::size_t>(order.end() - pairs);
    std::vector<std::uint32_t> place_of(nodes);
    for (std::size_t place = 0; place < nodes; ++place)
      place_of[order[place]] = static_cast<std::uint32_t>(place);

    const auto value_of = [&](std::int32_t child) {
      return tree.leaf_value[static_cast<std::size_t>(~child)] - mean;
    };
    const auto slot_of = [&](std::int32_t child) {
      if (child >= 0) return place_of[static_cast<std::size_t>(child)];
      plan_.leaves.push_back(value_of(child));
      return static_cast<std::uint32_t>(nodes + plan_.leaves.size() - 1 - planned.first_leaf);
    };
    for (std::size_t place = 0; place < nodes; ++place) {
      const std::size_t node = order[place];
      ShapNode added{.left_share = left_share_of(tree, node),
                     .feature = static_cast<std::uint32_t>(tree.feature[node])};
      if (is_pair(tree, node)) {
        const double right = value_of(tree.right[node]);
        plan_.pairs.push_back({.right = right, .gap = value_of(tree.left[node]) - right});
        // Slots that no path follows.
        added.left = added.right = static_cast<std::uint32_t>(nodes);
      } else {
        added.left = slot_of(tree.left[node]);
        added.right = slot_of(tree.right[node]);
      }
      if (place % kShapLanes == 0) plan_.left_shares.emplace_back();
      plan_.left_shares.back().at[place % kShapLanes] = added.left_share;
      plan_.nodes.push_back(added);
      add_test(tree, node, place, planned.is_coded);
    }
  }

  void add_test(const Tree& tree, std::size_t node, std::size_t place, bool is_coded) {
    if (!is_coded) {
      const std::int32_t set = tree.category_set[node];
      plan_.plain_tests.push_back({split_column(tree, node), set, tree.threshold[node]});
      return;
    }
    const PathTest test = test_of(*plan_.paths, tree, node);
    const std::size_t byte = place % kShapTests;
    if (byte == 0) plan_.tests.emplace_back();
    plan_.tests.back().place[byte] = test.place;
    plan_.tests.back().at_least[byte] = test.at_least;
  }

  // Goes down every path, notes the nearest edge above of each node's feature, and returns how many different
  // features a path has at most. Without recursion: a hostile tree is as deep as its text is long.
  std::size_t follow_paths(const ShapTree& tree) {
    above_.assign(tree.node_count, Edge{});
    std::vector<std::uint8_t> visits(tree.node_count, 0);
    std::vector<std::uint32_t> path = {0};
    std::size_t features = 0;
    std::size_t features_max = 0;
    while (!path.empty()) {
      const std::uint32_t place = path.back();
      const ShapNode& node = plan_.nodes[tree.first_node + place];
      Edge& last = last_edge_[node.feature];
      Edge& above = above_[place];
      const std::uint8_t visit = visits[place]++;
      if (visit == 2) {
        if (above.node == kNone) --features;
        last = above;
        path.pop_back();
        continue;
      }
      if (visit == 0) {
        above = last;
        if (above.node == kNone) ++features;
        features_max = std::max(features_max, features);
      }
      const bool left = visit == 0;
      last = {.node = place,
              .side = left ? 1.0 : -1.0,
              .share = above.share * (left ? node.left_share : 1 - node.left_share)};
      const std::uint32_t child = left ? node.left : node.right;
      if (child < tree.node_count) path.push_back(child);
    }
    for (std::uint32_t place = 0; place < tree.node_count; ++place) {
      if (above_[place].node == kNone) continue;
      plan_.repeats.push_back({.node = place, .above = above_[place].node, .side = above_[place].side});
    }
    return features_max;
  }

  std::size_t rule_for(std::size_t groups) {
    const auto same = std::find_if(plan_.rules.begin(), plan_.rules.end(),
                                   [groups](const ShapRule& rule) { return rule.points.size() == groups; });
    if (same != plan_.rules.end()) return static_cast<std::size_t>(same - plan_.rules.begin());
    ShapRule rule;
    const auto points = gauss_legendre(groups * kShapLanes);
    for (std::size_t i = 0; i < points.size(); i += kShapLanes) {
      Lanes at;
      Lanes weight;
      for (std::size_t lane = 0; lane < kShapLanes; ++lane) {
        at.at[lane] = points[i + lane].at;
        weight.at[lane] = points[i + lane].weight;
      }
      rule.points.push_back(at);
      rule.weights.push_back(weight);
    }
    rule.first_factor = append_factors(rule, 1);
    plan_.rules.push_back(std::move(rule));
    return plan_.rules.size() - 1;
  }

  std::uint32_t append_factors(const ShapRule& rule, double share) {
    const auto first = static_cast<std::uint32_t>(plan_.factors.size());
    for (const Lanes& points : rule.points) {
      const Lanes fraction{share + (1 - share) * points.at};
      plan_.factors.push_back(
          {.point = {points.at / fraction.at}, .weight = {share / (fraction.at * fraction.at)}});
    }
    return first;
  }

  void add_factors(const ShapTree& tree) {
    for (std::size_t place = 0; place < tree.node_count; ++place) {
      const Edge& above = above_[place];
      const ShapRule& rule = plan_.rules[tree.rule];
      plan_.nodes[tree.first_node + place].factor =
          above.node == kNone ? rule.first_factor : append_factors(rule, above.share);
    }
  }

  const Forest& forest_;
  const std::size_t class_index_;
  ShapPlan plan_;
  std::vector<Edge> last_edge_;  // of each feature, on the path that is followed
  std::vector<Edge> above_;      // of each node of the tree
};

}  // namespace

core::Result<ShapPlan> plan_shap(const Forest& forest, std::size_t class_index) {
  std::vector<std::size_t> order;
  for (std::size_t tree = 0; tree < forest.tree_count(); ++tree) {
    if (forest.class_of(tree) == class_index) order.push_back(tree);
  }
  const auto split = std::partition(order.begin(), order.end(),
                                    [&](std::size_t tree) { return !forest.trees()[tree].left.empty(); });
  const ShapPlan unsorted = TRY(ShapPlanner(forest, class_index).plan(order));
  const auto form_of = [&](std::size_t index) {
    const ShapTree& tree = unsorted.trees[index];
    return std::tuple(tree.rule, tree.node_count, tree.pair_count, tree.repeat_count);
  };
  std::vector<std::size_t> places(unsorted.trees.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return form_of(a) < form_of(b); });
  std::vector<std::size_t> sorted;
  for (const std::size_t place : places) sorted.push_back(order[place]);
  sorted.insert(sorted.end(), split, order.end());
  return ShapPlanner(forest, class_index).plan(sorted);
}

}  // namespace starcast::forest
