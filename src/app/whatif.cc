#include "app/whatif.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "codec/number.h"
#include "core/numeric.h"
#include "core/strings.h"

namespace starcast::app {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using listing::Field;
using listing::Listing;

namespace {

constexpr std::size_t kBestCount = 3;
constexpr std::size_t kTargetChangesMax = 3;
constexpr double kGainMin = 0.005;  // what two decimals show
constexpr std::array<double, 5> kPrices = {0, 0.99, 1.99, 2.99, 4.99};
constexpr std::array<double, 2> kSizeFactors = {0.5, 0.25};
constexpr std::array<std::string_view, 5> kContentRatings = {"Everyone", "Everyone 10+", "Teen", "Mature 17+",
                                                             "Adults only 18+"};

struct AndroidVersion {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  auto operator<=>(const AndroidVersion&) const = default;
};
constexpr std::array<AndroidVersion, 4> kAndroidVersions = {{{5, 0}, {4, 4}, {4, 1}, {4, 0}}};

// "4.0.3 and up" -> 4.0; nothing for "Varies with device".
std::optional<AndroidVersion> android_version_of(std::string_view text) {
  const std::vector<std::string_view> parts = core::split(core::split(text, ' ').front(), '.');
  const std::optional<std::int64_t> major = codec::parse_int(parts.front());
  const std::optional<std::int64_t> minor = parts.size() < 2 ? 0 : codec::parse_int(parts[1]);
  if (!major || !minor) return std::nullopt;
  return AndroidVersion{*major, *minor};
}

// "Art & Design" and "ART_AND_DESIGN" -> "art & design".
std::string plain_name(std::string_view text) {
  return core::ascii_lower(core::replaced(core::replaced(text, "_AND_", " & "), "_", " "));
}

class ChangeList {
 public:
  explicit ChangeList(const Listing& now) : now_(now) {}

  // Adds what `edit` makes of the listing, unless it makes nothing.
  template <typename Edit>
  void add(Field field, const Edit& edit) {
    Listing changed = now_;
    edit(changed);
    std::string from = listing::text_of(now_, field);
    std::string to = listing::text_of(changed, field);
    if (from == to) return;
    changes_.push_back({std::move(changed), {field, std::move(from), std::move(to)}});
  }

  std::vector<ChangedListing> taken() && { return std::move(changes_); }

 private:
  const Listing& now_;
  std::vector<ChangedListing> changes_;
};

void add_prices(ChangeList& list, const Listing& now) {
  if (core::is_missing(now.price_usd)) return;
  const bool is_fixed = now.price_usd <= 0 && model::case_of(now) == model::LaunchCase::kLaunched;
  if (is_fixed) return;
  for (const double price : kPrices) {
    list.add(Field::kPrice, [price](Listing& changed) {
      changed.price_usd = price;
      changed.type = price > 0 ? listing::Type::kPaid : listing::Type::kFree;
    });
  }
}

void add_android_versions(ChangeList& list, const Listing& now) {
  const std::optional<AndroidVersion> current = android_version_of(now.android_version);
  if (!current) return;
  for (const AndroidVersion& version : kAndroidVersions) {
    if (version >= *current) continue;
    list.add(Field::kAndroidVersion, [&version](Listing& changed) {
      changed.android_version = fmt::format("{}.{} and up", version.major, version.minor);
    });
  }
}

void add_categories(ChangeList& list, const Listing& now, const model::RatingScorer& scorer) {
  if (now.category.empty()) return;
  const std::vector<std::string> genres = scorer.genres();
  for (const std::string& category : scorer.categories()) {
    const auto genre = std::find_if(genres.begin(), genres.end(), [&category](const std::string& candidate) {
      return plain_name(candidate) == plain_name(category);
    });
    if (category.empty() || genre == genres.end()) continue;
    list.add(Field::kCategory, [&category, &genre](Listing& changed) {
      changed.category = category;
      changed.genres = *genre;
    });
  }
}

// A listing, and how it came about.
struct Candidate {
  Listing listing;
  ChangedAnswer answer;
};

class Search {
 public:
  Search(const model::RatingScorer& scorer, const Listing& listing, double level)
      : scorer_(scorer), level_(level), now_(answered(listing)) {}

  const Candidate& now() const { return now_; }

  // One change more, of a field that has not been changed; cheapest first.
  std::vector<Candidate> next(const Candidate& candidate) const {
    std::vector<Candidate> further;
    for (ChangedListing& changed : possible_changes(scorer_, candidate.listing)) {
      const std::vector<Change>& before = candidate.answer.changes;
      const bool is_changed = std::any_of(before.begin(), before.end(), [&changed](const Change& change) {
        return change.field == changed.change.field;
      });
      if (is_changed) continue;
      Candidate added = answered(changed.listing);
      added.answer.gain = added.answer.rating - now_.answer.rating;
      added.answer.changes = before;
      added.answer.changes.push_back(std::move(changed.change));
      further.push_back(std::move(added));
    }
    return further;
  }

