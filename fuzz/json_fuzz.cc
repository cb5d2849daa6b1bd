// Any bytes as JSON: what parses is written in every style so that it parses back to the same value.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/json.h"
#include "core/check.h"

namespace {

using starcast::codec::Json;
using starcast::codec::JsonDialect;
using starcast::codec::JsonStyle;
using starcast::codec::parse_json;

void check_strict(std::string_view text) {
  const auto value = parse_json(text);
  if (!value) {
    CHECK(value.error().message().starts_with("line "));
    return;
  }
  for (const JsonStyle style : {JsonStyle::kCompact, JsonStyle::kPretty}) {
    const auto again = parse_json(to_text(*value, style));
    CHECK(again.has_value());
    CHECK(*again == *value);
  }
}

// NaN is not equal to itself, so texts are compared.
void check_python(std::string_view text) {
  const auto value = parse_json(text, {.dialect = JsonDialect::kPython});
  if (!value) return;
  const std::string sorted = to_text(*value, JsonStyle::kPythonSorted);
  const auto again = parse_json(sorted, {.dialect = JsonDialect::kPython});
  CHECK(again.has_value());
  CHECK(to_text(*again, JsonStyle::kPythonSorted) == sorted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_strict(text);
  check_python(text);
  return 0;
}
