// Listings for tests, and cells by their column's name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features/encoder.h"
#include "listing/listing.h"

namespace starcast::features {

// A listing whose other fields are missing.
listing::Listing rated(std::string app, std::string category, double reviews, double rating);

// `count` listings with every field known, of a few categories, words, dates and versions: the same ones for
// the same count.
std::vector<listing::Listing> varied_listings(std::size_t count);

// Fails the test when there is no such column.
double cell_of(const Encoder& encoder, std::span<const double> row, std::string_view column);

std::vector<double> row_of(const Encoder& encoder, const listing::Listing& listing);

// The cell that the encoder gives the listing.
double transformed(const Encoder& encoder, const listing::Listing& listing, std::string_view column);

// Fits with the defaults but for the given options; fails the test when that fails.
FittedEncoder fitted_on(std::span<const listing::Listing> training, std::span<const double> weights,
                        const EncoderOptions& options = {});

// Equal bit by bit.
bool same_bits(std::span<const double> a, std::span<const double> b);

}  // namespace starcast::features
