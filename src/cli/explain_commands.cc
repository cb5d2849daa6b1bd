#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/explain.h"
#include "app/predict.h"
#include "app/whatif.h"
#include "cli/listing_input.h"
#include "cli/session.h"
#include "cli/table.h"
#include "codec/json.h"
#include "model/explanation.h"
#include "model/package.h"
#include "plot/figure.h"

namespace starcast::cli {

using core::Result;

namespace {

constexpr std::size_t kNameColumns = 46;

struct ListingArguments {
  std::string file;
  std::string package = app::kPackageFolder;
  double level = 0.8;
  std::size_t row = 1;
  bool row_given = false;
};

struct ExplainArguments {
  ListingArguments listing;
  std::string svg;
};

struct WhatIfArguments {
  ListingArguments listing;
  std::optional<double> target;
};

std::string shown_name(const std::string& app) {
  return fitted(app.empty() ? "(no name)" : app, kNameColumns);
}

std::string case_text(model::LaunchCase launch_case) {
  switch (launch_case) {
    case model::LaunchCase::kLaunched:
      return "a launched app: reviews and installs are known";
    case model::LaunchCase::kBeforeLaunch:
      return "an app before its launch: without reviews, installs and update, so much less can be known";
  }
  return "";
}

std::string interval_text(const model::Interval& interval) {
  return fmt::format("{:.0f} % interval {:.2f} .. {:.2f}", 100 * interval.level, interval.low, interval.high);
}

// Draws one explanation as a waterfall: each bar begins where the one above it ends.
class WaterfallView {
 public:
  WaterfallView(Session& session, const app::ExplainedListing& explained)
      : session_(session), explained_(explained), steps_(app::waterfall_steps(explained)) {
    low_ = high_ = explained.explanation.base;
    double sum = explained.explanation.base;
    for (const app::WaterfallStep& step : steps_) {
      sum += step.share;
      low_ = std::min(low_, sum);
      high_ = std::max(high_, sum);
    }
  }

  void print() const {
    const model::RatingExplanation& explanation = explained_.explanation;
    session_.print_line("{}", shown_name(explained_.listing.app));
    session_.print_line("answered as {}\n", case_text(explanation.answered_as));
    Table table({Align::kLeft, Align::kLeft, Align::kRight, Align::kLeft});
    table.add({"base", "of no app in particular", fmt::format("{:.3f}", explanation.base),
               bar(explanation.base, 0)});
    double sum = explanation.base;
    for (const app::WaterfallStep& step : steps_) {
      table.add({step.name, fitted(step.value, kValueColumns), fmt::format("{:+.3f}", step.share),
                 bar(sum, step.share)});
      sum += step.share;
    }
    table.add({"sum", "", fmt::format("{:.3f}", explanation.raw), bar(explanation.raw, 0)});
    session_.print(table.text());
    if (explanation.is_clipped()) {
      session_.print_line("The sum lies outside 1 to 5 and is clipped to {:.0f}.",
                          explanation.prediction.value);
    }
    session_.print_line("\nrating {:.2f}, {}", explanation.prediction.value,
                        interval_text(explained_.interval));
    print_similar_apps();
  }

 private:
  static constexpr std::size_t kValueColumns = 24;
  static constexpr double kBarColumns = 23;

  std::size_t place(double value) const {
    if (!(high_ > low_)) return 0;
    return static_cast<std::size_t>(
        std::lround(std::clamp((value - low_) / (high_ - low_), 0.0, 1.0) * kBarColumns));
  }

  std::string bar(double from, double share) const {
    const std::size_t first = place(std::min(from, from + share));
    const std::size_t last = place(std::max(from, from + share));
    if (first == last) return std::string(first, ' ') + "|";
    return std::string(first, ' ') + std::string(last - first, share > 0 ? '+' : '-');
  }

