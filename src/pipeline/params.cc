#include "pipeline/params.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <variant>

#include "codec/number.h"
#include "codec/yaml.h"
#include "core/strings.h"
#include "os/path.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonBigInteger;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kValueTextMax = 60;

// A whole number (a bool is one in Python), or nothing.
std::optional<std::int64_t> whole(const Json& value) {
  if (const auto* const flag = std::get_if<bool>(&value.value())) return *flag ? 1 : 0;
  if (const auto* const number = std::get_if<std::int64_t>(&value.value())) return *number;
  return std::nullopt;
}

bool equals_whole(double real, std::int64_t number) {
  // 2^63 and beyond have no int64 to compare with; NaN fails the first test.
  if (!(real >= -9223372036854775808.0 && real < 9223372036854775808.0)) return false;
  if (std::trunc(real) < real || std::trunc(real) > real) return false;
  return static_cast<std::int64_t>(real) == number;
}

bool equal_reals(double a, double b) {
  return !(a < b) && !(a > b) && !std::isnan(a) && !std::isnan(b);
}

bool equal_arrays(const JsonArray& a, const JsonArray& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), python_equal);
}

bool equal_objects(const JsonObject& a, const JsonObject& b, const Json& b_value) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.begin(), a.end(), [&](const codec::JsonMember& member) {
    const Json* const other = b_value.find(member.first);
    return other != nullptr && python_equal(member.second, *other);
  });
}

}  // namespace

Result<Json> read_params_file(const os::FileSystem& files, const std::string& path,
                              std::string_view shown_path) {
  const std::string extension = core::ascii_lower(os::extension_of(path));
  if (extension == ".toml" || extension == ".py") {
    return Error(
        ErrorCode::kUnsupported,
        fmt::format("{}: params in {} files are not supported yet; use YAML or JSON", shown_path, extension));
  }
  const std::string text = TRY(files.read(path));
  Json params;
  if (extension == ".json") {
    codec::JsonOptions options;
    options.dialect = codec::JsonDialect::kPython;
    if (!core::trimmed(text).empty()) params = TRY(codec::parse_json(text, options), shown_path);
  } else {
    const codec::YamlNode root = TRY(codec::parse_yaml(text), shown_path);
    params = root.to_json();
  }
  if (params.is_null()) params = Json(JsonObject{});
  if (!params.is_object()) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}: a params file must be a mapping of names to values", shown_path));
  }
  return params;
}

const Json* find_param(const Json& params, std::string_view dotted) {
  const Json* at = &params;
  for (const std::string_view part : core::split(dotted, '.')) {
    if (at->is_object()) {
      at = at->find(part);
    } else if (const auto* const items = std::get_if<JsonArray>(&at->value())) {
      const std::optional<std::int64_t> index = codec::parse_int(part);
      const bool is_there = index && *index >= 0 && static_cast<std::size_t>(*index) < items->size();
      at = is_there ? &(*items)[static_cast<std::size_t>(*index)] : nullptr;
    } else {
      at = nullptr;
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

bool python_equal(const Json& a, const Json& b) {
  const std::optional<std::int64_t> a_whole = whole(a);
  const std::optional<std::int64_t> b_whole = whole(b);
  const auto* const a_real = std::get_if<double>(&a.value());
  const auto* const b_real = std::get_if<double>(&b.value());
  if (a_whole && b_whole) return *a_whole == *b_whole;
  if (a_whole && b_real != nullptr) return equals_whole(*b_real, *a_whole);
  if (a_real != nullptr && b_whole) return equals_whole(*a_real, *b_whole);
  if (a_real != nullptr && b_real != nullptr) return equal_reals(*a_real, *b_real);

  const auto* const a_items = std::get_if<JsonArray>(&a.value());
  const auto* const b_items = std::get_if<JsonArray>(&b.value());
  if (a_items != nullptr && b_items != nullptr) return equal_arrays(*a_items, *b_items);
  const auto* const a_members = std::get_if<JsonObject>(&a.value());
  const auto* const b_members = std::get_if<JsonObject>(&b.value());
  if (a_members != nullptr && b_members != nullptr) return equal_objects(*a_members, *b_members, b);
  return a == b;
}

std::string value_text(const Json& value) {
  std::string text = codec::to_text(value, codec::JsonStyle::kPythonSorted);
  if (text.size() <= kValueTextMax) return text;
  text.resize(kValueTextMax);
  return text + "...";
}

}  // namespace starcast::pipeline
