#include "report/html_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

namespace starcast::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

ReportInput input_of() {
  ReportInput input;
  input.model = {"boosted", "squared error", 1, 6528, "0123456789abcdef0123456789abcdef", "2018-08-08",
                 false};
  input.quality.apps = 3;
  input.quality.scores = {0.25, 0.46, 0.31, 0.21};
  input.quality.ranges = ScoreRanges{{0.2, 0.3}, {0.4, 0.5}, {0.3, 0.32}, {0.2, 0.22}};
  input.quality.intervals = {{0.5, 0.51, 0.5}, {0.8, 0.81, 1.0}};
  input.baselines = {{"mean", {0, 0.53, 0.38, 0.33}}, {"median", {-0.04, 0.54, 0.36, 0.2}}};
  input.by_reviews = {{"< 10", input.quality, 0.7}, {"10-99", {}, 0}};
  input.importance = {{"log10_reviews", "Reviews", 4}, {"name_ridge", "App", 3}};
  for (const double rating : {4.0, 4.5, 1.0}) {
    TestedApp app;
    app.name = "Plain";
    app.category = "TOOLS";
    app.reviews = 12;
    app.rating = rating;
    app.prediction = 4.2;
    app.intervals = {{0.5, 4.0, 4.4}, {0.8, 3.5, 4.6}};
    input.apps.push_back(app);
  }
  return input;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

// Every element that the page opens is closed, in order.
testing::AssertionResult is_balanced(std::string_view html) {
  std::vector<std::string_view> open;
  for (std::size_t at = html.find('<'); at != std::string_view::npos; at = html.find('<', at + 1)) {
    const std::string_view tag = html.substr(at + 1, html.find('>', at) - at - 1);
    const std::size_t first = tag.starts_with('/') ? 1 : 0;
    const std::string_view name = tag.substr(first, tag.find_first_of(" /\n", first) - first);
    if (name == "!DOCTYPE" || name == "meta" || name == "link" || name == "wbr" || tag.ends_with('/'))
      continue;
    if (first == 0) {
      open.push_back(name);
    } else if (open.empty() || open.back() != name) {
      return testing::AssertionFailure()
             << "</" << name << "> closes " << (open.empty() ? "nothing" : open.back());
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? testing::AssertionSuccess()
                      : testing::AssertionFailure() << open.back() << " is left open";
}

TEST(HtmlReport, ClosesWhatItOpens) {
  EXPECT_TRUE(is_balanced(html_report(input_of())));
}

TEST(HtmlReport, StandsOnNothing) {
  EXPECT_TRUE(is_balanced(html_report(ReportInput{})));
}

TEST(HtmlReport, NeedsNoOutsideAsset) {
  const std::string html = html_report(input_of());

  EXPECT_THAT(html, Not(HasSubstr("src=")));
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("@import")));
  EXPECT_EQ(count_of(html, "://"), count_of(html, "xmlns=\"http://www.w3.org/2000/svg\""));
}

TEST(HtmlReport, TakesHostileNamesAsText) {
  ReportInput input = input_of();
  input.apps[2].name = "<script>alert(1)</script> \"x\" onload='y' & \xF0\x9F\x98\x80 \xE2\x80\xAE";
  input.apps[2].category = "</table><img>";
  input.model.learner = "<b>";
  input.model.data_md5 = "</code><i>";
  input.importance[0].feature = "<u>";
  input.baselines[0].title = "</svg><em>";

  const std::string html = html_report(input);

  EXPECT_TRUE(is_balanced(html));
  EXPECT_THAT(html, HasSubstr("<bdi>&lt;script&gt;alert(1)&lt;/script&gt; &quot;x&quot; onload=&#39;y&#39; "
                              "&amp; \xF0\x9F\x98\x80"));
  for (const char* tag : {"<script", "<img", "<b>", "<i>", "<u>", "<em>"})
    EXPECT_THAT(html, Not(HasSubstr(tag)));
}

TEST(HtmlReport, IsTheSameForTheSameInput) {
  EXPECT_EQ(html_report(input_of()), html_report(input_of()));
}

TEST(HtmlReport, WarnsOfAGeneratedSampleInCapitals) {
  ReportInput input = input_of();
  EXPECT_THAT(html_report(input), Not(HasSubstr("GENERATED SAMPLE")));

  input.model.generated = true;

  EXPECT_THAT(html_report(input), HasSubstr("<p class=\"banner\">GENERATED SAMPLE: "));
}

TEST(HtmlReport, ShowsTheTwoQuestionsWhenGiven) {
  ReportInput input = input_of();
  EXPECT_THAT(html_report(input), Not(HasSubstr("Two questions")));

  input.before_launch = input.quality;
  input.before_launch->scores.r2 = 0.117;

  EXPECT_THAT(html_report(input),
              HasSubstr("before launch: reviews, installs and dates are hidden from the model"));
  EXPECT_THAT(html_report(input), HasSubstr("0.117"));
}

TEST(HtmlReport, ShowsCostOnlyWhenGiven) {
  ReportInput input = input_of();
  EXPECT_THAT(html_report(input), Not(HasSubstr("One prediction takes")));

  input.package_bytes = 2097152;
  input.single_row_time = "85 us";

  EXPECT_THAT(html_report(input), HasSubstr("2,097,152 bytes (2.0 MiB)"));
  EXPECT_THAT(html_report(input), HasSubstr("<dt>One prediction takes</dt><dd>85 us</dd>"));
}

TEST(HtmlReport, TellsWhatHappenedToTheData) {
  ReportInput input = input_of();
  input.data = DataFacts{};
  input.data->rows = 10841;
  input.data->duplicates = 1186;
  input.data->fields = {{"Rating", 1474, 0, 0}};

  const std::string html = html_report(input);

  EXPECT_THAT(html, HasSubstr("<td class=\"n\">1,186</td>"));
  EXPECT_THAT(html, HasSubstr("<bdi>Rating</bdi></th><td class=\"n\">1,474</td><td class=\"n\">13.6 %</td>"));
}

TEST(HtmlReport, ListsTheWorstMissFirst) {
  ReportInput input = input_of();
  input.apps[2].name = "The worst";
  input.apps[1].name = "Less bad";

  const std::string html = html_report(input);

  EXPECT_LT(html.find("<bdi>The worst</bdi>"), html.find("<bdi>Less bad</bdi>"));
  EXPECT_THAT(html, HasSubstr("Intervals of 80 %; 1 of these 3 ratings lie outside of theirs."));
}

TEST(HtmlReport, EveryFigureHasATitle) {
  const std::string html = html_report(input_of());

  EXPECT_GE(count_of(html, "<svg "), 6U);
  EXPECT_EQ(count_of(html, "role=\"img\""), count_of(html, "<svg "));
  EXPECT_GE(count_of(html, "<title>"), count_of(html, "<svg "));
}

}  // namespace
}  // namespace starcast::report
