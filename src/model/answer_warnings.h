// What a reader of an answer has to be warned of.
#pragma once

#include <string>
#include <vector>

#include "listing/listing.h"
#include "model/launch_case.h"
#include "model/rating_scorer.h"

namespace starcast::model {

// Sentences: which fields, of those that the case uses, lie outside what the model saw; that nothing is known
// at all; that something is known which the case cannot use. `answered_as` is what the prediction says.
std::vector<std::string> answer_warnings(const RatingScorer& scorer, const listing::Listing& listing,
                                         LaunchCase answered_as);

}  // namespace starcast::model
