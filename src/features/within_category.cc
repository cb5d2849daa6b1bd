#include "features/within_category.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/numeric.h"
#include "features/stored_members.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::is_missing;
using core::kMissing;
using core::Result;
using listing::Listing;

double ratio_of(const Listing& listing) {
  return std::log10(listing.reviews + 1) - std::log10(listing.installs + 1);
}

// Of numbers without a missing one; missing if there are none.
double median_of(std::vector<double> numbers) {
  if (numbers.empty()) return kMissing;
  std::sort(numbers.begin(), numbers.end());
  const std::size_t middle = numbers.size() / 2;
  return numbers.size() % 2 == 1 ? numbers[middle] : (numbers[middle - 1] + numbers[middle]) / 2;
}

enum class Own {
  kCounted,  // the value is not among the sorted ones
  kLeftOut,  // it is, and does not count
};

double rank_among(const std::vector<double>& sorted, double value, Own own) {
  if (is_missing(value) || sorted.empty()) return kMissing;
  const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
  const auto less = static_cast<double>(first - sorted.begin());
  const auto equal = static_cast<double>(last - first);
  const auto count = static_cast<double>(sorted.size());
  switch (own) {
    case Own::kCounted:
      return (less + 0.5 * equal) / count;
    case Own::kLeftOut:
      return (less + 0.5 * (equal - 1)) / std::max(1.0, count - 1);
  }
  return kMissing;
}

}  // namespace

std::vector<FeatureColumn> WithinCategory::columns() const {
  return {{"rank_cat", listing::Field::kReviews}, {"ratio_cat", listing::Field::kReviews}};
}

void WithinCategory::fit(const TrainingSet& training, const TrainingCells& cells) {
  const Levels& levels = training.levels(Text::kCategory);
  std::vector<Category> categories(levels.names.size());
  std::vector<std::vector<double>> ratios(levels.names.size());
  for (std::size_t row = 0; row < training.size(); ++row) {
    const Listing& listing = training.texts(row).listing();
    const std::size_t level = levels.of_row[row];
    if (std::isfinite(listing.reviews)) categories[level].reviews.push_back(listing.reviews);
    if (const double ratio = ratio_of(listing); std::isfinite(ratio)) ratios[level].push_back(ratio);
  }
  for (std::size_t level = 0; level < categories.size(); ++level) {
    std::sort(categories[level].reviews.begin(), categories[level].reviews.end());
    categories[level].ratio_median = median_of(std::move(ratios[level]));
  }

  for (std::size_t row = 0; row < training.size(); ++row) {
    const Listing& listing = training.texts(row).listing();
    const Category& category = categories[levels.of_row[row]];
    cells.row(row)[0] = rank_among(category.reviews, listing.reviews, Own::kLeftOut);
    cells.row(row)[1] = ratio_of(listing) - category.ratio_median;
  }
  categories_.clear();
  for (std::size_t level = 0; level < categories.size(); ++level) {
    categories_.emplace(std::string(levels.names[level]), std::move(categories[level]));
  }
}

void WithinCategory::transform(const ListingTexts& texts, std::span<double> cells) const {
  const auto place = categories_.find(texts.text(Text::kCategory));
  if (place == categories_.end()) {
    cells[0] = cells[1] = kMissing;
    return;
  }
  const Category& category = place->second;
  cells[0] = rank_among(category.reviews, texts.listing().reviews, Own::kCounted);
  cells[1] = ratio_of(texts.listing()) - category.ratio_median;
}

void WithinCategory::write(Json& encoder) const {
  codec::JsonObject members;
  for (const auto& [name, category] : categories_) {
    codec::JsonArray reviews;
    reviews.reserve(category.reviews.size());
    for (const double count : category.reviews) {
      const auto whole = static_cast<std::int64_t>(count);
      reviews.push_back(static_cast<double>(whole) == count ? Json(whole) : Json(count));
    }
    Json stored;
    stored.set("ratio_median", is_missing(category.ratio_median) ? Json() : Json(category.ratio_median));
    stored.set("reviews", std::move(reviews));
    members.emplace_back(name, std::move(stored));
  }
  std::sort(members.begin(), members.end(),
            [](const codec::JsonMember& a, const codec::JsonMember& b) { return a.first < b.first; });
  encoder.set("within_category", std::move(members));
}

Result<WithinCategory::Category> WithinCategory::category_from(const Json& json, std::string_view path) {
  Category category;
  const Json* const median = TRY(required_member(json, path, "ratio_median"));
  category.ratio_median = kMissing;
  if (!median->is_null()) category.ratio_median = TRY(finite_of(*median, member_path(path, "ratio_median")));
  const Json* const reviews = TRY(required_member(json, path, "reviews"));
  category.reviews = TRY(ascending_of(*reviews, member_path(path, "reviews")));
  return category;
}

Result<void> WithinCategory::read(const Json& encoder) {
  const Json* const stored = TRY(required_member(encoder, "", "within_category"));
  const codec::JsonObject* const members = TRY(object_of(*stored, "within_category"));
  categories_.clear();
  for (const auto& [name, member] : *members) {
    const std::string path = member_path("within_category", name);
    Category category = TRY(category_from(member, path));
    if (!categories_.emplace(name, std::move(category)).second) return corrupt_member(path, "is there twice");
  }
  return {};
}

}  // namespace starcast::features
