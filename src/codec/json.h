// JSON: a value, a strict and a lenient reader, and one writer whose doubles read back to the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/result.h"

namespace starcast::codec {

class Json;
using JsonArray = std::vector<Json>;  // a list that holds one list is JsonArray{Json(JsonArray{...})}:
                                      // without Json() compilers differ
using JsonMember = std::pair<std::string, Json>;
using JsonObject = std::vector<JsonMember>;  // in the order of the text

// An integer too large for 64 bits, as its digits (Python's integers have no limit).
struct JsonBigInteger {
  std::string digits;
  bool operator==(const JsonBigInteger&) const = default;
};

// A value; thread-compatible. Copying and moving are the compiler's own, but defined in json.cc: inlined into
// callers, gcc 12 warns of members of the variant's other alternatives as uninitialised.
class Json {
 public:
  using Value = std::variant<std::nullptr_t, bool, std::int64_t, JsonBigInteger, double, std::string,
                             JsonArray, JsonObject>;

  Json() : value_(nullptr) {}
  ~Json();
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  Json(std::nullptr_t) : value_(nullptr) {}              // NOLINT: implicit, so that literals read as JSON
  Json(bool value) : value_(value) {}                    // NOLINT
  Json(int value) : value_(std::int64_t{value}) {}       // NOLINT
  Json(std::int64_t value) : value_(value) {}            // NOLINT
  Json(std::size_t value);                               // NOLINT
  Json(double value) : value_(value) {}                  // NOLINT
  Json(std::string value) : value_(std::move(value)) {}  // NOLINT
  Json(std::string_view value) : value_(std::string(value)) {}  // NOLINT
  Json(const char* value) : value_(std::string(value)) {}       // NOLINT
  Json(JsonBigInteger value) : value_(std::move(value)) {}      // NOLINT
  Json(JsonArray value) : value_(std::move(value)) {}           // NOLINT
  Json(JsonObject value) : value_(std::move(value)) {}          // NOLINT

  const Value& value() const { return value_; }

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value_); }
  bool is_object() const { return std::holds_alternative<JsonObject>(value_); }
  bool is_array() const { return std::holds_alternative<JsonArray>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }

  // The member of that name, or nullptr when absent or when this is no object. Of equal names the last one.
  const Json* find(std::string_view name) const;

  // Typed access; kInvalidInput says what was found instead. `as_double` takes integers too.
  core::Result<double> as_double() const;
  core::Result<std::int64_t> as_int() const;
  core::Result<std::string> as_string() const;
  core::Result<const JsonArray*> as_array() const;
  core::Result<const JsonObject*> as_object() const;

  // The same through a required member; the error names the member.
  core::Result<const Json*> at(std::string_view name) const;
  core::Result<double> double_at(std::string_view name) const;
  core::Result<std::int64_t> int_at(std::string_view name) const;
  core::Result<std::string> string_at(std::string_view name) const;
  core::Result<const JsonArray*> array_at(std::string_view name) const;

  // Adds or replaces a member; this must be an object or null (which becomes one).
  void set(std::string_view name, Json value);
  // Appends; this must be an array or null (which becomes one).
  void push(Json value);

  bool operator==(const Json&) const = default;

 private:
  Value value_;
};

enum class JsonDialect {
  kStrict,  // RFC 8259; duplicate member names are errors
  kPython,  // also NaN, Infinity, -Infinity, as Python's json.loads; duplicate names: the last one counts, in
            // the first's place
};

struct JsonOptions {
  JsonDialect dialect = JsonDialect::kStrict;
  std::size_t depth_max = 256;
  bool unique_names = false;  // a name that is there twice is an error in kPython too
};

// Parses the whole text; a UTF-8 byte order mark in front is dropped. Doubles are the nearest to the text,
// bit for bit; integers stay integers. A number beyond the range of doubles is an error in kStrict and
// infinity in kPython; "-0" is the double -0.0 in kStrict and the integer 0 in kPython. Invalid UTF-8 and a
// \u surrogate without its other half are errors in both. Errors are kInvalidInput and name line and column,
// the latter in characters.
core::Result<Json> parse_json(std::string_view text, JsonOptions options = {});

enum class JsonStyle {
  kCompact,       // {"a":1}: no spaces; UTF-8 stays
  kPretty,        // two spaces of indentation, one member a line; UTF-8 stays
  kPythonSorted,  // Python's json.dumps(value, sort_keys=True): ", " and ": ", non-ASCII as \uXXXX, floats as
                  // repr
};

// Doubles as the shortest text that reads back to the same double (so 5.0 is written "5.0", not "5"). NaN and
// infinities are written null in kCompact and kPretty (JSON has no word for them) and NaN, Infinity,
// -Infinity in kPythonSorted. Broken UTF-8 becomes U+FFFD, and in kPythonSorted \udc80 to \udcff a byte, as
// Python writes file names that are no UTF-8.
std::string to_text(const Json& value, JsonStyle style);

}  // namespace starcast::codec
