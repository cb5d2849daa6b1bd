// Routes of logged models, but for their search and their artifacts.
#pragma once

#include "tracking/api/wire.h"
#include "tracking/store.h"

namespace starcast::tracking::api {

// `store` outlives the table.
void add_logged_model_routes(const Mount& mount, Store& store);

}  // namespace starcast::tracking::api
