#include "app/train.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "app/params.h"
#include "app/run_log.h"
#include "app/split.h"
#include "codec/digest.h"
#include "core/random.h"
#include "model/package.h"
#include "os/path.h"

namespace starcast::app {

using core::Result;
using listing::Listing;

namespace {

constexpr std::size_t kGoldenRows = 32;

// Rows that a loaded package has to predict as here: some training listings, and the two that break first, a
// listing of which nothing is known and one of a category never seen.
std::vector<Listing> golden_listings(const std::vector<Listing>& training, std::uint64_t seed) {
  core::Random random(seed);
  std::vector<std::size_t> order = core::shuffled(training.size(), random);
  order.resize(std::min(order.size(), kGoldenRows));
  std::sort(order.begin(), order.end());
  std::vector<Listing> golden;
  for (const std::size_t index : order) golden.push_back(training[index]);
  golden.emplace_back();
  Listing unseen;
  unseen.app = "A name never seen";
  unseen.category = "A_CATEGORY_NEVER_SEEN";
  golden.push_back(std::move(unseen));
  return golden;
}

Result<TrainReport> train_and_save(const TrainOptions& options, const Context& context, TrainingRun& run) {
  const core::Ticks start = context.clock.elapsed();
  const Params params = TRY(load_params(context.files, options.params, options.objective));
  learn::RatingPlan plan = params.train;
  if (options.learner && *options.learner != plan.learner) {
    plan = learn::RatingPlan::defaults_of(*options.learner);
    plan.seed = params.train.seed;
    if (options.objective) TRY(choose_objective(plan, *options.objective));
  }
  const learn::SplitListings listings = TRY(load_split_listings(options.listings, options.split, context));
  model::TrainedOn trained_on;
  const std::unique_ptr<core::ByteSource> source = TRY(context.files.open(options.listings));
  trained_on.data_md5 = TRY(codec::digest_of(*source, codec::DigestKind::kMd5));
  trained_on.generated = params.generated;
  run.add_dep(options.listings, trained_on.data_md5);
  const std::unique_ptr<core::ByteSource> split_source = TRY(context.files.open(options.split));
  run.add_dep(options.split, TRY(codec::digest_of(*split_source, codec::DigestKind::kMd5)));

  const gbm::LightGbm library = TRY(load_lightgbm(context));
  os::Progress progress(context.progress, context.clock, {"training", "trees", learn::trees_in(plan)});
  const model::RatingModel trained =
      TRY(learn::train_rating(listings.train, plan, std::move(trained_on),
                              {library, os::thread_count(context.environment),
                               [&progress](double trees) { progress.advance(trees); }},
                              run));

  if (const std::string parent = os::folder_of(options.out); !parent.empty())
    TRY(context.files.make_folders(parent));
  TRY(model::save_package(context.files, options.out, trained, golden_listings(listings.train, plan.seed)),
      options.out);
  TrainReport report;
  report.learner = trained.learner;
  report.objective = trained.objective;
  report.trained_on = trained.trained_on;
  report.package = options.out;
  report.seconds = core::seconds_between(start, context.clock.elapsed());
  return report;
}

}  // namespace

Result<TrainReport> train(const TrainOptions& options, const Context& context) {
  TrainingRun run(context);
  Result<TrainReport> report = train_and_save(options, context, run);
  if (!report && !run.has_read_data()) return report;  // nothing was begun
  const ReportedRun reported = run.finish(report ? "FINISHED" : "FAILED", report ? report->package : "");
  if (report) {
    report->run_id = reported.run_id;
    report->store = reported.store;
  }
  return report;
}

}  // namespace starcast::app
