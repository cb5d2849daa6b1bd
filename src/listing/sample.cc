#include "listing/sample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "codec/date.h"
#include "core/numeric.h"
#include "core/random.h"
#include "core/strings.h"
#include "listing/listing.h"
#include "listing/sample_words.h"

namespace starcast::listing {
namespace {

constexpr std::size_t kAppsMax = 10'000'000;
constexpr codec::DateParts kScraped = {.year = 2018, .month = 8, .day = 8};
constexpr double kDaysPerYear = 365.25;

enum class Quirk { kNone, kShifted, kTypeNotANumber };

struct SampleRow {
  Listing listing;
  double expected = core::kMissing;
  Quirk quirk = Quirk::kNone;
};

// One of the store's steps (1, 5, 10, 50, ...) at or below 10^exponent.
double installs_step(double exponent) {
  const double whole = std::floor(exponent);
  double step = 1;
  for (int i = 0; i < static_cast<int>(whole); ++i) step *= 10;
  return exponent - whole >= std::log10(5.0) ? step * 5 : step;
}

void draw_numbers(Listing& listing, core::Random& random) {
  const double downloads = std::clamp(4.7 + 2.0 * random.normal(), 0.0, 9.3);
  listing.installs = installs_step(downloads);
  const double reviews = downloads - 1.7 + 0.55 * random.normal();
  listing.reviews = std::floor(std::pow(10.0, std::min(reviews, 8.0)));

  if (random.uniform() < 0.15) {
    listing.size_varies = true;
  } else {
    const double megabytes = std::clamp(std::pow(10.0, 1.05 + 0.5 * random.normal()), 0.01, 100.0);
    // As the store rounds: whole kilobytes below a megabyte, a tenth below ten, else whole megabytes.
    const double grain = megabytes < 1 ? 1000 : megabytes < 10 ? 10 : 1;
    listing.size_mb = std::round(megabytes * grain) / grain;
  }

  listing.type = random.uniform() < 0.08 ? Type::kPaid : Type::kFree;
  constexpr std::array<double, 8> kPrices = {0.99, 0.99, 1.49, 1.99, 2.99, 4.99, 9.99, 399.99};
  listing.price_usd =
      listing.type == Type::kPaid ? kPrices[static_cast<std::size_t>(random.below(kPrices.size()))] : 0;
}

void draw_texts(Listing& listing, core::Random& random) {
  const double rating_kind = random.uniform();
  listing.content_rating = rating_kind < 0.80   ? "Everyone"
                           : rating_kind < 0.91 ? "Teen"
                           : rating_kind < 0.96 ? "Mature 17+"
                           : rating_kind < 0.99 ? "Everyone 10+"
                                                : "Adults only 18+";

  const double age_days = std::min(-0.9 * std::log(1.0 - random.uniform()), 8.0) * kDaysPerYear;
  const std::optional<codec::Date> scraped = codec::date_from(kScraped);
  listing.last_updated = codec::Date{scraped->days - static_cast<std::int32_t>(age_days)};

  const double version_kind = random.uniform();
  if (version_kind < 0.13) {
    listing.current_version = "Varies with device";
  } else if (version_kind > 0.999) {
    listing.current_version.clear();
  } else {
    const std::uint64_t major = 1 + random.below(6);
    const std::uint64_t minor = random.below(10);
    listing.current_version = fmt::format("{}.{}", major, minor);
    if (version_kind < 0.6) listing.current_version += fmt::format(".{}", random.below(20));
  }

  constexpr std::array<std::string_view, 10> kAndroid = {
      "4.1 and up", "4.1 and up", "4.0.3 and up", "4.0 and up",  "4.4 and up",
      "2.3 and up", "5.0 and up", "4.2 and up",   "4.4W and up", "4.1 - 7.1.1"};
  listing.android_version = random.uniform() < 0.13
                                ? std::string_view("Varies with device")
                                : kAndroid[static_cast<std::size_t>(random.below(kAndroid.size()))];
}

// The truth: a formula of what the listing shows.
double expected_rating(const Listing& listing, double category_effect) {
  const double log_reviews = std::log10(listing.reviews + 1);
  const double loyalty = std::clamp(log_reviews - std::log10(listing.installs + 1) + 1.5, -1.5, 1.5);
  const double size = listing.size_varies ? 0.0 : std::log10(listing.size_mb) - 1;
  const codec::Date scraped = *codec::date_from(kScraped);
  const double age_years = (scraped.days - listing.last_updated->days) / kDaysPerYear;
  const double stars = 4.20 + 0.44 * loyalty + 1.6 * category_effect + 0.06 * size - 0.11 * age_years +
                       0.03 * (log_reviews - 3);
  return std::clamp(stars, 1.5, 4.8);
}

// Skewed to the left, as ratings are, and wider for few reviews.
double drawn_rating(double expected, double reviews, core::Random& random) {
  const double deviation = std::sqrt(0.07 + 2.5 / (reviews + 4) + 0.2 / (1 + reviews / 1000));
  const double skewed = 1 + std::log(1.0 - random.uniform());  // mean 0, deviation 1, skewness -2
  const double noise = 0.8 * skewed + 0.6 * random.normal();
  const double rating = std::clamp(expected + deviation * noise, 1.0, 5.0);
  return std::round(rating * 10) / 10;
}

bool is_unrated(double reviews, core::Random& random) {
  const double chance = reviews < 1 ? 1.0 : reviews < 10 ? 0.35 : 0.04;
  return random.uniform() < chance;
}

std::string quoted_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  return '"' + core::replaced(text, "\"", "\"\"") + '"';
}

std::string cell_text(const Listing& listing, Field field) {
  switch (field) {
    case Field::kRating:
      return core::is_missing(listing.rating) ? "NaN" : fmt::format("{:.1f}", listing.rating);
    case Field::kPrice:
      return listing.price_usd > 0 ? fmt::format("${:.2f}", listing.price_usd) : "0";
    case Field::kCurrentVersion:
    case Field::kAndroidVersion:
    case Field::kType:
      return is_known(listing, field) ? text_of(listing, field) : "NaN";
    case Field::kApp:
    case Field::kCategory:
    case Field::kReviews:
    case Field::kSize:
    case Field::kInstalls:
    case Field::kContentRating:
    case Field::kGenres:
    case Field::kLastUpdated:
      return text_of(listing, field);
  }
  return {};
}

std::string row_text(const SampleRow& row) {
  std::string text;
  for (const Field field : all_fields()) {
    if (row.quirk == Quirk::kShifted && field == Field::kCategory) continue;
    if (field != Field::kApp) text.push_back(',');
    if (row.quirk == Quirk::kShifted && field == Field::kGenres) continue;
    const bool is_bare_zero = row.quirk == Quirk::kTypeNotANumber && field == Field::kInstalls;
    text.append(is_bare_zero ? "0" : quoted_cell(cell_text(row.listing, field)));
  }
  text.append("\r\n");
  return text;
}

class SampleWriter {
 public:
  SampleWriter(core::ByteSink& sink, SampleOptions options)
      : sink_(sink), options_(options), random_(options.seed) {}

