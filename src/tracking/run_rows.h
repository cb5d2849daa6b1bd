// What everything that writes to a run does first, and the texts that several resources share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"
#include "sql/database.h"

namespace starcast::tracking {

core::Error run_not_found(std::string_view run_id);

// The experiment of a run that may be written to: "Run with id=x not found", "The run x must be in the
// 'active' state. Current state is deleted."
core::Result<std::int64_t> require_active_run(sql::Session& session, const std::string& run_id);

// A value without NUL, which no text column holds everywhere.
core::Result<void> check_text(std::string_view value, std::string_view path);

// Python's repr of a text, as MLflow's messages have it.
std::string python_repr(std::string_view text);

}  // namespace starcast::tracking
