// The words of a search filter and of an order_by.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace starcast::tracking {

struct FilterToken {
  enum class Kind {
    kName,      // tags.`a b`, start_time, "run name"
    kText,      // 'x'
    kNumber,    // -1.5e3
    kOperator,  // any of = ! < > together, and RLIKE
    kAnd,
    kOr,
    kNot,
    kIn,
    kLike,
    kIlike,
    kIs,
    kNull,
    kOpen,
    kClose,
    kComma,
    kSemicolon,
    kBad,  // what can stand nowhere, an open quote included
    kEnd,
  };
  Kind kind = Kind::kEnd;
  std::size_t offset = 0;
  std::size_t length = 0;
  std::string type{};   // of a name: what is before the first dot; "" without one
  std::string value{};  // the name's key or the text, without quotes
  // A name that is only double quotes: also a text.
  bool double_quoted = false;
};

// Gives word after word of `text`, which is UTF-8 and outlives it; at the end kEnd for ever.
class FilterLexer {
 public:
  explicit FilterLexer(std::string_view text) : text_(text) {}
  FilterToken next();

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  FilterToken::Kind read(FilterToken& token);
  FilterToken::Kind read_operator();
  FilterToken::Kind read_number();
  FilterToken::Kind read_name(FilterToken& token);
  bool read_key(std::string& key);
  bool read_quoted(std::string& value);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace starcast::tracking
