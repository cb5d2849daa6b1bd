#include "features/name_text.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "features/name_grams.h"
#include "features/ridge.h"
#include "features/stored_members.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::Result;

constexpr double kPenalty = 2;
constexpr std::size_t kFolds = kLanes - 1;
constexpr std::int32_t kStepsMax = std::numeric_limits<std::int16_t>::max();
constexpr std::int64_t kListingsMax = std::numeric_limits<std::uint32_t>::max();

float rarity_of(std::uint32_t listings, std::uint32_t having) {
  return static_cast<float>(1 + std::log((1.0 + listings) / (1.0 + having)));
}

// Lane 0 fits on all rows, lane 1 + f on those outside of fold f.
bool fits_on(std::size_t lane, std::size_t fold) {
  return lane != fold + 1;
}

struct Problem {
  std::vector<Lanes> weights;
  std::vector<Lanes> targets;  // rating - the lane's prior; 0 where the lane does not fit on the row
};

Problem problem_of(const TrainingSet& training, std::size_t folds) {
  FoldSums sums(1, folds);
  for (std::size_t row = 0; row < training.size(); ++row) {
    sums.add(0, training.fold(row) % folds, training.rating(row), training.weight(row));
  }
  Lanes priors{};
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const FoldSums::Sums without = lane == 0 ? sums.total(0) : sums.without(0, lane - 1);
    priors[lane] =
        without.weight > 0 ? without.rating / without.weight : 0;  // without any weight it is never used
  }
  Problem problem{std::vector<Lanes>(training.size(), Lanes{}), std::vector<Lanes>(training.size(), Lanes{})};
  for (std::size_t row = 0; row < training.size(); ++row) {
    for (std::size_t lane = 0; lane <= folds; ++lane) {
      if (!fits_on(lane, training.fold(row) % folds)) continue;
      problem.weights[row][lane] = training.weight(row);
      problem.targets[row][lane] = training.rating(row) - priors[lane];
    }
  }
  return problem;
}

struct Range {
  std::int64_t min;
  std::int64_t max;
};

Result<std::int64_t> whole_of(const Json& json, std::string_view path, Range range) {
  const auto number = json.as_int();
  if (!number || number.value() < range.min || number.value() > range.max) {
    return corrupt_member(path, fmt::format("is no whole number from {} to {}", range.min, range.max));
  }
  return number;
}

// An entry of the list that name_text has by this name.
Result<std::int64_t> entry_of(const codec::JsonArray& list, std::string_view name, std::size_t index,
                              Range range) {
  auto number = whole_of(list[index], "", range);
  if (!number) return whole_of(list[index], fmt::format("name_text.{}[{}]", name, index), range);
  return number;
}

Result<const codec::JsonArray*> list_of(const Json& name_text, std::string_view name) {
  const Json* const member = TRY(required_member(name_text, "name_text", name));
  return array_of(*member, member_path("name_text", name));
}

}  // namespace

std::vector<FeatureColumn> NameText::columns() const {
  return {{"name_text", listing::Field::kApp}};
}

void NameText::fit(const TrainingSet& training, const TrainingCells& cells) {
  listings_ = static_cast<std::uint32_t>(training.size());
  buckets_.assign(kGramBuckets, Bucket{});
  std::vector<std::vector<BucketCount>> names;
  names.reserve(training.size());
  std::size_t grams = 0;
  for (std::size_t row = 0; row < training.size(); ++row) {
    names.push_back(name_grams(training.texts(row)));
    grams += names.back().size();
    for (const BucketCount& gram : names.back()) ++buckets_[gram.bucket].listings;
  }
  set_rarities();

  // The regressions know only the buckets in use.
  std::vector<std::uint32_t> column_of(kGramBuckets);
  std::vector<std::uint32_t> used;
  for (std::uint32_t bucket = 0; bucket < kGramBuckets; ++bucket) {
    if (buckets_[bucket].listings == 0) continue;
    column_of[bucket] = static_cast<std::uint32_t>(used.size());
    used.push_back(bucket);
  }
  SparseRows rows(used.size());
  rows.reserve(training.size(), grams);
  std::vector<SparseCell> row_cells;
  for (const std::vector<BucketCount>& name : names) {
    row_cells.clear();
    float squares = 0;
    for (const BucketCount& gram : name) {
      const float value = static_cast<float>(gram.count) * buckets_[gram.bucket].rarity;
      squares += value * value;
      row_cells.push_back({column_of[gram.bucket], value});
    }
    for (SparseCell& cell : row_cells) cell.value /= std::sqrt(squares);
    rows.add_row(row_cells);
  }

  const std::size_t folds = std::min(kFolds, training.folds());
  const Problem problem = problem_of(training, folds);
  const std::vector<Lanes> coefficients =
      ridge_coefficients(rows, problem.weights, problem.targets, kPenalty);
  for (std::size_t row = 0; row < training.size(); ++row) {
    cells.row(row)[0] = weighted_sum(rows.row(row), coefficients)[1 + training.fold(row) % folds];
  }

  double largest = 0;
  for (const Lanes& coefficient : coefficients) largest = std::max(largest, std::abs(coefficient[0]));
  step_ = largest / kStepsMax;
  for (std::size_t column = 0; column < used.size(); ++column) {
    const double steps = step_ > 0 ? std::round(coefficients[column][0] / step_) : 0;
    buckets_[used[column]].steps = static_cast<std::int32_t>(steps);
  }
  set_coefficients();
}

