// How a metric's point comes in a message.
#pragma once

#include "core/result.h"
#include "tracking/api/wire.h"
#include "tracking/entities.h"

namespace starcast::tracking::api {

// Key, value and timestamp are required.
core::Result<Metric> metric_of(const Fields& fields);

}  // namespace starcast::tracking::api
