// One app as its store page shows it. Any field may be missing.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/date.h"
#include "core/numeric.h"
#include "core/result.h"

namespace starcast::listing {

// The fields of the 2018 file, in its order: the columns of data/interim/listings.csv, and the names that the
// package's signature, the reasons and the reports use.
enum class Field {
  kApp,
  kCategory,
  kRating,
  kReviews,
  kSize,
  kInstalls,
  kType,
  kPrice,
  kContentRating,
  kGenres,
  kLastUpdated,
  kCurrentVersion,
  kAndroidVersion,
};
inline constexpr std::size_t kFieldCount = 13;

// "App", "Category", ..., "Android Ver": the header of the 2018 file.
std::string_view name_of(Field field);
std::optional<Field> field_named(std::string_view name);
const std::array<Field, kFieldCount>& all_fields();

enum class Type { kFree, kPaid };

// Texts are UTF-8, without space at either end; an empty text is a missing one. Numbers are core::kMissing
// when missing.
struct Listing {
  std::string app;                  // the name shown
  std::string category;             // "ART_AND_DESIGN"; other layouts' "Art & Design" is brought to this form
  double rating = core::kMissing;   // 1 to 5 stars; what is predicted
  double reviews = core::kMissing;  // a count
  double size_mb = core::kMissing;  // megabytes of 1,000,000 bytes as the store rounds them: "201k" is 0.201
  bool size_varies = false;         // "Varies with device": then size_mb is missing
  double installs = core::kMissing;  // the lower bound shown: "10,000+" is 10000
  std::optional<Type> type;
  double price_usd = core::kMissing;
  std::string content_rating;  // "Everyone", "Teen", ...
  std::string genres;          // "Art & Design;Pretend Play": one or two names with ';' between
  std::optional<codec::Date> last_updated;
  std::string current_version;  // as written; "Varies with device" included
  std::string android_version;  // as written: "4.0.3 and up"
};

// The app's identity: case-folded name, spaces collapsed. Two rows of one key are one app. Empty for a
// missing name.
std::string key_of(const Listing& listing);

// Whether the field is known ("Varies with device" counts as known).
bool is_known(const Listing& listing, Field field);

// A field that could not be used as it stood, with the sentence for people: "Reviews: '3.0M' is no whole
// number; read as 3000000" (repaired) or "Rating: 19 is outside 1 to 5; treated as missing" (dropped).
struct FieldNote {
  Field field;
  enum class Kind { kRepaired, kDropped } kind;
  std::string text;
};

// Sets one field from the text of a cell or a form, in any spelling that the stores use ("19M", "10,000+",
// "$4.99", "Varies with device", "January 7, 2018", 0/"Free"); "", "NaN", "nan", "null", "None" are missing.
// What makes no sense becomes missing and is noted. Broken UTF-8 becomes U+FFFD and control characters become
// spaces, both noted as repaired. The one parser of training files and of served requests.
void set_field(Listing& listing, Field field, std::string_view text, std::vector<FieldNote>& notes);

// Fills what other fields imply: a missing type from a known price, a missing price of a free app (0). Notes
// what was filled as kRepaired. Call it once, after the last set_field.
void fill_implied(Listing& listing, std::vector<FieldNote>& notes);

// The field as a cell that set_field reads back to the same value; "" when missing.
std::string text_of(const Listing& listing, Field field);

}  // namespace starcast::listing
