// What the training listings held, field by field, and what of another listing lies outside of it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "listing/listing.h"

namespace starcast::model {

// The smallest and the largest of a field that is a number; a name's is its length in code points, a date's
// its days since 1970.
struct SeenRange {
  listing::Field field = listing::Field::kSize;
  double low = 0;
  double high = 0;
};

// The texts of a field that has few of them, sorted; of genres each name by itself.
struct SeenTexts {
  listing::Field field = listing::Field::kCategory;
  std::vector<std::string> texts;
};

// A field that is known and outside of what was seen.
struct OutsideField {
  listing::Field field = listing::Field::kSize;
  bool is_number = false;  // beyond the range seen; else a text that was never seen
};

// Fields of which no listing knew anything have no entry, and nothing lies outside of them. A default one has
// seen nothing at all.
class SeenFields {
 public:
  static SeenFields of(std::span<const listing::Listing> listings);
  // kInvalidInput: an unknown field, a member of another kind.
  static core::Result<SeenFields> from_json(const codec::Json& json);
  codec::Json to_json() const;

  // A sentence for each field that is known and outside: "size 900 MB is above the largest seen, 100 MB",
  // "category 'FOO' was never seen". In the order of the fields.
  std::vector<std::string> outside(const listing::Listing& listing) const;
  // The same without words, each field once.
  std::vector<OutsideField> fields_outside(const listing::Listing& listing) const;

 private:
  std::vector<SeenRange> ranges_;  // in the order of the fields, as are the texts
  std::vector<SeenTexts> texts_;
};

}  // namespace starcast::model
