#include "forest/batch_plan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace starcast::forest {

namespace {

const ByteLine* reached_of(const BatchPlan& plan, const BatchTree& tree, const ByteLine* operands) {
  return tree.nodes == 0 ? nullptr : operands + plan.nodes[tree.first_node + tree.nodes - 1].out;
}

// Row by row; a tree without nodes has one leaf.
template <typename Number>
[[gnu::always_inline]] inline void add_leaves(const Number* leaves, const ByteLine* reached,
                                              std::size_t lines, Number* sums) {
  const std::size_t rows = lines * kLineRows;
  if (reached == nullptr) {
    for (std::size_t i = 0; i < rows; ++i) sums[i] += leaves[0];
    return;
  }
  const std::uint8_t* const leaf = reached->of_row.data();
  for (std::size_t i = 0; i < rows; ++i) sums[i] += leaves[leaf[i]];
}

[[gnu::always_inline]] inline void add_leaves(const BatchPlan& plan, const TreeOfClass& of, std::size_t lines,
                                              BatchScratch& scratch) {
  const ByteLine* const reached = reached_of(plan, of.tree, scratch.operands());
  if (!plan.float_leaves.empty()) {
    add_leaves(plan.float_leaves.data() + of.tree.first_leaf, reached, lines,
               scratch.float_sums(of.class_index));
  } else {
    add_leaves(plan.leaves.data() + of.tree.first_leaf, reached, lines, scratch.sums(of.class_index));
  }
}

}  // namespace

void add_tree_portable(const BatchPlan& plan, const TreeOfClass& of, std::size_t lines,
                       BatchScratch& scratch) {
  ByteLine* const operands = scratch.operands();
  const BatchNode* const nodes = plan.nodes.data() + of.tree.first_node;
  for (std::uint32_t n = 0; n < of.tree.nodes; ++n) {
    const BatchNode& node = nodes[n];
    const ByteLine* const codes = scratch.codes() + node.place * kBlockLines;
    for (std::size_t line = 0; line < lines; ++line) {
      const std::uint8_t* const code = codes[line].of_row.data();
      const std::uint8_t* const left = operands[node.left.line + line * node.left.step].of_row.data();
      const std::uint8_t* const right = operands[node.right.line + line * node.right.step].of_row.data();
      ByteLine out;  // apart from the sides, one of which it may replace
      for (std::size_t i = 0; i < kLineRows; ++i) {
        const auto is_right = static_cast<std::uint8_t>(-static_cast<int>(code[i] >= node.at_least));
        out.of_row[i] = static_cast<std::uint8_t>((right[i] & is_right) | (left[i] & ~is_right));
      }
      operands[node.out + line] = out;
    }
  }
  add_leaves(plan, of, lines, scratch);
}

#if defined(__x86_64__)

[[gnu::target("avx2,bmi")]] void add_tree_avx2(const BatchPlan& plan, const TreeOfClass& of,
                                               std::size_t lines, BatchScratch& scratch) {
  ByteLine* const operands = scratch.operands();
  const BatchNode* const nodes = plan.nodes.data() + of.tree.first_node;
  for (std::uint32_t n = 0; n < of.tree.nodes; ++n) {
    const BatchNode& node = nodes[n];
    const auto* const codes = reinterpret_cast<const __m256i*>(scratch.codes() + node.place * kBlockLines);
    const auto* const left = reinterpret_cast<const __m256i*>(operands + node.left.line);
    const auto* const right = reinterpret_cast<const __m256i*>(operands + node.right.line);
    auto* const out = reinterpret_cast<__m256i*>(operands + node.out);
    const __m256i least = _mm256_set1_epi8(static_cast<char>(node.at_least));
    for (std::size_t i = 0; i < 2 * lines; i += 2) {
      for (const std::size_t at : {i, i + 1}) {
        const __m256i code = _mm256_load_si256(codes + at);
        const __m256i goes_right = _mm256_cmpeq_epi8(_mm256_max_epu8(code, least), code);
        const __m256i bytes = _mm256_blendv_epi8(_mm256_load_si256(left + at * node.left.step),
                                                 _mm256_load_si256(right + at * node.right.step), goes_right);
        _mm256_store_si256(out + at, bytes);
      }
    }
  }
  add_leaves(plan, of, lines, scratch);
}

#define STARCAST_AVX512 "avx512f,avx512bw,avx512dq,avx512cd,avx512vl,avx512vbmi"

