// The model card: for what the model is meant, on what it was trained, how good it is, and its limits, as
// Markdown.
#pragma once

#include <string>

#include "report/report_input.h"

namespace starcast::report {

// The same input gives the same bytes. Holds no app's name.
std::string model_card(const ReportInput& input);

}  // namespace starcast::report
