// What the commands on a tracking store have in common: connecting, whole lists of pages, times.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/tracking_connection.h"
#include "cli/session.h"
#include "codec/json.h"
#include "core/result.h"
#include "http/message.h"
#include "tracking/connection.h"

namespace starcast::cli {

// --tracking-uri, for each command that talks to a store.
void add_tracking_uri(CLI::App& command, const std::shared_ptr<std::string>& uri);

// --tracking-uri, --backend-store-uri and --artifacts-destination, for commands on the store itself.
void add_local_store(CLI::App& command, const std::shared_ptr<app::LocalStoreOptions>& store);

// Milliseconds since 1970 as "2026-11-24 16:30:05 UTC".
std::string utc_text(std::int64_t milliseconds);

// "active_only", "deleted_only", "all" as the API's view type; kInvalidInput else.
core::Result<std::string> view_type(const std::string& view);

// Left-aligned columns below a header and a rule, as mlflow's tables.
std::string ruled_table(const std::vector<std::string>& header,
                        const std::vector<std::vector<std::string>>& rows);

}  // namespace starcast::cli
