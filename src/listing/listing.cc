#include "listing/listing.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "codec/number.h"
#include "codec/utf8.h"
#include "core/strings.h"
#include "listing/cell.h"

namespace starcast::listing {
namespace {

constexpr std::array<std::string_view, kFieldCount> kNames = {
    "App",   "Category",       "Rating", "Reviews",      "Size",        "Installs",   "Type",
    "Price", "Content Rating", "Genres", "Last Updated", "Current Ver", "Android Ver"};

constexpr std::string_view kVaries = "Varies with device";

bool is_control(char character) {
  return static_cast<unsigned char>(character) < 0x20 || character == 0x7F;
}
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char character) { return static_cast<unsigned char>(character) < 0x80; });
}

// Collects what one field's parser has to say.
class Remarks {
 public:
  Remarks(Field field, std::vector<FieldNote>& notes) : field_(field), notes_(notes) {}

  void repaired(std::string_view text) { add(FieldNote::Kind::kRepaired, text); }
  void dropped(std::string_view cell, std::string_view reason) {
    add(FieldNote::Kind::kDropped, fmt::format("{} {}; treated as missing", shown_text(cell), reason));
  }

 private:
  void add(FieldNote::Kind kind, std::string_view text) {
    notes_.push_back({.field = field_, .kind = kind, .text = fmt::format("{}: {}", name_of(field_), text)});
  }

  Field field_;
  std::vector<FieldNote>& notes_;
};

struct Bytes {
  bool beyond_ascii;
  bool control;
};

// One pass without a branch, as nearly every cell has neither.
Bytes bytes_of(std::string_view text) {
  unsigned int beyond = 0;
  unsigned int control = 0;
  for (const char character : text) {
    beyond |= static_cast<unsigned char>(character);
    control |= is_control(character) ? 1U : 0U;
  }
  return {.beyond_ascii = (beyond & 0x80U) != 0, .control = control != 0};
}

// Makes the cell fit to keep: UTF-8, no control characters, no space around. `storage` holds it if it had to
// change.
std::string_view cleaned_cell(std::string_view text, std::string& storage, Remarks& remarks) {
  const bool has_space_around = !text.empty() && (text.front() <= ' ' || text.back() <= ' ');
  if (has_space_around) text = core::trimmed(text);
  const Bytes bytes = bytes_of(text);
  if (bytes.beyond_ascii && !codec::is_utf8(text)) {
    storage = codec::mended_utf8(text);
    text = storage;
    remarks.repaired("broken UTF-8 was replaced by U+FFFD");
  }
  if (bytes.control) {
    std::string spaced(text);
    std::replace_if(spaced.begin(), spaced.end(), is_control, ' ');
    storage = std::move(spaced);
    text = core::trimmed(storage);
    remarks.repaired("control characters were replaced by spaces");
  }
  return text;
}

double rating_from(std::string_view cell, Remarks& remarks) {
  const std::optional<double> value = codec::parse_double(cell);
  if (!value) {
    remarks.dropped(cell, "is no number");
    return core::kMissing;
  }
  if (!(*value >= 1 && *value <= 5)) {
    remarks.dropped(cell, "is outside 1 to 5");
    return core::kMissing;
  }
  return *value;
}

double count_from(std::string_view cell, std::string_view digits, Remarks& remarks) {
  const std::optional<Count> count = parse_count(digits);
  if (!count) {
    remarks.dropped(cell, "is no whole number");
    return core::kMissing;
  }
  if (!count->exact) {
    remarks.repaired(fmt::format("{} is no whole number; read as {:.0f}", shown_text(cell), count->value));
  }
  return count->value;
}

void set_size(Listing& listing, std::string_view cell, Remarks& remarks) {
  listing.size_mb = core::kMissing;
  listing.size_varies = says_varies(cell);
  if (listing.size_varies || says_nothing(cell)) return;
  const std::optional<Size> size = parse_size(cell);
  if (!size) {
    remarks.dropped(cell, "is no size such as 19M or 201k");
    return;
  }
  if (!size->has_unit) remarks.repaired(fmt::format("{} has no unit; read as megabytes", shown_text(cell)));
  listing.size_mb = size->megabytes;
}

