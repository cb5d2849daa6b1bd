#include "forest/shap_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
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
  explicit ShapPlanner(const Forest& forest)
      : forest_(forest),
        column_of_(forest.feature_count() * kSplitVariants, kNone),
        last_edge_(forest.feature_count()) {}

  Result<ShapPlan> plan() {
    plan_.feature_count = forest_.feature_count();
    plan_.category_sets = forest_.category_sets();
    if (forest_.averaged()) plan_.scale = 1 / static_cast<double>(forest_.tree_count());
    for (std::size_t i = 0; i < forest_.tree_count(); ++i)
      TRY(add_tree(forest_.trees()[i]), fmt::format("tree {}", i));
    plan_.expected_value *= plan_.scale;
    return std::move(plan_);
  }

 private:
  // The nearest edge above that splits on a feature.
  struct Edge {
    std::uint32_t node = kNone;
    double side = 0;
    double share = 1;  // of training rows, through it and all such edges above
  };

  Result<void> add_tree(const Tree& tree) {
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
                     .first_tests = plan_.tests.size(),
                     .first_leaf = plan_.leaves.size(),
                     .first_repeat = plan_.repeats.size(),
                     .first_category_split = plan_.category_splits.size()};
    plan_.node_count_max = std::max(plan_.node_count_max, nodes);
    add_nodes(tree, mean);
    const std::size_t path_features = follow_paths(planned);
    if (path_features > kPathFeaturesMax) {
      return Error(ErrorCode::kUnsupported,
                   fmt::format("a path through {} different features; at most {} can be explained",
                               path_features, kPathFeaturesMax));
    }
    planned.repeat_count = plan_.repeats.size() - planned.first_repeat;
    planned.category_split_count = plan_.category_splits.size() - planned.first_category_split;
    planned.rule = rule_for(groups_for(path_features));
    add_factors(planned);
    plan_.trees.push_back(planned);
    return {};
  }

  static std::uint32_t count_of(const Tree& tree, std::int32_t child) {
    return child >= 0 ? tree.node_count[static_cast<std::size_t>(child)]
                      : tree.leaf_count[static_cast<std::size_t>(~child)];
  }

  static Result<void> check_counts(const Tree& tree) {
    for (std::size_t node = 0; node < tree.left.size(); ++node) {
      const std::uint64_t left = count_of(tree, tree.left[node]);
      const std::uint64_t right = count_of(tree, tree.right[node]);
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
    const double total = tree.node_count[0];
    double mean = 0;
    for (std::size_t leaf = 0; leaf < tree.leaf_value.size(); ++leaf) {
      mean += tree.leaf_count[leaf] / total * tree.leaf_value[leaf];
    }
    return mean;
  }

  // Level by level, so that neighbours in memory do not wait for one another.
  void add_nodes(const Tree& tree, double mean) {
    const auto nodes = static_cast<std::uint32_t>(tree.left.size());
    std::vector<std::size_t> order = {0};
    order.reserve(nodes);
    std::uint32_t leaves = 0;
    for (std::size_t place = 0; place < order.size(); ++place) {
      const std::size_t node = order[place];
      const auto add_child = [&](std::int32_t child) {
        if (child < 0) {
          plan_.leaves.push_back(tree.leaf_value[static_cast<std::size_t>(~child)] - mean);
          return nodes + leaves++;
        }
        order.push_back(static_cast<std::size_t>(child));
        return static_cast<std::uint32_t>(order.size() - 1);
      };
      const auto feature = static_cast<std::uint32_t>(tree.feature[node]);
      const std::uint32_t left = add_child(tree.left[node]);
      const std::uint32_t right = add_child(tree.right[node]);
      plan_.nodes.push_back(
          {.left_share = static_cast<double>(count_of(tree, tree.left[node])) / tree.node_count[node],
           .left = left,
           .right = right,
           .feature = feature});
      const std::int32_t set = tree.category_set[node];
      // A category's side replaces what the test of its split says.
      const SplitColumn column = set < 0 ? split_column(tree, node) : SplitColumn{.feature = feature};
      add_test(place, plan_.nodes.back(), tree.threshold[node], column_for(column));
      if (set >= 0) {
        plan_.category_splits.push_back({.node = static_cast<std::uint32_t>(place),
                                         .feature = feature,
                                         .set = static_cast<std::uint32_t>(set)});
      }
    }
  }

  void add_test(std::size_t place, const ShapNode& node, double threshold, std::uint32_t column) {
    const std::size_t lane = place % kShapLanes;
    if (lane == 0) plan_.tests.emplace_back();
    ShapTests& tests = plan_.tests.back();
    tests.threshold.at[lane] = threshold;
    tests.left_share.at[lane] = node.left_share;
    tests.column[lane] = column;
  }

  std::uint32_t column_for(const SplitColumn& cell) {
    std::uint32_t& column = column_of_[cell.feature * kSplitVariants + variant_of(cell)];
    if (column == kNone) {
      column = static_cast<std::uint32_t>(plan_.columns.size());
      plan_.columns.push_back(cell);
    }
    return column;
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
  ShapPlan plan_;
  std::vector<std::uint32_t> column_of_;
  std::vector<Edge> last_edge_;  // of each feature, on the path that is followed
  std::vector<Edge> above_;      // of each node of the tree
};

}  // namespace

core::Result<ShapPlan> plan_shap(const Forest& forest) {
  return ShapPlanner(forest).plan();
}

}  // namespace starcast::forest