namespace {

// One tree's nodes over Lines times 64 rows.
template <std::size_t Lines>
[[gnu::target(STARCAST_AVX512), gnu::always_inline]] inline void blend_avx512(const BatchNode* nodes,
                                                                              std::size_t count,
                                                                              const ByteLine* all_codes,
                                                                              ByteLine* operands) {
  for (std::size_t n = 0; n < count; ++n) {
    const BatchNode& node = nodes[n];
    const ByteLine* const codes = all_codes + node.place * kBlockLines;
    const ByteLine* const left = operands + node.left.line;
    const ByteLine* const right = operands + node.right.line;
    const __m512i least = _mm512_set1_epi8(static_cast<char>(node.at_least));
#pragma GCC unroll 4
    for (std::size_t line = 0; line < Lines; ++line) {
      const __mmask64 goes_right = _mm512_cmpge_epu8_mask(_mm512_load_si512(codes + line), least);
      const __m512i bytes =
          _mm512_mask_blend_epi8(goes_right, _mm512_load_si512(left + line * node.left.step),
                                 _mm512_load_si512(right + line * node.right.step));
      _mm512_store_si512(operands + node.out + line, bytes);
    }
  }
}

// Looks the leaves up in registers: Registers of eight doubles, two, four or eight.
template <std::size_t Registers>
[[gnu::target(STARCAST_AVX512), gnu::always_inline]] inline void add_doubles_avx512(
    const double* leaves, const std::uint8_t* reached, std::size_t rows, double* sums) {
  __m512d table[Registers];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < Registers; ++i) table[i] = _mm512_loadu_pd(leaves + 8 * i);
  for (std::size_t row = 0; row < rows; row += 8) {
    const __m128i bytes = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(reached + row));
    const __m512i leaf = _mm512_maskz_cvtepu8_epi64(0xFF, bytes);
    __m512d found = _mm512_permutex2var_pd(table[0], leaf, table[1]);
    if constexpr (Registers >= 4) {
      const __m512d next = _mm512_permutex2var_pd(table[2], leaf, table[3]);
      const __mmask8 bit4 = _mm512_test_epi64_mask(leaf, _mm512_set1_epi64(16));
      found = _mm512_mask_mov_pd(found, bit4, next);
      if constexpr (Registers == 8) {
        const __m512d third = _mm512_permutex2var_pd(table[4], leaf, table[5]);
        const __m512d last = _mm512_permutex2var_pd(table[6], leaf, table[7]);
        const __mmask8 bit5 = _mm512_test_epi64_mask(leaf, _mm512_set1_epi64(32));
        found = _mm512_mask_mov_pd(found, bit5, _mm512_mask_mov_pd(third, bit4, last));
      }
    }
    _mm512_store_pd(sums + row, _mm512_add_pd(_mm512_load_pd(sums + row), found));
  }
}

// The same with registers of 16 floats, two or four.
template <std::size_t Registers>
[[gnu::target(STARCAST_AVX512), gnu::always_inline]] inline void add_floats_avx512(
    const float* leaves, const std::uint8_t* reached, std::size_t rows, float* sums) {
  __m512 table[Registers];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < Registers; ++i) table[i] = _mm512_loadu_ps(leaves + 16 * i);
  for (std::size_t row = 0; row < rows; row += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(reached + row));
    const __m512i leaf = _mm512_maskz_cvtepu8_epi32(0xFFFF, bytes);
    __m512 found = _mm512_permutex2var_ps(table[0], leaf, table[1]);
    if constexpr (Registers == 4) {
      const __m512 next = _mm512_permutex2var_ps(table[2], leaf, table[3]);
      const __mmask16 bit5 = _mm512_test_epi32_mask(leaf, _mm512_set1_epi32(32));
      found = _mm512_mask_mov_ps(found, bit5, next);
    }
    _mm512_store_ps(sums + row, _mm512_add_ps(_mm512_load_ps(sums + row), found));
  }
}

}  // namespace

[[gnu::target(STARCAST_AVX512)]] void add_tree_avx512(const BatchPlan& plan, const TreeOfClass& of,
                                                      std::size_t lines, BatchScratch& scratch) {
  const BatchTree& tree = of.tree;
  const BatchNode* const nodes = plan.nodes.data() + tree.first_node;
  ByteLine* const operands = scratch.operands();
  switch (lines) {
    case 1:
      blend_avx512<1>(nodes, tree.nodes, scratch.codes(), operands);
      break;
    case 2:
      blend_avx512<2>(nodes, tree.nodes, scratch.codes(), operands);
      break;
    case 3:
      blend_avx512<3>(nodes, tree.nodes, scratch.codes(), operands);
      break;
    case 4:
      blend_avx512<4>(nodes, tree.nodes, scratch.codes(), operands);
      break;
  }
  constexpr std::size_t kRegisterLeavesMax = 64;
  if (tree.nodes == 0 || tree.leaves > kRegisterLeavesMax) return add_leaves(plan, of, lines, scratch);
  const std::uint8_t* const reached = reached_of(plan, tree, operands)->of_row.data();
  const std::size_t rows = lines * kLineRows;
  if (!plan.float_leaves.empty()) {
    const float* const leaves = plan.float_leaves.data() + tree.first_leaf;
    float* const sums = scratch.float_sums(of.class_index);
    if (tree.leaves <= 32) return add_floats_avx512<2>(leaves, reached, rows, sums);
    return add_floats_avx512<4>(leaves, reached, rows, sums);
  }
  const double* const leaves = plan.leaves.data() + tree.first_leaf;
  double* const sums = scratch.sums(of.class_index);
  if (tree.leaves <= 16) return add_doubles_avx512<2>(leaves, reached, rows, sums);
  if (tree.leaves <= 32) return add_doubles_avx512<4>(leaves, reached, rows, sums);
  return add_doubles_avx512<8>(leaves, reached, rows, sums);
}

#else

void add_tree_avx2(const BatchPlan& plan, const TreeOfClass& of, std::size_t lines, BatchScratch& scratch) {
  add_tree_portable(plan, of, lines, scratch);
}
void add_tree_avx512(const BatchPlan& plan, const TreeOfClass& of, std::size_t lines, BatchScratch& scratch) {
  add_tree_portable(plan, of, lines, scratch);
}

#endif

}  // namespace starcast::forest
