#include "forest/path_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <utility>

namespace starcast::forest {

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// Of a category split: LightGBM's missing values are in no set, XGBoost's go where the split says.
bool has_default_side(Library library, const Tree& tree, std::size_t node) {
  return library == Library::kXgBoost && tree.default_left[node] != 0;
}

class PathPlanner {
 public:
  PathPlanner(Library library, const std::vector<Tree>& trees, std::size_t features)
      : trees_(trees), places_(features), thresholds_(features) {
    plan_.library = library;
  }

  PathPlan plan() {
    collect_thresholds();
    for (const Tree& tree : trees_) {
      plan_.coded.push_back(tree.leaf_value.size() <= kCodedLeavesMax && find_room(tree));
      fits_.push_back(plan_.coded.back() && tree.leaf_value.size() <= kPathLeavesMax);
    }
    add_features();
    for (const auto& [key, place] : places_of_sets_) {
      if (place == kNone) continue;
      plan_.category_columns.push_back(
          {key.feature, key.set, key.default_left, static_cast<std::uint8_t>(place)});
    }
    for (std::size_t first = 0; first < trees_.size(); first += kBlockTrees) add_block(first);
    return std::move(plan_);
  }

 private:
  struct SetKey {
    std::uint32_t feature = 0;
    std::int32_t set = 0;
    bool default_left = false;
    auto operator<=>(const SetKey&) const = default;
  };

  SetKey set_key(const Tree& tree, std::size_t node) const {
    return {static_cast<std::uint32_t>(tree.feature[node]), tree.category_set[node],
            has_default_side(plan_.library, tree, node)};
  }

  void collect_thresholds() {
    for (const Tree& tree : trees_) {
      if (tree.leaf_value.size() > kCodedLeavesMax) continue;
      for (std::size_t node = 0; node < tree.left.size(); ++node) {
        if (tree.category_set[node] >= 0) continue;
        thresholds_[static_cast<std::size_t>(tree.feature[node])].push_back(tree.threshold[node]);
      }
    }
    for (std::size_t feature = 0; feature < thresholds_.size(); ++feature) {
      std::vector<double>& thresholds = thresholds_[feature];
      std::sort(thresholds.begin(), thresholds.end());
      thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
      if (thresholds.size() > kThresholdsMax) thresholds.clear();  // its trees are walked
      const std::size_t pages = (thresholds.size() + kPageThresholds - 1) / kPageThresholds;
      places_[feature].assign(pages * kSplitVariants, kNone);
    }
  }

  // Room for the tree's columns.
  bool find_room(const Tree& tree) {
    bool fits = true;
    for (std::size_t node = 0; fits && node < tree.left.size(); ++node) fits = place_of(tree, node) != kNone;
    return fits;
  }

  // Of the node's threshold among those of its feature.
  std::size_t index_of(const Tree& tree, std::size_t node) const {
    const std::vector<double>& thresholds = thresholds_[static_cast<std::size_t>(tree.feature[node])];
    const auto found = std::lower_bound(thresholds.begin(), thresholds.end(), tree.threshold[node]);
    return static_cast<std::size_t>(found - thresholds.begin());
  }

  // Of the node's column among the codes; a new one if there is room.
  std::uint32_t place_of(const Tree& tree, std::size_t node) {
    if (tree.category_set[node] >= 0) {
      return placed(places_of_sets_.try_emplace(set_key(tree, node), kNone).first->second);
    }
    std::vector<std::uint32_t>& places = places_[static_cast<std::size_t>(tree.feature[node])];
    if (places.empty()) return kNone;
    const std::size_t page = index_of(tree, node) / kPageThresholds;
    return placed(places[page * kSplitVariants + variant_of(split_column(tree, node))]);
  }

  std::uint32_t placed(std::uint32_t& place) {
    if (place == kNone && plan_.codes < kPathColumnsMax) place = static_cast<std::uint32_t>(plan_.codes++);
    return place;
  }

