#include "model/launch_case.h"

#include <gtest/gtest.h>

#include "core/numeric.h"

namespace starcast::model {
namespace {

TEST(LaunchCase, NamesReadBack) {
  for (const LaunchCase launch_case : {LaunchCase::kLaunched, LaunchCase::kBeforeLaunch}) {
    EXPECT_EQ(launch_case_named(name_of(launch_case)), launch_case);
  }
  EXPECT_FALSE(launch_case_named("later").has_value());
}

TEST(SeenAs, BeforeLaunchLeavesOutWhatOnlyALaunchedAppHas) {
  listing::Listing listing;
  listing.app = "Alpha";
  listing.reviews = 5;
  listing.installs = 100;
  listing.last_updated = codec::Date{17000};

  const listing::Listing seen = seen_as(listing, LaunchCase::kBeforeLaunch);

  EXPECT_EQ(seen.app, "Alpha");
  EXPECT_EQ(case_of(seen), LaunchCase::kBeforeLaunch);
  EXPECT_FALSE(seen.last_updated.has_value());
  EXPECT_EQ(seen_as(listing, LaunchCase::kLaunched).reviews, 5);
}

}  // namespace
}  // namespace starcast::model
