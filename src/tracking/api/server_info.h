// What a client asks before it uses newer routes.
#pragma once

#include "tracking/api/wire.h"

namespace starcast::tracking::api {

void add_server_info_routes(const Mount& mount);

}  // namespace starcast::tracking::api
