// Routes of experiments, but for their search.
#pragma once

#include "tracking/api/wire.h"
#include "tracking/model_source.h"
#include "tracking/store.h"

namespace starcast::tracking::api {

// `store` outlives the table.
void add_experiment_routes(const Mount& mount, Store& store, SourceOptions options = {});

}  // namespace starcast::tracking::api
