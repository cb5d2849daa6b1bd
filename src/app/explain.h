// explain: listings in, each one's rating out in the parts that it is made of.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

#include "app/workspace.h"
#include "codec/json.h"
#include "core/bytes.h"
#include "core/result.h"
#include "listing/reader.h"
#include "model/explanation.h"
#include "plot/figure.h"

namespace starcast::app {

struct ExplainedListing {
  listing::Listing listing;
  model::RatingExplanation explanation;
  model::Interval interval;
  std::vector<std::string> warnings;  // see model::answer_warnings
};

struct ListingRow {
  listing::Listing listing;
  listing::ReadReport read;
};

struct RowChoice {
  std::string file_name;  // for messages
  std::size_t row = 1;    // data row; the first is 1
};

// kInvalidInput: there is no such row, or it is ragged; and the reader's own errors.
core::Result<ListingRow> read_row(core::ByteSource& source, const RowChoice& choice);

struct ExplainOptions {
  std::string file_name;  // for messages
  double level = 0.8;     // one that the model is calibrated at: see check_level
};

// The level has to be one that the model is calibrated at.
ExplainedListing explain_listing(const model::RatingExplainer& explainer, listing::Listing listing,
                                 double level);

// Hands each listing's explanation to `take`, in the order of the file.
core::Result<listing::ReadReport> explain(
    const model::RatingExplainer& explainer, core::ByteSource& source, const ExplainOptions& options,
    os::Progress& progress, const std::function<core::Result<void>(const ExplainedListing&)>& take);

// One line of a waterfall.
struct WaterfallStep {
  std::string name;   // "Reviews", "similar apps"
  std::string value;  // of the field, as its case sees it
  double share = 0;
};

// The fields and the similar apps, the largest share, either way, first.
std::vector<WaterfallStep> waterfall_steps(const ExplainedListing& explained);

plot::Figure waterfall_figure(const ExplainedListing& explained);
codec::Json to_json(const ExplainedListing& explained, const model::TrainedOn& trained_on);

}  // namespace starcast::app