void NameText::set_rarities() {
  for (Bucket& bucket : buckets_) bucket.rarity = rarity_of(listings_, bucket.listings);
}

void NameText::set_coefficients() {
  for (Bucket& bucket : buckets_) bucket.coefficient = static_cast<float>(bucket.steps * step_);
}

void NameText::transform(const ListingTexts& texts, std::span<double> cells) const {
  double sum = 0;
  double squares = 0;
  for (const BucketCount& gram : name_grams(texts)) {
    const Bucket& bucket = buckets_[gram.bucket];
    const double value = gram.count * static_cast<double>(bucket.rarity);
    sum += value * static_cast<double>(bucket.coefficient);
    squares += value * value;
  }
  cells[0] = squares > 0 ? sum / std::sqrt(squares) : 0;
}

// {"listings": 6545, "step": 1.5e-06, "gaps": [1, ...], "having": [3, ...], "steps": [-120, ...]}: an entry
// of the lists a bucket that some name fell into, by ascending bucket; its gap is the bucket's number less
// that of the one before.
void NameText::write(Json& encoder) const {
  codec::JsonArray gaps;
  codec::JsonArray having;
  codec::JsonArray steps;
  std::size_t next = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    if (buckets_[i].listings == 0) continue;
    gaps.emplace_back(i - next);
    next = i;
    having.emplace_back(static_cast<std::int64_t>(buckets_[i].listings));
    steps.emplace_back(static_cast<std::int64_t>(buckets_[i].steps));
  }
  Json stored;
  stored.set("listings", static_cast<std::int64_t>(listings_));
  stored.set("step", step_);
  stored.set("gaps", std::move(gaps));
  stored.set("having", std::move(having));
  stored.set("steps", std::move(steps));
  encoder.set("name_text", std::move(stored));
}

Result<void> NameText::read(const Json& encoder) {
  const Json* const stored = TRY(required_member(encoder, "", "name_text"));
  const Json* const listings_member = TRY(required_member(*stored, "name_text", "listings"));
  const std::int64_t listings = TRY(whole_of(*listings_member, "name_text.listings", {1, kListingsMax}));
  const Json* const step_member = TRY(required_member(*stored, "name_text", "step"));
  step_ = TRY(finite_of(*step_member, "name_text.step"));
  if (step_ < 0 || step_ * kStepsMax > std::numeric_limits<float>::max()) {
    return corrupt_member("name_text.step", "is no step of a coefficient");
  }
  const codec::JsonArray* const gaps = TRY(list_of(*stored, "gaps"));
  const codec::JsonArray* const having = TRY(list_of(*stored, "having"));
  const codec::JsonArray* const steps = TRY(list_of(*stored, "steps"));
  for (const auto& [name, length] :
       {std::pair("having", having->size()), std::pair("steps", steps->size())}) {
    if (length == gaps->size()) continue;
    return corrupt_member(member_path("name_text", name),
                          fmt::format("has {} entries, but name_text.gaps has {}", length, gaps->size()));
  }

  listings_ = static_cast<std::uint32_t>(listings);
  buckets_.assign(kGramBuckets, Bucket{});
  std::int64_t bucket = 0;
  for (std::size_t i = 0; i < gaps->size(); ++i) {
    const std::int64_t last = std::int64_t{kGramBuckets} - 1;
    bucket += TRY(entry_of(*gaps, "gaps", i, {i == 0 ? 0 : 1, last - bucket}));
    const std::int64_t names = TRY(entry_of(*having, "having", i, {1, listings}));
    const std::int64_t count = TRY(entry_of(*steps, "steps", i, {-kStepsMax, kStepsMax}));
    Bucket& read = buckets_[static_cast<std::size_t>(bucket)];
    read.listings = static_cast<std::uint32_t>(names);
    read.steps = static_cast<std::int32_t>(count);
  }
  set_rarities();
  set_coefficients();
  return {};
}

}  // namespace starcast::features
