#include "cli/tracking_calls.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "cli/table.h"
#include "codec/utf8.h"
#include "core/strings.h"

namespace starcast::cli {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Result;

namespace {

constexpr std::size_t kPage = 1000;

}  // namespace

void add_tracking_uri(CLI::App& command, const std::shared_ptr<std::string>& uri) {
  command
      .add_option("--tracking-uri", *uri,
                  "http://… or sqlite:///… (default: MLFLOW_TRACKING_URI, else sqlite:///mlflow.db)")
      ->type_name("URI");
}

void add_local_store(CLI::App& command, const std::shared_ptr<app::LocalStoreOptions>& store) {
  add_tracking_uri(command, std::shared_ptr<std::string>(store, &store->tracking_uri));
  command
      .add_option("--backend-store-uri", store->backend_store_uri,
                  "the database, sqlite:///… (default: as --tracking-uri)")
      ->type_name("URI");
  command
      .add_option("--artifacts-destination", store->artifacts_destination,
                  "the folder that served artifacts are kept in (default: ./mlartifacts)")
      ->type_name("URI");
}

Result<void> for_each_entry(tracking::Connection& connection, http::Method method, std::string_view path,
                            JsonObject request, std::string_view list, std::size_t max_results,
                            const std::function<Result<void>(const Json&)>& take) {
  std::size_t taken = 0;
  std::string token;
  do {
    JsonObject page = request;
    const std::size_t wanted = max_results == 0 ? kPage : std::min(kPage, max_results - taken);
    page.emplace_back("max_results", wanted);
    if (!token.empty()) page.emplace_back("page_token", token);
    const Json answer = TRY(connection.call(method, path, page));
    for (const Json& entry : array_member(answer, list)) {
      TRY(take(entry));
      ++taken;
    }
    token = text_member(answer, "next_page_token");
  } while (!token.empty() && (max_results == 0 || taken < max_results));
  return {};
}

std::string text_member(const Json& object, std::string_view name) {
  const Json* const found = object.find(name);
  if (!found || found->is_null()) return "";
  if (const std::string* text = std::get_if<std::string>(&found->value())) return *text;
  return codec::to_text(*found, codec::JsonStyle::kCompact);
}

std::int64_t integer_member(const Json& object, std::string_view name) {
  const Json* const found = object.find(name);
  if (!found) return 0;
  const Result<std::int64_t> value = found->as_int();
  return value ? *value : 0;
}

const JsonArray& array_member(const Json& object, std::string_view name) {
  static const JsonArray none;
  const Json* const found = object.find(name);
  const JsonArray* const array = found ? std::get_if<JsonArray>(&found->value()) : nullptr;
  return array ? *array : none;
}

const Json& object_member(const Json& object, std::string_view name) {
  static const Json none{JsonObject{}};
  const Json* const found = object.find(name);
  return found && found->is_object() ? *found : none;
}

std::string utc_text(std::int64_t milliseconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(milliseconds / 1000)));
}

Result<std::string> view_type(const std::string& view) {
  const std::string lower = core::ascii_lower(view);
  if (lower == "active_only") return std::string("ACTIVE_ONLY");
  if (lower == "deleted_only") return std::string("DELETED_ONLY");
  if (lower == "all") return std::string("ALL");
  return core::Error(core::ErrorCode::kInvalidInput,
                     fmt::format("--view: '{}' is none of active_only, deleted_only and all", view));
}

std::string ruled_table(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::string> rule;
  for (std::size_t i = 0; i < header.size(); ++i) {
    std::size_t width = codec::code_points(header[i]).size() + 2;  // as tabulate, which mlflow prints by
    for (const std::vector<std::string>& row : rows)
      width = std::max(width, codec::code_points(row[i]).size());
    rule.push_back(std::string(width, '-'));
  }
  Table table(std::vector<Align>(header.size(), Align::kLeft));
  table.add(header);
  table.add(rule);
  for (const std::vector<std::string>& row : rows) table.add(row);
  return table.text();
}

}  // namespace starcast::cli