 private:
  Candidate answered(const Listing& listing) const {
    const model::Prediction prediction = scorer_.predict(listing).prediction;
    return {listing, {{}, prediction.value, 0, model::interval_at(prediction, level_).value()}};
  }

  const model::RatingScorer& scorer_;
  double level_;
  Candidate now_;
};

bool is_worse(const Candidate& a, const Candidate& b) {
  return a.answer.rating < b.answer.rating;
}

std::vector<ChangedAnswer> best_changes(const Search& search) {
  std::vector<Candidate> candidates = search.next(search.now());
  std::stable_sort(candidates.begin(), candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return is_worse(b, a); });
  std::vector<ChangedAnswer> best;
  for (const Candidate& candidate : candidates) {
    if (best.size() == kBestCount || candidate.answer.gain < kGainMin) break;
    const Field field = candidate.answer.changes.front().field;
    const bool is_there = std::any_of(best.begin(), best.end(), [field](const ChangedAnswer& answer) {
      return answer.changes.front().field == field;
    });
    if (!is_there) best.push_back(candidate.answer);
  }
  return best;
}

TargetAnswer reach(double target, const Search& search) {
  Candidate current = search.now();
  while (current.answer.rating < target && current.answer.changes.size() < kTargetChangesMax) {
    const std::vector<Candidate> further = search.next(current);
    auto chosen = std::find_if(further.begin(), further.end(), [target](const Candidate& candidate) {
      return candidate.answer.rating >= target;
    });
    if (chosen == further.end()) chosen = std::max_element(further.begin(), further.end(), is_worse);
    if (chosen == further.end() || chosen->answer.rating < current.answer.rating + kGainMin) break;
    current = *chosen;
  }
  return {target, current.answer.rating >= target, std::move(current.answer)};
}

Json interval_json(const model::Interval& interval) {
  return JsonObject{{"level", interval.level}, {"low", interval.low}, {"high", interval.high}};
}

Json answer_json(const ChangedAnswer& answer) {
  JsonArray changes;
  for (const Change& change : answer.changes) {
    changes.push_back(
        JsonObject{{"field", listing::name_of(change.field)}, {"from", change.from}, {"to", change.to}});
  }
  return JsonObject{{"changes", std::move(changes)},
                    {"rating", answer.rating},
                    {"gain", answer.gain},
                    {"interval", interval_json(answer.interval)}};
}

}  // namespace

std::vector<ChangedListing> possible_changes(const model::RatingScorer& scorer, const Listing& listing) {
  ChangeList list(listing);
  if (listing.last_updated && *listing.last_updated < scorer.as_of()) {
    list.add(Field::kLastUpdated, [&scorer](Listing& changed) { changed.last_updated = scorer.as_of(); });
  }
  add_prices(list, listing);
  if (!listing.content_rating.empty()) {
    for (const std::string_view content : kContentRatings) {
      list.add(Field::kContentRating, [content](Listing& changed) { changed.content_rating = content; });
    }
  }
  if (!core::is_missing(listing.size_mb)) {
    for (const double factor : kSizeFactors) {
      list.add(Field::kSize, [factor](Listing& changed) { changed.size_mb *= factor; });
    }
  }
  add_android_versions(list, listing);
  add_categories(list, listing, scorer);
  return std::move(list).taken();
}

WhatIf what_if(const model::RatingScorer& scorer, const Listing& listing, const WhatIfOptions& options) {
  const Search search(scorer, listing, options.level);
  WhatIf result;
  result.app = listing.app;
  result.answered_as = scorer.predict(listing).answered_as;
  result.rating = search.now().answer.rating;
  result.interval = search.now().answer.interval;
  result.best = best_changes(search);
  if (options.target) result.target = reach(*options.target, search);
  return result;
}

Json to_json(const WhatIf& what_if) {
  JsonArray best;
  for (const ChangedAnswer& answer : what_if.best) best.push_back(answer_json(answer));
  Json json = JsonObject{{"app", what_if.app},
                         {"rating", what_if.rating},
                         {"interval", interval_json(what_if.interval)},
                         {"answered_as", model::name_of(what_if.answered_as)},
                         {"best", std::move(best)}};
  if (what_if.target) {
    json.set("target", JsonObject{{"rating", what_if.target->target},
                                  {"reached", what_if.target->is_reached},
                                  {"answer", answer_json(what_if.target->answer)}});
  }
  json.set("note", kAssociationNote);
  return json;
}

}  // namespace starcast::app