std::optional<Type> type_from(std::string_view cell, Remarks& remarks) {
  if (cell == "Free") return Type::kFree;
  if (cell == "Paid") return Type::kPaid;
  const std::string lower = core::ascii_lower(cell);
  if (lower == "free") return Type::kFree;
  if (lower == "paid") return Type::kPaid;
  remarks.dropped(cell, "is neither Free nor Paid");
  return std::nullopt;
}

double price_from(std::string_view cell, Remarks& remarks) {
  const std::optional<double> price = parse_price(cell);
  if (!price) remarks.dropped(cell, "is no price in US dollars");
  return price.value_or(core::kMissing);
}

std::optional<codec::Date> date_from_cell(std::string_view cell, Remarks& remarks) {
  constexpr int kStoreOpenedYear = 2008;
  const std::optional<codec::Date> date = codec::parse_date(cell);
  if (!date) {
    remarks.dropped(cell, "is no date");
  } else if (codec::parts_of(*date).year < kStoreOpenedYear) {
    remarks.dropped(cell, "is before the store opened");
    return std::nullopt;
  }
  return date;
}

std::string name_from(std::optional<std::string> name, std::string_view cell, std::string_view kind,
                      Remarks& remarks) {
  if (!name) remarks.dropped(cell, fmt::format("is no {}", kind));
  return std::move(name).value_or(std::string());
}

std::string android_from(std::string_view cell, Remarks& remarks) {
  if (says_varies(cell)) return std::string(kVaries);
  if (codec::parse_date(cell)) {
    remarks.dropped(cell, "is no Android version");
    return {};
  }
  return std::string(cell);
}

// Of a cell that says something and is no size.
void set_known(Listing& listing, Field field, std::string_view cell, Remarks& remarks) {
  switch (field) {
    case Field::kApp:
      listing.app = cell;
      return;
    case Field::kCategory:
      listing.category = name_from(canonical_category(cell), cell, "category", remarks);
      return;
    case Field::kRating:
      listing.rating = rating_from(cell, remarks);
      return;
    case Field::kReviews:
      listing.reviews = count_from(cell, cell, remarks);
      return;
    case Field::kSize:
      set_size(listing, cell, remarks);
      return;
    case Field::kInstalls: {
      const std::string_view digits =
          cell.ends_with('+') ? core::trimmed(cell.substr(0, cell.size() - 1)) : cell;
      listing.installs = count_from(cell, digits, remarks);
      return;
    }
    case Field::kType:
      listing.type = type_from(cell, remarks);
      return;
    case Field::kPrice:
      listing.price_usd = price_from(cell, remarks);
      return;
    case Field::kContentRating:
      listing.content_rating = name_from(canonical_content_rating(cell), cell, "content rating", remarks);
      return;
    case Field::kGenres:
      listing.genres = canonical_genres(cell);
      return;
    case Field::kLastUpdated:
      listing.last_updated = date_from_cell(cell, remarks);
      return;
    case Field::kCurrentVersion:
      listing.current_version = says_varies(cell) ? kVaries : cell;
      return;
    case Field::kAndroidVersion:
      listing.android_version = android_from(cell, remarks);
      return;
  }
}

void clear_field(Listing& listing, Field field) {
  switch (field) {
    case Field::kApp:
      listing.app.clear();
      return;
    case Field::kCategory:
      listing.category.clear();
      return;
    case Field::kRating:
      listing.rating = core::kMissing;
      return;
    case Field::kReviews:
      listing.reviews = core::kMissing;
      return;
    case Field::kSize:
      listing.size_mb = core::kMissing;
      listing.size_varies = false;
      return;
    case Field::kInstalls:
      listing.installs = core::kMissing;
      return;
    case Field::kType:
      listing.type.reset();
      return;
    case Field::kPrice:
      listing.price_usd = core::kMissing;
      return;
    case Field::kContentRating:
      listing.content_rating.clear();
      return;
    case Field::kGenres:
      listing.genres.clear();
      return;
    case Field::kLastUpdated:
      listing.last_updated.reset();
      return;
    case Field::kCurrentVersion:
      listing.current_version.clear();
      return;
    case Field::kAndroidVersion:
      listing.android_version.clear();
      return;
  }
}

}  // namespace

std::string_view name_of(Field field) {
  return kNames[static_cast<std::size_t>(field)];
}

std::optional<Field> field_named(std::string_view name) {
  const auto* const found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Field>(found - kNames.begin());
}

