// Transactions that return a value.
#pragma once

#include <optional>
#include <utility>

#include "core/result.h"
#include "sql/database.h"

namespace starcast::tracking {

// What `f`, a Result<T>(sql::Session&), returns on a snapshot.
template <typename T, typename F>
core::Result<T> read_value(sql::Database& database, const F& f) {
  std::optional<T> value;
  const core::Result<void> done = database.read([&](sql::Session& session) -> core::Result<void> {
    core::Result<T> result = f(session);
    if (!result) return std::move(result).error();
    value = std::move(result).value();
    return {};
  });
  if (!done) return done.error();
  return std::move(*value);
}

// What `f` returned in the run that was committed.
template <typename T, typename F>
core::Result<T> write_value(sql::Database& database, const F& f) {
  std::optional<T> value;
  const core::Result<void> done = database.write([&](sql::Session& session) -> core::Result<void> {
    core::Result<T> result = f(session);
    if (!result) return std::move(result).error();
    value = std::move(result).value();
    return {};
  });
  if (!done) return done.error();
  return std::move(*value);
}

}  // namespace starcast::tracking
