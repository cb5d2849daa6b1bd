// The inner loops of the kernel model, compiled for several instruction sets and chosen at run time.
//
// Every variant gives the same bits: each number is computed by the same additions and multiplications in the
// same order, and the compiler is told not to fuse them; only how many numbers are computed side by side
// differs. The variants' files include no header with inline functions, so that no copy of one compiled for a
// newer processor can reach other code.
#pragma once

#include <cstddef>

namespace starcast::similar {

// Numbers of 16 rows lie together, column after column: a panel. Matrices are cut into blocks of 128 x 128.
inline constexpr std::size_t kPanelRows = 16;
inline constexpr std::size_t kBlockSize = 128;
inline constexpr std::size_t kPanelsPerBlock = kBlockSize / kPanelRows;
inline constexpr std::size_t kPanelBlockFloats = kPanelRows * kBlockSize;  // one panel's part of a block

inline constexpr std::size_t kLabelsMax = 4;

// The kernel's terms, as the header of KernelWeights explains them, in single precision.
struct KernelTerms {
  float constant;
  float wide;
  float core;
  float name;
  float name_squared;
  float name_fourth;
  float name_narrow;
  float name_squared_wide;
  float label[kLabelsMax];
  float label_wide[kLabelsMax];
  float label_name[kLabelsMax];
};

// Items in panels: first the labels' numbers (equal or not is all that counts), then the core columns, then
// the others.
struct ItemPanels {
  const float* panels;
  std::size_t labels;
  std::size_t core_columns;
  std::size_t other_columns;
};

struct DenseKernels {
  const char* name;  // for people

  // For each of `panels` row panels: c -= a * b', where a and c are 16 x 128 and b is 128 x 128 in eight
  // panels.
  void (*subtract_product)(const float* const* a, const float* const* b, float* const* c, std::size_t panels);

  // c := c * inverse(l'), with l lower triangular, 128 x 128 by rows; its diagonal's reciprocals are given
  // apart.
  void (*solve_block)(const float* l, const float* reciprocals, float* c);

  // values[i] = the kernel between one item (its labels and columns) and item i, for i < 16 * panels.
  void (*kernel_values)(const KernelTerms& terms, const ItemPanels& items, std::size_t panels,
                        const float* item, const float* cosines, float* values);
};

// The fastest that this processor runs.
const DenseKernels& dense_kernels();

// All that this processor runs, slowest first.
struct DenseKernelsList {
  const DenseKernels* items[2];
  std::size_t count;
};
DenseKernelsList usable_dense_kernels();

}  // namespace starcast::similar
