// Which of 32 tests a row's codes send right; for each instruction set that has a way of its own.
#pragma once

#include <cstddef>
#include <cstdint>

#include "forest/path_plan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace starcast::forest {

// Bit i: the code at place[i] is at_least[i] or more.
[[gnu::always_inline]] inline std::uint32_t right_of_portable(const PathCodes& codes,
                                                              const std::uint8_t* place,
                                                              const std::uint8_t* at_least) {
  std::uint32_t right = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    right |= static_cast<std::uint32_t>(codes.of_place[place[i]] >= at_least[i]) << i;
  }
  return right;
}

#if defined(__x86_64__)
// A byte each, all ones or 0. Looks the codes up in registers of 16: a place's distance from the first of the
// 16, moved up by 0x70, has its top bit set unless it is among them, and then the look-up gives 0.
[[gnu::target("avx2"), gnu::always_inline]] inline __m256i right_bytes_avx2(const PathCodes& codes,
                                                                            std::size_t sixteens,
                                                                            const std::uint8_t* place,
                                                                            const std::uint8_t* at_least) {
  const __m256i places = _mm256_load_si256(reinterpret_cast<const __m256i*>(place));
  const __m256i least = _mm256_load_si256(reinterpret_cast<const __m256i*>(at_least));
  const auto* const sixteen_codes = reinterpret_cast<const __m128i*>(codes.of_place.data());
  __m256i found = _mm256_setzero_si256();
  for (std::size_t i = 0; i < sixteens; ++i) {
    const __m256i first = _mm256_set1_epi8(static_cast<char>(16 * i));
    const __m256i index = _mm256_adds_epu8(_mm256_sub_epi8(places, first), _mm256_set1_epi8(0x70));
    const __m256i table = _mm256_broadcastsi128_si256(sixteen_codes[i]);
    found = _mm256_or_si256(found, _mm256_shuffle_epi8(table, index));
  }
  return _mm256_cmpeq_epi8(_mm256_max_epu8(found, least), found);
}
#endif

}  // namespace starcast::forest
