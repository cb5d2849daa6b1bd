// A block's codes. A feature's cells are read into a column, seen as the library sees them, ranked among the
// feature's thresholds, and written once for each way in which its splits treat missing values.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "forest/batch_plan.h"
#include "forest/decision.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace starcast::forest {

namespace {

// One feature's cells of 64 rows.
struct alignas(64) Column {
  std::array<double, kLineRows> value = {};  // 0 where it is missing
  ByteLine is_nan;                           // all ones or 0
  ByteLine is_zero;                          // likewise
  alignas(64) std::array<std::uint16_t, kLineRows> rank = {};
  ByteLine code;
};

[[gnu::always_inline]] inline void read_column(Library library, const CodedRows& rows, std::size_t feature,
                                               Column& column) {
  const std::size_t count = rows.rows.size() / rows.width;
  const double* cell = rows.rows.data() + feature;
  for (std::size_t i = 0; i < count; ++i, cell += rows.width) column.value[i] = *cell;
  for (std::size_t i = count; i < kLineRows; ++i) column.value[i] = 0;
  if (library == Library::kXgBoost) {
    for (double& value : column.value) value = static_cast<double>(static_cast<float>(value));
  } else {
    for (double& value : column.value) value = std::fabs(value) <= kZeroThreshold ? 0 : value;
  }
  for (std::size_t i = 0; i < kLineRows; ++i) {
    const double value = column.value[i];
    column.is_nan.of_row[i] = value != value ? 0xFF : 0;
    column.value[i] = value != value ? 0 : value;
    column.is_zero.of_row[i] = column.value[i] == 0 ? 0xFF : 0;
  }
}

// How many thresholds lie below each cell. Eight searches side by side, as each waits for its loads.
[[gnu::always_inline]] inline void rank_cells(const double* thresholds, std::size_t half, Column& column) {
  constexpr std::size_t kAbreast = 8;
  for (std::size_t first = 0; first < kLineRows; first += kAbreast) {
    const double* at[kAbreast];
    for (const double*& place : at) place = thresholds;
    for (std::size_t step = half; step > 0; step /= 2) {
      for (std::size_t i = 0; i < kAbreast; ++i) {
        at[i] += at[i][step - 1] < column.value[first + i] ? step : 0;
      }
    }
    for (std::size_t i = 0; i < kAbreast; ++i) {
      column.rank[first + i] = static_cast<std::uint16_t>(at[i] - thresholds);
    }
  }
}

// What the ranks say on one page: see code_on_page().
[[gnu::always_inline]] inline void cut_to_page(std::uint32_t page, Column& column) {
  const auto before = static_cast<std::uint16_t>(kPageThresholds * page);
  constexpr auto kMost = static_cast<std::uint16_t>(kPageThresholds);
  for (std::size_t i = 0; i < kLineRows; ++i) {
    const auto beyond = static_cast<std::uint16_t>(std::max(column.rank[i], before) - before);
    column.code.of_row[i] = static_cast<std::uint8_t>(std::min(beyond, kMost));
  }
}

// The codes of one way to treat missing values.
[[gnu::always_inline]] inline void write_codes(const SplitColumn& split, const Column& column,
                                               ByteLine& codes) {
  const std::uint8_t by_default = split.default_left ? 0 : 0xFF;
  if (split.missing == MissingKind::kNone) {
    codes = column.code;
  } else if (split.missing == MissingKind::kNaN) {
    for (std::size_t i = 0; i < kLineRows; ++i) {
      const std::uint8_t goes = column.is_nan.of_row[i];
      codes.of_row[i] = static_cast<std::uint8_t>((column.code.of_row[i] & ~goes) | (by_default & goes));
    }
  } else {
    for (std::size_t i = 0; i < kLineRows; ++i) {
      const std::uint8_t goes = column.is_zero.of_row[i];
      codes.of_row[i] = static_cast<std::uint8_t>((column.code.of_row[i] & ~goes) | (by_default & goes));
    }
  }
}

template <typename Rank>
[[gnu::always_inline]] inline void code_rows(const PathPlan& plan,
                                             const std::vector<std::vector<std::uint32_t>>& category_sets,
                                             const CodedRows& rows, ByteLine* codes, Rank rank) {
  Column column;
  for (const PathFeature& feature : plan.features) {
    read_column(plan.library, rows, feature.feature, column);
    rank(plan.thresholds.data() + feature.first_threshold, feature.half, column);
    for (std::uint32_t i = 0; i < feature.columns; ++i) {
      const PathColumn& of = plan.columns[feature.first_column + i];
      if (i == 0 || of.page != plan.columns[feature.first_column + i - 1].page) cut_to_page(of.page, column);
      write_codes(of.cell, column, codes[of.place * kBlockLines + rows.line]);
    }
  }
  const std::size_t count = rows.rows.size() / rows.width;
  for (const PathCategoryColumn& of : plan.category_columns) {
    const auto& set = category_sets[static_cast<std::size_t>(of.set)];
    ByteLine& line = codes[of.place * kBlockLines + rows.line];
    for (std::size_t i = 0; i < count; ++i) {
      const double value = cell_seen_by(plan.library, rows.rows[i * rows.width + of.feature]);
      line.of_row[i] = category_side(plan.library, set, of.default_left, value) == Side::kRight ? 1 : 0;
    }
  }
}

}  // namespace

