#include "model/training_apps.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/numeric.h"
#include "model/testing/tiny_model.h"

namespace starcast::model {
namespace {

using codec::Json;

TrainingApps tiny_apps() {
  std::vector<listing::Listing> listings = tiny_listings();
  listings[1].reviews = core::kMissing;
  return TrainingApps::of(listings, std::vector<double>{0.5, 1.0 / 3});
}

std::string corruption(const std::string& member, Json value) {
  Json json = tiny_apps().to_json();
  json.set(member, std::move(value));
  const auto apps = TrainingApps::from_json(json);
  if (apps) return "read";
  return apps.error().message();
}

TEST(TrainingApps, AreReadAsTheyWereWritten) {
  const std::string text = codec::to_text(tiny_apps().to_json(), codec::JsonStyle::kCompact);
  const auto read = TrainingApps::from_json(codec::parse_json(text).value());

  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->names.size(), 2U);
  EXPECT_EQ(read->names.name(1), listing::key_of(tiny_listings()[1]));
  EXPECT_EQ(read->names.rating(0), 4);
  EXPECT_EQ(read->names.weight(1), 1.0 / 3);
  EXPECT_EQ(read->categories[1], "GAME");
  EXPECT_EQ(read->reviews[0], 50);
  EXPECT_TRUE(core::is_missing(read->reviews[1]));
}

TEST(TrainingApps, RefuseListsOfAnotherLength) {
  EXPECT_EQ(corruption("ratings", codec::JsonArray{Json(4)}),
            "ratings: has 1 entries, but there are 2 names");
}

TEST(TrainingApps, RefuseNumbersThatAreNone) {
  EXPECT_NE(corruption("weights", codec::JsonArray{Json(1), Json(-1)}), "read");
  EXPECT_NE(corruption("ratings", codec::JsonArray{Json(1), Json("4")}), "read");
  EXPECT_NE(corruption("names", codec::JsonArray{Json(1), Json(2)}), "read");
}

TEST(TrainingApps, NamesKeepTheAppsAlive) {
  auto apps = std::make_shared<const TrainingApps>(tiny_apps());
  const std::shared_ptr<const similar::RatedNames> names = names_of(apps);
  apps.reset();

  EXPECT_EQ(names->size(), 2U);
  EXPECT_EQ(names_of(nullptr), nullptr);
}

}  // namespace
}  // namespace starcast::model
