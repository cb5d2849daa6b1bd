#include <unistd.h>
#include <cmath>
#include <optional>

#include "app/ask.h"
#include "app/cross_validate.h"
#include "app/evaluate.h"
#include "app/explain.h"
#include "app/predict.h"
#include "app/prepare.h"
#include "app/split.h"
#include "app/train.h"
#include "cli/answer_views.h"
#include "cli/listing_input.h"
#include "cli/session.h"
#include "cli/table.h"
#include "codec/csv.h"
#include "codec/number.h"
#include "core/strings.h"
#include "learn/evaluation.h"
#include "learn/rating_trainer.h"
#include "learn/review_buckets.h"
#include "listing/clean.h"
#include "listing/reader.h"
#include "model/answer.h"
#include "model/explanation.h"
#include "model/package.h"
#include "model/whatif.h"

namespace starcast::cli {

using codec::Json;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

std::string count_text(std::size_t count) {
  return core::with_thousands(static_cast<long long>(count));
}

// Standard output as a sink: what the session prints.
class OutputSink final : public core::ByteSink {
 public:
  explicit OutputSink(Session& session) : session_(session) {}
  Result<void> write(std::string_view bytes) override {
    session_.print(bytes);
    return {};
  }

 private:
  Session& session_;
};

void say_generated(Session& session) {
  session.print_line(
      "THIS MODEL WAS TRAINED ON A GENERATED SAMPLE: ITS APPS DO NOT EXIST, ITS ANSWERS MEAN NOTHING.");
}

Result<void> run_prepare(Session& session, const app::PrepareOptions& options) {
  const app::PrepareReport report = TRY(app::prepare(options, session.context()));
  warn_of_notes(session.context().log, report.read, options.raw);
  if (session.json) {
    session.print_json(listing::to_json(report.read, report.clean));
    return {};
  }
  session.print_line("{}: {} rows ({} repaired, {} ragged and dropped)", options.raw,
                     count_text(report.read.rows), count_text(report.read.shifted_repaired),
                     count_text(report.read.ragged));
  session.print_line("  {} duplicates of an app, {} without a rating, {} without a name: dropped",
                     count_text(report.clean.duplicates), count_text(report.clean.unrated),
                     count_text(report.clean.unnamed));
  session.print_line("{}: {} apps, last updated {} to {}; details in {}", options.out,
                     count_text(report.clean.apps),
                     report.clean.date_first ? codec::to_iso(*report.clean.date_first) : "?",
                     report.clean.date_last ? codec::to_iso(*report.clean.date_last) : "?", options.report);
  return {};
}

Result<void> run_split(Session& session, const app::SplitOptions& options) {
  const app::SplitReport report = TRY(app::split(options, session.context()));
  if (session.json) {
    session.print_json(JsonObject{{"train", report.train}, {"test", report.test}});
    return {};
  }
  session.print_line("{}: {} apps to train on, {} held out", options.out, count_text(report.train),
                     count_text(report.test));
  return {};
}

Result<void> run_train(Session& session, const app::TrainOptions& options) {
  const app::TrainReport report = TRY(app::train(options, session.context()));
  if (session.json) {
    session.print_json(JsonObject{{"package", report.package},
                                  {"learner", report.learner},
                                  {"objective", report.objective},
                                  {"apps", report.trained_on.apps},
                                  {"data_md5", report.trained_on.data_md5},
                                  {"date_last", report.trained_on.date_last},
                                  {"generated_sample", report.trained_on.generated},
                                  {"run_id", report.run_id},
                                  {"seconds", report.seconds}});
    return {};
  }
  session.print_line("{}: learner {} (minimises {}), trained on {} apps up to {}, in {}", report.package,
                     report.learner, report.objective, count_text(report.trained_on.apps),
                     report.trained_on.date_last, os::duration_text(report.seconds));
  if (!report.run_id.empty()) session.print_line("run {} in {}", report.run_id, report.store);
  if (report.trained_on.generated) say_generated(session);
  return {};
}

std::string metric_text(double value) {
  return fmt::format("{:.3f}", value);
}

std::string range_text(double low, double high) {
  return fmt::format("{:.3f}..{:.3f}", low, high);
}

// Draws metrics.json, the same whether it was just made or lay there.
class MetricsView {
 public:
  MetricsView(Session& session, const Json& metrics) : session_(session), metrics_(metrics) {}

