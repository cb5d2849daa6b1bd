#include "features/listing_texts.h"

#include <algorithm>
#include <utility>

#include "codec/date.h"
#include "codec/utf8.h"

namespace starcast::features {
namespace {

using listing::Field;
using listing::Listing;

constexpr std::size_t kFirstLettersLength = 4;

bool is_letter_or_digit(char32_t point) {
  if (point < 0x80) {
    return (point >= U'a' && point <= U'z') || (point >= U'0' && point <= U'9') ||
           (point >= U'A' && point <= U'Z');
  }
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

bool is_separator(char32_t point) {
  constexpr std::u32string_view kSeparators = U"-:|&,()\u2013";
  return kSeparators.find(point) != std::u32string_view::npos;
}

// Bytes of the character in UTF-8.
std::size_t width_of(char32_t point) {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

// Visits the characters of valid UTF-8, without decoding what is ASCII.
template <typename Visit>
void for_each_character(std::string_view text, Visit visit) {
  const auto is_high = [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; };
  if (std::none_of(text.begin(), text.end(), is_high)) {
    for (const char byte : text) visit(static_cast<char32_t>(byte));
  } else {
    for (const char32_t point : codec::code_points(text)) visit(point);
  }
}

}  // namespace

Field field_of(Text text) {
  switch (text) {
    case Text::kCategory:
      return Field::kCategory;
    case Text::kFirstGenre:
    case Text::kGenres:
      return Field::kGenres;
    case Text::kContentRating:
      return Field::kContentRating;
    case Text::kVersion:
      return Field::kCurrentVersion;
    case Text::kDate:
    case Text::kDateAndroid:
      return Field::kLastUpdated;
    case Text::kFirstWord:
    case Text::kFirstLetters:
    case Text::kLastWord:
    case Text::kFirstTwoWords:
      return Field::kApp;
    case Text::kSize:
      return Field::kSize;
    case Text::kInstallsCategory:
      return Field::kInstalls;
    case Text::kAndroid:
      return Field::kAndroidVersion;
  }
  return Field::kApp;
}

ListingTexts::ListingTexts(const Listing& listing, const similar::NameCosines* cosines)
    : listing_(&listing), cosines_(cosines) {
  const std::string key = listing::key_of(listing);
  const std::string installs = listing::text_of(listing, Field::kInstalls);
  const std::string date = listing.last_updated ? codec::to_iso(*listing.last_updated) : std::string();
  buffer_.reserve(3 * key.size() + listing.category.size() + listing.genres.size() +
                  listing.content_rating.size() + listing.current_version.size() +
                  listing.android_version.size() + installs.size() + 64);

  buffer_ = key;
  key_ = {0, key.size()};
  add_words(key);
  put(Text::kCategory, listing.category);
  put(Text::kGenres, listing.genres);
  put(Text::kFirstGenre, std::string_view(listing.genres).substr(0, listing.genres.find(';')));
  put(Text::kContentRating, listing.content_rating);
  put(Text::kVersion, listing.current_version);
  put(Text::kSize, listing::text_of(listing, Field::kSize));

  // The strings of two parts share their bytes with the parts.
  const std::size_t date_begin = buffer_.size();
  buffer_.append(date).append("|").append(listing.android_version);
  set(Text::kDate, {date_begin, date.size()});
  set(Text::kAndroid, {date_begin + date.size() + 1, listing.android_version.size()});
  set(Text::kDateAndroid, {date_begin, date.size() + 1 + listing.android_version.size()});
  const std::size_t installs_begin = buffer_.size();
  buffer_.append(installs).append("|").append(listing.category);
  set(Text::kInstallsCategory, {installs_begin, buffer_.size() - installs_begin});
}

void ListingTexts::add_words(std::string_view key) {
  std::size_t position = 0;
  std::size_t letters_end = 0;
  bool in_word = false;
  for_each_character(key, [&](char32_t point) {
    const std::size_t width = width_of(point);
    if (is_letter_or_digit(point)) {
      if (!in_word) words_.push_back({position, 0});
      in_word = true;
      words_.back().length += width;
    } else {
      in_word = false;
    }
    if (point >= U'0' && point <= U'9') ++name_.digits;
    if (point > 127) ++name_.non_ascii;
    if (is_separator(point)) ++name_.separators;
    position += width;
    ++name_.characters;
    if (name_.characters <= kFirstLettersLength) letters_end = position;
  });
  name_.words = words_.size();
  set(Text::kFirstLetters, {0, letters_end});

  if (!words_.empty()) {
    set(Text::kFirstWord, words_.front());
    set(Text::kLastWord, words_.back());
    set(Text::kFirstTwoWords, words_.front());
  }
  if (words_.size() > 1) {
    const std::size_t begin = buffer_.size();
    buffer_.append(key.substr(words_[0].begin, words_[0].length)).append(" ");
    buffer_.append(key.substr(words_[1].begin, words_[1].length));
    set(Text::kFirstTwoWords, {begin, buffer_.size() - begin});
  }

  std::vector<Slice>& distinct = distinct_words_;
  distinct = words_;
  std::sort(distinct.begin(), distinct.end(), [&](Slice a, Slice b) { return view(a) < view(b); });
  distinct.erase(
      std::unique(distinct.begin(), distinct.end(), [&](Slice a, Slice b) { return view(a) == view(b); }),
      distinct.end());
}

void ListingTexts::put(Text text, std::string_view value) {
  set(text, {buffer_.size(), value.size()});
  buffer_.append(value);
}

}  // namespace starcast::features
