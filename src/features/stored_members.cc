#include "features/stored_members.h"

#include <cmath>

#include <fmt/format.h>

namespace starcast::features {
namespace {

using codec::Json;
using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::size_t kShownBytesMax = 60;

// Cut between characters.
std::string shortened(std::string_view name) {
  if (name.size() <= kShownBytesMax) return std::string(name);
  std::size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0) == 0x80) --end;
  return std::string(name.substr(0, end)) + "...";
}

// What a wrong type's error says, under the member's name.
Error renamed(const Error& error, std::string_view path) {
  return corrupt_member(path, error.message());
}

}  // namespace

std::string member_path(std::string_view parent, std::string_view name) {
  return parent.empty() ? shortened(name) : fmt::format("{}.{}", parent, shortened(name));
}

Error corrupt_member(std::string_view path, std::string_view problem) {
  return Error(ErrorCode::kCorrupt, fmt::format("{}: {}", path, problem));
}

Result<const Json*> required_member(const Json& object, std::string_view parent, std::string_view name) {
  if (!object.is_object()) return corrupt_member(parent.empty() ? "encoder" : parent, "is no object");
  const Json* const member = object.find(name);
  if (member == nullptr) return corrupt_member(member_path(parent, name), "is missing");
  return member;
}

Result<const codec::JsonObject*> object_of(const Json& json, std::string_view path) {
  auto object = json.as_object();
  if (!object) return renamed(object.error(), path);
  return object;
}

Result<const codec::JsonArray*> array_of(const Json& json, std::string_view path) {
  auto array = json.as_array();
  if (!array) return renamed(array.error(), path);
  return array;
}

Result<std::string> string_of(const Json& json, std::string_view path) {
  auto text = json.as_string();
  if (!text) return renamed(text.error(), path);
  return text;
}

Result<double> finite_of(const Json& json, std::string_view path) {
  const auto number = json.as_double();
  if (!number) return renamed(number.error(), path);
  if (!std::isfinite(number.value())) return corrupt_member(path, "is not finite");
  return number;
}

Result<std::vector<double>> ascending_of(const Json& json, std::string_view path) {
  const codec::JsonArray* const array = TRY(array_of(json, path));
  std::vector<double> numbers;
  numbers.reserve(array->size());
  for (std::size_t i = 0; i < array->size(); ++i) {
    const double number = TRY(finite_of((*array)[i], fmt::format("{}[{}]", path, i)));
    if (!numbers.empty() && number < numbers.back()) {
      return corrupt_member(fmt::format("{}[{}]", path, i), "is less than the number before it");
    }
    numbers.push_back(number);
  }
  return numbers;
}

}  // namespace starcast::features
