#include "model/answer_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/testing/tiny_model.h"

namespace starcast::model {
namespace {

using listing::Listing;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> warnings_for(const Listing& listing) {
  const RatingScorer scorer = RatingScorer::create(tiny_model()).value();
  return answer_warnings(scorer, listing, scorer.predict(listing).answered_as);
}

TEST(AnswerWarnings, SayNothingOfATrainingListing) {
  EXPECT_THAT(warnings_for(tiny_listings()[0]), IsEmpty());
}

TEST(AnswerWarnings, SayThatNothingIsKnown) {
  EXPECT_THAT(warnings_for({}), ElementsAre("no field is known: the answer is that for any app"));
}

TEST(AnswerWarnings, NameWhatLiesOutside) {
  Listing listing = tiny_listings()[0];
  listing.category = "FOO";

  EXPECT_THAT(warnings_for(listing), ElementsAre("category 'FOO' was never seen"));
}

TEST(AnswerWarnings, LeaveOutWhatTheCaseDoesNotUse) {
  Listing listing = tiny_listings()[0];
  listing.installs = core::kMissing;
  listing.reviews = 1e9;

  EXPECT_THAT(warnings_for(listing),
              ElementsAre("reviews are known but installs are not: answered as before launch without them"));
}

TEST(AnswerWarnings, SayThatAModelHasNoSuchCase) {
  RatingModel model = tiny_model();
  model.cases.pop_back();
  const RatingScorer scorer = RatingScorer::create(std::move(model)).value();

  EXPECT_THAT(answer_warnings(scorer, {}, scorer.predict({}).answered_as),
              Contains(HasSubstr("learnt only of launched apps")));
}

}  // namespace
}  // namespace starcast::model
