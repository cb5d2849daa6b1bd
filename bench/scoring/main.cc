// Scores the listings of a file with a model package, on one thread, and prints what each part of an answer
// costs.
//
//   bench_scoring PACKAGE LISTINGS.csv
//
// It also checks the answers: every forest by its kernel equals the plain walk bit for bit, the forests'
// shares and the kernel model's pull add up to each explained prediction, and explained and plain predictions
// are the same. Exit status 1 if one does not.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/result.h"
#include "features/encoder.h"
#include "forest/forest.h"
#include "forest/shap.h"
#include "listing/reader.h"
#include "model/explanation.h"
#include "model/kernel_input.h"
#include "model/package.h"
#include "model/rating_scorer.h"
#include "os/file_system.h"
#include "similar/kernel_model.h"

namespace {

namespace codec = starcast::codec;
namespace core = starcast::core;
namespace features = starcast::features;
namespace forest = starcast::forest;
namespace listing = starcast::listing;
namespace model = starcast::model;
namespace os = starcast::os;
namespace similar = starcast::similar;
using core::Result;

constexpr int kRuns = 7;
constexpr std::size_t kListingsMax = 2000;  // cold names, categories and rows from call to call
constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;

struct PackageForest {
  std::string name;
  forest::Forest forest;
  forest::ShapExplainer explainer;
};

// The parts of the package's first case, read by themselves.
struct Parts {
  features::Encoder encoder;
  std::vector<PackageForest> point;
  std::vector<PackageForest> band;
  similar::KernelModel kernel;
  model::KernelInputMaker inputs;
};

Result<std::vector<PackageForest>> read_forests(const os::FileSystem& files, const std::string& package,
                                                const std::vector<std::string>& names) {
  std::vector<PackageForest> forests;
  for (const std::string& name : names) {
    const std::string path = fmt::format("{}/forests/{}/model.lgb", package, name);
    const std::string text = TRY(files.read(path, kFileBytesMax));
    forest::Forest forest = TRY(forest::parse_lightgbm(text), path);
    forest::ShapExplainer explainer = TRY(forest::ShapExplainer::create(forest), path);
    forests.push_back({name, std::move(forest), std::move(explainer)});
  }
  return forests;
}

// The point forests of the package's first case.
Result<std::vector<std::string>> point_names(const os::FileSystem& files, const std::string& package) {
  const std::string text = TRY(files.read(package + "/starcast/model.json", kFileBytesMax));
  const codec::Json json = TRY(codec::parse_json(text));
  const codec::JsonArray* const cases = TRY(json.array_at("cases"));
  std::vector<std::string> names;
  if (cases->empty()) return names;
  for (const codec::Json& part : *TRY(cases->front().array_at("point"))) {
    if (part.find("forest") != nullptr) names.push_back(TRY(part.string_at("forest")));
  }
  return names;
}

Result<Parts> read_parts(const os::FileSystem& files, const std::string& package) {
  const std::string encoder_text = TRY(files.read(package + "/starcast/encoder.json", kFileBytesMax));
  const codec::Json encoder_json = TRY(codec::parse_json(encoder_text));
  const auto apps = TRY(model::load_training_apps(files, package));
  features::Encoder encoder = TRY(features::Encoder::from_json(encoder_json, model::names_of(apps)));
  const std::string kernel_bytes = TRY(files.read(package + "/starcast/kernel.bin", kFileBytesMax));
  similar::KernelModel kernel = TRY(similar::KernelModel::from_bytes(kernel_bytes));
  model::KernelInputMaker inputs = TRY(model::KernelInputMaker::create(encoder));
  const std::vector<std::string> points = TRY(point_names(files, package));
  std::vector<PackageForest> point = TRY(read_forests(files, package, points));
  std::vector<PackageForest> band =
      TRY(read_forests(files, package, {"band-median", "band-low", "band-high"}));
  return Parts{std::move(encoder), std::move(point), std::move(band), std::move(kernel), std::move(inputs)};
}

// Microseconds a listing: the least and the median of some runs over all listings.
struct Cost {
  double least = 0;
  double median = 0;
};

Cost measure(std::size_t listings, const std::function<void(std::size_t)>& work) {
  std::vector<double> costs;
  const core::Clock& clock = core::system_clock();
  for (int run = 0; run < kRuns; ++run) {
    const core::Ticks begin = clock.elapsed();
    for (std::size_t i = 0; i < listings; ++i) work(i);
    costs.push_back(core::seconds_between(begin, clock.elapsed()) * 1e6 / static_cast<double>(listings));
  }
  std::sort(costs.begin(), costs.end());
  return {costs.front(), costs[costs.size() / 2]};
}

void print_cost(std::string_view name, const Cost& cost) {
  fmt::print("{:<44} {:>8.2f} {:>8.2f}\n", name, cost.least, cost.median);
}

bool is_same(double left, double right) {
  return std::bit_cast<std::uint64_t>(left) == std::bit_cast<std::uint64_t>(right);
}

std::size_t tree_count(const std::vector<PackageForest>& forests) {
  std::size_t trees = 0;
  for (const PackageForest& forest : forests) trees += forest.forest.tree_count();
  return trees;
}

Result<int> run(const std::string& package, const std::string& listings_path) {
  const os::FileSystem& files = os::real_files();
  const Parts parts = TRY(read_parts(files, package));
  const model::RatingScorer scorer = TRY(model::load_package(files, package));
  const model::RatingExplainer explainer = TRY(model::RatingExplainer::create(scorer));
  const std::unique_ptr<core::ByteSource> source = TRY(files.open(listings_path));
  listing::ReaderOptions reader_options;
  reader_options.file_name = listings_path;
  reader_options.rating_required = false;
  listing::ListingFile file = TRY(listing::read_listings(*source, reader_options));
  std::vector<listing::Listing>& listings = file.listings;
  // As many from all over the file, so that every run of them finds the caches as a server's requests do.
  const std::size_t step = std::max<std::size_t>(1, listings.size() / kListingsMax);
  for (std::size_t i = 0; i * step < listings.size(); ++i) listings[i] = listings[i * step];
  listings.resize(std::min(kListingsMax, listings.size() / step));

  const std::size_t columns = parts.encoder.columns().size();
  std::vector<std::vector<double>> rows(listings.size(), std::vector<double>(columns));
  for (std::size_t i = 0; i < listings.size(); ++i) parts.encoder.transform(listings[i], rows[i]);

  std::size_t wrong = 0;
  for (const std::vector<PackageForest>* const forests : {&parts.point, &parts.band}) {
    for (const PackageForest& forest : *forests) {
      for (const std::vector<double>& row : rows) {
        if (!is_same(forest.forest.predict_raw(row), forest.forest.predict_raw_plainly(row))) ++wrong;
      }
    }
  }
  for (const listing::Listing& listing : listings) {
    const model::RatingExplanation explanation = explainer.explain(listing);
    double sum = explanation.base + explanation.similar_share;
    for (const model::FieldShare& share : explanation.shares) sum += share.share;
    if (!(std::abs(sum - explanation.raw) < 1e-9)) ++wrong;
    if (!is_same(explanation.prediction.value, scorer.predict(listing).prediction.value)) ++wrong;
  }

  fmt::print("{} listings, one thread; us a listing of {} runs\n{:<44} {:>8} {:>8}\n", listings.size(), kRuns,
             "", "least", "median");
  double sink = 0;  // printed, so that nothing is left out
  std::vector<double> scratch(columns);
  print_cost("encode", measure(listings.size(), [&](std::size_t i) {
               parts.encoder.transform(listings[i], scratch);
               sink += scratch[0];
             }));
  print_cost("kernel model", measure(listings.size(), [&](std::size_t i) {
               sink += parts.kernel.predict(parts.inputs.make(listings[i], rows[i]).item());
             }));
  print_cost("kernel model with its reasons", measure(listings.size(), [&](std::size_t i) {
               sink += parts.kernel.explain(parts.inputs.make(listings[i], rows[i]).item())
                           .most_similar(model::RatingExplainer::kSimilarApps)[0]
                           .pull;
             }));
  const auto print_forests = [&](std::string_view what, const std::vector<PackageForest>& forests) {
    print_cost(fmt::format("{}, {} trees", what, tree_count(forests)),
               measure(listings.size(), [&](std::size_t i) {
                 for (const PackageForest& forest : forests) sink += forest.forest.predict_raw(rows[i]);
               }));
    print_cost("  by the plain walk", measure(listings.size(), [&](std::size_t i) {
                 for (const PackageForest& forest : forests)
                   sink += forest.forest.predict_raw_plainly(rows[i]);
               }));
  };
  print_forests("point forests", parts.point);
  print_forests("interval forests", parts.band);
  print_cost("shares of the point forests", measure(listings.size(), [&](std::size_t i) {
               for (const PackageForest& forest : parts.point) {
                 forest.explainer.explain(rows[i], scratch);
                 sink += scratch[0];
               }
             }));
  const Cost single =
      measure(listings.size(), [&](std::size_t i) { sink += scorer.predict(listings[i]).prediction.value; });
  print_cost("prediction with intervals", single);
  print_cost("prediction with intervals and reasons", measure(listings.size(), [&](std::size_t i) {
               sink += explainer.explain(listings[i]).prediction.value;
             }));
  fmt::print("{:<44} {:>8.0f} {:>8.0f}\n", "listings a second without reasons", 1e6 / single.least,
             1e6 / single.median);
  fmt::print(stderr, "(sum of all answers: {})\n", sink);
  if (wrong > 0) fmt::print("{} ANSWERS ARE WRONG\n", wrong);
  return wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: bench_scoring PACKAGE LISTINGS.csv\n");
    return 2;
  }
  const auto status = run(argv[1], argv[2]);
  if (!status) {
    fmt::print(stderr, "bench_scoring: {}\n", status.error().message());
    return 1;
  }
  return status.value();
}
