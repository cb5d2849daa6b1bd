#include "report/figures.h"

#include <gtest/gtest.h>

#include <numeric>

namespace starcast::report {
namespace {

TEST(EvaluationFigures, CountsEachResidualOnceAlsoBeyondTheEdges) {
  const std::vector<EvaluatedApp> apps = {{4.5, 4.5}, {1, 4.9}, {5, 1.1}, {4.0, 4.2}};

  const std::vector<NamedFigure> figures = evaluation_figures(apps, {}, "test");

  const std::vector<double>& counts = figures[0].figure.bars.at(0).counts;
  EXPECT_EQ(figures[0].file_name, "residuals.png");
  EXPECT_EQ(std::accumulate(counts.begin(), counts.end(), 0.0), 4.0);
  EXPECT_EQ(counts.front(), 1.0);
  EXPECT_EQ(counts.back(), 1.0);
}

TEST(EvaluationFigures, LeavesEmptyBucketsOut) {
  const std::vector<NamedFigure> figures =
      evaluation_figures({{4, 4}}, {{"< 10", 0, 0, 0}, {"10-99", 3, 0.3, 0.4}}, "test");

  EXPECT_EQ(figures[2].figure.categories.at(0).labels, (std::vector<std::string>{"10-99 (n=3)"}));
}

}  // namespace
}  // namespace starcast::report
