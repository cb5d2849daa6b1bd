// Masked copies: training rows once more with some of their fields hidden, so that a forest learns what is
// known of a listing that lacks fields which nearly all training listings have.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "features/encoder.h"
#include "features/matrix.h"
#include "listing/listing.h"

namespace starcast::learn {

struct MaskingOptions {
  std::vector<listing::Field> fields;  // that may be hidden
  std::size_t every = 2;               // one row of so many has a copy; at least 1
  std::uint64_t seed = 1;
};

struct MaskedCopies {
  features::Matrix rows;            // the training rows, then the copies
  std::vector<std::size_t> source;  // by row: the training row whose it is
};

// Each copy hides each field with a probability of its own, drawn evenly up to 1; one copy of six hides all.
// A hidden field's columns are those of a listing of which nothing is known; all others are as in the
// training row, so no copy knows more of its own rating than the row does.
MaskedCopies with_masked_copies(std::span<const listing::Listing> training,
                                const features::FittedEncoder& fitted, const MaskingOptions& options);

}  // namespace starcast::learn
