// A name cut into pieces of characters and words: what names are compared by.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace starcast::similar {

struct Gram {
  std::uint64_t hash = 0;
  std::uint32_t count = 0;
};

// Each kind in the order of the hashes, every gram once.
struct NameGrams {
  std::vector<Gram> characters;  // 2 to 5 code points of one word with a space on both sides
  std::vector<Gram> words;       // words (letters and digits), and pairs of neighbouring words
};

// Broken UTF-8 counts as U+FFFD.
NameGrams grams_of(std::string_view name);

}  // namespace starcast::similar
