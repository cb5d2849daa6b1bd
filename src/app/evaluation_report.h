// The join: what an evaluation, its model and its data say, as the plain facts that the report and the card
// are made from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "codec/json.h"
#include "core/result.h"
#include "learn/evaluation.h"
#include "model/rating_scorer.h"
#include "os/file_system.h"
#include "report/report_input.h"

namespace starcast::app {

// Borrowed for the call.
struct EvaluatedModel {
  const model::RatingScorer& scorer;
  const learn::TestPredictions& test;
  const learn::Evaluation& evaluation;               // of `test`
  const learn::Evaluation* before_launch = nullptr;  // of the same apps; nullptr: the model has no such case
  std::optional<report::DataFacts> data{};
  std::uint64_t package_bytes = 0;
};

// Holds no time, no path and no count of threads: the same model and data give the same facts.
report::ReportInput report_input_of(const EvaluatedModel& evaluated);

// From what prepare wrote as reports/data.json. kInvalidInput names the member that is not there or is of
// another kind.
core::Result<report::DataFacts> data_facts_of(const codec::Json& data_report);

// The sum of the sizes of all files in the folder and the folders in it; a link counts as the file that it
// points to.
core::Result<std::uint64_t> folder_bytes(const os::FileSystem& files, const std::string& folder);

}  // namespace starcast::app
