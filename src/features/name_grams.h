// The name's n-grams, hashed into buckets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "features/listing_texts.h"

namespace starcast::features {

// Stored coefficients belong to these buckets: do not change the number, the hash or the n-grams.
inline constexpr std::uint32_t kGramBuckets = 1U << 15;

// Only what lies within the first so many characters of the key is looked at, so a name has at most some
// 1,000 n-grams.
inline constexpr std::size_t kGramCharactersMax = 200;

struct BucketCount {
  std::uint32_t bucket;
  std::uint32_t count;
  bool operator==(const BucketCount&) const = default;
};

// How often the name's n-grams fall into each bucket, by ascending bucket. N-grams are runs of 2 to 5
// characters within what spaces part, a space at either end included; the words; and pairs of neighbouring
// words.
std::vector<BucketCount> name_grams(const ListingTexts& texts);

}  // namespace starcast::features
