#include "report/model_card.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starcast::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ReportInput input_of() {
  ReportInput input;
  input.model = {"boosted", "squared error", 1, 6528, "0123456789abcdef0123456789abcdef", "2018-08-08",
                 false};
  input.quality.apps = 1653;
  input.quality.scores = {0.25, 0.46, 0.31, 0.21};
  input.quality.intervals = {{0.8, 0.812, 1.0}};
  input.baselines = {{"median", {-0.04, 0.54, 0.36, 0.2}}};
  input.by_reviews = {{"< 10", input.quality, 0.7}};
  return input;
}

TEST(ModelCard, HasTheSectionsOfACard) {
  const std::string card = model_card(input_of());

  for (const char* heading : {"# Model card", "## Intended use", "## Not for", "## Data and licence",
                              "## Metrics", "## Intervals", "## Limits", "## How to reproduce"}) {
    EXPECT_THAT(card, HasSubstr(heading));
  }
}

TEST(ModelCard, PutsTheModelBesideTheBaselines) {
  const std::string card = model_card(input_of());

  EXPECT_THAT(card, HasSubstr("| **starcast** | 0.250 | 0.460 | 0.310 | 0.210 |\n| median | -0.040 |"));
}

TEST(ModelCard, GivesCoverageByLevelAndByReviews) {
  const std::string card = model_card(input_of());

  EXPECT_THAT(card, HasSubstr("| 80 % | 81.2 % | 1.00 |"));
  EXPECT_THAT(card, HasSubstr("| \\< 10 | 1,653 | 0.310 | 81.2 % | 1.00 |"));
}

TEST(ModelCard, TakesForeignTextLiterally) {
  ReportInput input = input_of();
  input.model.learner = "a|b\n# <b>*c*";

  EXPECT_THAT(model_card(input), HasSubstr("a\\|b \\# \\<b\\>\\*c\\*"));
}

TEST(ModelCard, WarnsOfAGeneratedSampleAndClaimsNoRealData) {
  ReportInput input = input_of();
  input.model.generated = true;

  const std::string card = model_card(input);

  EXPECT_THAT(card, HasSubstr("> **GENERATED SAMPLE: "));
  EXPECT_THAT(card, Not(HasSubstr("Kaggle")));
}

TEST(ModelCard, StandsOnNothing) {
  EXPECT_THAT(model_card(ReportInput{}), HasSubstr("The model gave none."));
}

TEST(ModelCard, IsTheSameForTheSameInput) {
  EXPECT_EQ(model_card(input_of()), model_card(input_of()));
}

}  // namespace
}  // namespace starcast::report
