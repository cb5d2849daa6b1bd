#include "tracking/answer.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace starcast::tracking {
namespace {

constexpr std::size_t kPage = 1000;

}  // namespace

core::Result<void> for_each_entry(Connection& connection, http::Method method, std::string_view path,
                                  codec::JsonObject request, std::string_view list, std::size_t max_results,
                                  const std::function<core::Result<void>(const codec::Json&)>& take) {
  std::size_t taken = 0;
  std::string token;
  do {
    codec::JsonObject page = request;
    const std::size_t wanted = max_results == 0 ? kPage : std::min(kPage, max_results - taken);
    page.emplace_back("max_results", wanted);
    if (!token.empty()) page.emplace_back("page_token", token);
    const codec::Json answer = TRY(connection.call(method, path, page));
    for (const codec::Json& entry : array_member(answer, list)) {
      TRY(take(entry));
      ++taken;
    }
    token = text_member(answer, "next_page_token");
  } while (!token.empty() && (max_results == 0 || taken < max_results));
  return {};
}

std::string text_member(const codec::Json& object, std::string_view name) {
  const codec::Json* const found = object.find(name);
  if (!found || found->is_null()) return "";
  if (const std::string* text = std::get_if<std::string>(&found->value())) return *text;
  return codec::to_text(*found, codec::JsonStyle::kCompact);
}

std::int64_t integer_member(const codec::Json& object, std::string_view name) {
  const codec::Json* const found = object.find(name);
  if (!found) return 0;
  const core::Result<std::int64_t> value = found->as_int();
  return value ? *value : 0;
}

const codec::JsonArray& array_member(const codec::Json& object, std::string_view name) {
  static const codec::JsonArray none;
  const codec::Json* const found = object.find(name);
  const codec::JsonArray* const array = found ? std::get_if<codec::JsonArray>(&found->value()) : nullptr;
  return array ? *array : none;
}

const codec::Json& object_member(const codec::Json& object, std::string_view name) {
  static const codec::Json none{codec::JsonObject{}};
  const codec::Json* const found = object.find(name);
  return found && found->is_object() ? *found : none;
}

}  // namespace starcast::tracking