  core::Result<SampleTruth> write() {
    TRY(write_header());
    for (std::size_t i = 0; i < options_.apps; ++i) {
      const SampleRow row = drawn_row(i);
      remember(row);
      TRY(write_row(row));
      if (row.quirk == Quirk::kNone && random_.uniform() < kDuplicateShare)
        waiting_.push_back(duplicate_of(row));
      if (waiting_.size() > kWaitingMax) TRY(write_waiting());
    }
    while (!waiting_.empty()) TRY(write_waiting());
    TRY(sink_.write(buffer_));
    truth_.r2_ceiling = r2();
    return std::move(truth_);
  }

 private:
  static constexpr double kDuplicateShare = 0.11;
  static constexpr std::size_t kWaitingMax = 40;  // so that twins stand apart
  static constexpr std::size_t kBufferBytes = std::size_t{1} << 16;

  core::Result<void> write_header() {
    for (const Field field : all_fields()) {
      if (field != Field::kApp) buffer_.push_back(',');
      buffer_.append(name_of(field));
    }
    buffer_.append("\r\n");
    return {};
  }

  core::Result<void> write_row(const SampleRow& row) {
    truth_.expected_rating.push_back(core::is_missing(row.listing.rating) ? core::kMissing : row.expected);
    buffer_.append(row_text(row));
    if (buffer_.size() < kBufferBytes) return {};
    TRY(sink_.write(buffer_));
    buffer_.clear();
    return {};
  }

