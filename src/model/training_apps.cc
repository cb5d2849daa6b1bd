#include "model/training_apps.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/numeric.h"
#include "features/encoder.h"

namespace starcast::model {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

TrainingApps TrainingApps::of(std::span<const listing::Listing> listings, std::span<const double> weights) {
  TrainingApps apps{features::rated_names_of(listings, weights), {}, {}};
  for (const listing::Listing& listing : listings) {
    apps.categories.push_back(listing.category);
    apps.reviews.push_back(listing.reviews);
  }
  return apps;
}

Json TrainingApps::to_json() const {
  JsonArray keys;
  JsonArray ratings;
  JsonArray weights;
  JsonArray category_texts;
  JsonArray review_counts;
  for (std::size_t app = 0; app < names.size(); ++app) {
    keys.push_back(names.name(app));
    ratings.push_back(names.rating(app));
    weights.push_back(names.weight(app));
    category_texts.push_back(categories[app]);
    review_counts.push_back(core::is_missing(reviews[app]) ? Json() : Json(reviews[app]));
  }
  return JsonObject{{"names", std::move(keys)},
                    {"ratings", std::move(ratings)},
                    {"weights", std::move(weights)},
                    {"categories", std::move(category_texts)},
                    {"reviews", std::move(review_counts)}};
}

Result<TrainingApps> TrainingApps::from_json(const Json& json) {
  const JsonArray& keys = *TRY(json.array_at("names"));
  const auto list = [&](std::string_view member) -> Result<const JsonArray*> {
    const JsonArray* const found = TRY(json.array_at(member));
    if (found->size() == keys.size()) return found;
    return Error(ErrorCode::kCorrupt, fmt::format("{}: has {} entries, but there are {} names", member,
                                                  found->size(), keys.size()));
  };
  const JsonArray& ratings = *TRY(list("ratings"));
  const JsonArray& weights = *TRY(list("weights"));
  const JsonArray& categories = *TRY(list("categories"));
  const JsonArray& reviews = *TRY(list("reviews"));
  std::vector<similar::RatedName> names;
  std::vector<std::string> category_texts;
  std::vector<double> review_counts;
  for (std::size_t app = 0; app < keys.size(); ++app) {
    similar::RatedName name;
    name.name = TRY(keys[app].as_string(), "names");
    name.rating = TRY(ratings[app].as_double(), "ratings");
    name.weight = TRY(weights[app].as_double(), "weights");
    if (!std::isfinite(name.rating) || !std::isfinite(name.weight) || name.weight < 0) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("app {} has rating {} and weight {}", app, name.rating, name.weight));
    }
    names.push_back(std::move(name));
    category_texts.push_back(TRY(categories[app].as_string(), "categories"));
    double count = core::kMissing;
    if (!reviews[app].is_null()) count = TRY(reviews[app].as_double(), "reviews");
    review_counts.push_back(count);
  }
  return TrainingApps{similar::RatedNames(std::move(names)), std::move(category_texts),
                      std::move(review_counts)};
}

std::shared_ptr<const similar::RatedNames> names_of(std::shared_ptr<const TrainingApps> apps) {
  if (apps == nullptr) return nullptr;
  const similar::RatedNames* const names = &apps->names;
  return {std::move(apps), names};
}

}  // namespace starcast::model
