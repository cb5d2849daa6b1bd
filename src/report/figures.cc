#include "report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace starcast::report {

namespace {

constexpr double kResidualEdge = 3;  // residuals beyond are counted in the outer bins
constexpr double kResidualBinWidth = 0.1;

plot::Figure residual_histogram(const std::vector<EvaluatedApp>& apps, const std::string& source) {
  plot::Bars bars;
  bars.name = "apps";
  bars.first_edge = -kResidualEdge;
  bars.bin_width = kResidualBinWidth;
  bars.counts.assign(static_cast<std::size_t>(std::lround(2 * kResidualEdge / kResidualBinWidth)), 0.0);
  for (const EvaluatedApp& app : apps) {
    const double place = std::floor((app.rating - app.prediction + kResidualEdge) / kResidualBinWidth);
    const double last = static_cast<double>(bars.counts.size() - 1);
    bars.counts[static_cast<std::size_t>(std::clamp(place, 0.0, last))] += 1;
  }
  plot::Figure figure;
  figure.title = "Residuals: actual minus predicted rating";
  figure.subtitle = source;
  figure.x = {"stars", -kResidualEdge, kResidualEdge};
  figure.y = {"apps", 0, 0};
  figure.bars.push_back(std::move(bars));
  return figure;
}

plot::Figure predicted_against_actual(const std::vector<EvaluatedApp>& apps, const std::string& source) {
  plot::Points points;
  points.name = "apps";
  for (const EvaluatedApp& app : apps) {
    points.x.push_back(app.rating);
    points.y.push_back(app.prediction);
  }
  plot::Figure figure;
  figure.title = "Predicted against actual rating";
  figure.subtitle = source;
  figure.x = {"actual rating", 1, 5};
  figure.y = {"predicted rating", 1, 5};
  figure.points.push_back(std::move(points));
  figure.lines.push_back({"equal", {1, 5}, {1, 5}, true});
  figure.width_px = 620;
  figure.height_px = 600;
  return figure;
}

plot::Figure error_by_reviews(const std::vector<ReviewError>& by_reviews, const std::string& source) {
  plot::Categories model;
  model.name = "starcast";
  plot::Categories baseline;
  baseline.name = "median of all";
  for (const ReviewError& bucket : by_reviews) {
    if (bucket.apps == 0) continue;
    const std::string label = fmt::format("{} (n={})", bucket.title, bucket.apps);
    model.labels.push_back(label);
    model.values.push_back(bucket.mae);
    baseline.labels.push_back(label);
    baseline.values.push_back(bucket.baseline_mae);
  }
  plot::Figure figure;
  figure.title = "Mean absolute error by number of reviews";
  figure.subtitle = source;
  figure.x = {"reviews", 0, 0};
  figure.y = {"stars", 0, 0};
  figure.categories.push_back(std::move(model));
  figure.categories.push_back(std::move(baseline));
  return figure;
}

}  // namespace

std::vector<NamedFigure> evaluation_figures(const std::vector<EvaluatedApp>& apps,
                                            const std::vector<ReviewError>& by_reviews,
                                            const std::string& source) {
  return {{"residuals.png", residual_histogram(apps, source)},
          {"predicted-against-actual.png", predicted_against_actual(apps, source)},
          {"error-by-reviews.png", error_by_reviews(by_reviews, source)}};
}

}  // namespace starcast::report
