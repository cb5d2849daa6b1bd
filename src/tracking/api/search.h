// Routes of all searches: experiments, runs, data sets, registered models, model versions, logged models.
#pragma once

#include "tracking/api/wire.h"
#include "tracking/store.h"

namespace starcast::tracking::api {

// `store` outlives the table.
void add_search_routes(const Mount& mount, Store& store);

}  // namespace starcast::tracking::api
