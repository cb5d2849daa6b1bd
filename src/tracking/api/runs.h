// Routes of runs, their params, tags and batches, but for their search.
#pragma once

#include "tracking/api/wire.h"
#include "tracking/runs.h"
#include "tracking/store.h"

namespace starcast::tracking::api {

// `store` outlives the table.
void add_run_routes(const Mount& mount, Store& store, RunOptions options = {});

}  // namespace starcast::tracking::api
