// Encoder: what was fitted on training listings, and turns one listing into one feature row.
//
// Training and serving call the same transform(). Only the training part's own rows are encoded differently:
// fit() also returns them encoded out of fold, so that a row's own rating never reaches its features.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/date.h"
#include "codec/json.h"
#include "core/result.h"
#include "features/matrix.h"
#include "listing/listing.h"
#include "similar/rated_names.h"

namespace starcast::features {

enum class FeatureSet {
  kListing,      // all that the listing tells
  kPredecessor,  // the eight columns of the predecessor: Category, Reviews, Size, Installs, Type, Price,
                 // Content Rating, Genres, with names as codes
};

// What the feature row's columns are, in order.
struct FeatureColumn {
  std::string name;      // "log_reviews"; a LightGBM feature name: letters, digits, underscore
  listing::Field field;  // whose share this column's reason is; the first field of several
};

struct EncoderOptions {
  FeatureSet feature_set = FeatureSet::kListing;
  std::uint64_t seed = 1;              // of the inner folds
  std::size_t inner_folds = 10;        // at least 2; no more than there are listings are used
  std::optional<codec::Date> as_of{};  // ages count back from here; default: the last date among the training
                                       // listings, or 1970-01-01 if none has one

  // The keys, ratings and weights of these and perhaps more listings, for encoders that share them, and the
  // place there of each training listing. Default: of the training listings.
  std::shared_ptr<const similar::RatedNames> names{};
  std::span<const std::size_t> places{};
};

// The listings as an encoder looks similar names up in.
similar::RatedNames rated_names_of(std::span<const listing::Listing> listings,
                                   std::span<const double> weights);

struct FittedEncoder;

// Thread-compatible: transform() from several threads at once is fine. A moved-from encoder may only be
// assigned to or destroyed.
class Encoder {
 public:
  // Fits on rated listings (every rating known, one row an app) with their weights. Same input, same bits.
  // kInvalidInput: fewer than two listings, a rating missing, a weight that is negative or not finite, sizes
  // that differ, fewer than two inner folds, places that are not those of the listings.
  static core::Result<FittedEncoder> fit(std::span<const listing::Listing> training,
                                         std::span<const double> weights, const EncoderOptions& options);

  FeatureSet feature_set() const;
  const std::vector<FeatureColumn>& columns() const;
  codec::Date as_of() const;

  // What similar names are looked up in: shared, and not part of to_json(). Null for kPredecessor.
  const std::shared_ptr<const similar::RatedNames>& names() const;

  // Writes columns().size() doubles. A category never seen, a name of any length or script, a missing field:
  // all fine. `cosines`, if they are of names()->index(), are those of the listing's key; it changes how
  // long this takes, never what it gives.
  void transform(const listing::Listing& listing, std::span<double> row,
                 const similar::NameCosines* cosines = nullptr) const;

  // The encoder as the package keeps it, and back with the same names(): transform() gives the same bits.
  // kCorrupt names the member, or says that the names are missing.
  codec::Json to_json() const;
  static core::Result<Encoder> from_json(const codec::Json& json,
                                         std::shared_ptr<const similar::RatedNames> names = nullptr);

  Encoder(Encoder&&) noexcept;
  Encoder& operator=(Encoder&&) noexcept;
  ~Encoder();

 private:
  struct State;
  explicit Encoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct FittedEncoder {
  Encoder encoder;
  Matrix training_rows;  // the training listings, encoded out of fold
};

}  // namespace starcast::features
