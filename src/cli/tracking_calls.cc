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
