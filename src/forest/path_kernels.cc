#include <algorithm>
#include <bit>
#include <iterator>

#include "forest/code_lookup.h"
#include "forest/path_plan.h"

namespace starcast::forest {

namespace {

// Where a forest's leaves go: one sum or one a class, in the library's precision.
template <typename Number>
class OneSum {
 public:
  OneSum(const PathPlan&, double* sums) : sums_(sums), sum_(static_cast<Number>(sums[0])) {}
  [[gnu::always_inline]] void add(std::size_t, double leaf) { sum_ += static_cast<Number>(leaf); }
  void finish() { sums_[0] = static_cast<double>(sum_); }

 private:
  double* sums_;
  Number sum_;
};

template <typename Number>
class SumOfClass {
 public:
  SumOfClass(const PathPlan& plan, double* sums) : classes_(plan.class_of_tree.data()), sums_(sums) {}
  [[gnu::always_inline]] void add(std::size_t tree, double leaf) {
    double& sum = sums_[classes_[tree]];
    sum = static_cast<double>(static_cast<Number>(sum) + static_cast<Number>(leaf));
  }
  void finish() {}

 private:
  const std::uint32_t* classes_;
  double* sums_;
};

// Adds the leaves that a block's trees reach, `places` counted from the left.
template <typename Sum>
[[gnu::always_inline]] inline void add_leaves(Sum& sum, const PathPlan& plan, const PathBlock& block,
                                              const std::uint32_t* places, const double*& walked) {
  const double* const leaves = plan.leaves.data() + block.first_leaf;
  const auto first = static_cast<std::size_t>(&block - plan.blocks.data()) * kBlockTrees;
  if (block.walked == 0) {
    for (std::uint32_t tree = 0; tree < block.trees; ++tree)
      sum.add(first + tree, leaves[tree * block.leaves + places[tree]]);
    return;
  }
  for (std::uint32_t tree = 0; tree < block.trees; ++tree) {
    const bool is_walked = (block.walked >> tree & 1U) != 0;
    sum.add(first + tree, is_walked ? *walked++ : leaves[tree * block.leaves + places[tree]]);
  }
}

// Of one block: the leaves ruled out, a bit each, in each tree.
template <typename Masks>
[[gnu::always_inline]] inline void rule_out(const PathTests* tests, const Masks* masks, std::uint32_t count,
                                            const PathCodes& codes, Masks& out) {
  using Word = typename decltype(Masks::of_tree)::value_type;
  for (std::uint32_t i = 0; i < count; ++i) {
    for (std::size_t byte = 0; byte < kTestsAbreast * kBlockTrees; ++byte) {
      const bool right = codes.of_place[tests[i].place[byte]] >= tests[i].at_least[byte];
      const Word mask = masks[i * kTestsAbreast + byte / kBlockTrees].of_tree[byte % kBlockTrees];
      out.of_tree[byte % kBlockTrees] |= mask & (Word{0} - static_cast<Word>(right));
    }
  }
}

template <typename Sum>
void add_with_portable(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums) {
  Sum sum(plan, sums);
  std::uint32_t leaf_of[kBlockTrees];
  for (const PathBlock& block : plan.blocks) {
    const PathTests* const tests = plan.tests.data() + block.first_tests;
    if (block.is_wide) {
      WideMasks out;
      rule_out(tests, plan.wide_masks.data() + block.first_masks, block.tests, codes, out);
      for (std::size_t i = 0; i < kBlockTrees; ++i)
        leaf_of[i] = static_cast<std::uint32_t>(std::countr_one(out.of_tree[i]));
    } else {
      NarrowMasks out;
      rule_out(tests, plan.narrow_masks.data() + block.first_masks, block.tests, codes, out);
      for (std::size_t i = 0; i < kBlockTrees; ++i)
        leaf_of[i] = static_cast<std::uint32_t>(std::countr_one(out.of_tree[i]));
    }
    add_leaves(sum, plan, block, leaf_of, walked);
  }
  sum.finish();
}

#if defined(__x86_64__)

template <typename Sum>
[[gnu::target("avx2,bmi")]] void add_with_avx2(const PathPlan& plan, const PathCodes& codes,
                                               const double* walked, double* sums) {
  const std::size_t sixteens = (plan.codes + 15) / 16;
  alignas(32) std::uint32_t leaf_of[kBlockTrees];
  Sum sum(plan, sums);
  for (const PathBlock& block : plan.blocks) {
    const PathTests* const tests = plan.tests.data() + block.first_tests;
    if (block.is_wide) {
      const auto* masks = reinterpret_cast<const __m256i*>(plan.wide_masks.data() + block.first_masks);
      __m256i out[4] = {};
      for (std::uint32_t i = 0; i < block.tests * 2; ++i, masks += 8) {
        const __m256i right = right_bytes_avx2(codes, sixteens, tests[i / 2].place.data() + i % 2 * 32,
                                               tests[i / 2].at_least.data() + i % 2 * 32);
        __m128i first = _mm256_castsi256_si128(right);
        __m128i second = _mm256_extracti128_si256(right, 1);
        for (int part = 0; part < 4; ++part) {
          out[part] = _mm256_or_si256(out[part], _mm256_and_si256(_mm256_cvtepi8_epi64(first), masks[part]));
          out[part] =
              _mm256_or_si256(out[part], _mm256_and_si256(_mm256_cvtepi8_epi64(second), masks[4 + part]));
          first = _mm_srli_si128(first, 4);
          second = _mm_srli_si128(second, 4);
        }
      }
      alignas(32) std::uint64_t words[kBlockTrees];
      for (int part = 0; part < 4; ++part) reinterpret_cast<__m256i*>(words)[part] = out[part];
      for (std::size_t i = 0; i < kBlockTrees; ++i) {
        leaf_of[i] = static_cast<std::uint32_t>(_tzcnt_u64(~words[i]));
      }
    } else {
      const auto* masks = reinterpret_cast<const __m256i*>(plan.narrow_masks.data() + block.first_masks);
      __m256i out[2] = {};
      for (std::uint32_t i = 0; i < block.tests * 2; ++i, masks += 4) {
        const __m256i right = right_bytes_avx2(codes, sixteens, tests[i / 2].place.data() + i % 2 * 32,
                                               tests[i / 2].at_least.data() + i % 2 * 32);
        __m128i first = _mm256_castsi256_si128(right);
        __m128i second = _mm256_extracti128_si256(right, 1);
        for (int part = 0; part < 2; ++part) {
          out[part] = _mm256_or_si256(out[part], _mm256_and_si256(_mm256_cvtepi8_epi32(first), masks[part]));
          out[part] =
              _mm256_or_si256(out[part], _mm256_and_si256(_mm256_cvtepi8_epi32(second), masks[2 + part]));
          first = _mm_srli_si128(first, 8);
          second = _mm_srli_si128(second, 8);
        }
      }
      alignas(32) std::uint32_t words[kBlockTrees];
      for (int part = 0; part < 2; ++part) reinterpret_cast<__m256i*>(words)[part] = out[part];
      for (std::size_t i = 0; i < kBlockTrees; ++i) leaf_of[i] = _tzcnt_u32(~words[i]);
    }
    add_leaves(sum, plan, block, leaf_of, walked);
  }
  sum.finish();
}

#define STARCAST_AVX512 "avx512f,avx512bw,avx512dq,avx512cd,avx512vl,avx512vbmi"

// A row's codes in registers.
struct CodeRegisters {
  __m512i part[kPathColumnsMax / 64];
};

// Which of 64 tests go right. HasMany: of more than 128 columns.
template <bool HasMany>
[[gnu::target(STARCAST_AVX512), gnu::always_inline]] inline std::uint64_t right_of(
    const PathTests& tests, const CodeRegisters& codes) {
  const __m512i places = _mm512_load_si512(tests.place.data());
  __m512i code = _mm512_permutex2var_epi8(codes.part[0], places, codes.part[1]);
  if constexpr (HasMany) {
    const __m512i more = _mm512_permutex2var_epi8(codes.part[2], places, codes.part[3]);
    code = _mm512_mask_mov_epi8(code, _mm512_movepi8_mask(places), more);
  }
  return _mm512_cmpge_epu8_mask(code, _mm512_load_si512(tests.at_least.data()));
}

template <typename Sum, bool HasMany>
[[gnu::target(STARCAST_AVX512)]] void add_with_avx512(const PathPlan& plan, const PathCodes& codes,
                                                      const double* walked, double* sums) {
  CodeRegisters registers;
  for (std::size_t i = 0; i < std::size(registers.part); ++i) {
    registers.part[i] = _mm512_load_si512(codes.of_place.data() + 64 * i);
  }
  alignas(64) std::uint32_t leaf_of[kBlockTrees];
  Sum sum(plan, sums);
  for (const PathBlock& block : plan.blocks) {
    const PathTests* const tests = plan.tests.data() + block.first_tests;
    if (block.is_wide) {
      const WideMasks* masks = plan.wide_masks.data() + block.first_masks;
      const __m512i one = _mm512_set1_epi64(1);
      __m512i low = _mm512_setzero_si512();
      __m512i high = _mm512_setzero_si512();
      for (std::uint32_t i = 0; i < block.tests; ++i) {
        std::uint64_t right = right_of<HasMany>(tests[i], registers);
        for (std::size_t abreast = 0; abreast < kTestsAbreast; ++abreast, ++masks, right >>= kBlockTrees) {
          const std::uint64_t* const words = masks->of_tree.data();
          low = _mm512_mask_or_epi64(low, static_cast<__mmask8>(right), low, _mm512_load_si512(words));
          high = _mm512_mask_or_epi64(high, static_cast<__mmask8>(right >> 8), high,
                                      _mm512_load_si512(words + 8));
        }
      }
      // The lowest bit that is 0, alone; and its place.
      const __m512i low_bit = _mm512_maskz_andnot_epi64(0xFF, low, _mm512_add_epi64(low, one));
      const __m512i high_bit = _mm512_maskz_andnot_epi64(0xFF, high, _mm512_add_epi64(high, one));
      const __m512i last = _mm512_set1_epi64(63);
      const __m256i low_places =
          _mm512_maskz_cvtepi64_epi32(0xFF, _mm512_sub_epi64(last, _mm512_lzcnt_epi64(low_bit)));
      const __m256i high_places =
          _mm512_maskz_cvtepi64_epi32(0xFF, _mm512_sub_epi64(last, _mm512_lzcnt_epi64(high_bit)));
      _mm256_store_si256(reinterpret_cast<__m256i*>(leaf_of), low_places);
      _mm256_store_si256(reinterpret_cast<__m256i*>(leaf_of) + 1, high_places);
    } else {
      const NarrowMasks* masks = plan.narrow_masks.data() + block.first_masks;
      __m512i even = _mm512_setzero_si512();
      __m512i odd = _mm512_setzero_si512();
      for (std::uint32_t i = 0; i < block.tests; ++i, masks += kTestsAbreast) {
        const std::uint64_t right = right_of<HasMany>(tests[i], registers);
        const auto mask_of = [right](int test) { return static_cast<__mmask16>(right >> (16 * test)); };
        even = _mm512_mask_or_epi32(even, mask_of(0), even, _mm512_load_si512(masks[0].of_tree.data()));
        odd = _mm512_mask_or_epi32(odd, mask_of(1), odd, _mm512_load_si512(masks[1].of_tree.data()));
        even = _mm512_mask_or_epi32(even, mask_of(2), even, _mm512_load_si512(masks[2].of_tree.data()));
        odd = _mm512_mask_or_epi32(odd, mask_of(3), odd, _mm512_load_si512(masks[3].of_tree.data()));
      }
      const __m512i out = _mm512_or_si512(even, odd);
      const __m512i bit = _mm512_maskz_andnot_epi32(0xFFFF, out, _mm512_add_epi32(out, _mm512_set1_epi32(1)));
      _mm512_store_si512(leaf_of, _mm512_sub_epi32(_mm512_set1_epi32(31), _mm512_lzcnt_epi32(bit)));
    }
    add_leaves(sum, plan, block, leaf_of, walked);
  }
  sum.finish();
}

#endif

// Calls add.operator()<Sum>() with the sum that the forest needs.
template <typename Add>
void with_sum_of(const PathPlan& plan, Add add) {
  const bool has_floats = plan.library == Library::kXgBoost;
  if (plan.class_of_tree.empty()) {
    if (has_floats) return add.template operator()<OneSum<float>>();
    return add.template operator()<OneSum<double>>();
  }
  if (has_floats) return add.template operator()<SumOfClass<float>>();
  return add.template operator()<SumOfClass<double>>();
}

}  // namespace

void add_paths_portable(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums) {
  with_sum_of(plan, [&]<typename Sum>() { add_with_portable<Sum>(plan, codes, walked, sums); });
}

#if defined(__x86_64__)

void add_paths_avx2(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums) {
  with_sum_of(plan, [&]<typename Sum>() { add_with_avx2<Sum>(plan, codes, walked, sums); });
}
void add_paths_avx512(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums) {
  const bool has_many = plan.codes > kPathColumnsMax / 2;
  with_sum_of(plan, [&]<typename Sum>() {
    if (has_many) return add_with_avx512<Sum, true>(plan, codes, walked, sums);
    add_with_avx512<Sum, false>(plan, codes, walked, sums);
  });
}

#else

void add_paths_avx2(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums) {
  add_paths_portable(plan, codes, walked, sums);
}
void add_paths_avx512(const PathPlan& plan, const PathCodes& codes, const double* walked, double* sums) {
  add_paths_portable(plan, codes, walked, sums);
}

#endif

}  // namespace starcast::forest
