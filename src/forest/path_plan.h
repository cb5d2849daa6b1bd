// What a forest's fast kernels compute once from its trees: for each tree the masks by which one look at all
// its tests tells the leaf, without a walk.
//
// Codes: the thresholds that a feature is compared with anywhere in the forest, u[0] < u[1] < ..., give a
// cell the rank "how many u lie below it". value <= u[j] if and only if rank <= j, so a compare of integers
// replaces that of two doubles and loses nothing. A code is the part of the rank that lies among 255
// neighbouring thresholds, a byte. (The same idea is in the quantised and RapidScorer-like engines of
// others.)
//
// Masks: number a tree's leaves from left to right. A test that sends the row right rules out the leaves on
// its left; of the leaves that no such test of the whole tree rules out, the first is where the row ends
// (QuickScorer: Lucchese et al., SIGIR 2015). So the leaf is the lowest bit that stays 0 in the union of the
// masks of the tests that go right. 16 trees lie side by side in each vector.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "forest/decision.h"
#include "forest/forest.h"

namespace starcast::forest {

inline constexpr std::size_t kBlockTrees = 16;
inline constexpr std::size_t kTestsAbreast = 4;       // of each of the block's trees
inline constexpr std::size_t kPathColumnsMax = 256;   // what four registers of bytes hold
inline constexpr std::size_t kPageThresholds = 255;   // of a column: a feature with more has several
inline constexpr std::size_t kThresholdsMax = 65535;  // of a feature
inline constexpr std::size_t kPathLeavesMax = 64;     // of a tree
inline constexpr std::size_t kCodedLeavesMax = 256;   // of a tree that compare and blend takes: a byte
inline constexpr std::size_t kNarrowLeavesMax = 32;   // of trees whose masks are 32 bits

// A column of codes: a feature as the splits see it that treat missing values in one way, or one set of
// categories, whose code is 1 for what goes right.
struct PathColumn {
  SplitColumn cell;
  std::uint32_t page = 0;  // counts the feature's thresholds from 255 * page on
  std::uint8_t place = 0;  // among the codes
};
struct PathCategoryColumn {
  std::uint32_t feature = 0;
  std::int32_t set = 0;
  bool default_left = false;  // XGBoost's missing values
  std::uint8_t place = 0;
};

// A feature's thresholds, which its columns have in common.
struct PathFeature {
  std::uint32_t feature = 0;
  std::uint32_t first_threshold = 0;  // of 2^k - 1, the last ones infinite
  std::uint32_t half = 0;             // 2^(k-1)
  std::uint32_t first_column = 0;
  std::uint32_t columns = 0;
};

// Four tests of each of 16 trees, test by test: a test goes right if the code at its place is `at_least` or
// more.
struct alignas(64) PathTests {
  std::array<std::uint8_t, kTestsAbreast * kBlockTrees> place = {};  // of the codes
  std::array<std::uint8_t, kTestsAbreast * kBlockTrees> at_least = {};
};

// The leaves on the left of one test in each of 16 trees; 0 where a tree has no such test.
struct alignas(64) NarrowMasks {
  std::array<std::uint32_t, kBlockTrees> of_tree = {};
};
struct alignas(64) WideMasks {
  std::array<std::uint64_t, kBlockTrees> of_tree = {};
};

// 16 trees that follow one another in the forest; the last block may have fewer.
struct PathBlock {
  std::uint32_t first_tests = 0;
  std::uint32_t tests = 0;        // PathTests, each of four
  std::uint32_t first_masks = 0;  // four for each PathTests
  bool is_wide = false;           // in wide_masks
  std::uint32_t trees = 0;
  std::uint32_t first_leaf = 0;
  std::uint32_t leaves = 0;  // from one tree to the next
  std::uint32_t walked = 0;  // a bit a tree: does not fit the scheme, is walked plainly
};

struct PathPlan {
  Library library = Library::kLightGbm;
  std::size_t codes = 0;
  std::vector<PathFeature> features;  // those with equally many thresholds side by side
  std::vector<PathColumn> columns;
  std::vector<PathCategoryColumn> category_columns;
  std::vector<double> thresholds;
  std::vector<PathBlock> blocks;
  std::vector<PathTests> tests;
  std::vector<NarrowMasks> narrow_masks;
  std::vector<WideMasks> wide_masks;
  std::vector<double> leaves;         // of each tree from left to right
  std::vector<std::uint32_t> walked;  // the trees that do not fit the scheme
  std::vector<bool> coded;  // by tree: its tests have codes; all but the walked ones, and large trees
  std::vector<std::uint32_t> class_of_tree;  // empty for one class
};

PathPlan plan_paths(Library library, const std::vector<Tree>& trees, std::size_t features,
                    std::vector<std::uint32_t> class_of_tree = {});

// The part of a rank that the column of a page tells.
inline std::uint8_t code_on_page(std::size_t rank, std::uint32_t page) {
  const std::size_t before = kPageThresholds * page;
  return static_cast<std::uint8_t>(rank < before ? 0 : std::min(rank - before, kPageThresholds));
}

// A node's test, of a tree that is coded.
struct PathTest {
  std::uint8_t place = 0;
  std::uint8_t at_least = 0;
};
PathTest test_of(const PathPlan& plan, const Tree& tree, std::size_t node);

// The codes of a row, one byte a column.
struct alignas(64) PathCodes {
  std::array<std::uint8_t, kPathColumnsMax> of_place = {};
};
void code_row(const PathPlan& plan, const std::vector<std::vector<std::uint32_t>>& category_sets,
              std::span<const double> row, PathCodes& codes);

// Adds the reached leaves to the sum of each class, in the trees' order and in the library's precision, as
// the plain walk does. `walked` holds the leaves of the trees that are walked, in order. One function a
// kernel; all give the same bits.
void add_paths_portable(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums);
void add_paths_avx2(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums);
void add_paths_avx512(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums);

}  // namespace starcast::forest
