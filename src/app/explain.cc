#include "app/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "model/answer.h"
#include "model/answer_warnings.h"

namespace starcast::app {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Listing;

namespace {

Result<listing::ListingReader> open_reader(core::ByteSource& source, const std::string& file_name) {
  listing::ReaderOptions options;
  options.file_name = file_name;
  options.rating_required = false;
  return listing::ListingReader::open(source, options);
}

std::string value_of(const ExplainedListing& explained, listing::Field field) {
  const Listing seen = model::seen_as(explained.listing, explained.explanation.answered_as);
  if (listing::is_known(seen, field)) return listing::text_of(seen, field);
  return listing::is_known(explained.listing, field) ? "(not used before launch)" : "(not known)";
}

}  // namespace

Result<ListingRow> read_row(core::ByteSource& source, const RowChoice& choice) {
  listing::ListingReader reader = TRY(open_reader(source, choice.file_name));
  const auto refused = [&choice](std::string why) {
    return Error(ErrorCode::kInvalidInput, fmt::format("{}: {}", choice.file_name, why));
  };
  const std::string ragged = fmt::format("row {} has another number of cells than the header", choice.row);
  Listing listing;
  while (TRY(reader.next(listing)) == listing::ListingRead::kListing) {
    if (reader.row() + 1 == choice.row) return ListingRow{std::move(listing), reader.report()};
    if (reader.row() + 1 > choice.row) return refused(ragged);
    listing = {};
  }
  const std::size_t rows = reader.report().rows;
  if (rows == 0) return refused("there are no listings below the header");
  if (choice.row <= rows) return refused(ragged);
  return refused(fmt::format("there is no row {}; the last is {}", choice.row, rows));
}

ExplainedListing explain_listing(const model::RatingExplainer& explainer, Listing listing, double level) {
  model::RatingExplanation explanation = explainer.explain(listing);
  const model::Interval interval = model::interval_at(explanation.prediction, level).value();
  std::vector<std::string> warnings =
      model::answer_warnings(explainer.scorer(), listing, explanation.answered_as);
  return {std::move(listing), std::move(explanation), interval, std::move(warnings)};
}

Result<listing::ReadReport> explain(const model::RatingExplainer& explainer, core::ByteSource& source,
                                    const ExplainOptions& options, os::Progress& progress,
                                    const std::function<Result<void>(const ExplainedListing&)>& take) {
  listing::ListingReader reader = TRY(open_reader(source, options.file_name));
  while (true) {
    Listing listing;
    if (TRY(reader.next(listing)) == listing::ListingRead::kEnd) break;
    TRY(take(explain_listing(explainer, std::move(listing), options.level)));
    progress.advance();
  }
  return reader.report();
}

std::vector<WaterfallStep> waterfall_steps(const ExplainedListing& explained) {
  std::vector<WaterfallStep> steps;
  for (const model::FieldShare& share : explained.explanation.shares) {
    steps.push_back(
        {std::string(listing::name_of(share.field)), value_of(explained, share.field), share.share});
  }
  if (!explained.explanation.similar_apps.empty()) {
    steps.push_back({"similar apps", "", explained.explanation.similar_share});
  }
  std::stable_sort(steps.begin(), steps.end(), [](const WaterfallStep& a, const WaterfallStep& b) {
    return std::abs(a.share) > std::abs(b.share);
  });
  return steps;
}

plot::Figure waterfall_figure(const ExplainedListing& explained) {
  const model::RatingExplanation& explanation = explained.explanation;
  plot::Categories running;
  running.name = "rating";
  const auto add = [&running](std::string label, double before, double after) {
    running.labels.push_back(std::move(label));
    running.values.push_back(after);
    running.lows.push_back(std::min(before, after));
    running.highs.push_back(std::max(before, after));
  };
  add("base", explanation.base, explanation.base);
  double sum = explanation.base;
  for (const WaterfallStep& step : waterfall_steps(explained)) {
    add(fmt::format("{} {:+.2f}", step.name, step.share), sum, sum + step.share);
    sum += step.share;
  }
  add(fmt::format("{:.0f} % interval", 100 * explained.interval.level), explained.interval.low,
      explained.interval.high);
  running.values.back() = explanation.prediction.value;

  plot::Figure figure;
  figure.title = explained.listing.app.empty() ? "An app without a name" : explained.listing.app;
  figure.subtitle = fmt::format("from {:.2f} by each field's share to {:.2f}", explanation.base,
                                explanation.prediction.value);
  figure.y.label = "rating";
  figure.categories.push_back(std::move(running));
  figure.width_px = 1100;
  return figure;
}

Json to_json(const ExplainedListing& explained, const model::TrainedOn& trained_on) {
  const model::RatingExplanation& explanation = explained.explanation;
  JsonArray shares;
  for (const model::FieldShare& share : explanation.shares) {
    const Listing seen = model::seen_as(explained.listing, explanation.answered_as);
    Json value;
    if (listing::is_known(seen, share.field)) value = listing::text_of(seen, share.field);
    shares.push_back(
        JsonObject{{"field", listing::name_of(share.field)}, {"value", value}, {"share", share.share}});
  }
  JsonArray apps;
  for (const model::SimilarApp& app : explanation.similar_apps) {
    apps.push_back(JsonObject{{"name", app.name},
                              {"category", app.category.empty() ? Json() : Json(app.category)},
                              {"rating", core::is_missing(app.rating) ? Json() : Json(app.rating)},
                              {"reviews", core::is_missing(app.reviews) ? Json() : Json(app.reviews)},
                              {"similarity", app.similarity},
                              {"pull", app.pull}});
  }
  return JsonObject{{"app", explained.listing.app},
                    {"rating", explanation.prediction.value},
                    {"unclipped", explanation.raw},
                    {"interval", model::interval_json(explained.interval)},
                    {"answered_as", model::name_of(explanation.answered_as)},
                    {"base", explanation.base},
                    {"shares", std::move(shares)},
                    {"similar", JsonObject{{"share", explanation.similar_share}, {"apps", std::move(apps)}}},
                    {"trained_on", model::trained_on_json(trained_on)},
                    {"warnings", model::warnings_json(explained.warnings)}};
}

}  // namespace starcast::app