  void add_features() {
    for (std::uint32_t feature = 0; feature < thresholds_.size(); ++feature) {
      const std::vector<double>& thresholds = thresholds_[feature];
      const std::vector<std::uint32_t>& places = places_[feature];
      const auto is_used = [](std::uint32_t place) { return place != kNone; };
      if (std::none_of(places.begin(), places.end(), is_used)) continue;
      const std::size_t padded = std::bit_ceil(thresholds.size() + 1);
      PathFeature added{.feature = feature,
                        .first_threshold = static_cast<std::uint32_t>(plan_.thresholds.size()),
                        .half = static_cast<std::uint32_t>(padded / 2),
                        .first_column = static_cast<std::uint32_t>(plan_.columns.size())};
      plan_.thresholds.insert(plan_.thresholds.end(), thresholds.begin(), thresholds.end());
      plan_.thresholds.resize(added.first_threshold + padded - 1, std::numeric_limits<double>::infinity());
      for (std::size_t i = 0; i < places.size(); ++i) {
        if (!is_used(places[i])) continue;
        plan_.columns.push_back({split_column(feature, i % kSplitVariants),
                                 static_cast<std::uint32_t>(i / kSplitVariants),
                                 static_cast<std::uint8_t>(places[i])});
        ++added.columns;
      }
      plan_.features.push_back(added);
    }
    std::stable_sort(plan_.features.begin(), plan_.features.end(),
                     [](const PathFeature& a, const PathFeature& b) { return a.half < b.half; });
  }

  void add_block(std::size_t first) {
    PathBlock block{.first_tests = static_cast<std::uint32_t>(plan_.tests.size()),
                    .trees = static_cast<std::uint32_t>(std::min(kBlockTrees, trees_.size() - first)),
                    .first_leaf = static_cast<std::uint32_t>(plan_.leaves.size())};
    for (std::size_t i = 0; i < block.trees; ++i) {
      if (!fits_[first + i]) {
        block.walked |= 1U << i;
        plan_.walked.push_back(static_cast<std::uint32_t>(first + i));
        continue;
      }
      block.leaves = std::max(block.leaves, static_cast<std::uint32_t>(trees_[first + i].leaf_value.size()));
    }
    block.is_wide = block.leaves > kNarrowLeavesMax;
    const std::uint32_t nodes = block.leaves > 0 ? block.leaves - 1 : 0;
    block.tests = static_cast<std::uint32_t>((nodes + kTestsAbreast - 1) / kTestsAbreast);
    const std::size_t masks = block.tests * kTestsAbreast;
    block.first_masks =
        static_cast<std::uint32_t>(block.is_wide ? plan_.wide_masks.size() : plan_.narrow_masks.size());
    plan_.tests.resize(plan_.tests.size() + block.tests);
    if (block.is_wide) {
      plan_.wide_masks.resize(plan_.wide_masks.size() + masks);
    } else {
      plan_.narrow_masks.resize(plan_.narrow_masks.size() + masks);
    }
    plan_.leaves.resize(plan_.leaves.size() + block.leaves * block.trees);
    for (std::size_t i = 0; i < block.trees; ++i) {
      if (fits_[first + i]) add_tree(trees_[first + i], i, block);
    }
    plan_.blocks.push_back(block);
  }

  void add_tree(const Tree& tree, std::size_t lane, const PathBlock& block) {
    double* const leaves = plan_.leaves.data() + block.first_leaf + lane * block.leaves;
    if (tree.left.empty()) {
      leaves[0] = tree.leaf_value[0];
      return;
    }
    // In order, and without recursion: first the left side, then the node's mask, then the right side.
    struct Visit {
      std::size_t node;
      std::uint32_t first_leaf;
      bool left_done;
    };
    std::vector<Visit> path = {{0, 0, false}};
    std::uint32_t next_leaf = 0;
    std::size_t place = 0;
    const auto enter = [&](std::int32_t child) {
      if (child < 0) {
        leaves[next_leaf++] = tree.leaf_value[static_cast<std::size_t>(~child)];
      } else {
        path.push_back({static_cast<std::size_t>(child), next_leaf, false});
      }
    };
    while (!path.empty()) {
      Visit& visit = path.back();
      const std::size_t node = visit.node;
      if (!visit.left_done) {
        visit.left_done = true;
        enter(tree.left[node]);
        continue;
      }
      const std::uint32_t on_left = next_leaf - visit.first_leaf;  // at most 63
      const std::uint64_t mask = ((std::uint64_t{1} << on_left) - 1) << visit.first_leaf;
      path.pop_back();
      add_test(tree, node, place++, lane, mask, block);
      enter(tree.right[node]);
    }
  }

