// Figures of an evaluation: what people look at before they read numbers.
#pragma once

#include <string>
#include <vector>

#include "plot/figure.h"

namespace starcast::report {

// What an evaluation knows of one app.
struct EvaluatedApp {
  double rating = 0;
  double prediction = 0;
};

// The error of the apps with so many reviews.
struct ReviewError {
  std::string title;  // "10-99"
  std::size_t apps = 0;
  double mae = 0;
  double baseline_mae = 0;  // of the median of all: what knowing nothing costs
};

struct NamedFigure {
  std::string file_name;  // "residuals.png"
  plot::Figure figure;
};

// Residual histogram (as the predecessor had it), predicted against actual, error by number of reviews.
// `source` says what data: it becomes the subtitle.
std::vector<NamedFigure> evaluation_figures(const std::vector<EvaluatedApp>& apps,
                                            const std::vector<ReviewError>& by_reviews,
                                            const std::string& source);

}  // namespace starcast::report
