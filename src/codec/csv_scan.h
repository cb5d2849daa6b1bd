// Finds the bytes that mean something to a CSV reader, 64 at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace starcast::codec {

inline constexpr std::size_t kCsvBlockBytes = 64;

// Bit i is set if block[i] is the separator, a quote, CR, LF or NUL. Reads kCsvBlockBytes bytes. Works
// everywhere.
inline std::uint64_t csv_special_mask_portable(const char* block, char separator) {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < kCsvBlockBytes; ++i) {
    const char byte = block[i];
    const bool special = byte == separator || byte == '"' || byte == '\n' || byte == '\r' || byte == '\0';
    mask |= std::uint64_t{special} << i;
  }
  return mask;
}

#if defined(__SSE2__)

// The same with 16-byte compares.
class CsvScanner {
 public:
  explicit CsvScanner(char separator) : separator_(_mm_set1_epi8(separator)) {}

  std::uint64_t special_mask(const char* block) const {
    return std::uint64_t{mask_of_16(block)} | std::uint64_t{mask_of_16(block + 16)} << 16 |
           std::uint64_t{mask_of_16(block + 32)} << 32 | std::uint64_t{mask_of_16(block + 48)} << 48;
  }

 private:
  std::uint32_t mask_of_16(const char* bytes) const {
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
    const __m128i separators = _mm_cmpeq_epi8(text, separator_);
    const __m128i quotes = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
    const __m128i feeds = _mm_cmpeq_epi8(text, _mm_set1_epi8('\n'));
    const __m128i returns = _mm_cmpeq_epi8(text, _mm_set1_epi8('\r'));
    const __m128i nuls = _mm_cmpeq_epi8(text, _mm_setzero_si128());
    const __m128i any =
        _mm_or_si128(_mm_or_si128(_mm_or_si128(separators, quotes), _mm_or_si128(feeds, returns)), nuls);
    return static_cast<std::uint32_t>(_mm_movemask_epi8(any));
  }

  __m128i separator_;
};

#else

class CsvScanner {
 public:
  explicit CsvScanner(char separator) : separator_(separator) {}
  std::uint64_t special_mask(const char* block) const { return csv_special_mask_portable(block, separator_); }

 private:
  char separator_;
};

#endif

}  // namespace starcast::codec
