// The two questions about an app: what rating does it have, now that people review it, and what rating will
// it have.
#pragma once

#include <optional>
#include <string_view>

#include "listing/listing.h"

namespace starcast::model {

enum class LaunchCase {
  kLaunched,      // reviews and installs are known
  kBeforeLaunch,  // reviews or installs are not: what they would say is left out, and much less can be known
};

std::string_view name_of(LaunchCase launch_case);  // "launched", "before_launch"
std::optional<LaunchCase> launch_case_named(std::string_view name);

LaunchCase case_of(const listing::Listing& listing);

// The listing as that case's forests see it: before launch without reviews, installs and date of the last
// update.
listing::Listing seen_as(const listing::Listing& listing, LaunchCase launch_case);

}  // namespace starcast::model
