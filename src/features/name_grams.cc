#include "features/name_grams.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/random.h"

namespace starcast::features {
namespace {

constexpr std::size_t kCharactersMin = 2;
constexpr std::size_t kCharactersMax = 5;

// Seeds of the hash, so that a word's n-gram is another one than the characters'.
constexpr std::uint64_t kCharactersSeed = 1;
constexpr std::uint64_t kWordsSeed = 2;

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

// The key's first characters.
std::string_view beginning_of(std::string_view key) {
  if (key.size() <= kGramCharactersMax) return key;
  std::size_t characters = 0;
  for (std::size_t i = 0; i < key.size(); ++i) {
    if (begins_character(key[i]) && ++characters > kGramCharactersMax) return key.substr(0, i);
  }
  return key;
}

void add(std::string_view gram, std::uint64_t seed, std::vector<std::uint32_t>& buckets) {
  buckets.push_back(static_cast<std::uint32_t>(core::stable_hash(gram, seed) % kGramBuckets));
}

void add_character_grams(std::string_view key, std::vector<std::uint32_t>& buckets) {
  std::string padded;
  padded.reserve(key.size() + 2);
  padded.append(" ").append(key).append(" ");
  std::vector<std::size_t> begins;  // of the characters, and the end
  begins.reserve(padded.size() + 1);
  for (std::size_t i = 0; i < padded.size(); ++i) {
    if (begins_character(padded[i])) begins.push_back(i);
  }
  begins.push_back(padded.size());

  const std::string_view text = padded;
  const std::size_t characters = begins.size() - 1;
  for (std::size_t first = 0; first + 1 < characters; ++first) {
    const std::size_t longest = std::min(kCharactersMax, characters - first);
    for (std::size_t length = 1; length <= longest; ++length) {
      const std::size_t last = first + length - 1;
      if (length >= kCharactersMin) {
        add(text.substr(begins[first], begins[last + 1] - begins[first]), kCharactersSeed, buckets);
      }
      if (length > 1 && text[begins[last]] == ' ') break;  // a space ends the part that the n-grams lie in
    }
  }
}

void add_word_grams(const ListingTexts& texts, std::size_t key_bytes_max,
                    std::vector<std::uint32_t>& buckets) {
  std::string pair;
  for (std::size_t i = 0; i < texts.word_count(); ++i) {
    const std::string_view word = texts.word(i);
    const auto end = static_cast<std::size_t>(word.data() - texts.key().data()) + word.size();
    if (end > key_bytes_max) return;
    add(word, kWordsSeed, buckets);
    if (i > 0) {
      pair.assign(texts.word(i - 1)).append(" ").append(word);
      add(pair, kWordsSeed, buckets);
    }
  }
}

}  // namespace

std::vector<BucketCount> name_grams(const ListingTexts& texts) {
  if (texts.key().empty()) return {};
  const std::string_view key = beginning_of(texts.key());
  std::vector<std::uint32_t> buckets;
  buckets.reserve(5 * key.size() + 8);
  add_character_grams(key, buckets);
  add_word_grams(texts, key.size(), buckets);
  std::sort(buckets.begin(), buckets.end());

  std::vector<BucketCount> counts;
  counts.reserve(buckets.size());
  for (const std::uint32_t bucket : buckets) {
    if (counts.empty() || counts.back().bucket != bucket) {
      counts.push_back({bucket, 1});
    } else {
      ++counts.back().count;
    }
  }
  return counts;
}

}  // namespace starcast::features
