// What goes with every answer of a rating model, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "codec/json.h"
#include "model/rating_scorer.h"

namespace starcast::model {

// "trained on 6,536 apps, last updated up to 2018-08-08; md5 of their file 0123...".
std::string trained_on_text(const TrainedOn& trained_on);

// data_md5, date_last, apps, generated.
codec::Json trained_on_json(const TrainedOn& trained_on);

codec::Json interval_json(const Interval& interval);
codec::Json warnings_json(const std::vector<std::string>& warnings);

}  // namespace starcast::model
