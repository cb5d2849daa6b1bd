// The strings and the name's shape that feature columns are computed from: made once a listing.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "listing/listing.h"
#include "similar/name_index.h"

namespace starcast::features {

// The strings whose levels are encoded or counted. A missing one is empty: a level like others.
enum class Text {
  kCategory,
  kFirstGenre,  // the genres before the first ';'
  kGenres,
  kContentRating,
  kVersion,           // current_version
  kDate,              // last_updated, ISO
  kDateAndroid,       // kDate, '|', kAndroid
  kFirstWord,         // of the name
  kFirstLetters,      // the first four characters of the name's key
  kSize,              // as text_of shows it
  kInstallsCategory,  // installs as text_of shows it, '|', kCategory
  kLastWord,
  kFirstTwoWords,  // with a space between
  kAndroid,        // android_version
};
inline constexpr std::size_t kTextCount = 14;

// Which listing field's share a string is: the first of several.
listing::Field field_of(Text text);

// Counts over the name's key, in characters (code points). A word is a maximal run of letters or digits.
struct NameShape {
  std::size_t characters = 0;
  std::size_t words = 0;
  std::size_t digits = 0;  // 0 to 9
  std::size_t non_ascii = 0;
  std::size_t separators = 0;  // - : | & , ( ) and the en dash
};

// Borrows the listing and the cosines.
class ListingTexts {
 public:
  // `cosines` are those of the listing's key with the names of some index, if they are known already.
  explicit ListingTexts(const listing::Listing& listing, const similar::NameCosines* cosines = nullptr);

  const listing::Listing& listing() const { return *listing_; }
  const similar::NameCosines* cosines() const { return cosines_; }  // may be null
  std::string_view text(Text text) const { return view(texts_[static_cast<std::size_t>(text)]); }
  const NameShape& name() const { return name_; }

  std::string_view key() const { return view(key_); }

  // The name's words, in their order.
  std::size_t word_count() const { return words_.size(); }
  std::string_view word(std::size_t index) const { return view(words_[index]); }

  // The name's words, each once, in the order of their bytes.
  std::size_t distinct_word_count() const { return distinct_words_.size(); }
  std::string_view distinct_word(std::size_t index) const { return view(distinct_words_[index]); }

 private:
  struct Slice {
    std::size_t begin = 0;
    std::size_t length = 0;
  };

  std::string_view view(Slice slice) const {
    return std::string_view(buffer_).substr(slice.begin, slice.length);
  }
  void add_words(std::string_view key);
  void put(Text text, std::string_view value);
  void set(Text text, Slice slice) { texts_[static_cast<std::size_t>(text)] = slice; }

  const listing::Listing* listing_;
  const similar::NameCosines* cosines_;
  std::string buffer_;  // begins with the name's key; slices stay right when the object moves
  std::array<Slice, kTextCount> texts_{};
  Slice key_;
  std::vector<Slice> words_;
  std::vector<Slice> distinct_words_;
  NameShape name_;
};

}  // namespace starcast::features
