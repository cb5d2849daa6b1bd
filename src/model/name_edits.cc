#include "model/name_edits.h"

#include <algorithm>
#include <array>

#include "codec/utf8.h"
#include "core/strings.h"

namespace starcast::model {

using codec::CharacterKind;

namespace {

using Points = std::vector<char32_t>;

constexpr std::size_t kHeadCharactersMin = 3;
constexpr std::size_t kAbbreviationMax =
    3;  // letters; where the name has small ones, too, kAbbreviationMixedMax
constexpr std::size_t kAbbreviationMixedMax = 4;
constexpr char32_t kJoiner = 0x200D;
constexpr char32_t kEmojiVariation = 0xFE0F;

bool is_ascii_upper(char32_t point) {
  return point >= U'A' && point <= U'Z';
}

bool is_ascii_lower(char32_t point) {
  return point >= U'a' && point <= U'z';
}

// Without separators and spaces at its ends.
std::string tidied(Points points) {
  const auto is_loose = [](char32_t point) {
    return codec::kind_of(point) == CharacterKind::kSpace || point == U'-' || point == U':' ||
           point == U'|' || point == U',' || point == U'&' || point == 0x2013 || point == 0x2014;
  };
  while (!points.empty() && is_loose(points.back())) points.pop_back();
  points.erase(points.begin(), std::find_if_not(points.begin(), points.end(), is_loose));
  return codec::from_code_points(points);
}

std::string without_tail(const std::string& name) {
  constexpr std::array<std::string_view, 8> kSeparators = {": ",  " - ", " \u2013 ", " \u2014 ",
                                                           " | ", " (",  " [",       " \u00b7 "};
  std::size_t first = std::string::npos;
  for (const std::string_view separator : kSeparators) first = std::min(first, name.find(separator));
  if (first == std::string::npos) return name;
  const Points head = codec::code_points(std::string_view(name).substr(0, first));
  return head.size() < kHeadCharactersMin ? name : tidied(head);
}

std::string shortened(const std::string& name) {
  Points points = codec::code_points(name);
  if (points.size() <= kNameCharactersMax) return name;
  std::size_t end = kNameCharactersMax;
  while (end > 0 && codec::kind_of(points[end]) != CharacterKind::kSpace) --end;
  // Text without spaces is cut where it has to be.
  points.resize(end == 0 ? kNameCharactersMax : end);
  return tidied(std::move(points));
}

std::string without_symbols(const std::string& name) {
  Points kept;
  bool after_symbol = false;
  for (const char32_t point : codec::code_points(name)) {
    const bool is_joint = after_symbol && (point == kJoiner || point == kEmojiVariation);
    const bool is_symbol = point > 0x7F && codec::kind_of(point) == CharacterKind::kSymbol;
    after_symbol = is_symbol || is_joint;
    if (after_symbol) continue;
    const bool is_space = codec::kind_of(point) == CharacterKind::kSpace;
    if (is_space && !kept.empty() && codec::kind_of(kept.back()) == CharacterKind::kSpace) continue;
    kept.push_back(point);
  }
  return tidied(std::move(kept));
}

std::string without_capitals(const std::string& name) {
  Points points = codec::code_points(name);
  const bool has_small = std::any_of(points.begin(), points.end(), is_ascii_lower);
  const std::size_t abbreviation_max = has_small ? kAbbreviationMixedMax : kAbbreviationMax;
  for (std::size_t begin = 0; begin < points.size();) {
    std::size_t end = begin;
    while (end < points.size() && is_ascii_upper(points[end])) ++end;
    const bool is_word = end == points.size() || !is_ascii_lower(points[end]);
    if (is_word && end - begin > abbreviation_max) {
      for (std::size_t i = begin + 1; i < end; ++i) points[i] += U'a' - U'A';
    }
    begin = std::max(end, begin + 1);
  }
  return codec::from_code_points(points);
}

}  // namespace

std::vector<std::string> name_edits(std::string_view name) {
  const std::string whole(core::trimmed(name));
  std::vector<std::string> edits;
  for (const std::string& edit :
       {without_tail(whole), shortened(whole), without_symbols(whole), without_capitals(whole),
        shortened(without_tail(without_capitals(without_symbols(whole))))}) {
    const bool is_new =
        !edit.empty() && edit != name && std::find(edits.begin(), edits.end(), edit) == edits.end();
    if (is_new) edits.push_back(edit);
  }
  return edits;
}

}  // namespace starcast::model
