#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/explain.h"
#include "app/predict.h"
#include "cli/answer_views.h"
#include "cli/listing_input.h"
#include "cli/session.h"
#include "codec/json.h"
#include "model/explanation.h"
#include "model/package.h"
#include "model/whatif.h"
#include "plot/figure.h"

namespace starcast::cli {

using core::Result;

namespace {

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
  std::vector<std::string> names;
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
  const model::TrainedOn& trained_on = explainer.scorer().trained_on();
  os::Progress progress(context.progress, context.clock, {"explaining", "listings", 0});
  const listing::ReadReport read = TRY(app::explain(
      explainer, *source, {name, arguments.level}, progress, [&](const app::ExplainedListing& explained) {
        print_json_line(session, app::to_json(explained, trained_on));
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
      print_json_line(session, app::to_json(explained, scorer.trained_on()));
    } else {
      print_explanation(session, explained, scorer.trained_on());
      warn_of_answer(session, explained.warnings);
    }
    if (!arguments.svg.empty()) {
      TRY(context.files.write(arguments.svg, plot::to_svg(app::waterfall_figure(explained)) + "\n"));
      if (!session.json) session.print_line("\n{}", arguments.svg);
    }
  }
  warn_of_sample(context.log, scorer);
  return {};
}

// As a cell of the file is read: without control characters and broken bytes, which are warned of.
Result<std::vector<std::string>> read_names(const std::vector<std::string>& names, core::Log& log) {
  std::vector<std::string> read;
  for (const std::string& name : names) {
    listing::Listing listing;
    std::vector<listing::FieldNote> notes;
    listing::set_field(listing, listing::Field::kApp, name, notes);
    for (const listing::FieldNote& note : notes) log.warning("--name: {}", note.text);
    if (listing.app.empty())
      return core::Error(core::ErrorCode::kInvalidInput, "--name: an app cannot be without a name");
    read.push_back(std::move(listing.app));
  }
  return read;
}

Result<void> run_what_if(Session& session, const WhatIfArguments& arguments) {
  const app::Context& context = session.context();
  const model::RatingScorer scorer = TRY(model::load_package(context.files, arguments.listing.package));
  TRY(app::check_level(scorer, arguments.listing.level));
  const listing::Listing listing = TRY(chosen_listing(session, arguments.listing));
  std::vector<std::string> names = TRY(read_names(arguments.names, context.log));
  const model::WhatIf result =
      model::what_if(scorer, listing, {arguments.listing.level, arguments.target, std::move(names)});
  if (session.json) {
    session.print_json(model::to_json(result));
  } else {
    print_what_if(session, result);
    warn_of_answer(session, result.warnings);
    for (const model::ChangedAnswer& answer : result.names) {
      for (const std::string& warning : answer.warnings) {
        if (std::find(result.warnings.begin(), result.warnings.end(), warning) == result.warnings.end())
          context.log.warning("{}: {}", shown_name(answer.changes.front().to), warning);
      }
    }
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
  what_if_command
      ->add_option("--name", what_if->names, "a name that the app might have instead; may be given again")
      ->type_name("NAME")
      ->allow_extra_args(false);
}

}  // namespace starcast::cli