const std::array<Field, kFieldCount>& all_fields() {
  static constexpr std::array<Field, kFieldCount> kFields = {
      Field::kApp,           Field::kCategory, Field::kRating,      Field::kReviews,
      Field::kSize,          Field::kInstalls, Field::kType,        Field::kPrice,
      Field::kContentRating, Field::kGenres,   Field::kLastUpdated, Field::kCurrentVersion,
      Field::kAndroidVersion};
  return kFields;
}

std::string key_of(const Listing& listing) {
  const std::string folded = codec::case_folded(listing.app);
  std::string key;
  key.reserve(folded.size());
  if (is_ascii(folded)) {
    for (const char character : folded) {
      const bool is_space = character == ' ' || is_control(character);
      if (!is_space) {
        key.push_back(character);
      } else if (!key.empty() && key.back() != ' ') {
        key.push_back(' ');
      }
    }
  } else {
    std::vector<char32_t> points;
    for (const char32_t point : codec::code_points(folded)) {
      const bool is_space = point <= U' ' || codec::kind_of(point) == codec::CharacterKind::kSpace;
      if (!is_space) {
        points.push_back(point);
      } else if (!points.empty() && points.back() != U' ') {
        points.push_back(U' ');
      }
    }
    key = codec::from_code_points(points);
  }
  if (!key.empty() && key.back() == ' ') key.pop_back();
  return key;
}

bool is_known(const Listing& listing, Field field) {
  switch (field) {
    case Field::kApp:
      return !listing.app.empty();
    case Field::kCategory:
      return !listing.category.empty();
    case Field::kRating:
      return !core::is_missing(listing.rating);
    case Field::kReviews:
      return !core::is_missing(listing.reviews);
    case Field::kSize:
      return listing.size_varies || !core::is_missing(listing.size_mb);
    case Field::kInstalls:
      return !core::is_missing(listing.installs);
    case Field::kType:
      return listing.type.has_value();
    case Field::kPrice:
      return !core::is_missing(listing.price_usd);
    case Field::kContentRating:
      return !listing.content_rating.empty();
    case Field::kGenres:
      return !listing.genres.empty();
    case Field::kLastUpdated:
      return listing.last_updated.has_value();
    case Field::kCurrentVersion:
      return !listing.current_version.empty();
    case Field::kAndroidVersion:
      return !listing.android_version.empty();
  }
  return false;
}

void set_field(Listing& listing, Field field, std::string_view text, std::vector<FieldNote>& notes) {
  Remarks remarks(field, notes);
  std::string storage;
  const std::string_view cell = cleaned_cell(text, storage, remarks);
  if (says_nothing(cell)) {
    clear_field(listing, field);
  } else {
    set_known(listing, field, cell, remarks);
  }
}

void fill_implied(Listing& listing, std::vector<FieldNote>& notes) {
  if (!listing.type && !core::is_missing(listing.price_usd)) {
    listing.type = listing.price_usd > 0 ? Type::kPaid : Type::kFree;
    Remarks(Field::kType, notes)
        .repaired(fmt::format("missing; {} by its price", text_of(listing, Field::kType)));
  } else if (listing.type == Type::kFree && core::is_missing(listing.price_usd)) {
    listing.price_usd = 0;
    Remarks(Field::kPrice, notes).repaired("missing; 0 as the app is free");
  }
}

std::string text_of(const Listing& listing, Field field) {
  if (!is_known(listing, field)) return {};
  switch (field) {
    case Field::kApp:
      return listing.app;
    case Field::kCategory:
      return listing.category;
    case Field::kRating:
      return codec::to_shortest(listing.rating);
    case Field::kReviews:
      return fmt::format("{:.0f}", listing.reviews);
    case Field::kSize:
      return listing.size_varies ? std::string(kVaries) : size_text(listing.size_mb);
    case Field::kInstalls:
      return core::with_thousands(static_cast<long long>(listing.installs)) + "+";
    case Field::kType:
      return listing.type == Type::kFree ? "Free" : "Paid";
    case Field::kPrice:
      return listing.price_usd > 0 ? fmt::format("${}", codec::to_shortest(listing.price_usd)) : "0";
    case Field::kContentRating:
      return listing.content_rating;
    case Field::kGenres:
      return listing.genres;
    case Field::kLastUpdated:
      return codec::to_long(*listing.last_updated);
    case Field::kCurrentVersion:
      return listing.current_version;
    case Field::kAndroidVersion:
      return listing.android_version;
  }
  return {};
}

}  // namespace starcast::listing
