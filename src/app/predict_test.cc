#include "app/predict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "core/testing/manual_clock.h"
#include "model/testing/tiny_model.h"
#include "os/terminal.h"

namespace starcast::app {
namespace {

using core::Result;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

class PredictTest : public testing::Test {
 protected:
  Result<PredictReport> lines(std::string text) {
    core::StringSource source(std::move(text), 5);
    core::ManualClock clock;
    const std::unique_ptr<os::ProgressScreen> screen = os::silent_progress();
    os::Progress progress(*screen, clock, {"predicting", "listings", 0});
    return predict(scorer_, source, {"apps.jsonl", 0.8, ListingFormat::kJsonLines}, progress,
                   [this](const ListingPrediction& prediction) -> Result<void> {
                     apps_.push_back(prediction.listing.app);
                     ratings_.push_back(prediction.rating);
                     return {};
                   });
  }

  model::RatingScorer scorer_ = model::RatingScorer::create(model::tiny_model()).value();
  std::vector<std::string> apps_{};
  std::vector<double> ratings_{};
};

TEST_F(PredictTest, AnswersJsonLinesInTheirOrder) {
  const PredictReport report =
      lines("{\"App\":\"Alpha\",\"Reviews\":5000,\"Installs\":\"10,000+\"}\n\n{\"App\":\"Beta\"}").value();

  EXPECT_EQ(report.listings, 2U);
  EXPECT_THAT(apps_, ElementsAre("Alpha", "Beta"));
  EXPECT_NEAR(ratings_[0], 4.3, 1e-9);
  EXPECT_NEAR(ratings_[1], 3.95, 1e-9);
}

TEST_F(PredictTest, NotesWhatItLeftOutOrMended) {
  const PredictReport report =
      lines("{\"App\":\"Alpha\"}\n{\"Reviews\":\"3.0M\",\"Stars\":4,\"Size\":null}").value();

  ASSERT_THAT(report.read.notes, SizeIs(2));
  EXPECT_EQ(report.read.notes[0].line, 2U);
  EXPECT_THAT(report.read.notes[0].text, HasSubstr("unknown field 'Stars'"));
  EXPECT_THAT(report.read.notes[1].text, HasSubstr("read as 3000000"));
}

TEST_F(PredictTest, NamesTheLineThatCannotBeRead) {
  EXPECT_THAT(lines("{}\n{\"App\":").error().message(), HasSubstr("apps.jsonl:2: "));
  EXPECT_THAT(lines("{}\n[]").error().message(), HasSubstr("apps.jsonl:2: "));
  EXPECT_THAT(lines("{\"Size\":[1]}").error().message(), HasSubstr("apps.jsonl:1: Size"));
}

}  // namespace
}  // namespace starcast::app
