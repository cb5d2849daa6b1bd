// Queries over many ids with few statement texts: IN lists of fixed sizes.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "core/result.h"
#include "sql/database.h"

namespace starcast::tracking {

// Runs "`before` IN (?,?,…)`after`" over all of `ids`, in as many statements as it needs; `ids` without
// repetitions. Rows come in no order across statements.
core::Result<void> query_in(sql::Session& session, std::string_view before, std::string_view after,
                            std::span<const sql::Value> ids,
                            const std::function<core::Result<void>(const sql::Row&)>& row);

}  // namespace starcast::tracking
