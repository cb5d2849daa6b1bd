#include "app/single_row_time.h"

#include <gtest/gtest.h>

#include "model/testing/tiny_model.h"

namespace starcast::app {
namespace {

// Each reading takes as long as is asked for.
class SteppingClock final : public core::Clock {
 public:
  explicit SteppingClock(core::Ticks step) : step_(step) {}
  core::TimePoint now() const override { return {}; }
  core::Ticks elapsed() const override { return elapsed_ += step_; }

 private:
  core::Ticks step_;
  mutable core::Ticks elapsed_{0};
};

TEST(MeasureSingleRow, TakesTheMedianOfItsListings) {
  const model::RatingScorer scorer = model::RatingScorer::create(model::tiny_model()).value();
  const model::RatingExplainer explainer = model::RatingExplainer::create(scorer).value();
  const std::vector<listing::Listing> listings(3, model::launched_listing(5));
  const SteppingClock clock(std::chrono::microseconds(85));

  const SingleRowTime time = measure_single_row(explainer, listings, clock);

  EXPECT_EQ(time.listings, 3U);
  EXPECT_NEAR(time.predicted_seconds, 85e-6, 1e-12);
  EXPECT_NEAR(time.explained_seconds, 85e-6, 1e-12);
}

TEST(MeasureSingleRow, StopsAtAThousandListings) {
  const model::RatingScorer scorer = model::RatingScorer::create(model::tiny_model()).value();
  const model::RatingExplainer explainer = model::RatingExplainer::create(scorer).value();
  const std::vector<listing::Listing> listings(kTimedListingsMax + 5, model::launched_listing(5));

  EXPECT_EQ(measure_single_row(explainer, listings, core::system_clock()).listings, kTimedListingsMax);
}

TEST(TextOfSingleRowTime, SaysWhatWasMeasured) {
  EXPECT_EQ(text_of(SingleRowTime{1000, 85.4e-6, 140e-6}),
            "85 us with its intervals, 140 us with reasons, too (medians of 1,000 listings, one core)");
}

}  // namespace
}  // namespace starcast::app
