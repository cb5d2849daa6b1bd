#include "model/whatif.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "codec/number.h"
#include "core/numeric.h"
#include "core/strings.h"
#include "model/answer.h"
#include "model/answer_warnings.h"
#include "model/name_edits.h"

namespace starcast::model {

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
  ChangeList(const RatingScorer& scorer, const Listing& now)
      : scorer_(scorer), now_(now), outside_(fields_outside(now)) {}

  // Adds what `edit` makes of the listing, unless it makes nothing or leads outside what the model saw.
  template <typename Edit>
  void add_seen(Field field, const Edit& edit) {
    const std::size_t before = changes_.size();
    add(field, edit);
    if (changes_.size() > before && fields_outside(changes_.back().listing) > outside_) changes_.pop_back();
  }

  // Adds what `edit` makes of the listing, unless it makes nothing or what is there already.
  template <typename Edit>
  void add(Field field, const Edit& edit) {
    Listing changed = now_;
    edit(changed);
    std::string from = listing::text_of(now_, field);
    std::string to = listing::text_of(changed, field);
    const bool is_there = std::any_of(changes_.begin(), changes_.end(), [&](const ChangedListing& other) {
      return other.change.field == field && other.change.to == to;
    });
    if (from == to || is_there) return;
    changes_.push_back({std::move(changed), {field, std::move(from), std::move(to)}});
  }

  std::vector<ChangedListing> taken() && { return std::move(changes_); }

 private:
  std::size_t fields_outside(const Listing& listing) const {
    return scorer_.trained_on().seen.outside(listing).size();
  }

  const RatingScorer& scorer_;
  const Listing& now_;
  std::size_t outside_;
  std::vector<ChangedListing> changes_;
};

