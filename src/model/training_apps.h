// TrainingApps: the apps that a model was trained on: where similar names are looked up, and what is shown of
// similar apps.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "listing/listing.h"
#include "similar/rated_names.h"

namespace starcast::model {

struct TrainingApps {
  similar::RatedNames names;            // keys, ratings, and how much these weigh
  std::vector<std::string> categories;  // by app, as names
  std::vector<double> reviews;          // by app; core::kMissing if the listing did not say

  // The listings are rated, one row an app.
  static TrainingApps of(std::span<const listing::Listing> listings, std::span<const double> weights);

  // starcast/apps.json. An error names the member.
  codec::Json to_json() const;
  static core::Result<TrainingApps> from_json(const codec::Json& json);
};

// The names alone, for an encoder: they keep all of the apps alive. Null for null.
std::shared_ptr<const similar::RatedNames> names_of(std::shared_ptr<const TrainingApps> apps);

}  // namespace starcast::model
