#include "report/model_card.h"

#include <fmt/format.h>

#include <string_view>

#include "codec/utf8.h"
#include "report/findings.h"
#include "report/number_text.h"

namespace starcast::report {

namespace {

// Text that Markdown takes literally.
std::string markdown(std::string_view text) {
  constexpr std::string_view kSpecial = "\\`*_[]<>|#&~!";
  std::string safe;
  for (const char c : codec::mended_utf8(text)) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
    if (kSpecial.find(c) != std::string_view::npos) safe += '\\';
    safe += is_control ? ' ' : c;
  }
  return safe;
}

std::string score_row(std::string_view who, const Scores& scores) {
  return fmt::format("| {} | {} | {} | {} | {} |\n", who, decimals(scores.r2, 3), decimals(scores.rmse, 3),
                     decimals(scores.mae, 3), decimals(scores.medae, 3));
}

std::string model_lines(const ModelFacts& model) {
  std::string card =
      fmt::format("- Learner: {}; minimises {}.\n- Trained on {} apps, seed {}.\n", markdown(model.learner),
                  markdown(model.objective), count_text(model.trained_apps), model.seed);
  if (!model.date_last.empty()) card += "- Listings up to " + markdown(model.date_last) + ".\n";
  card +=
      "- Input: a store listing (name, category, reviews, size, installs, type, price, content rating, "
      "genres, last update,\n"
      "  version, Android version); each field may be missing.\n"
      "- Output: the rating, 1 to 5 stars, with an interval at each calibrated level.\n";
  return card;
}

std::string use_lines() {
  return "## Intended use\n\n"
         "- Say what rating an app is likely to have, with an interval, before and after launch.\n"
         "- Compare an app with what listings like its own have reached.\n"
         "- Show where a listing lies outside of what the model has seen.\n\n"
         "## Not for\n\n"
         "- Decisions about people, or about one app without a look at its interval.\n"
         "- Claims of cause: that a change of the price or of the name will change the rating.\n"
         "- Other stores, other years, or ratings of another kind, without a measurement there.\n"
         "- Detecting manipulated ratings.\n\n";
}

std::string data_lines(const ReportInput& input) {
  std::string card = "## Data and licence\n\n";
  if (input.model.generated) {
    card += "A generated sample: invented listings, free to use, without any information about real apps.\n";
  } else {
    card +=
        "`starcast data fetch` brings Google Play Store listings of 2018, collected by Lava18 and published "
        "on Kaggle under\n"
        "CC BY 3.0, which asks for attribution; where `data/raw` holds another file, its own terms apply. "
        "Listings name apps, not\n"
        "their users.\n";
  }
  if (!input.model.data_md5.empty())
    card += fmt::format("\nmd5 of the listings: `{}`.\n", markdown(input.model.data_md5));
  if (input.data) {
    const DataFacts& data = *input.data;
    card += fmt::format(
        "\nOf {} rows, {} repaired; dropped: {} without name, {} without rating, {} further rows of the same "
        "app. "
        "{} apps are left.\n",
        count_text(data.rows), count_text(data.rows_repaired), count_text(data.unnamed),
        count_text(data.unrated), count_text(data.duplicates), count_text(data.apps));
  }
  return card +
         "\nThe split is by app, before anything is fitted; missing values stay missing, ratings are never "
         "filled in.\n\n";
}

std::string metric_lines(const ReportInput& input) {
  std::string card = fmt::format(
      "## Metrics\n\n{} held-out apps. R2: more is better; the others are stars: less is better.\n\n",
      count_text(input.quality.apps));
  card += "| | R2 | RMSE | MAE | MedAE |\n|---|---|---|---|---|\n" +
          score_row("**starcast**", input.quality.scores);
  if (input.quality.ranges) {
    const ScoreRanges& ranges = *input.quality.ranges;
    card += fmt::format("| 95 % by bootstrap | {} | {} | {} | {} |\n", range_text(ranges.r2, 3),
                        range_text(ranges.rmse, 3), range_text(ranges.mae, 3), range_text(ranges.medae, 3));
  }
  for (const BaselineScores& baseline : input.baselines)
    card += score_row(markdown(baseline.title), baseline.scores);
  if (input.launched || input.before_launch) {
    card += "\nTwo questions, measured apart:\n\n| | R2 | RMSE | MAE | MedAE |\n|---|---|---|---|---|\n";
    if (input.launched) card += score_row(kLaunchedMeaning, input.launched->scores);
    if (input.before_launch) card += score_row(kBeforeLaunchMeaning, input.before_launch->scores);
  }
  return card + "\n";
}

std::string interval_lines(const ReportInput& input) {
  std::string card = "## Intervals\n\n";
  if (input.quality.intervals.empty()) return card + "The model gave none.\n\n";
  card +=
      "Calibrated by conformal prediction within groups of listings, by number of reviews first of all.\n\n| "
      "level | ratings inside | mean width, stars |\n|---|---|---|\n";
  for (const LevelQuality& level : input.quality.intervals) {
    card += fmt::format("| {} | {} | {} |\n", level_text(level.level), percent(level.coverage, 1),
                        decimals(level.mean_width, 2));
  }
  if (!input.by_reviews.empty()) {
    const std::string level = level_text(headline_level(input.quality.intervals)->level);
    card += fmt::format(
        "\nAt {}, by number of reviews:\n\n| reviews | apps | MAE | ratings inside | mean width, stars |\n"
        "|---|---|---|---|---|\n",
        level);
  }
  for (const ReviewQuality& bucket : input.by_reviews) {
    const LevelQuality* level = headline_level(bucket.quality.intervals);
    const bool has_any = level != nullptr && bucket.quality.apps > 0;
    card += fmt::format(
        "| {} | {} | {} | {} | {} |\n", markdown(bucket.title), count_text(bucket.quality.apps),
        has_any ? decimals(bucket.quality.scores.mae, 3) : "n/a",
        has_any ? percent(level->coverage, 1) : "n/a", has_any ? decimals(level->mean_width, 2) : "n/a");
  }
  return card + "\n";
}

std::string limit_lines(const ReportInput& input) {
  std::string card = "## Limits\n\n";
  for (const Limit& limit : limits_of(input)) card += fmt::format("- **{}.** {}\n", limit.title, limit.text);
  return card + "\n";
}

std::string cost_lines(const ReportInput& input) {
  if (!input.package_bytes && !input.single_row_time) return "";
  std::string card = "## Cost\n\n";
  if (input.package_bytes) card += "- Package: " + size_text(*input.package_bytes) + ".\n";
  if (input.single_row_time) card += "- One prediction: " + markdown(*input.single_row_time) + ".\n";
  return card + "\n";
}

std::string reproduce_lines(const ReportInput& input) {
  std::string card = "## How to reproduce\n\n```\n";
  if (!input.model.generated) card += "starcast data fetch     # the raw file, checked by its md5\n";
  card +=
      "starcast repro          # prepare, split, train, evaluate: this card is one of its outs\n"
      "starcast cv             # the same measurement over several splits\n```\n\n"
      "Parameters are in `params.yaml`, the md5 of each input and output in `dvc.lock`. The same data, "
      "parameters and seed give\n"
      "this card byte for byte. Figures and the worst misses are in `reports/report.html`.\n";
  return card;
}

}  // namespace

std::string model_card(const ReportInput& input) {
  std::string card = "# Model card: ratings of Play Store apps\n\n";
  if (input.model.generated) card += fmt::format("> **{}**\n\n", kGeneratedWarning);
  card += markdown(summary_text(input)) + "\n\n## Model\n\n" + model_lines(input.model) + "\n";
  return card + use_lines() + data_lines(input) + metric_lines(input) + interval_lines(input) +
         limit_lines(input) + cost_lines(input) + reproduce_lines(input);
}

}  // namespace starcast::report