void add_prices(ChangeList& list, const Listing& now) {
  if (core::is_missing(now.price_usd)) return;
  const bool is_fixed = now.price_usd <= 0 && case_of(now) == LaunchCase::kLaunched;
  if (is_fixed) return;
  for (const double price : kPrices) {
    list.add_seen(Field::kPrice, [price](Listing& changed) {
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
    list.add_seen(Field::kAndroidVersion, [&version](Listing& changed) {
      changed.android_version = fmt::format("{}.{} and up", version.major, version.minor);
    });
  }
}

void add_categories(ChangeList& list, const Listing& now, const RatingScorer& scorer) {
  if (now.category.empty()) return;
  for (const std::string& category : scorer.categories()) {
    const std::optional<std::string> genre = genre_of_category(scorer, category);
    if (!genre) continue;
    list.add_seen(Field::kCategory, [&category, &genre](Listing& changed) {
      changed.category = category;
      changed.genres = *genre;
    });
  }
}

void add_names(ChangeList& list, const Listing& now, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    list.add(Field::kApp, [&name](Listing& changed) { changed.app = name; });
  }
  for (const std::string& name : name_edits(now.app)) {
    list.add_seen(Field::kApp, [&name](Listing& changed) { changed.app = name; });
  }
}

// A listing, and how it came about.
struct Candidate {
  Listing listing;
  ChangedAnswer answer;
};

class Search {
 public:
  Search(const RatingScorer& scorer, const Listing& listing, const WhatIfOptions& options)
      : scorer_(scorer), options_(options), now_(answered(listing)) {}

  const Candidate& now() const { return now_; }

  // One change more, of a field that has not been changed; cheapest first.
  std::vector<Candidate> next(const Candidate& candidate) const {
    std::vector<Candidate> further;
    for (ChangedListing& changed : possible_changes(scorer_, candidate.listing, options_.names)) {
      const std::vector<Change>& before = candidate.answer.changes;
      const bool is_changed = std::any_of(before.begin(), before.end(), [&changed](const Change& change) {
        return change.field == changed.change.field;
      });
      if (is_changed) continue;
      further.push_back(answered(std::move(changed), before));
    }
    return further;
  }

  // The listing as it is, but for its name.
  ChangedAnswer named(const std::string& name) const {
    Listing listing = now_.listing;
    listing.app = name;
    return answered({std::move(listing), {Field::kApp, now_.listing.app, name}}, {}).answer;
  }

 private:
  Candidate answered(const Listing& listing) const {
    const RatingPrediction answer = scorer_.predict(listing);
    return {listing,
            {{},
             answer.prediction.value,
             0,
             interval_at(answer.prediction, options_.level).value(),
             answer_warnings(scorer_, listing, answer.answered_as)}};
  }

  Candidate answered(ChangedListing changed, std::vector<Change> before) const {
    Candidate candidate = answered(changed.listing);
    candidate.answer.gain = candidate.answer.rating - now_.answer.rating;
    candidate.answer.changes = std::move(before);
    candidate.answer.changes.push_back(std::move(changed.change));
    return candidate;
  }

  const RatingScorer& scorer_;
  const WhatIfOptions& options_;
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

Json answer_json(const ChangedAnswer& answer) {
  JsonArray changes;
  for (const Change& change : answer.changes) {
    changes.push_back(
        JsonObject{{"field", listing::name_of(change.field)}, {"from", change.from}, {"to", change.to}});
  }
  return JsonObject{{"changes", std::move(changes)},
                    {"rating", answer.rating},
                    {"gain", answer.gain},
                    {"interval", interval_json(answer.interval)},
                    {"warnings", warnings_json(answer.warnings)}};
}

Json answers_json(const std::vector<ChangedAnswer>& answers) {
  JsonArray array;
  for (const ChangedAnswer& answer : answers) array.push_back(answer_json(answer));
  return array;
}

}  // namespace

std::optional<std::string> genre_of_category(const RatingScorer& scorer, std::string_view category) {
  if (category.empty()) return std::nullopt;
  for (const std::string& genre : scorer.genres()) {
    if (plain_name(genre) == plain_name(category)) return genre;
  }
  return std::nullopt;
}

std::vector<ChangedListing> possible_changes(const RatingScorer& scorer, const Listing& listing,
                                             const std::vector<std::string>& names) {
  ChangeList list(scorer, listing);
  if (listing.last_updated && *listing.last_updated < scorer.as_of()) {
    list.add_seen(Field::kLastUpdated,
                  [&scorer](Listing& changed) { changed.last_updated = scorer.as_of(); });
  }
  add_names(list, listing, names);
  add_prices(list, listing);
  if (!listing.content_rating.empty()) {
    for (const std::string_view content : kContentRatings) {
      list.add_seen(Field::kContentRating, [content](Listing& changed) { changed.content_rating = content; });
    }
  }
  if (!core::is_missing(listing.size_mb)) {
    for (const double factor : kSizeFactors) {
      list.add_seen(Field::kSize, [factor](Listing& changed) { changed.size_mb *= factor; });
    }
  }
  add_android_versions(list, listing);
  add_categories(list, listing, scorer);
  return std::move(list).taken();
}

WhatIf what_if(const RatingScorer& scorer, const Listing& listing, const WhatIfOptions& options) {
  const Search search(scorer, listing, options);
  WhatIf result;
  result.app = listing.app;
  result.answered_as = scorer.predict(listing).answered_as;
  result.rating = search.now().answer.rating;
  result.interval = search.now().answer.interval;
  for (const Field field : fixed_fields()) result.fixed.push_back({field, listing::text_of(listing, field)});
  result.best = best_changes(search);
  for (const std::string& name : options.names) result.names.push_back(search.named(name));
  result.trained_on = scorer.trained_on();
  result.warnings = search.now().answer.warnings;
  if (options.target) result.target = reach(*options.target, search);
  return result;
}

Json to_json(const WhatIf& what_if) {
  JsonArray fixed;
  for (const FixedField& field : what_if.fixed) {
    fixed.push_back(JsonObject{{"field", listing::name_of(field.field)},
                               {"value", field.value.empty() ? Json() : Json(field.value)}});
  }
  Json json = JsonObject{{"app", what_if.app},
                         {"rating", what_if.rating},
                         {"interval", interval_json(what_if.interval)},
                         {"answered_as", name_of(what_if.answered_as)},
                         {"fixed", std::move(fixed)},
                         {"best", answers_json(what_if.best)},
                         {"names", answers_json(what_if.names)}};
  if (what_if.target) {
    json.set("target", JsonObject{{"rating", what_if.target->target},
                                  {"reached", what_if.target->is_reached},
                                  {"answer", answer_json(what_if.target->answer)}});
  }
  json.set("note", kAssociationNote);
  json.set("trained_on", trained_on_json(what_if.trained_on));
  json.set("warnings", warnings_json(what_if.warnings));
  return json;
}

}  // namespace starcast::model
