#include "app/single_row_time.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <vector>

#include "core/check.h"
#include "core/strings.h"
#include "learn/metrics.h"

namespace starcast::app {

using listing::Listing;

namespace {

double median_seconds(std::span<const Listing> listings, const core::Clock& clock,
                      const std::function<void(const Listing&)>& answer) {
  std::vector<double> seconds;
  seconds.reserve(listings.size());
  for (const Listing& listing : listings) {
    const core::Ticks start = clock.elapsed();
    answer(listing);
    seconds.push_back(core::seconds_between(start, clock.elapsed()));
  }
  return learn::quantile_of(seconds, 0.5);
}

}  // namespace

SingleRowTime measure_single_row(const model::RatingExplainer& explainer, std::span<const Listing> listings,
                                 const core::Clock& clock) {
  CHECK(!listings.empty());
  const std::span<const Listing> timed = listings.first(std::min(listings.size(), kTimedListingsMax));
  // The answers are looked at, so that none of them can be left out.
  double sum = 0;
  SingleRowTime time;
  time.listings = timed.size();
  time.predicted_seconds = median_seconds(timed, clock, [&](const Listing& listing) {
    sum += explainer.scorer().predict(listing).prediction.value;
  });
  time.explained_seconds = median_seconds(
      timed, clock, [&](const Listing& listing) { sum -= explainer.explain(listing).prediction.value; });
  CHECK(sum < 1 && sum > -1);
  return time;
}

std::string text_of(const SingleRowTime& time) {
  return fmt::format(
      "{:.0f} us with its intervals, {:.0f} us with reasons, too (medians of {} listings, one core)",
      time.predicted_seconds * 1e6, time.explained_seconds * 1e6,
      core::with_thousands(static_cast<long long>(time.listings)));
}

}  // namespace starcast::app
