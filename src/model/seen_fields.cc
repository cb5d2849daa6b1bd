#include "model/seen_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <utility>

#include "codec/number.h"
#include "codec/utf8.h"
#include "core/strings.h"

namespace starcast::model {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Field;
using listing::Listing;

namespace {

constexpr std::array<Field, 6> kRangeFields = {Field::kApp,      Field::kReviews, Field::kSize,
                                               Field::kInstalls, Field::kPrice,   Field::kLastUpdated};
constexpr std::array<Field, 5> kTextFields = {Field::kCategory, Field::kType, Field::kContentRating,
                                              Field::kGenres, Field::kAndroidVersion};
constexpr std::size_t kShownCharacters = 40;

// Nothing when the field is not known, or is no number ("Varies with device").
std::optional<double> number_of(const Listing& listing, Field field) {
  double number = core::kMissing;
  if (field == Field::kApp && !listing.app.empty())
    number = static_cast<double>(codec::code_points(listing.app).size());
  if (field == Field::kReviews) number = listing.reviews;
  if (field == Field::kSize) number = listing.size_mb;
  if (field == Field::kInstalls) number = listing.installs;
  if (field == Field::kPrice) number = listing.price_usd;
  if (field == Field::kLastUpdated && listing.last_updated) number = listing.last_updated->days;
  if (core::is_missing(number)) return std::nullopt;
  return number;
}

std::vector<std::string> texts_of(const Listing& listing, Field field) {
  const std::string text = listing::text_of(listing, field);
  std::vector<std::string> texts;
  if (text.empty()) return texts;
  if (field != Field::kGenres) return {text};
  for (const std::string_view genre : core::split(text, ';')) texts.emplace_back(core::trimmed(genre));
  return texts;
}

std::string grouped(double number) {
  // Counts come with thousands; what has decimals, or is beyond a count, as it is.
  if (number != std::floor(number) || std::abs(number) > 1e15) return codec::to_shortest(number);
  return core::with_thousands(static_cast<long long>(number));
}

std::string number_text(Field field, double number) {
  if (field == Field::kSize) return codec::to_shortest(number) + " MB";
  if (field == Field::kPrice) return fmt::format("${:.2f}", number);
  if (field == Field::kLastUpdated) return codec::to_iso({static_cast<std::int32_t>(number)});
  return grouped(number);
}

std::string range_sentence(const SeenRange& range, double number) {
  const bool is_above = number > range.high;
  const std::string value = number_text(range.field, number);
  const std::string limit = number_text(range.field, is_above ? range.high : range.low);
  if (range.field == Field::kApp) {
    return fmt::format("a name of {} characters is {} seen, {}", value,
                       is_above ? "longer than the longest" : "shorter than the shortest", limit);
  }
  if (range.field == Field::kLastUpdated) {
    return fmt::format("last update {} is {} seen, {}", value,
                       is_above ? "after the latest" : "before the earliest", limit);
  }
  return fmt::format("{} {} {} {} seen, {}", core::ascii_lower(listing::name_of(range.field)), value,
                     range.field == Field::kSize || range.field == Field::kPrice ? "is" : "are",
                     is_above ? "above the largest" : "below the smallest", limit);
}

std::string_view singular_name(Field field) {
  if (field == Field::kGenres) return "genre";
  if (field == Field::kAndroidVersion) return "Android version";
  if (field == Field::kContentRating) return "content rating";
  return field == Field::kType ? "type" : "category";
}

std::string shortened(const std::string& text) {
  std::vector<char32_t> points = codec::code_points(text);
  if (points.size() <= kShownCharacters) return text;
  points.resize(kShownCharacters);
  return codec::from_code_points(points) + "\u2026";
}

Result<Field> field_of(const std::string& name) {
  const std::optional<Field> field = listing::field_named(name);
  if (!field) return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is no field of a listing", name));
  return *field;
}

Json number_json(Field field, double number) {
  if (field == Field::kLastUpdated) return codec::to_iso({static_cast<std::int32_t>(number)});
  return number;
}

Result<double> number_from(Field field, const Json& json) {
  if (field != Field::kLastUpdated) return json.as_double();
  const std::string text = TRY(json.as_string());
  const std::optional<codec::Date> date = codec::parse_date(text);
  if (!date) return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is no date", text));
  return static_cast<double>(date->days);
}

}  // namespace

SeenFields SeenFields::of(std::span<const Listing> listings) {
  SeenFields seen;
  for (const Field field : kRangeFields) {
    std::optional<SeenRange> range;
    for (const Listing& listing : listings) {
      const std::optional<double> number = number_of(listing, field);
      if (!number) continue;
      if (!range) range = SeenRange{field, *number, *number};
      range->low = std::min(range->low, *number);
      range->high = std::max(range->high, *number);
    }
    if (range) seen.ranges_.push_back(*range);
  }
  for (const Field field : kTextFields) {
    std::set<std::string> texts;
    for (const Listing& listing : listings) {
      for (std::string& text : texts_of(listing, field)) texts.insert(std::move(text));
    }
    if (!texts.empty()) seen.texts_.push_back({field, {texts.begin(), texts.end()}});
  }
  return seen;
}

Json SeenFields::to_json() const {
  JsonObject ranges;
  for (const SeenRange& range : ranges_) {
    ranges.emplace_back(listing::name_of(range.field),
                        JsonArray{number_json(range.field, range.low), number_json(range.field, range.high)});
  }
  JsonObject texts;
  for (const SeenTexts& seen : texts_) {
    JsonArray array;
    for (const std::string& text : seen.texts) array.push_back(text);
    texts.emplace_back(listing::name_of(seen.field), std::move(array));
  }
  return JsonObject{{"ranges", std::move(ranges)}, {"texts", std::move(texts)}};
}

Result<SeenFields> SeenFields::from_json(const Json& json) {
  SeenFields seen;
  const Json* const ranges = TRY(json.at("ranges"));
  for (const codec::JsonMember& member : *TRY(ranges->as_object())) {
    const Field field = TRY(field_of(member.first));
    const JsonArray& ends = *TRY(member.second.as_array(), member.first);
    if (ends.size() != 2)
      return Error(ErrorCode::kInvalidInput, fmt::format("{}: a range has two ends", member.first));
    const double low = TRY(number_from(field, ends[0]), member.first);
    const double high = TRY(number_from(field, ends[1]), member.first);
    seen.ranges_.push_back({field, low, high});
  }
  const Json* const texts = TRY(json.at("texts"));
  for (const codec::JsonMember& member : *TRY(texts->as_object())) {
    SeenTexts of_field{TRY(field_of(member.first)), {}};
    for (const Json& text : *TRY(member.second.as_array(), member.first))
      of_field.texts.push_back(TRY(text.as_string(), member.first));
    std::sort(of_field.texts.begin(), of_field.texts.end());
    seen.texts_.push_back(std::move(of_field));
  }
  return seen;
}

std::vector<std::string> SeenFields::outside(const Listing& listing) const {
  std::vector<std::pair<Field, std::string>> found;
  for (const SeenRange& range : ranges_) {
    const std::optional<double> number = number_of(listing, range.field);
    if (number && (*number < range.low || *number > range.high))
      found.emplace_back(range.field, range_sentence(range, *number));
  }
  for (const SeenTexts& seen : texts_) {
    for (const std::string& text : texts_of(listing, seen.field)) {
      if (std::binary_search(seen.texts.begin(), seen.texts.end(), text)) continue;
      found.emplace_back(seen.field,
                         fmt::format("{} '{}' was never seen", singular_name(seen.field), shortened(text)));
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> sentences;
  for (auto& entry : found) sentences.push_back(std::move(entry.second));
  return sentences;
}

std::vector<OutsideField> SeenFields::fields_outside(const Listing& listing) const {
  std::vector<OutsideField> found;
  for (const SeenRange& range : ranges_) {
    const std::optional<double> number = number_of(listing, range.field);
    if (number && (*number < range.low || *number > range.high)) found.push_back({range.field, true});
  }
  for (const SeenTexts& seen : texts_) {
    const std::vector<std::string> texts = texts_of(listing, seen.field);
    const bool is_known = std::all_of(texts.begin(), texts.end(), [&seen](const std::string& text) {
      return std::binary_search(seen.texts.begin(), seen.texts.end(), text);
    });
    if (!is_known) found.push_back({seen.field, false});
  }
  return found;
}

}  // namespace starcast::model