void code_rows_portable(const PathPlan& plan, const std::vector<std::vector<std::uint32_t>>& category_sets,
                        const CodedRows& rows, ByteLine* codes) {
  code_rows(plan, category_sets, rows, codes, [](const double* thresholds, std::size_t half, Column& column) {
    rank_cells(thresholds, half, column);
  });
}

#if defined(__x86_64__)

namespace {

// Gathers each level's thresholds, for 16 cells side by side.
struct RankAvx2 {
  static constexpr std::size_t kLanes = 4;
  static constexpr std::size_t kAbreast = 4;

  [[gnu::target("avx2,bmi")]] void operator()(const double* thresholds, std::size_t half,
                                              Column& column) const {
    const __m256d all = _mm256_castsi256_pd(_mm256_set1_epi64x(-1));
    // The lowest two bytes of each lane, to the front.
    const __m256i low_words = _mm256_set1_epi32(0x09080100);
    for (std::size_t first = 0; first < kLineRows; first += kLanes * kAbreast) {
      __m256d value[kAbreast];
      __m256i below[kAbreast];
      for (std::size_t i = 0; i < kAbreast; ++i) {
        value[i] = _mm256_load_pd(column.value.data() + first + i * kLanes);
        below[i] = _mm256_setzero_si256();
      }
      for (std::size_t step = half; step > 0; step /= 2) {
        const __m256i length = _mm256_set1_epi64x(static_cast<std::int64_t>(step));
        for (std::size_t i = 0; i < kAbreast; ++i) {
          const __m256d threshold = _mm256_mask_i64gather_pd(_mm256_setzero_pd(), thresholds + step - 1,
                                                             below[i], all, sizeof(double));
          const __m256d passed = _mm256_cmp_pd(threshold, value[i], _CMP_LT_OQ);
          below[i] = _mm256_add_epi64(below[i], _mm256_and_si256(_mm256_castpd_si256(passed), length));
        }
      }
      for (std::size_t i = 0; i < kAbreast; ++i) {
        const __m256i pairs = _mm256_shuffle_epi8(below[i], low_words);
        std::uint16_t* const rank = column.rank.data() + first + i * kLanes;
        const std::int32_t low = _mm_cvtsi128_si32(_mm256_castsi256_si128(pairs));
        const std::int32_t high = _mm_cvtsi128_si32(_mm256_extracti128_si256(pairs, 1));
        std::memcpy(rank, &low, sizeof low);
        std::memcpy(rank + 2, &high, sizeof high);
      }
    }
  }
};

#define STARCAST_AVX512 "avx512f,avx512bw,avx512dq,avx512cd,avx512vl,avx512vbmi"

// The first four levels of the search lie in two registers, the rest is gathered; 32 cells side by side.
struct RankAvx512 {
  static constexpr std::size_t kLanes = 8;
  static constexpr std::size_t kAbreast = 4;
  static constexpr std::size_t kTopLevels = 4;

