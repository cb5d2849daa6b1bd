// Routes of what runs were fed with and what they made.
#pragma once

#include "tracking/api/wire.h"
#include "tracking/store.h"

namespace starcast::tracking::api {

// `store` outlives the table.
void add_input_routes(const Mount& mount, Store& store);

}  // namespace starcast::tracking::api
