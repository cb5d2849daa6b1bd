// The report: one page that shows what the model knows, how well, and where it fails.
#pragma once

#include <string>

#include "report/report_input.h"

namespace starcast::report {

// A whole HTML page without any outside asset or script: style and drawings are inside. The same input gives
// the same bytes.
std::string html_report(const ReportInput& input);

}  // namespace starcast::report
