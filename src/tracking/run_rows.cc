#include "tracking/run_rows.h"

#include <fmt/format.h>

namespace starcast::tracking {

core::Error run_not_found(std::string_view run_id) {
  return core::Error(core::ErrorCode::kNotFound, fmt::format("Run with id={} not found", run_id));
}

core::Result<std::int64_t> require_active_run(sql::Session& session, const std::string& run_id) {
  std::int64_t experiment_id = 0;
  bool found = false;
  std::string stage;
  TRY(session.query("SELECT experiment_id, lifecycle_stage FROM runs WHERE run_uuid = ?", {run_id},
                    [&](const sql::Row& row) {
                      found = true;
                      experiment_id = row.integer(0);
                      stage = row.text(1);
                      return core::Result<void>();
                    }));
  if (!found) return run_not_found(run_id);
  if (stage != "active") {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        fmt::format("The run {} must be in the 'active' state. Current state is {}.", run_id, stage));
  }
  return experiment_id;
}

core::Result<void> check_text(std::string_view value, std::string_view path) {
  if (value.find('\0') == std::string_view::npos) return {};
  return core::Error(
      core::ErrorCode::kInvalidInput,
      fmt::format("Invalid value for parameter '{}' supplied: it holds a NUL character", path));
}

std::string python_repr(std::string_view text) {
  const bool single = text.find('\'') == std::string_view::npos || text.find('"') != std::string_view::npos;
  const char quote = single ? '\'' : '"';
  std::string shown(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') {
      shown += '\\';
      shown += c;
    } else if (c == '\n') {
      shown += "\\n";
    } else if (c == '\r') {
      shown += "\\r";
    } else if (c == '\t') {
      shown += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      shown += c;
    }
  }
  shown += quote;
  return shown;
}

}  // namespace starcast::tracking
