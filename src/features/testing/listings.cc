#include "features/testing/listings.h"

#include <array>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "core/random.h"

namespace starcast::features {

using listing::Listing;

Listing rated(std::string app, std::string category, double reviews, double rating) {
  Listing listing;
  listing.app = std::move(app);
  listing.category = std::move(category);
  listing.reviews = reviews;
  listing.rating = rating;
  return listing;
}

std::vector<Listing> varied_listings(std::size_t count) {
  constexpr std::array<const char*, 8> kWords = {"Photo", "Editor",  "Music", "Pro",
                                                 "Chess", "Weather", "2048",  "Köln"};
  constexpr std::array<const char*, 4> kCategories = {"GAME", "TOOLS", "FAMILY", "PHOTOGRAPHY"};
  constexpr std::array<const char*, 3> kRatings = {"Everyone", "Teen", "Mature 17+"};
  core::Random random(7);
  const auto pick = [&](const auto& choices) { return std::string(choices[random.below(choices.size())]); };
  std::vector<Listing> listings;
  for (std::size_t i = 0; i < count; ++i) {
    Listing listing =
        rated(pick(kWords) + " " + pick(kWords) + " " + std::to_string(i), pick(kCategories),
              static_cast<double>(random.below(100000)), 1 + static_cast<double>(random.below(41)) / 10);
    listing.size_mb = static_cast<double>(1 + random.below(90));
    listing.installs = listing.reviews * 20;
    listing.price_usd = random.below(4) == 0 ? 0.99 : 0;
    listing.type = listing.price_usd > 0 ? listing::Type::kPaid : listing::Type::kFree;
    listing.content_rating = pick(kRatings);
    listing.genres = pick(kCategories) + ";" + pick(kWords);
    listing.last_updated = codec::Date{17000 + static_cast<std::int32_t>(random.below(40))};
    listing.current_version = "1." + std::to_string(random.below(5));
    listing.android_version = "4." + std::to_string(random.below(3)) + " and up";
    listings.push_back(std::move(listing));
  }
  return listings;
}

double cell_of(const Encoder& encoder, std::span<const double> row, std::string_view column) {
  const std::vector<FeatureColumn>& columns = encoder.columns();
  CHECK(row.size() == columns.size());
  std::size_t index = 0;
  while (index < columns.size() && columns[index].name != column) ++index;
  CHECK(index < columns.size());
  return row[index];
}

std::vector<double> row_of(const Encoder& encoder, const Listing& listing) {
  std::vector<double> row(encoder.columns().size());
  encoder.transform(listing, row);
  return row;
}

double transformed(const Encoder& encoder, const Listing& listing, std::string_view column) {
  return cell_of(encoder, row_of(encoder, listing), column);
}

FittedEncoder fitted_on(std::span<const Listing> training, std::span<const double> weights,
                        const EncoderOptions& options) {
  auto fitted = Encoder::fit(training, weights, options);
  CHECK(fitted.has_value());
  return std::move(fitted).value();
}

bool same_bits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

}  // namespace starcast::features
