#include "codec/json.h"

#include <fmt/format.h>

#include <limits>
#include <type_traits>

#include "codec/number.h"
#include "core/check.h"

namespace starcast::codec {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

Error wrong_kind(std::string_view wanted, const Json& found) {
  struct Describe {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool value) const { return value ? "true" : "false"; }
    std::string operator()(std::int64_t value) const { return fmt::format("the integer {}", value); }
    std::string operator()(const JsonBigInteger& value) const {
      return fmt::format("the integer {}", value.digits);
    }
    std::string operator()(double value) const { return fmt::format("the number {}", to_shortest(value)); }
    std::string operator()(const std::string& value) const {
      constexpr std::size_t kShown = 40;
      if (value.size() > kShown) return fmt::format("a text of {} bytes", value.size());
      return fmt::format("the text \"{}\"", value);
    }
    std::string operator()(const JsonArray&) const { return "a list"; }
    std::string operator()(const JsonObject&) const { return "an object"; }
  };
  return Error(ErrorCode::kInvalidInput,
               fmt::format("expected {}, found {}", wanted, std::visit(Describe{}, found.value())));
}

}  // namespace

Json::~Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;

Json::Json(std::size_t value) {
  if (value <= static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())) {
    value_ = static_cast<std::int64_t>(value);
  } else {
    value_ = JsonBigInteger{std::to_string(value)};
  }
}

const Json* Json::find(std::string_view name) const {
  const auto* object = std::get_if<JsonObject>(&value_);
  if (object == nullptr) return nullptr;
  for (auto member = object->rbegin(); member != object->rend(); ++member) {
    if (member->first == name) return &member->second;
  }
  return nullptr;
}

Result<double> Json::as_double() const {
  if (const auto* number = std::get_if<double>(&value_)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*integer);
  if (const auto* large = std::get_if<JsonBigInteger>(&value_)) {
    if (const auto number = parse_double(large->digits)) return *number;
    return wrong_kind("a number within the range of doubles", *this);
  }
  return wrong_kind("a number", *this);
}

Result<std::int64_t> Json::as_int() const {
  if (const auto* integer = std::get_if<std::int64_t>(&value_)) return *integer;
  if (std::holds_alternative<JsonBigInteger>(value_))
    return wrong_kind("an integer of at most 64 bits", *this);
  return wrong_kind("an integer", *this);
}

Result<std::string> Json::as_string() const {
  if (const auto* text = std::get_if<std::string>(&value_)) return *text;
  return wrong_kind("a text", *this);
}

Result<const JsonArray*> Json::as_array() const {
  if (const auto* array = std::get_if<JsonArray>(&value_)) return array;
  return wrong_kind("a list", *this);
}

Result<const JsonObject*> Json::as_object() const {
  if (const auto* object = std::get_if<JsonObject>(&value_)) return object;
  return wrong_kind("an object", *this);
}

Result<const Json*> Json::at(std::string_view name) const {
  const JsonObject* object = TRY(as_object(), fmt::format("looking for '{}'", name));
  const Json* member = find(name);
  if (member != nullptr) return member;
  return Error(ErrorCode::kInvalidInput,
               fmt::format("'{}' is missing{}", name, object->empty() ? ": the object is empty" : ""));
}

Result<double> Json::double_at(std::string_view name) const {
  const Json* member = TRY(at(name));
  return TRY(member->as_double(), name);
}

Result<std::int64_t> Json::int_at(std::string_view name) const {
  const Json* member = TRY(at(name));
  return TRY(member->as_int(), name);
}

Result<std::string> Json::string_at(std::string_view name) const {
  const Json* member = TRY(at(name));
  return TRY(member->as_string(), name);
}

Result<const JsonArray*> Json::array_at(std::string_view name) const {
  const Json* member = TRY(at(name));
  return TRY(member->as_array(), name);
}

void Json::set(std::string_view name, Json value) {
  if (is_null()) value_ = JsonObject{};
  auto* object = std::get_if<JsonObject>(&value_);
  CHECK(object != nullptr);
  for (auto member = object->rbegin(); member != object->rend(); ++member) {
    if (member->first == name) {
      member->second = std::move(value);
      return;
    }
  }
  object->emplace_back(std::string(name), std::move(value));
}

void Json::push(Json value) {
  if (is_null()) value_ = JsonArray{};
  auto* array = std::get_if<JsonArray>(&value_);
  CHECK(array != nullptr);
  array->push_back(std::move(value));
}

}  // namespace starcast::codec
