#include "features/encoder.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/check.h"
#include "core/numeric.h"
#include "features/column_group.h"
#include "features/level_counts.h"
#include "features/name_text.h"
#include "features/plain_columns.h"
#include "features/predecessor_columns.h"
#include "features/similar_names.h"
#include "features/stored_members.h"
#include "features/target_encoding.h"
#include "features/within_category.h"
#include "features/word_encoding.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Listing;

constexpr std::int64_t kFormat = 2;

std::string_view name_of(FeatureSet set) {
  switch (set) {
    case FeatureSet::kListing:
      return "listing";
    case FeatureSet::kPredecessor:
      return "predecessor";
  }
  return "listing";
}

std::optional<FeatureSet> feature_set_named(std::string_view name) {
  for (const FeatureSet set : {FeatureSet::kListing, FeatureSet::kPredecessor}) {
    if (name == name_of(set)) return set;
  }
  return std::nullopt;
}

// The columns of a feature set, group by group, still empty.
std::vector<std::unique_ptr<ColumnGroup>> groups_of(FeatureSet set, codec::Date as_of,
                                                    const std::shared_ptr<const similar::RatedNames>& names) {
  std::vector<std::unique_ptr<ColumnGroup>> groups;
  switch (set) {
    case FeatureSet::kListing:
      groups.push_back(std::make_unique<PlainColumns>(as_of));
      groups.push_back(std::make_unique<TargetEncoding>());
      groups.push_back(std::make_unique<WordEncoding>());
      groups.push_back(std::make_unique<LevelCounts>());
      groups.push_back(std::make_unique<WithinCategory>());
      groups.push_back(std::make_unique<NameText>());
      groups.push_back(std::make_unique<SimilarNames>(names));
      break;
    case FeatureSet::kPredecessor:
      groups.push_back(std::make_unique<PredecessorColumns>());
      break;
  }
  return groups;
}

Result<void> check_training(std::span<const Listing> training, std::span<const double> weights,
                            const EncoderOptions& options) {
  const auto refused = [](std::string message) {
    return Error(ErrorCode::kInvalidInput, std::move(message));
  };
  if (training.size() != weights.size()) {
    return refused(
        fmt::format("there are {} listings, but {} weights; give one each", training.size(), weights.size()));
  }
  if (training.size() < 2) {
    return refused(
        fmt::format("an encoder needs at least 2 rated listings to fit on, and got {}", training.size()));
  }
  if (options.inner_folds < 2) {
    return refused(fmt::format("an encoder needs at least 2 inner folds, and got {}", options.inner_folds));
  }
  if (!options.places.empty() && options.places.size() != training.size())
    return refused(
        fmt::format("there are {} listings, but {} places", training.size(), options.places.size()));
  for (std::size_t i = 0; i < training.size(); ++i) {
    if (!std::isfinite(training[i].rating)) {
      return refused(
          fmt::format("listing {} ('{}') has no rating to fit on; drop it first", i, training[i].app));
    }
    if (!(std::isfinite(weights[i]) && weights[i] >= 0)) {
      return refused(fmt::format("listing {} ('{}') has weight {}; give it a finite one of at least 0", i,
                                 training[i].app, weights[i]));
    }
    if (!options.names) continue;
    const std::size_t place = options.places.empty() ? i : options.places[i];
    if (place >= options.names->size() || options.names->rating(place) != training[i].rating ||
        options.names->weight(place) != weights[i]) {
      return refused(
          fmt::format("listing {} ('{}') is not at its place {} among the names", i, training[i].app, place));
    }
  }
  return {};
}

codec::Date last_date_of(std::span<const Listing> training) {
  std::optional<codec::Date> last;
  for (const Listing& listing : training) {
    if (listing.last_updated && (!last || *last < *listing.last_updated)) last = listing.last_updated;
  }
  return last.value_or(codec::Date{});
}

}  // namespace

similar::RatedNames rated_names_of(std::span<const Listing> listings, std::span<const double> weights) {
  CHECK(listings.size() == weights.size());
  std::vector<similar::RatedName> names;
  names.reserve(listings.size());
  for (std::size_t i = 0; i < listings.size(); ++i)
    names.push_back({listing::key_of(listings[i]), listings[i].rating, weights[i]});
  return similar::RatedNames(std::move(names));
}

