// What a forest computes once for batches: each tree as a list of compares and blends over a block of rows.
//
// A block's cells are coded once, a byte a cell, column by column (the codes of path_plan.h). Then each tree
// takes its nodes from the leaves up: where a row's code sends it right, the node's byte is that of its right
// side, else that of its left side, and a leaf's byte is its number. The root's bytes are the leaves that the
// rows reach. There is no branch on the data, and 64 rows are done by four instructions a node. (CatBoost and
// YDF quantise so too; the form is that of predicated evaluation of decision trees.)
//
// Trees are outermost, so each row's leaves are added in the trees' order, as the plain walk does.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "forest/forest.h"
#include "forest/path_plan.h"

namespace starcast::forest {

inline constexpr std::size_t kBlockRows = 256;  // rows that are evaluated together
inline constexpr std::size_t kLineRows = 64;    // bytes of one AVX-512 register
inline constexpr std::size_t kBlockLines = kBlockRows / kLineRows;
inline constexpr std::size_t kBatchRowsMin = 8;        // fewer are faster one by one
inline constexpr std::size_t kBatchClassesMax = 1024;  // of more, the sums of a block would leave the caches

// One byte for each of 64 rows.
struct alignas(64) ByteLine {
  std::array<std::uint8_t, kLineRows> of_row = {};
};

// Where a side's bytes lie among the operands: kCodedLeavesMax lines with the number of each leaf, then the
// results of nodes, a block's lines each.
struct BatchOperand {
  std::uint16_t line = 0;
  std::uint16_t step = 0;  // lines from 64 rows to the next: 0 for a leaf's number, 1 for a result
};

struct BatchNode {
  std::uint8_t place = 0;     // of the codes
  std::uint8_t at_least = 0;  // codes from here on go right
  std::uint16_t out = 0;      // the line of the result
  BatchOperand left;
  BatchOperand right;
};

struct BatchTree {
  std::uint32_t first_node = 0;
  std::uint32_t nodes = 0;
  std::uint32_t first_leaf = 0;  // in whole registers: of eight doubles or 16 floats
  std::uint32_t leaves = 0;
  bool is_walked = false;
};

struct BatchPlan {
  std::vector<BatchNode> nodes;  // each after the nodes of its sides
  std::vector<BatchTree> trees;
  // One of the two, by the library; each tree's leaves begin at a multiple of 16.
  std::vector<double> leaves;
  std::vector<float> float_leaves;
  std::size_t leaves_max = 1;
  std::size_t results_max = 1;  // blocks of result lines that a tree needs at once
};

BatchPlan plan_batch(const PathPlan& paths, const std::vector<Tree>& trees);

// What a batch writes to: one block's codes, bytes and sums.
class BatchScratch {
 public:
  BatchScratch(const PathPlan& paths, const BatchPlan& plan, std::size_t classes);

  ByteLine* codes() { return codes_.data(); }  // a block's lines for each place
  ByteLine* operands() { return operands_.data(); }
  // A block's sums of one class; one of the two.
  double* sums(std::size_t class_index) { return sums_.data()->of.data() + class_index * kBlockRows; }
  float* float_sums(std::size_t class_index) {
    return float_sums_.data()->of.data() + class_index * kBlockRows;
  }

 private:
  template <typename Number>
  struct alignas(64) SumLine {
    std::array<Number, 64 / sizeof(Number)> of = {};
  };

  std::vector<ByteLine> codes_;
  std::vector<ByteLine> operands_;
  std::vector<SumLine<double>> sums_;
  std::vector<SumLine<float>> float_sums_;
};

// Up to 64 rows of a block, from the given line on; the rest of the line's codes mean nothing.
struct CodedRows {
  std::span<const double> rows;  // row-major
  std::size_t width = 0;
  std::size_t line = 0;
};

using CodeRows = void(const PathPlan& plan, const std::vector<std::vector<std::uint32_t>>& category_sets,
                      const CodedRows& rows, ByteLine* codes);
CodeRows code_rows_portable;
CodeRows code_rows_avx2;
CodeRows code_rows_avx512;

// Adds the leaves of one tree, which is not walked, to the sums of its class: `lines` times 64 rows.
struct TreeOfClass {
  const BatchTree& tree;
  std::size_t class_index = 0;
};
using AddTree = void(const BatchPlan& plan, const TreeOfClass& tree, std::size_t lines,
                     BatchScratch& scratch);
AddTree add_tree_portable;
AddTree add_tree_avx2;
AddTree add_tree_avx512;

}  // namespace starcast::forest