  void add_test(const Tree& tree, std::size_t node, std::size_t place, std::size_t lane, std::uint64_t mask,
                const PathBlock& block) {
    PathTests& tests = plan_.tests[block.first_tests + place / kTestsAbreast];
    const std::size_t byte = place % kTestsAbreast * kBlockTrees + lane;
    std::size_t at_least = 1;
    if (tree.category_set[node] < 0) at_least += index_of(tree, node) % kPageThresholds;
    tests.place[byte] = static_cast<std::uint8_t>(place_of(tree, node));
    tests.at_least[byte] = static_cast<std::uint8_t>(at_least);
    if (block.is_wide) {
      plan_.wide_masks[block.first_masks + place].of_tree[lane] = mask;
    } else {
      plan_.narrow_masks[block.first_masks + place].of_tree[lane] = static_cast<std::uint32_t>(mask);
    }
  }

  const std::vector<Tree>& trees_;
  PathPlan plan_;
  std::vector<std::vector<std::uint32_t>> places_;  // by feature, then page and variant
  std::map<SetKey, std::uint32_t> places_of_sets_;
  std::vector<std::vector<double>> thresholds_;  // by feature, ascending
  std::vector<bool> fits_;                       // by tree
};

// How many thresholds lie below the cell.
std::size_t rank_of(const PathFeature& feature, const double* thresholds, double cell) {
  const double* const first = thresholds + feature.first_threshold;
  std::size_t below = 0;
  for (std::size_t step = feature.half; step > 0; step /= 2) {
    below += first[below + step - 1] < cell ? step : 0;
  }
  return below;
}

}  // namespace

PathPlan plan_paths(Library library, const std::vector<Tree>& trees, std::size_t features,
                    std::vector<std::uint32_t> class_of_tree) {
  PathPlan plan = PathPlanner(library, trees, features).plan();
  plan.class_of_tree = std::move(class_of_tree);
  return plan;
}

PathTest test_of(const PathPlan& plan, const Tree& tree, std::size_t node) {
  const auto feature = static_cast<std::uint32_t>(tree.feature[node]);
  const std::int32_t set = tree.category_set[node];
  if (set >= 0) {
    const bool default_left = has_default_side(plan.library, tree, node);
    const auto column = std::find_if(
        plan.category_columns.begin(), plan.category_columns.end(), [&](const PathCategoryColumn& one) {
          return one.feature == feature && one.set == set && one.default_left == default_left;
        });
    return {column->place, 1};
  }
  const auto of_feature = std::find_if(plan.features.begin(), plan.features.end(),
                                       [&](const PathFeature& one) { return one.feature == feature; });
  const std::size_t variant = variant_of(split_column(tree, node));
  const double* const thresholds = plan.thresholds.data() + of_feature->first_threshold;
  const double* const found =
      std::lower_bound(thresholds, thresholds + 2 * of_feature->half - 1, tree.threshold[node]);
  const auto index = static_cast<std::size_t>(found - thresholds);
  const std::size_t page = index / kPageThresholds;
  const auto column = std::find_if(
      plan.columns.begin() + of_feature->first_column, plan.columns.end(),
      [&](const PathColumn& one) { return one.page == page && variant_of(one.cell) == variant; });
  return {column->place, static_cast<std::uint8_t>(index % kPageThresholds + 1)};
}

void code_row(const PathPlan& plan, const std::vector<std::vector<std::uint32_t>>& category_sets,
              std::span<const double> row, PathCodes& codes) {
  constexpr std::uint8_t kAllBelow = std::numeric_limits<std::uint8_t>::max();
  for (const PathFeature& feature : plan.features) {
    double value = cell_seen_by(plan.library, row[feature.feature]);
    const bool is_nan = std::isnan(value);
    if (is_nan) value = 0;
    const std::size_t rank = rank_of(feature, plan.thresholds.data(), value);
    for (std::uint32_t i = 0; i < feature.columns; ++i) {
      const PathColumn& column = plan.columns[feature.first_column + i];
      const bool goes_default = column.cell.missing == MissingKind::kNaN
                                    ? is_nan
                                    : column.cell.missing == MissingKind::kZero && value == 0;
      const std::uint8_t by_default = column.cell.default_left ? 0 : kAllBelow;
      codes.of_place[column.place] = goes_default ? by_default : code_on_page(rank, column.page);
    }
  }
  for (const PathCategoryColumn& column : plan.category_columns) {
    const double value = cell_seen_by(plan.library, row[column.feature]);
    const auto& set = category_sets[static_cast<std::size_t>(column.set)];
    codes.of_place[column.place] =
        category_side(plan.library, set, column.default_left, value) == Side::kRight ? 1 : 0;
  }
}

}  // namespace starcast::forest
