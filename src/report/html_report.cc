#include "report/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/strings.h"
#include "plot/figure.h"
#include "report/figures.h"
#include "report/findings.h"
#include "report/html.h"
#include "report/number_text.h"

namespace starcast::report {

namespace {

constexpr std::size_t kTopFeatures = 20;
constexpr std::size_t kWorstMisses = 20;
constexpr std::size_t kCategoriesMax = 60;  // rows of the table of categories
constexpr int kHalfWidthPx = 500;           // of figures that stand in pairs
constexpr int kHalfHeightPx = 380;
constexpr int kWholeWidthPx = 980;
constexpr int kWholeHeightPx = 420;

std::string number(double value, int places) {
  return number_html(decimals(value, places));
}

std::string signed_number(double value, int places) {
  const std::string text = decimals(value, places);
  const bool is_positive =
      std::isfinite(value) && value > 0 && text.find_first_not_of("0.") != std::string::npos;
  return (is_positive ? "+" : "") + number_html(text);
}

std::string with_range(double value, const ScoreRange* range) {
  std::string html = number(value, 3);
  if (range != nullptr) html += "<span class=\"range\">" + number_html(range_text(*range, 3)) + "</span>";
  return html;
}

std::string paragraph(std::string_view text, std::string_view text_class = "") {
  return fmt::format("<p{}>{}</p>\n", text_class.empty() ? "" : fmt::format(" class=\"{}\"", text_class),
                     escaped(text));
}

plot::Figure half_width(plot::Figure figure) {
  figure.width_px = kHalfWidthPx;
  figure.height_px = kHalfHeightPx;
  return figure;
}

struct Section {
  std::string id;
  std::string title;
  std::string body_html;
};

std::string tile(std::string_view name, std::string_view value_html, std::string_view beside) {
  return fmt::format("<div><dt>{}</dt><dd class=\"value\">{}</dd><dd class=\"beside\">{}</dd></div>\n",
                     escaped(name), value_html, escaped(beside));
}

std::string beside_text(const BestScore& best) {
  return core::is_missing(best.value)
             ? ""
             : fmt::format("best baseline {} ({})", decimals(best.value, 3), best.title);
}

std::string fact(std::string_view name, std::string_view value_html) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", escaped(name), value_html);
}

Section summary_section(const ReportInput& input) {
  const Scores& scores = input.quality.scores;
  std::string html = paragraph(summary_text(input)) + "<dl class=\"tiles\">\n";
  html += tile("R2", number(scores.r2, 3), beside_text(best_r2(input.baselines)));
  html += tile("Mean absolute error", number(scores.mae, 3), beside_text(best_mae(input.baselines)));
  html += tile("Median absolute error", number(scores.medae, 3), beside_text(best_medae(input.baselines)));
  if (const LevelQuality* level = headline_level(input.quality.intervals); level != nullptr) {
    html += tile(level_text(level->level) + " intervals hold", number_html(percent(level->coverage, 1)),
                 fmt::format("{} stars wide on average", decimals(level->mean_width, 2)));
  }
  const ModelFacts& model = input.model;
  html += "</dl>\n<dl class=\"facts\">\n";
  html += fact("Predicts",
               "the mean rating (1 to 5 stars) of an app from its Play Store listing, with intervals");
  html += fact("Learner", escaped(model.learner));
  html += fact("Minimises", escaped(model.objective));
  html += fact("Trained on", escaped(count_text(model.trained_apps) + " apps"));
  html += fact("Tested on", escaped(count_text(input.quality.apps) + " other apps"));
  if (!model.date_last.empty()) html += fact("Listings up to", escaped(model.date_last));
  if (!model.data_md5.empty()) html += fact("Data (md5)", "<code>" + escaped(model.data_md5) + "</code>");
  html += fact("Seed", escaped(std::to_string(model.seed)));
  if (input.package_bytes) html += fact("Package size", escaped(size_text(*input.package_bytes)));
  if (input.single_row_time) html += fact("One prediction takes", escaped(*input.single_row_time));
  return {"summary", "Summary", html + "</dl>\n"};
}

Section data_section(const DataFacts& data) {
  Table flow("From the rows of the raw file to one row an app", {{"What", CellKind::kText}, {"Rows"}});
  flow.add_row({"Rows read", count_text(data.rows)});
  if (data.ragged > 0) {
    flow.add_row({"Besides, left out: the wrong number of cells", count_text(data.ragged)});
  }
  flow.add_row({"Of these repaired: a cell was missing, and the others were put back",
                count_text(data.rows_repaired)});
  flow.add_row({"Dropped: no name", count_text(data.unnamed)});
  flow.add_row({"Dropped: no rating (never filled in, never learnt)", count_text(data.unrated)});
  flow.add_row({"Dropped: another row of the same app was kept", count_text(data.duplicates)});
  flow.add_main_row({"Apps that are left", count_text(data.apps)});
  std::string html = flow.html();
  if (!data.date_first.empty() && !data.date_last.empty()) {
    html += paragraph("Last updates from " + data.date_first + " to " + data.date_last + ".");
  }
  if (!data.fields.empty()) {
    Table fields("Fields of the raw file",
                 {{"Field", CellKind::kText}, {"Missing"}, {"Of all rows"}, {"Repaired"}, {"Dropped"}});
    for (const FieldFacts& field : data.fields) {
      const double share = static_cast<double>(field.missing) / static_cast<double>(data.rows);
      fields.add_row({isolated(field.field), count_text(field.missing), number_html(percent(share, 1)),
                      count_text(field.repaired), count_text(field.dropped)});
    }
    html += fields.html() + paragraph(
                                "Dropped values are those that no reading made sense of; they count as "
                                "missing from then on. A missing "
                                "value stays missing: nothing is filled with a mean.",
                                "note");
  }
  return {"data", "Data", html};
}

plot::Figure score_bars(const ReportInput& input, std::string title, double Scores::* score) {
  plot::Categories bars;
  bars.name = title;
  bars.labels.emplace_back("starcast");
  bars.values.push_back(input.quality.scores.*score);
  for (const BaselineScores& baseline : input.baselines) {
    bars.labels.push_back(baseline.title);
    bars.values.push_back(baseline.scores.*score);
  }
  plot::Figure figure;
  figure.title = std::move(title);
  figure.categories.push_back(std::move(bars));
  return half_width(std::move(figure));
}

// At least one of the two must be there.
Table questions_table(const ReportInput& input) {
  const Quality& either = input.launched ? *input.launched : *input.before_launch;
  const LevelQuality* shown = headline_level(either.intervals);
  Table table("Two questions, measured apart",
              {{"Question", CellKind::kText},
               {"Apps"},
               {"R2"},
               {"RMSE"},
               {"MAE"},
               {"MedAE"},
               {shown == nullptr ? "Interval holds" : level_text(shown->level) + " interval holds"},
               {"Mean width"}});
  const auto add = [&](std::string_view meaning, const Quality& quality) {
    const ScoreRanges* ranges = quality.ranges ? &*quality.ranges : nullptr;
    const LevelQuality* level = headline_level(quality.intervals);
    table.add_row({"<span class=\"name\">" + escaped(meaning) + "</span>", count_text(quality.apps),
                   with_range(quality.scores.r2, ranges == nullptr ? nullptr : &ranges->r2),
                   with_range(quality.scores.rmse, ranges == nullptr ? nullptr : &ranges->rmse),
                   with_range(quality.scores.mae, ranges == nullptr ? nullptr : &ranges->mae),
                   with_range(quality.scores.medae, ranges == nullptr ? nullptr : &ranges->medae),
                   level == nullptr ? "n/a" : number_html(percent(level->coverage, 1)),
                   level == nullptr ? "n/a" : number(level->mean_width, 2)});
  };
  if (input.launched) add(kLaunchedMeaning, *input.launched);
  if (input.before_launch) add(kBeforeLaunchMeaning, *input.before_launch);
  return table;
}

Section quality_section(const ReportInput& input) {
  Table table("The same " + count_text(input.quality.apps) + " held-out apps for all",
              {{"Who", CellKind::kText}, {"R2"}, {"RMSE"}, {"MAE"}, {"MedAE"}});
  const Scores& scores = input.quality.scores;
  const ScoreRanges* ranges = input.quality.ranges ? &*input.quality.ranges : nullptr;
  table.add_main_row({"starcast", with_range(scores.r2, ranges == nullptr ? nullptr : &ranges->r2),
                      with_range(scores.rmse, ranges == nullptr ? nullptr : &ranges->rmse),
                      with_range(scores.mae, ranges == nullptr ? nullptr : &ranges->mae),
                      with_range(scores.medae, ranges == nullptr ? nullptr : &ranges->medae)});
  for (const BaselineScores& baseline : input.baselines) {
    table.add_row({escaped(baseline.title), number(baseline.scores.r2, 3), number(baseline.scores.rmse, 3),
                   number(baseline.scores.mae, 3), number(baseline.scores.medae, 3)});
  }
  std::string html = table.html();
  html += paragraph(
      "R2: share of the ratings' variance that is explained, 1 is perfect, 0 is as good as the mean. RMSE, "
      "MAE and "
      "MedAE: root mean square, mean and median of the absolute error, in stars; less is better.",
      "note");
  if (ranges != nullptr)
    html += paragraph("Small print under a number: 95 % interval by bootstrap over the apps.", "note");
  html += "<div class=\"pair\">\n" + figure_html(score_bars(input, "R2", &Scores::r2), "More is better.") +
          figure_html(score_bars(input, "Mean absolute error, stars", &Scores::mae), "Less is better.") +
          "</div>\n";
  if (input.launched || input.before_launch)
    html += "<h3>Launched and not yet launched</h3>\n" + questions_table(input).html();
  return {"quality", "Quality beside the baselines", html};
}

plot::Figure coverage_figure(const ReportInput& input) {
  plot::Line all;
  all.name = "all apps";
  plot::Points buckets;
  buckets.name = "by reviews";
  for (const LevelQuality& level : input.quality.intervals) {
    all.x.push_back(level.level);
    all.y.push_back(level.coverage);
  }
  for (const ReviewQuality& bucket : input.by_reviews) {
    if (bucket.quality.apps == 0) continue;
    for (const LevelQuality& level : bucket.quality.intervals) {
      buckets.x.push_back(level.level);
      buckets.y.push_back(level.coverage);
    }
  }
  double low = 0.4;
  for (const double value : all.y) low = std::min(low, value);
  for (const double value : buckets.y) low = std::min(low, value);
  low = std::max(0.0, std::floor(low * 10) / 10);
  plot::Figure figure;
  figure.title = "Nominal level against coverage";
  figure.x = {"nominal level", low, 1};
  figure.y = {"share of ratings inside", low, 1};
  figure.points.push_back(std::move(buckets));
  figure.lines.push_back(std::move(all));
  figure.lines.push_back({"as promised", {low, 1}, {low, 1}, true});
  return half_width(std::move(figure));
}

plot::Figure width_figure(const ReportInput& input) {
  plot::Categories widths;
  for (const ReviewQuality& bucket : input.by_reviews) {
    const LevelQuality* level = headline_level(bucket.quality.intervals);
    if (bucket.quality.apps == 0 || level == nullptr) continue;
    widths.name = level_text(level->level) + " interval";
    widths.labels.push_back(bucket.title);
    widths.values.push_back(level->mean_width);
  }
  plot::Figure figure;
  figure.title = "Mean width of the " + (widths.name.empty() ? "interval" : widths.name);
  figure.x = {"reviews", 0, 0};
  figure.y = {"stars", 0, 0};
  figure.categories.push_back(std::move(widths));
  return half_width(std::move(figure));
}

std::string coverage_cell(const LevelQuality& level, std::size_t apps) {
  return number_html(percent(level.coverage, 1)) + (is_off_level(level, apps) ? " *" : "") +
         "<span class=\"range\">" + number(level.mean_width, 2) + " wide</span>";
}

std::string bucket_table(const ReportInput& input) {
  std::vector<Column> columns = {{"Reviews", CellKind::kText}, {"Apps"}};
  for (const LevelQuality& level : input.quality.intervals) columns.push_back({level_text(level.level)});
  Table table("Coverage and mean width in stars by number of reviews", columns);
  for (const ReviewQuality& bucket : input.by_reviews) {
    std::vector<std::string> cells = {escaped(bucket.title), count_text(bucket.quality.apps)};
    for (const LevelQuality& all : input.quality.intervals) {
      const auto same = std::find_if(bucket.quality.intervals.begin(), bucket.quality.intervals.end(),
                                     [&](const LevelQuality& level) { return level.level == all.level; });
      const bool has_any = same != bucket.quality.intervals.end() && bucket.quality.apps > 0;
      cells.push_back(has_any ? coverage_cell(*same, bucket.quality.apps) : "n/a");
    }
    table.add_row(cells);
  }
  return table.html();
}

Section calibration_section(const ReportInput& input) {
  if (input.quality.intervals.empty()) {
    return {"calibration", "Calibration of the intervals", paragraph("The model gave no intervals.")};
  }
  Table table(
      "Nominal level against coverage, all held-out apps",
      {{"Nominal level", CellKind::kText}, {"Ratings inside"}, {"Difference"}, {"Mean width, stars"}});
  for (const LevelQuality& level : input.quality.intervals) {
    table.add_row(
        {level_text(level.level),
         number_html(percent(level.coverage, 1)) + (is_off_level(level, input.quality.apps) ? " *" : ""),
         signed_number((level.coverage - level.level) * 100, 1) + " points", number(level.mean_width, 2)});
  }
  std::string html = paragraph(
      "An interval of 80 % should hold the rating of 80 % of the apps: not only of all, but also of the "
      "small and of the large ones.");
  html += "<div class=\"pair\">\n" +
          figure_html(coverage_figure(input),
                      "Dots: each number of reviews by itself. On the dashed line the promise is kept.") +
          figure_html(width_figure(input), "The fewer reviews, the wider: that is where chance is.") +
          "</div>\n";
  html += table.html();
  if (!input.by_reviews.empty()) html += bucket_table(input);
  html += paragraph(
      "* Further from the nominal level than chance explains in so many apps (1.96 standard errors; of many "
      "such "
      "cells, one in twenty is).",
      "note");
  return {"calibration", "Calibration of the intervals", html};
}

Section error_section(const ReportInput& input) {
  std::vector<EvaluatedApp> apps;
  for (const TestedApp& app : input.apps) {
    if (std::isfinite(app.rating) && std::isfinite(app.prediction))
      apps.push_back({app.rating, app.prediction});
  }
  std::vector<ReviewError> by_reviews;
  Table table(
      "Error by number of reviews",
      {{"Reviews", CellKind::kText}, {"Apps"}, {"MAE"}, {"MAE of the median of all"}, {"MedAE"}, {"R2"}});
  for (const ReviewQuality& bucket : input.by_reviews) {
    const Quality& quality = bucket.quality;
    by_reviews.push_back({bucket.title, quality.apps, quality.scores.mae, bucket.baseline_mae});
    if (quality.apps == 0) {
      table.add_row({escaped(bucket.title), "0", "n/a", "n/a", "n/a", "n/a"});
      continue;
    }
    table.add_row({escaped(bucket.title), count_text(quality.apps), number(quality.scores.mae, 3),
                   number(bucket.baseline_mae, 3), number(quality.scores.medae, 3),
                   number(quality.scores.r2, 3)});
  }
  std::vector<NamedFigure> figures = evaluation_figures(apps, by_reviews, "");
  std::string html =
      "<div class=\"pair\">\n" +
      figure_html(half_width(std::move(figures[0].figure)),
                  "Right of 0: better than predicted. Misses beyond 3 stars are counted in the outer bars.") +
      figure_html(half_width(std::move(figures[1].figure)),
                  "A dot is an app. Predictions keep to the middle, as a listing tells little.") +
      "</div>\n";
  if (!input.by_reviews.empty()) {
    plot::Figure figure = std::move(figures[2].figure);
    figure.width_px = kWholeWidthPx;
    figure.height_px = kWholeHeightPx;
    html += figure_html(figure, "Small apps are hard for everybody: their ratings are mostly chance.") +
            table.html();
  }
  return {"errors", "Where it errs", html};
}

Table gain_table(std::string caption, std::string_view what, const std::vector<FieldGain>& gains,
                 std::size_t rows) {
  Table table(std::move(caption),
              {{std::string(what), CellKind::kText}, {"Share of the gain", CellKind::kText}});
  const double widest = gains.empty() ? 0 : gains.front().share;
  for (std::size_t i = 0; i < std::min(rows, gains.size()); ++i) {
    table.add_row(
        {gains[i].name.empty() ? "(several fields)" : isolated(gains[i].name),
         share_bar(widest > 0 ? gains[i].share / widest : 0, number_html(percent(gains[i].share, 1)))});
  }
  return table;
}

Section importance_section(const ReportInput& input) {
  const std::vector<FieldGain> features = gain_by_feature(input.importance);
  const std::string features_caption =
      features.size() > kTopFeatures
          ? fmt::format("The first {} of {} features", kTopFeatures, features.size())
          : std::string("By feature");
  std::string html = paragraph(
      "How much of the loss that the boosted trees took away came from splits on a feature. It says what "
      "the model looks at, not what makes an app good. Parts of the model that are no trees have no such "
      "share.");
  html +=
      "<div class=\"pair\">\n" +
      gain_table("By field of the listing", "Field", gain_by_field(input.importance), input.importance.size())
          .html() +
      gain_table(features_caption, "Feature", features, kTopFeatures).html() + "</div>\n";
  return {"importance", "What the model looks at", html};
}

Section category_section(const ReportInput& input) {
  const std::vector<CategoryError> errors = category_errors(input.apps);
  const std::size_t shown = std::min(errors.size(), kCategoriesMax);
  Table table("Errors by category, largest first",
              {{"Category", CellKind::kText}, {"Apps"}, {"Mean rating"}, {"MAE"}, {"Bias"}});
  for (std::size_t i = 0; i < shown; ++i) {
    const CategoryError& error = errors[i];
    table.add_row({error.category.empty() ? "(not given)" : isolated(error.category), count_text(error.apps),
                   number(error.mean_rating, 2), number(error.mae, 3), signed_number(error.bias, 3)});
  }
  std::string html = table.html();
  if (shown < errors.size())
    html += paragraph(fmt::format("{} more categories with smaller errors.", errors.size() - shown));
  html += paragraph(
      "Bias: predicted minus actual; above 0, the category is predicted too well. Of few apps, all of these "
      "numbers "
      "are mostly chance.",
      "note");
  return {"categories", "Errors by category", html};
}

Section miss_section(const ReportInput& input) {
  const std::vector<const TestedApp*> misses = worst_misses(input.apps, kWorstMisses);
  Table table(
      fmt::format("The {} largest misses among {} apps", misses.size(), count_text(input.apps.size())),
      {{"App", CellKind::kText},
       {"Category", CellKind::kText},
       {"Reviews"},
       {"Rating"},
       {"Predicted"},
       {"Interval"},
       {"Miss"}});
  std::string level;
  std::size_t outside = 0;
  for (const TestedApp* app : misses) {
    std::string interval = "n/a";
    if (const AppInterval* shown = headline_level(app->intervals); shown != nullptr) {
      level = level_text(shown->level);
      interval = number(shown->low, 2) + " to " + number(shown->high, 2);
      outside += app->rating < shown->low || app->rating > shown->high ? 1 : 0;
    }
    table.add_row({"<span class=\"name\">" + isolated(app->name) + "</span>",
                   app->category.empty() ? "(not given)" : isolated(app->category), count_text(app->reviews),
                   number(app->rating, 1), number(app->prediction, 2), interval,
                   signed_number(app->prediction - app->rating, 2)});
  }
  std::string html = table.html();
  if (!level.empty()) {
    html += paragraph(fmt::format("Intervals of {}; {} of these {} ratings lie outside of theirs.", level,
                                  outside, misses.size()),
                      "note");
  }
  return {"misses", "The worst misses", html};
}

Section limit_section(const ReportInput& input) {
  std::string html = "<dl class=\"limits\">\n";
  for (const Limit& limit : limits_of(input)) html += fact(limit.title, escaped(limit.text));
  return {"limits", "Limits", html + "</dl>\n"};
}

std::vector<Section> sections_of(const ReportInput& input) {
  std::vector<Section> sections = {summary_section(input)};
  if (input.data) sections.push_back(data_section(*input.data));
  sections.push_back(quality_section(input));
  sections.push_back(calibration_section(input));
  if (!input.apps.empty()) sections.push_back(error_section(input));
  if (!input.importance.empty()) sections.push_back(importance_section(input));
  if (!input.apps.empty()) {
    sections.push_back(category_section(input));
    sections.push_back(miss_section(input));
  }
  sections.push_back(limit_section(input));
  return sections;
}

}  // namespace