  [[gnu::target(STARCAST_AVX512)]] void operator()(const double* thresholds, std::size_t half,
                                                   Column& column) const {
    // Node n of the top has the nodes 2n + 1 and 2n + 2 below it.
    alignas(64) std::array<double, std::size_t{1} << kTopLevels> top = {};
    std::size_t levels = 0;
    std::size_t step = half;
    for (std::size_t node = 0; levels < kTopLevels && step > 0; ++levels, step /= 2) {
      for (std::size_t i = 0; i < std::size_t{1} << levels; ++i) {
        top[node++] = thresholds[i * 2 * step + step - 1];
      }
    }
    const __m512d low = _mm512_load_pd(top.data());
    const __m512d high = _mm512_load_pd(top.data() + kLanes);
    const __m512i one = _mm512_set1_epi64(1);
    const __m512i passed = _mm512_set1_epi64((std::int64_t{1} << levels) - 1);
    // How many thresholds a step at the top's last level stands for, as a shift.
    const auto shift = static_cast<unsigned>(std::countr_zero(2 * half) - static_cast<int>(levels));
    for (std::size_t first = 0; first < kLineRows; first += kLanes * kAbreast) {
      __m512d value[kAbreast];
      __m512i node[kAbreast];
      for (std::size_t i = 0; i < kAbreast; ++i) {
        value[i] = _mm512_load_pd(column.value.data() + first + i * kLanes);
        node[i] = _mm512_setzero_si512();
      }
      for (std::size_t level = 0; level < levels; ++level) {
        for (std::size_t i = 0; i < kAbreast; ++i) {
          const __m512d threshold = _mm512_permutex2var_pd(low, node[i], high);
          const __mmask8 below = _mm512_cmp_pd_mask(threshold, value[i], _CMP_LT_OQ);
          node[i] = _mm512_add_epi64(_mm512_add_epi64(node[i], node[i]), one);
          node[i] = _mm512_mask_add_epi64(node[i], below, node[i], one);
        }
      }
      for (std::size_t i = 0; i < kAbreast; ++i) {
        node[i] = _mm512_maskz_sll_epi64(0xFF, _mm512_sub_epi64(node[i], passed),
                                         _mm_cvtsi32_si128(static_cast<int>(shift)));
      }
      for (std::size_t more = step; more > 0; more /= 2) {
        const __m512i length = _mm512_set1_epi64(static_cast<std::int64_t>(more));
        for (std::size_t i = 0; i < kAbreast; ++i) {
          const __m512d threshold = _mm512_mask_i64gather_pd(_mm512_setzero_pd(), 0xFF, node[i],
                                                             thresholds + more - 1, sizeof(double));
          const __mmask8 below = _mm512_cmp_pd_mask(threshold, value[i], _CMP_LT_OQ);
          node[i] = _mm512_mask_add_epi64(node[i], below, node[i], length);
        }
      }
      for (std::size_t i = 0; i < kAbreast; ++i) {
        const __m128i words = _mm512_maskz_cvtepi64_epi16(0xFF, node[i]);
        _mm_store_si128(reinterpret_cast<__m128i*>(column.rank.data() + first + i * kLanes), words);
      }
    }
  }
};

}  // namespace

[[gnu::target("avx2,bmi")]] void code_rows_avx2(const PathPlan& plan,
                                                const std::vector<std::vector<std::uint32_t>>& category_sets,
                                                const CodedRows& rows, ByteLine* codes) {
  code_rows(plan, category_sets, rows, codes, RankAvx2{});
}

[[gnu::target(STARCAST_AVX512)]] void code_rows_avx512(
    const PathPlan& plan, const std::vector<std::vector<std::uint32_t>>& category_sets, const CodedRows& rows,
    ByteLine* codes) {
  code_rows(plan, category_sets, rows, codes, RankAvx512{});
}

#else

void code_rows_avx2(const PathPlan& plan, const std::vector<std::vector<std::uint32_t>>& category_sets,
                    const CodedRows& rows, ByteLine* codes) {
  code_rows_portable(plan, category_sets, rows, codes);
}
void code_rows_avx512(const PathPlan& plan, const std::vector<std::vector<std::uint32_t>>& category_sets,
                      const CodedRows& rows, ByteLine* codes) {
  code_rows_portable(plan, category_sets, rows, codes);
}

#endif

}  // namespace starcast::forest