struct Encoder::State {
  struct Placed {
    std::unique_ptr<ColumnGroup> group;
    std::size_t first_column;
    std::size_t columns;
  };

  State(FeatureSet set, codec::Date date, std::shared_ptr<const similar::RatedNames> rated)
      : feature_set(set), as_of(date), names(std::move(rated)) {
    for (std::unique_ptr<ColumnGroup>& group : groups_of(set, date, names)) {
      const std::vector<FeatureColumn> added = group->columns();
      groups.push_back({std::move(group), columns.size(), added.size()});
      columns.insert(columns.end(), added.begin(), added.end());
    }
  }

  FeatureSet feature_set;
  codec::Date as_of;
  std::shared_ptr<const similar::RatedNames> names;
  std::vector<Placed> groups;
  std::vector<FeatureColumn> columns;
};

Encoder::Encoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Encoder::Encoder(Encoder&&) noexcept = default;
Encoder& Encoder::operator=(Encoder&&) noexcept = default;
Encoder::~Encoder() = default;

Result<FittedEncoder> Encoder::fit(std::span<const Listing> training, std::span<const double> weights,
                                   const EncoderOptions& options) {
  TRY(check_training(training, weights, options));
  const codec::Date as_of = options.as_of ? *options.as_of : last_date_of(training);
  const TrainingSet set(training, weights, std::min(options.inner_folds, training.size()), options.seed,
                        options.places);

  std::shared_ptr<const similar::RatedNames> names;
  if (options.feature_set == FeatureSet::kListing) {
    names = options.names ? options.names
                          : std::make_shared<const similar::RatedNames>(rated_names_of(training, weights));
  }
  auto state = std::make_unique<State>(options.feature_set, as_of, std::move(names));
  Matrix rows(training.size(), state->columns.size());
  for (const State::Placed& placed : state->groups) {
    placed.group->fit(set, TrainingCells(rows, placed.first_column, placed.columns));
  }
  return FittedEncoder{Encoder(std::move(state)), std::move(rows)};
}

FeatureSet Encoder::feature_set() const {
  return state_->feature_set;
}
const std::vector<FeatureColumn>& Encoder::columns() const {
  return state_->columns;
}
codec::Date Encoder::as_of() const {
  return state_->as_of;
}
const std::shared_ptr<const similar::RatedNames>& Encoder::names() const {
  return state_->names;
}

void Encoder::transform(const Listing& listing, std::span<double> row,
                        const similar::NameCosines* cosines) const {
  CHECK(row.size() == state_->columns.size());
  const ListingTexts texts(listing, cosines);
  for (const State::Placed& placed : state_->groups) {
    placed.group->transform(texts, row.subspan(placed.first_column, placed.columns));
  }
}

Json Encoder::to_json() const {
  Json json;
  json.set("format", kFormat);
  json.set("feature_set", name_of(state_->feature_set));
  json.set("as_of", codec::to_iso(state_->as_of));
  for (const State::Placed& placed : state_->groups) placed.group->write(json);
  return json;
}

Result<Encoder> Encoder::from_json(const Json& json, std::shared_ptr<const similar::RatedNames> names) {
  const Json* const format = TRY(required_member(json, "", "format"));
  if (*format != Json(kFormat)) {
    return corrupt_member("format", fmt::format("is not {}, the only one that this program reads", kFormat));
  }
  const Json* const set_member = TRY(required_member(json, "", "feature_set"));
  const std::optional<FeatureSet> set = feature_set_named(TRY(string_of(*set_member, "feature_set")));
  if (!set) return corrupt_member("feature_set", "is neither 'listing' nor 'predecessor'");
  const Json* const date_member = TRY(required_member(json, "", "as_of"));
  const std::string date_text = TRY(string_of(*date_member, "as_of"));
  const std::optional<codec::Date> as_of = codec::parse_date(date_text);
  if (!as_of || codec::to_iso(*as_of) != date_text)
    return corrupt_member("as_of", "is no date such as 2018-08-08");

  if (*set == FeatureSet::kListing && names == nullptr)
    return corrupt_member("similar_names", "needs the names that the encoder was fitted on");
  if (*set == FeatureSet::kPredecessor) names = nullptr;
  auto state = std::make_unique<State>(*set, *as_of, std::move(names));
  for (const State::Placed& placed : state->groups) TRY(placed.group->read(json));
  return Encoder(std::move(state));
}

}  // namespace starcast::features
