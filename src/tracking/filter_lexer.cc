#include "tracking/filter_lexer.h"

#include <optional>
#include <utility>

#include "core/strings.h"

namespace starcast::tracking {
namespace {

using Kind = FilterToken::Kind;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_word(char c) {
  return is_letter(c) || is_digit(c) || c == '$' || c == '#';
}
bool is_operator(char c) {
  return c == '=' || c == '!' || c == '<' || c == '>';
}

std::optional<Kind> keyword_of(std::string_view word) {
  if (word.size() > 5) return std::nullopt;
  const std::string lower = core::ascii_lower(word);
  if (lower == "and") return Kind::kAnd;
  if (lower == "or") return Kind::kOr;
  if (lower == "not") return Kind::kNot;
  if (lower == "in") return Kind::kIn;
  if (lower == "like") return Kind::kLike;
  if (lower == "ilike") return Kind::kIlike;
  if (lower == "is") return Kind::kIs;
  if (lower == "null") return Kind::kNull;
  if (lower == "rlike") return Kind::kOperator;
  return std::nullopt;
}

}  // namespace

FilterToken FilterLexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  FilterToken token;
  token.offset = at_;
  if (at_ < text_.size()) token.kind = read(token);
  token.length = at_ - token.offset;
  return token;
}

Kind FilterLexer::read(FilterToken& token) {
  const char c = text_[at_];
  if (is_operator(c)) return read_operator();
  if (c == '\'') return read_quoted(token.value) ? Kind::kText : Kind::kBad;
  if (is_letter(c) || c == '`' || c == '"') return read_name(token);
  if (is_digit(c) || (c == '-' && (is_digit(peek(1)) || peek(1) == '.')) || (c == '.' && is_digit(peek(1)))) {
    return read_number();
  }
  ++at_;
  switch (c) {
    case '(':
      return Kind::kOpen;
    case ')':
      return Kind::kClose;
    case ',':
      return Kind::kComma;
    case ';':
      return Kind::kSemicolon;
  }
  return Kind::kBad;
}

Kind FilterLexer::read_operator() {
  while (is_operator(peek())) ++at_;
  return Kind::kOperator;
}

// Whether the quote is closed; a doubled quote stands for one, but not among backticks.
bool FilterLexer::read_quoted(std::string& value) {
  const char quote = text_[at_++];
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c != quote) {
      value += c;
    } else if (quote != '`' && peek() == quote) {
      value += c;
      ++at_;
    } else {
      return true;
    }
  }
  return false;
}

Kind FilterLexer::read_number() {
  const std::size_t start = at_;
  if (peek() == '-') ++at_;
  while (is_digit(peek())) ++at_;
  if (peek() == '.') ++at_;
  while (is_digit(peek())) ++at_;
  const std::size_t sign = peek(1) == '-' || peek(1) == '+' ? 1 : 0;
  if ((peek() == 'e' || peek() == 'E') && is_digit(peek(1 + sign))) {
    at_ += 1 + sign;
    while (is_digit(peek())) ++at_;
  }
  if (!is_word(peek()) && is_digit(text_[at_ - 1])) return Kind::kNumber;
  if (!is_word(peek()) && text_[at_ - 1] == '.' && at_ - start > 1 && is_digit(text_[at_ - 2])) {
    return Kind::kNumber;  // "1."
  }
  while (is_word(peek())) ++at_;
  return Kind::kBad;
}

Kind FilterLexer::read_name(FilterToken& token) {
  const char first = peek();
  const bool quoted = first == '`' || first == '"';
  std::string part;
  if (quoted) {
    const std::size_t start = at_;
    if (!read_quoted(part)) return Kind::kBad;
    if (peek() == '.' && first == '"') part = std::string(text_.substr(start, at_ - start));
  } else {
    const std::size_t start = at_;
    while (is_word(peek())) ++at_;
    part = std::string(text_.substr(start, at_ - start));
  }
  if (peek() != '.') {
    if (!quoted) {
      if (const std::optional<Kind> keyword = keyword_of(part)) return *keyword;
    }
    token.double_quoted = first == '"';
    token.value = std::move(part);
    return Kind::kName;
  }
  ++at_;
  token.type = std::move(part);
  return read_key(token.value) ? Kind::kName : Kind::kBad;
}

bool FilterLexer::read_key(std::string& key) {
  if (peek() == '`' || peek() == '"') return read_quoted(key);
  const std::size_t start = at_;
  while (is_word(peek()) || (peek() == '.' && is_word(peek(1)))) ++at_;
  key = std::string(text_.substr(start, at_ - start));
  return !key.empty();
}

}  // namespace starcast::tracking
