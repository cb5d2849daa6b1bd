#include "sql/like.h"

#include <cstring>
#include <optional>

#include "core/strings.h"

namespace starcast::sql {
namespace {

constexpr std::size_t kNone = std::string_view::npos;

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

std::size_t after_character(std::string_view text, std::size_t at) {
  ++at;
  while (at < text.size() && is_continuation(text[at])) ++at;
  return at;
}

// Where `part` ends when it begins at `at`; kNone when it does not match there.
std::size_t end_of_match(std::string_view part, std::string_view text, std::size_t at) {
  for (const char c : part) {
    if (at >= text.size()) return kNone;
    if (c == '_') {
      at = after_character(text, at);
    } else if (c == text[at]) {
      ++at;
    } else {
      return kNone;
    }
  }
  return at;
}

// The end of the first match of `part` at or after `from`.
std::size_t first_match(std::string_view part, std::string_view text, std::size_t from) {
  if (part.find('_') == kNone) {
    const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size());
    if (found == nullptr) return kNone;
    return static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + part.size();
  }
  for (std::size_t at = from; at < text.size(); at = after_character(text, at)) {
    const std::size_t end = end_of_match(part, text, at);
    if (end != kNone) return end;
  }
  return kNone;
}

// Where the last part of the pattern has to begin so that it ends with the text; kNone when the text is too
// short.
std::size_t begin_of_suffix(std::string_view part, std::string_view text) {
  std::size_t at = text.size();
  for (std::size_t i = part.size(); i > 0; --i) {
    if (at == 0) return kNone;
    --at;
    if (part[i - 1] != '_') continue;
    while (at > 0 && is_continuation(text[at])) --at;
  }
  return at;
}

}  // namespace

bool like(std::string_view pattern, std::string_view text) {
  std::size_t star = pattern.find('%');
  if (star == kNone) return end_of_match(pattern, text, 0) == text.size();
  std::size_t at = end_of_match(pattern.substr(0, star), text, 0);
  if (at == kNone) return false;
  pattern.remove_prefix(star + 1);
  // The leftmost match of each middle part leaves most room for the next ones, so there is no going back.
  for (star = pattern.find('%'); star != kNone; star = pattern.find('%')) {
    if (star > 0) at = first_match(pattern.substr(0, star), text, at);
    if (at == kNone) return false;
    pattern.remove_prefix(star + 1);
  }
  const std::size_t begin = begin_of_suffix(pattern, text);
  return begin != kNone && begin >= at && end_of_match(pattern, text, begin) == text.size();
}

bool like_without_case(std::string_view pattern, std::string_view text) {
  return like(core::ascii_lower(pattern), core::ascii_lower(text));
}

}  // namespace starcast::sql
