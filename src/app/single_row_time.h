// What one answer costs on this machine. Never in an out of the pipeline, which holds no time.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "core/clock.h"
#include "core/result.h"
#include "listing/listing.h"
#include "model/explanation.h"

namespace starcast::app {

// Medians over listings that are answered one after another, on one core.
struct SingleRowTime {
  std::size_t listings = 0;
  double predicted_seconds = 0;  // a rating with its intervals
  double explained_seconds = 0;  // and with its reasons
};

inline constexpr std::size_t kTimedListingsMax = 1000;

// Of the first kTimedListingsMax listings; at least one.
SingleRowTime measure_single_row(const model::RatingExplainer& explainer,
                                 std::span<const listing::Listing> listings, const core::Clock& clock);

// "85 us with its intervals, 140 us with reasons, too (medians of 1,000 listings, one core)".
std::string text_of(const SingleRowTime& time);

}  // namespace starcast::app