  core::Result<void> write_waiting() {
    const auto index = static_cast<std::size_t>(random_.below(waiting_.size()));
    std::swap(waiting_[index], waiting_.back());
    const SampleRow row = std::move(waiting_.back());
    waiting_.pop_back();
    return write_row(row);
  }

  SampleRow drawn_row(std::size_t index) {
    SampleRow row;
    Listing& listing = row.listing;
    listing.app = index == 0 ? std::string(kSampleFirstName) : new_name();
    keys_.insert(key_of(listing));
    const SampleCategory& category = drawn_category(random_);
    listing.category = category.name;
    listing.genres = category.genres;
    draw_numbers(listing, random_);
    draw_texts(listing, random_);

    const bool is_shifted = index > 0 && index == options_.apps * 19 / 20;
    const bool is_untyped = !is_shifted && index > 0 && index == options_.apps * 17 / 20;
    if (is_shifted) row.quirk = Quirk::kShifted;
    if (is_untyped) {
      row.quirk = Quirk::kTypeNotANumber;
      listing.reviews = 0;
      listing.installs = 0;
      listing.price_usd = 0;
      listing.type.reset();
    }
    row.expected = expected_rating(listing, is_shifted ? 0.0 : category.effect);
    const double rating = drawn_rating(row.expected, listing.reviews, random_);
    const bool has_none = is_unrated(listing.reviews, random_) || is_untyped;
    if (!has_none || is_shifted) listing.rating = rating;
    return row;
  }

  std::string new_name() {
    Listing named;
    for (std::size_t tries = 0;; ++tries) {
      named.app = made_up_name(random_);
      if (tries > 8) named.app += fmt::format(" {}", keys_.size());
      if (keys_.count(key_of(named)) == 0) return named.app;
    }
  }

  SampleRow duplicate_of(SampleRow row) {
    const double kind = random_.uniform();
    if (kind < 0.4) {
      row.listing.reviews = std::floor(row.listing.reviews * 1.001);
    } else if (kind < 0.45) {
      row.listing.app = core::replaced(row.listing.app, " ", "  ");
    } else if (kind < 0.5) {
      row.listing.app = core::ascii_lower(row.listing.app);
    } else if (kind < 0.65) {
      row.listing.category = "FAMILY";
    }
    return row;
  }

  void remember(const SampleRow& row) {
    if (core::is_missing(row.listing.rating)) return;
    ratings_.push_back(row.listing.rating);
    expected_.push_back(row.expected);
  }

  double r2() const {
    if (ratings_.empty()) return 0;
    double mean = 0;
    for (const double rating : ratings_) mean += rating / static_cast<double>(ratings_.size());
    double error = 0;
    double spread = 0;
    for (std::size_t i = 0; i < ratings_.size(); ++i) {
      error += (ratings_[i] - expected_[i]) * (ratings_[i] - expected_[i]);
      spread += (ratings_[i] - mean) * (ratings_[i] - mean);
    }
    return spread > 0 ? 1 - error / spread : 0;
  }

  core::ByteSink& sink_;
  SampleOptions options_;
  core::Random random_;
  std::string buffer_;
  std::unordered_set<std::string> keys_;
  std::vector<SampleRow> waiting_;  // duplicates still to be written
  std::vector<double> ratings_;     // one an app
  std::vector<double> expected_;
  SampleTruth truth_;
};

}  // namespace

core::Result<SampleTruth> write_sample(core::ByteSink& sink, SampleOptions options) {
  if (options.apps > kAppsMax) {
    return core::Error(core::ErrorCode::kTooLarge,
                       fmt::format("a sample of {} apps; at most {} are made", options.apps, kAppsMax));
  }
  return SampleWriter(sink, options).write();
}

}  // namespace starcast::listing