  Result<void> print() const {
    const std::int64_t apps = TRY(metrics_.int_at("apps"));
    const std::int64_t trained = TRY(metrics_.int_at("trained_apps"));
    const std::string learner = TRY(metrics_.string_at("learner"));
    const std::string objective = TRY(metrics_.string_at("objective"));
    session_.print_line("{} held-out apps, {} trained on; learner {}, minimises {}",
                        core::with_thousands(apps), core::with_thousands(trained), learner, objective);
    TRY(print_quality());
    TRY(print_intervals());
    TRY(print_buckets());
    if (const Json* const generated = metrics_.find("generated_sample");
        generated != nullptr && *generated == Json(true)) {
      say_generated(session_);
    }
    return {};
  }

 private:
  static Result<std::vector<std::string>> metric_cells(std::string name, const Json& json) {
    std::vector<std::string> cells = {std::move(name)};
    for (const char* const metric : {"r2", "rmse", "mae", "medae"})
      cells.push_back(metric_text(TRY(json.double_at(metric))));
    return cells;
  }

  Result<void> print_quality() const {
    Table table({Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
    table.add({"", "R2", "RMSE", "MAE", "MedAE"});
    const Json* const model = TRY(metrics_.at("model"));
    table.add(TRY(metric_cells("starcast", *model)));
    const Json* const bootstrap = TRY(model->at("bootstrap_95"));
    std::vector<std::string> ranges = {"  95 % by bootstrap"};
    for (const char* const metric : {"r2", "rmse", "mae", "medae"}) {
      const Json* const range = TRY(bootstrap->at(metric));
      const double low = TRY(range->double_at("low"));
      ranges.push_back(range_text(low, TRY(range->double_at("high"))));
    }
    table.add(std::move(ranges));
    const Json* const baselines = TRY(metrics_.at("baselines"));
    for (const codec::JsonMember& baseline : *TRY(baselines->as_object())) {
      table.add(TRY(metric_cells(core::replaced(baseline.first, "_", " "), baseline.second)));
    }
    session_.print("\n" + table.text());
    return {};
  }

  Result<void> print_intervals() const {
    Table table({Align::kLeft, Align::kRight, Align::kRight});
    table.add({"interval", "covers", "mean width"});
    const Json* const intervals = TRY(metrics_.at("intervals"));
    for (const codec::JsonMember& level : *TRY(intervals->as_object())) {
      const double coverage = TRY(level.second.double_at("coverage"));
      table.add({level.first + " %", fmt::format("{:.1f} %", 100 * coverage),
                 fmt::format("{:.2f}", TRY(level.second.double_at("mean_width")))});
    }
    session_.print("\n" + table.text());
    return {};
  }

  Result<void> print_buckets() const {
    Table table({Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
    table.add({"reviews", "apps", "MAE", "80 % covers", "mean width"});
    const Json* const by_reviews = TRY(metrics_.at("by_reviews"));
    for (const learn::ReviewBucket& bucket : learn::review_buckets()) {
      const Json* const json = TRY(by_reviews->at(bucket.name));
      const std::int64_t apps = TRY(json->int_at("apps"));
      if (apps == 0) continue;
      const Json* const intervals = TRY(json->at("intervals"));
      const Json* const eighty = TRY(intervals->at("80"));
      const double coverage = TRY(eighty->double_at("coverage"));
      const double width = TRY(eighty->double_at("mean_width"));
      table.add({bucket.title, core::with_thousands(apps), metric_text(TRY(json->double_at("mae"))),
                 fmt::format("{:.1f} %", 100 * coverage), fmt::format("{:.2f}", width)});
    }
    session_.print("\n" + table.text());
    return {};
  }

  Session& session_;
  const Json& metrics_;
};

Result<void> show_metrics(Session& session, const std::string& path) {
  if (!session.context().files.exists(path)) {
    return Error(ErrorCode::kNotFound, fmt::format("{}: no such file; 'starcast evaluate' makes it", path));
  }
  const std::string text = TRY(session.context().files.read(path));
  const Json metrics = TRY(codec::parse_json(text), path);
  if (session.json) {
    session.print_json(metrics);
    return {};
  }
  TRY(MetricsView(session, metrics).print(), path);
  return {};
}

Result<void> run_evaluate(Session& session, const app::EvaluateOptions& options, bool show_only) {
  if (show_only) return show_metrics(session, options.metrics);
  const app::EvaluateReport report = TRY(app::evaluate(options, session.context()));
  const Json metrics = app::to_json(report);
  if (session.json) {
    session.print_json(metrics);
    return {};
  }
  TRY(MetricsView(session, metrics).print());
  if (report.single_row_time) {
    session.print_line("\n{}: one answer takes {}", options.timed_report,
                       app::text_of(*report.single_row_time));
  }
  session.print_line("\n{}, {}, {}, {}, {}", options.metrics, options.report, options.model_card,
                     options.predictions, fmt::join(report.figures, ", "));
  return {};
}

enum class Columns {
  kAll,      // App, rating, low, high
  kNumbers,  // rating, low, high: what MLflow's loader reads
};

struct PredictArguments {
  std::string file;
  std::string package = app::kPackageFolder;
  double level = 0.8;
  bool ask = false;  // instead of a file
  Columns columns = Columns::kAll;
  bool table = false;                          // for people, also where standard output is no terminal
  std::optional<app::ListingFormat> format{};  // nothing: by the file's name
  bool explain = false;
};

app::ListingFormat format_of(const PredictArguments& arguments) {
  const bool is_named_lines = arguments.file.ends_with(".jsonl") || arguments.file.ends_with(".ndjson");
  return arguments.format.value_or(is_named_lines ? app::ListingFormat::kJsonLines
                                                  : app::ListingFormat::kCsv);
}

// "Reviews (159) +0.12; ...": the largest shares.
std::string reasons_text(const app::ExplainedListing& explained) {
  constexpr std::size_t kShown = 3;
  std::string text;
  std::size_t shown = 0;
  for (const app::WaterfallStep& step : app::waterfall_steps(explained)) {
    if (++shown > kShown) break;
    text += fmt::format("{}{}{} {:+.2f}", text.empty() ? "" : "; ", step.name,
                        step.value.empty() ? "" : fmt::format(" ({})", step.value), step.share);
  }
  return text;
}

// Prints predictions one by one: JSON Lines, CSV in a pipe, aligned lines on a terminal.
class PredictionPrinter {
 public:
  // `explainer` may be null: then no reasons are printed.
  PredictionPrinter(Session& session, const PredictArguments& arguments, const model::TrainedOn& trained_on,
                    const model::RatingExplainer* explainer)
      : session_(session),
        arguments_(arguments),
        sink_(session),
        csv_(sink_),
        pretty_(!session.json && arguments.columns == Columns::kAll &&
                (arguments.table || os::is_terminal_output())),
        explainer_(explainer),
        trained_on_(trained_on),
        trained_on_json_(model::trained_on_json(trained_on)) {}

  Result<void> start() {
    if (session_.json) return {};
    if (pretty_) {
      session_.print_line("{:<46}  {:>6}  {:>15}  {}", "App", "rating",
                          fmt::format("{:.0f} % interval", 100 * arguments_.level), "answered as");
      return {};
    }
    if (arguments_.columns == Columns::kNumbers) return csv_.write({"rating", "low", "high"});
    std::vector<std::string_view> columns = {"App", "rating", "low", "high", "answered_as", "warnings"};
    if (explainer_ != nullptr) columns.emplace_back("reasons");
    return csv_.write(columns);
  }

  Result<void> print(const app::ListingPrediction& prediction) {
    std::optional<app::ExplainedListing> explained;
    if (explainer_ != nullptr)
      explained = app::explain_listing(*explainer_, prediction.listing, arguments_.level);
    if (session_.json) {
      session_.print(codec::to_text(explained ? app::to_json(*explained, trained_on_) : json_of(prediction),
                                    codec::JsonStyle::kCompact));
      session_.print("\n");
      return {};
    }
    if (pretty_ || arguments_.columns == Columns::kNumbers) keep_warnings(prediction);
    if (pretty_) {
      session_.print_line("{:<46}  {:>6.2f}  {:>6.2f} ..{:>6.2f}  {}", shown_name(prediction.listing.app),
                          prediction.rating, prediction.interval.low, prediction.interval.high,
                          core::replaced(model::name_of(prediction.answered_as), "_", " "));
      if (explained) session_.print_line("    {}", reasons_text(*explained));
      return {};
    }
    const std::string rating = codec::to_shortest(prediction.rating);
    const std::string low = codec::to_shortest(prediction.interval.low);
    const std::string high = codec::to_shortest(prediction.interval.high);
    if (arguments_.columns == Columns::kNumbers) return csv_.write({rating, low, high});
    const std::string answered_as(model::name_of(prediction.answered_as));
    const std::string warnings = fmt::format("{}", fmt::join(prediction.warnings, "; "));
    const std::string reasons = explained ? reasons_text(*explained) : std::string();
    std::vector<std::string_view> cells = {prediction.listing.app, rating, low, high, answered_as, warnings};
    if (explained) cells.emplace_back(reasons);
    return csv_.write(cells);
  }

  Result<void> finish(const model::TrainedOn& trained_on) {
    TRY(csv_.flush());
    core::Log& log = session_.context().log;
    if (pretty_) {
      session_.print_line("{}", model::trained_on_text(trained_on));
    } else if (!session_.json) {
      log.info("{}", model::trained_on_text(trained_on));
    }
    for (const std::string& warning : warnings_) log.warning("{}", warning);
    if (warned_ > warnings_.size()) log.warning("{} warnings more", count_text(warned_ - warnings_.size()));
    return {};
  }

 private:
  static constexpr std::size_t kWarningsShown = 5;

  Json json_of(const app::ListingPrediction& prediction) const {
    return JsonObject{{"app", prediction.listing.app},
                      {"rating", prediction.rating},
                      {"interval", model::interval_json(prediction.interval)},
                      {"answered_as", model::name_of(prediction.answered_as)},
                      {"trained_on", trained_on_json_},
                      {"warnings", model::warnings_json(prediction.warnings)}};
  }

  void keep_warnings(const app::ListingPrediction& prediction) {
    for (const std::string& warning : prediction.warnings) {
      if (++warned_ <= kWarningsShown)
        warnings_.push_back(fmt::format("{}: {}", shown_name(prediction.listing.app), warning));
    }
  }

  Session& session_;
  const PredictArguments& arguments_;
  OutputSink sink_;
  codec::CsvWriter csv_;
  bool pretty_;
  const model::RatingExplainer* explainer_;
  const model::TrainedOn& trained_on_;
  Json trained_on_json_;
  std::vector<std::string> warnings_;  // the first, where no column holds them
  std::size_t warned_ = 0;
};

// Asks for one listing, and says of it all that there is to say.
Result<void> answer_questions(Session& session, const PredictArguments& arguments,
                              const model::RatingScorer& scorer) {
  TRY(app::check_level(scorer, arguments.level));
  const model::RatingExplainer explainer = TRY(model::RatingExplainer::create(scorer), arguments.package);
  const std::unique_ptr<core::ByteSource> answers = standard_input();
  listing::Listing listing =
      TRY(app::ask_listing(*answers, scorer, [&session](std::string_view text) { session.prompt(text); }));
  const model::WhatIf what_if = model::what_if(scorer, listing, {arguments.level});
  const app::ExplainedListing explained =
      app::explain_listing(explainer, std::move(listing), arguments.level);
  if (session.json) {
    session.print_json(JsonObject{{"explanation", app::to_json(explained, scorer.trained_on())},
                                  {"what_if", model::to_json(what_if)}});
  } else {
    session.print("\n");
    print_explanation(session, explained, scorer.trained_on());
    session.print("\n");
    print_changes(session, what_if);
    warn_of_answer(session, explained.warnings);
  }
  warn_of_sample(session.context().log, scorer);
  return {};
}

Result<void> run_predict(Session& session, const PredictArguments& arguments) {
  const app::Context& context = session.context();
  const model::RatingScorer scorer = TRY(model::load_package(context.files, arguments.package));
  if (arguments.ask) return answer_questions(session, arguments, scorer);
  const std::unique_ptr<core::ByteSource> source = TRY(open_input(context, arguments.file));
  const std::string file_name = input_name(arguments.file);
  os::Progress progress(context.progress, context.clock, {"predicting", "listings", 0});
  std::optional<model::RatingExplainer> explainer;
  if (arguments.explain) explainer = TRY(model::RatingExplainer::create(scorer), arguments.package);
  PredictionPrinter printer(session, arguments, scorer.trained_on(), explainer ? &*explainer : nullptr);
  TRY(printer.start());
  const app::PredictReport report = TRY(app::predict(
      scorer, *source, {file_name, arguments.level, format_of(arguments)}, progress,
      [&printer](const app::ListingPrediction& prediction) { return printer.print(prediction); }));
  TRY(printer.finish(scorer.trained_on()));
  warn_of_notes(context.log, report.read, file_name);
  warn_of_sample(context.log, scorer);
  return {};
}

Result<void> run_cross_validation(Session& session, const app::CrossValidateOptions& options) {
  const app::CrossValidateReport report = TRY(app::cross_validate(options, session.context()));
  if (session.json) {
    session.print_json(app::to_json(report));
    return {};
  }
  const std::size_t shuffles = report.learners.front().evaluations.size();
  session.print_line(
      "{} apps, {} folds, {} {}; learner {}, objective {}{}", count_text(report.apps), report.folds, shuffles,
      shuffles == 1 ? "assignment" : "shuffles", report.learner, report.objective,
      report.extra_apps == 0 ? "" : fmt::format(", {} extra apps train", count_text(report.extra_apps)));
  Table table({Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
  table.add({"", "R2", "RMSE", "MAE", "MedAE"});
  const auto add = [&table](const app::CrossValidatedLearner& learner, std::string_view indent) {
    const auto cell = [&learner](double learn::Metrics::* member) {
      const app::MeanAndSd value =
          learner.over([member](const learn::Evaluation& evaluation) { return evaluation.metrics.*member; });
      return fmt::format("{:.4f} +-{:.4f}", value.mean, value.sd);
    };
    table.add({std::string(indent) + core::replaced(learner.name, "_", " "), cell(&learn::Metrics::r2),
               cell(&learn::Metrics::rmse), cell(&learn::Metrics::mae), cell(&learn::Metrics::medae)});
  };
  for (const app::CrossValidatedLearner& learner : report.learners)
    add(learner, &learner == report.learners.data() ? "" : "  ");
  for (const app::CrossValidatedLearner& baseline : report.baselines) add(baseline, "");
  session.print("\n" + table.text());

  const app::CrossValidatedLearner& blend = report.learners.front();
  Table intervals({Align::kLeft, Align::kRight, Align::kRight});
  intervals.add({"interval", "covers", "mean width"});
  for (std::size_t level = 0; level < blend.evaluations.front().intervals.size(); ++level) {
    const auto over = [&](double learn::IntervalQuality::* member) {
      return blend
          .over([&](const learn::Evaluation& evaluation) { return evaluation.intervals[level].*member; })
          .mean;
    };
    intervals.add({fmt::format("{:.0f} %", 100 * blend.evaluations.front().intervals[level].level),
                   fmt::format("{:.1f} %", 100 * over(&learn::IntervalQuality::coverage)),
                   fmt::format("{:.3f}", over(&learn::IntervalQuality::mean_width))});
  }
  session.print("\n" + intervals.text());
  session.print_line("\n{}", options.out);
  return {};
}

// The option outlives the parsing: `objective` has to, too.
void add_objective(CLI::App& command, std::optional<learn::Objective>& objective) {
  command
      .add_option_function<std::string>(
          "--objective", [&objective](const std::string& name) { objective = learn::objective_named(name); },
          "what the prediction is closest by: mean (squared error), median (absolute error) or blend "
          "(default: "
          "what params.yaml says)")
      ->check(CLI::IsMember({"mean", "median", "blend"}));
}

void add_cross_validation(CLI::App& parent, Session& session) {
  const auto options = std::make_shared<app::CrossValidateOptions>();
  CLI::App* const command =
      add_command(parent, session, "cv", "cross-validate over all rated apps of the raw file", Grammar::kOwn,
                  [options](Session& current) { return run_cross_validation(current, *options); });
  command->add_option("--folds", options->folds, "how many folds")
      ->capture_default_str()
      ->check(CLI::Range(2, 1000));
  command->add_option("--shuffles", options->shuffles, "how many times, each with other folds")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  command->add_option("--folds-file", options->folds_file, "CSV of row_in_csv,fold instead")
      ->type_name("FILE");
  command->add_option("--raw", options->raw, "the raw file")->capture_default_str()->type_name("FILE");
  command->add_option("--extra", options->extra, "another file whose apps train in every fold")
      ->type_name("FILE");
  add_objective(*command, options->objective);
  command->add_option("-o,--out", options->out, "where the report goes")
      ->capture_default_str()
      ->type_name("FILE");
}

void add_predict(CLI::App& parent, Session& session) {
  const auto arguments = std::make_shared<PredictArguments>();
  CLI::App* const command =
      add_command(parent, session, "predict", "listings in, ratings with their intervals out", Grammar::kOwn,
                  [arguments](Session& current) { return run_predict(current, *arguments); });
  CLI::Option* const file =
      command
          ->add_option("file", arguments->file,
                       "a CSV file of listings in any known layout, JSON Lines (.jsonl, .ndjson), or - for "
                       "standard input")
          ->type_name("FILE|-");
  command
      ->add_option_function<std::string>(
          "--format",
          [arguments](const std::string& name) {
            arguments->format = name == "csv" ? app::ListingFormat::kCsv : app::ListingFormat::kJsonLines;
          },
          "of the input: csv or jsonl (default: by the file's name)")
      ->check(CLI::IsMember({"csv", "jsonl"}));
  command->add_flag("--explain", arguments->explain, "with reasons: the largest shares, with --json all");
  command
      ->add_flag("--ask", arguments->ask,
                 "ask for one listing instead, field by field, and explain its rating")
      ->excludes(file);
  command->parse_complete_callback([arguments] {
    if (!arguments->ask && arguments->file.empty()) throw CLI::RequiredError("file");
  });
  command->add_option("-m,--model", arguments->package, "the model package")
      ->capture_default_str()
      ->type_name("DIR");
  command->add_option("--level", arguments->level, "of the interval: 0.5, 0.8, 0.9 or 0.95")
      ->capture_default_str();
  command->add_flag("--table", arguments->table, "aligned for reading (the default on a terminal)");
  command
      ->add_option_function<std::string>(
          "--output-columns",
          [arguments](const std::string& name) {
            arguments->columns = name == "numbers" ? Columns::kNumbers : Columns::kAll;
          },
          "all, or numbers: rating, low, high without the name")
      ->check(CLI::IsMember({"all", "numbers"}));
}

void add_evaluate(CLI::App& parent, Session& session) {
  const auto options = std::make_shared<app::EvaluateOptions>();
  const auto show = std::make_shared<bool>(false);
  CLI::App* const command =
      add_command(parent, session, "evaluate",
                  "score the held-out part: metrics, predictions, figures, report, model card", Grammar::kOwn,
                  [options, show](Session& current) { return run_evaluate(current, *options, *show); });
  command->add_option("-m,--model", options->package, "the model package")
      ->capture_default_str()
      ->type_name("DIR");
  command->add_option("--metrics", options->metrics, "where metrics go")
      ->capture_default_str()
      ->type_name("FILE");
  command
      ->add_option("--timed-report", options->timed_report,
                   "also write the report here with what one answer costs on this machine")
      ->type_name("FILE");
  command->add_flag("--show", *show, "print the metrics that lie there, compute nothing");
}

void add_train(CLI::App& parent, Session& session) {
  const auto options = std::make_shared<app::TrainOptions>();
  CLI::App* const command =
      add_command(parent, session, "train", "the training part becomes a model package", Grammar::kOwn,
                  [options](Session& current) { return run_train(current, *options); });
  command->add_option("-o,--out", options->out, "the model package")->capture_default_str()->type_name("DIR");
  command
      ->add_option_function<std::string>(
          "--learner", [options](const std::string& name) { options->learner = learn::learner_named(name); },
          "boosted or random-forest, with its defaults (default: what params.yaml says)")
      ->check(CLI::IsMember({"boosted", "random-forest"}));
  add_objective(*command, options->objective);
}

}  // namespace

void add_model_commands(CLI::App& parent, Session& session) {
  const auto prepare = std::make_shared<app::PrepareOptions>();
  CLI::App* const prepare_command =
      add_command(parent, session, "prepare", "clean the raw file: one row an app", Grammar::kOwn,
                  [prepare](Session& current) { return run_prepare(current, *prepare); });
  prepare_command->add_option("raw", prepare->raw, "the raw file, in any known layout")
      ->capture_default_str()
      ->type_name("FILE");
  prepare_command->add_option("-o,--out", prepare->out, "the clean listings")
      ->capture_default_str()
      ->type_name("FILE");
  prepare_command->add_option("--report", prepare->report, "what was repaired, dropped, missing")
      ->capture_default_str()
      ->type_name("FILE");

  const auto split = std::make_shared<app::SplitOptions>();
  add_command(parent, session, "split", "choose which apps train and which test", Grammar::kOwn,
              [split](Session& current) { return run_split(current, *split); })
      ->add_option("-o,--out", split->out, "the split")
      ->capture_default_str()
      ->type_name("FILE");
  add_train(parent, session);
  add_evaluate(parent, session);
  add_cross_validation(parent, session);
  add_predict(parent, session);
}

}  // namespace starcast::cli
