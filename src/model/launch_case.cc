#include "model/launch_case.h"

#include "core/numeric.h"

namespace starcast::model {

std::string_view name_of(LaunchCase launch_case) {
  switch (launch_case) {
    case LaunchCase::kLaunched:
      return "launched";
    case LaunchCase::kBeforeLaunch:
      return "before_launch";
  }
  return "launched";
}

std::optional<LaunchCase> launch_case_named(std::string_view name) {
  for (const LaunchCase launch_case : {LaunchCase::kLaunched, LaunchCase::kBeforeLaunch}) {
    if (name == name_of(launch_case)) return launch_case;
  }
  return std::nullopt;
}

LaunchCase case_of(const listing::Listing& listing) {
  const bool known = !core::is_missing(listing.reviews) && !core::is_missing(listing.installs);
  return known ? LaunchCase::kLaunched : LaunchCase::kBeforeLaunch;
}

listing::Listing seen_as(const listing::Listing& listing, LaunchCase launch_case) {
  listing::Listing seen = listing;
  if (launch_case == LaunchCase::kBeforeLaunch) {
    seen.reviews = core::kMissing;
    seen.installs = core::kMissing;
    seen.last_updated.reset();
  }
  return seen;
}

}  // namespace starcast::model
