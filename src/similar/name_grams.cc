#include "similar/name_grams.h"

#include <algorithm>
#include <cstddef>

#include "codec/utf8.h"

namespace starcast::similar {
namespace {

constexpr std::size_t kCharactersMin = 2;
constexpr std::size_t kCharactersMax = 5;
constexpr std::uint64_t kCharacterSeed = 0x9e3779b97f4a7c15U;
constexpr std::uint64_t kWordSeed = 0xd1b54a32d192ed03U;
constexpr std::uint64_t kPairSeed = 0x8cb92ba72f3d8dd7U;

// SplitMix64's finaliser over what was so far and the next number.
std::uint64_t mixed(std::uint64_t hash, std::uint64_t next) {
  std::uint64_t value = hash ^ (next + 0x9e3779b97f4a7c15U + (hash << 6) + (hash >> 2));
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

bool is_space(char32_t point) {
  return codec::kind_of(point) == codec::CharacterKind::kSpace;
}

bool is_word_part(char32_t point) {
  switch (codec::kind_of(point)) {
    case codec::CharacterKind::kLetterUpper:
    case codec::CharacterKind::kLetterLower:
    case codec::CharacterKind::kLetterOther:
    case codec::CharacterKind::kDigit:
      return true;
    case codec::CharacterKind::kSpace:
    case codec::CharacterKind::kPunctuation:
    case codec::CharacterKind::kSymbol:
    case codec::CharacterKind::kOther:
      return false;
  }
  return false;
}

void add_characters(const std::vector<char32_t>& padded, std::vector<std::uint64_t>& hashes) {
  for (std::size_t start = 0; start + kCharactersMin <= padded.size(); ++start) {
    std::uint64_t hash = kCharacterSeed;
    const std::size_t length_max = std::min(kCharactersMax, padded.size() - start);
    for (std::size_t length = 1; length <= length_max; ++length) {
      hash = mixed(hash, padded[start + length - 1]);
      if (length >= kCharactersMin) hashes.push_back(hash);
    }
  }
}

std::vector<Gram> counted(std::vector<std::uint64_t> hashes) {
  std::sort(hashes.begin(), hashes.end());
  std::vector<Gram> grams;
  for (const std::uint64_t hash : hashes) {
    if (grams.empty() || grams.back().hash != hash) grams.push_back({hash, 0});
    ++grams.back().count;
  }
  return grams;
}

}  // namespace

NameGrams grams_of(std::string_view name) {
  std::vector<char32_t> points = codec::code_points(name);
  points.push_back(U' ');  // ends the last run of either kind
  std::vector<std::uint64_t> characters;
  std::vector<std::uint64_t> words;
  std::vector<char32_t> padded{U' '};
  std::uint64_t word = kWordSeed;
  std::uint64_t word_before = 0;
  bool in_word = false;
  bool has_word_before = false;
  for (const char32_t point : points) {
    if (!is_space(point)) {
      padded.push_back(point);
    } else if (padded.size() > 1) {
      padded.push_back(U' ');
      add_characters(padded, characters);
      padded.assign(1, U' ');
    }
    if (is_word_part(point)) {
      word = mixed(word, point);
      in_word = true;
    } else if (in_word) {
      words.push_back(word);
      if (has_word_before) words.push_back(mixed(mixed(kPairSeed, word_before), word));
      word_before = word;
      has_word_before = true;
      word = kWordSeed;
      in_word = false;
    }
  }
  return {counted(std::move(characters)), counted(std::move(words))};
}

}  // namespace starcast::similar
