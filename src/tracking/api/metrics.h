// Routes of metrics: one point in, histories and samples out.
#pragma once

#include "tracking/api/wire.h"
#include "tracking/store.h"

namespace starcast::tracking::api {

// `store` outlives the table.
void add_metric_routes(const Mount& mount, Store& store);

}  // namespace starcast::tracking::api
