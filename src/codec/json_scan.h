// JsonScanner: reads JSON of a known shape in one pass, without making values: for bodies of which every
// microsecond counts. Whatever is not as its caller expects is a plain "no", without a reason: the caller
// then asks parse_json, which knows line and column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace starcast::codec {

struct ScannedNumber {
  double value = 0;         // the nearest double, bit for bit
  bool is_integer = false;  // written without point and exponent
};

// One thread. The text is borrowed. After a "no" only peek() and a new scanner make sense. What is accepted
// is what parse_json accepts in JsonDialect::kPython, but for integers that no double holds exactly, numbers
// beyond the range of doubles, and nesting over 64 levels in skipped values, which get a "no".
class JsonScanner {
 public:
  enum class Kind { kObject, kArray, kText, kNumber, kTrue, kFalse, kNull, kOther };

  explicit JsonScanner(std::string_view text);

  // Of the value that comes next, spaces skipped; a number may be NaN or an infinity.
  Kind peek();

  bool open_object();
  // The name of the next member, its value then comes next; `more` is false behind the last one. The name is
  // valid until the next name or text.
  bool next_member(bool& more, std::string_view& name);
  bool open_array();
  bool next_item(bool& more);

  bool number(ScannedNumber& number);
  bool text(std::string_view& text);  // valid until the next name or text
  bool boolean(bool& value);
  bool null();
  bool skip();
  // Nothing but spaces is left.
  bool end();

 private:
  void skip_spaces();
  bool take(char byte);
  bool take_word(std::string_view word);
  bool quoted(std::string_view& text);
  bool unescape(std::size_t from, std::string_view& text);
  bool skip_at(std::size_t depth);

  std::string_view text_;
  std::size_t at_ = 0;
  bool is_first_ = false;  // of an object or array just opened
  std::string unescaped_;
};

}  // namespace starcast::codec
