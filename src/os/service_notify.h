// Tells the service manager that started us how we stand, as systemd's sd_notify(3) does.
#pragma once

#include <string_view>

#include "core/result.h"
#include "os/environment.h"

namespace starcast::os {

// Sends `state` ("READY=1", "STOPPING=1", "STATUS=…", lines) to the socket that NOTIFY_SOCKET names; without
// one it does nothing. An abstract name begins with '@'.
core::Result<void> notify_service_manager(std::string_view state, const Environment& environment);

}  // namespace starcast::os