  void print_similar_apps() const {
    if (explained_.explanation.similar_apps.empty()) return;
    session_.print_line("\nThe most similar apps, and what each of them adds to the share of similar apps:");
    Table table({Align::kLeft, Align::kRight, Align::kRight});
    table.add({"app", "alike", "adds"});
    for (const model::SimilarApp& similar : explained_.explanation.similar_apps) {
      table.add({shown_name(similar.name), fmt::format("{:.0f} %", 100 * similar.similarity),
                 fmt::format("{:+.3f}", similar.pull)});
    }
    session_.print(table.text());
  }

  Session& session_;
  const app::ExplainedListing& explained_;
  std::vector<app::WaterfallStep> steps_;
  double low_ = 0;
  double high_ = 0;
};

void print_json_line(Session& session, const codec::Json& json) {
  session.print(codec::to_text(json, codec::JsonStyle::kCompact) + "\n");
}

Result<listing::Listing> chosen_listing(Session& session, const ListingArguments& arguments) {
  const std::string name = input_name(arguments.file);
  const std::unique_ptr<core::ByteSource> source = TRY(open_input(session.context(), arguments.file));
  app::ListingRow row = TRY(app::read_row(*source, {name, arguments.row}));
  warn_of_notes(session.context().log, row.read, name);
  return std::move(row.listing);
}

Result<void> explain_all(Session& session, const ListingArguments& arguments,
                         const model::RatingExplainer& explainer) {
  const app::Context& context = session.context();
  const std::string name = input_name(arguments.file);
  const std::unique_ptr<core::ByteSource> source = TRY(open_input(context, arguments.file));
  os::Progress progress(context.progress, context.clock, {"explaining", "listings", 0});
  const listing::ReadReport read = TRY(app::explain(explainer, *source, {name, arguments.level}, progress,
                                                    [&session](const app::ExplainedListing& explained) {
                                                      print_json_line(session, app::to_json(explained));
                                                      return Result<void>();
                                                    }));
  warn_of_notes(context.log, read, name);
  return {};
}

Result<void> run_explain(Session& session, const ExplainArguments& arguments) {
  const app::Context& context = session.context();
  const model::RatingScorer scorer = TRY(model::load_package(context.files, arguments.listing.package));
  TRY(app::check_level(scorer, arguments.listing.level));
  const model::RatingExplainer explainer =
      TRY(model::RatingExplainer::create(scorer), arguments.listing.package);
  if (session.json && !arguments.listing.row_given && arguments.svg.empty()) {
    TRY(explain_all(session, arguments.listing, explainer));
  } else {
    listing::Listing listing = TRY(chosen_listing(session, arguments.listing));
    const app::ExplainedListing explained =
        app::explain_listing(explainer, std::move(listing), arguments.listing.level);
    if (session.json) {
      print_json_line(session, app::to_json(explained));
    } else {
      WaterfallView(session, explained).print();
    }
    if (!arguments.svg.empty()) {
      TRY(context.files.write(arguments.svg, plot::to_svg(app::waterfall_figure(explained)) + "\n"));
      if (!session.json) session.print_line("\n{}", arguments.svg);
    }
  }
  warn_of_sample(context.log, scorer);
  return {};
}

std::string change_text(const app::Change& change) {
  const auto shown = [&change](const std::string& text) {
    return change.field == listing::Field::kPrice && text == "0" ? std::string("free") : text;
  };
  return fmt::format("{}: {} -> {}", listing::name_of(change.field), shown(change.from), shown(change.to));
}

void print_target(Session& session, const app::TargetAnswer& target) {
  const app::ChangedAnswer& answer = target.answer;
  if (target.is_reached && answer.changes.empty()) {
    session.print_line("\nThe target of {:.2f} is reached as it is.", target.target);
    return;
  }
  if (answer.changes.empty()) {
    session.print_line("\nThe target of {:.2f} cannot be reached: no change raises the rating.",
                       target.target);
    return;
  }
  session.print_line(
      "\n{}", target.is_reached ? fmt::format("The target of {:.2f} is reached by:", target.target)
                                : fmt::format("The target of {:.2f} is not reached; the best that was found:",
                                              target.target));
  for (const app::Change& change : answer.changes) session.print_line("  {}", change_text(change));
  session.print_line("  rating {:.2f} ({:+.2f}), {}", answer.rating, answer.gain,
                     interval_text(answer.interval));
}

void print_what_if(Session& session, const app::WhatIf& what_if) {
  session.print_line("{}", shown_name(what_if.app));
  session.print_line("answered as {}", case_text(what_if.answered_as));
  session.print_line("as it is: rating {:.2f}, {}\n", what_if.rating, interval_text(what_if.interval));
  if (what_if.best.empty()) {
    session.print_line("No single change that its publisher can make raises the rating.");
  } else {
    Table table({Align::kLeft, Align::kRight, Align::kRight, Align::kRight});
    table.add({"change", "rating", "gain", fmt::format("{:.0f} % interval", 100 * what_if.interval.level)});
    for (const app::ChangedAnswer& answer : what_if.best) {
      table.add({change_text(answer.changes.front()), fmt::format("{:.2f}", answer.rating),
                 fmt::format("{:+.2f}", answer.gain),
                 fmt::format("{:.2f} .. {:.2f}", answer.interval.low, answer.interval.high)});
    }
    session.print(table.text());
  }
  if (what_if.target) print_target(session, *what_if.target);
  session.print_line("\n{}", app::kAssociationNote);
}

Result<void> run_what_if(Session& session, const WhatIfArguments& arguments) {
  const app::Context& context = session.context();
  const model::RatingScorer scorer = TRY(model::load_package(context.files, arguments.listing.package));
  TRY(app::check_level(scorer, arguments.listing.level));
  const listing::Listing listing = TRY(chosen_listing(session, arguments.listing));
  const app::WhatIf result = app::what_if(scorer, listing, {arguments.listing.level, arguments.target});
  if (session.json) {
    session.print_json(app::to_json(result));
  } else {
    print_what_if(session, result);
  }
  warn_of_sample(context.log, scorer);
  return {};
}

// The arguments outlive the command: its action holds them.
void add_listing_options(CLI::App& command, ListingArguments& arguments, const std::string& row_help) {
  command
      .add_option("file", arguments.file,
                  "a CSV file of listings in any known layout, or - for standard input")
      ->required()
      ->type_name("FILE|-");
  command
      .add_option_function<std::size_t>(
          "--row",
          [&arguments](const std::size_t& row) {
            arguments.row = row;
            arguments.row_given = true;
          },
          row_help)
      ->check(CLI::PositiveNumber)
      ->type_name("N");
  command.add_option("-m,--model", arguments.package, "the model package")
      ->capture_default_str()
      ->type_name("DIR");
  command.add_option("--level", arguments.level, "of the interval: 0.5, 0.8, 0.9 or 0.95")
      ->capture_default_str();
}

}  // namespace

void add_explain_commands(CLI::App& parent, Session& session) {
  const auto explain = std::make_shared<ExplainArguments>();
  CLI::App* const explain_command = add_command(
      parent, session, "explain", "why a listing gets its rating: a share for each field, and similar apps",
      Grammar::kOwn, [explain](Session& current) { return run_explain(current, *explain); });
  add_listing_options(*explain_command, explain->listing,
                      "which listing, from 1 (default: the first; with --json all)");
  explain_command->add_option("--svg", explain->svg, "also draw the listing's waterfall here")
      ->type_name("FILE");

  const auto what_if = std::make_shared<WhatIfArguments>();
  CLI::App* const what_if_command =
      add_command(parent, session, "whatif", "which changes of a listing go with a better rating",
                  Grammar::kOwn, [what_if](Session& current) { return run_what_if(current, *what_if); });
  add_listing_options(*what_if_command, what_if->listing, "which listing, from 1 (default: the first)");
  what_if_command
      ->add_option("--target", what_if->target, "also look for the fewest changes that reach this rating")
      ->check(CLI::Range(1.0, 5.0))
      ->type_name("STARS");
}

}  // namespace starcast::cli