std::string html_report(const ReportInput& input) {
  const std::vector<Section> sections = sections_of(input);
  const std::string title =
      std::string(input.model.generated ? "GENERATED SAMPLE: " : "") + "rating model report";
  std::string html = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  html += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  html +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "img-src data:\">\n";
  html += "<link rel=\"icon\" href=\"data:,\">\n<title>" + escaped(title) + "</title>\n<style>\n";
  html += page_style();
  html +=
      "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#summary\">Skip to the summary</a>\n<div "
      "class=\"wrap\">\n";
  html += "<header>\n<h1>Rating model report</h1>\n";
  html += paragraph(
      "What the model knows about the ratings of Play Store apps, how well, and where it fails.", "quiet");
  if (input.model.generated) html += paragraph(kGeneratedWarning, "banner");
  html += "</header>\n<nav aria-label=\"Sections\"><ul>\n";
  for (const Section& section : sections) {
    html += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", section.id, escaped(section.title));
  }
  html += "</ul></nav>\n<main>\n";
  for (const Section& section : sections) {
    html += fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">{1}</h2>\n{2}</section>\n",
        section.id, escaped(section.title), section.body_html);
  }
  html +=
      "</main>\n<footer><p>Made by starcast. The same data, parameters and seed give the same page, byte for "
      "byte.</p></footer>\n";
  return html + "</div>\n</body>\n</html>\n";
}

}  // namespace starcast::report
