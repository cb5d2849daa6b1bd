// A rating model small enough to check by hand: its forests are single leaves.
#pragma once

#include <vector>

#include "features/encoder.h"
#include "listing/listing.h"
#include "model/rating_scorer.h"

namespace starcast::model {

// Two rated listings.
std::vector<listing::Listing> tiny_listings();

// Launched: predicts 0.25 * 4 + 0.75 * 4.4 = 4.3 for every listing; band 3.8 < 4.2 < 4.6. Scales below 100
// reviews: -0.5 and 0.3 at the levels 0.5 and 0.8; from 100 on: -0.75 and 0. Before launch: predicts 3.95;
// band 3 < 4.05 < 4.5, scales -0.5 and 0.1.
RatingModel tiny_model();

// A listing of which reviews and installs are known.
listing::Listing launched_listing(double reviews);

}  // namespace starcast::model
