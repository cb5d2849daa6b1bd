// One forest of 500 trees x 31 leaves over 30 numbers, by our kernels and by LightGBM itself, on one thread.
//
//   bench_forest train FOLDER        writes FOLDER/model.txt and FOLDER/rows.f64
//   bench_forest run FOLDER [LIB]    measures; LIB is the model compiled by TL2cgen (quantized), if there is
//   one
//
// Rows change from call to call. Times are the thread's own processor time, the least of some passes over all
// rows, so that other work on the machine counts little. Every answer of ours is compared with LightGBM's,
// bit for bit: exit status 1 if one differs. TL2cgen's answers, which it adds up in another order, are
// compared to 1e-9.
// tidy: allow clock-now: measures the processor time of its own thread, which core::Clock does not tell
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/random.h"
#include "core/result.h"
#include "core/strings.h"
#include "forest/forest.h"
#include "gbm/booster.h"
#include "os/dynamic_library.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "os/path.h"

// LightGBM's C functions, as its documentation describes them.
extern "C" {
using LoadModel = int (*)(const char* text, int* rounds, void** booster);
using FastInit = int (*)(void* booster, int predict_type, int start, int rounds, int type,
                         std::int32_t columns, const char* parameters, void** fast);
using FastPredict = int (*)(void* fast, const void* row, std::int64_t* length, double* prediction);
using PredictForMat = int (*)(void* booster, const void* data, int type, std::int32_t rows,
                              std::int32_t columns, int row_major, int predict_type, int start, int rounds,
                              const char* parameters, std::int64_t* length, double* predictions);

// TL2cgen's: a cell, and the function that it generates for a model of doubles with one output.
union TreeliteCell {
  int missing;
  double value;
  int code;
};
using TreelitePredict = void (*)(TreeliteCell* row, int margin, double* prediction);
}

namespace starcast {
namespace {

using core::Result;

constexpr std::size_t kFeatures = 30;
constexpr std::size_t kTrainingRows = 50000;
constexpr std::size_t kRows = 2048;
constexpr int kTrees = 500;
constexpr int kPasses = 15;
constexpr std::size_t kFileBytesMax = std::size_t{1} << 30;
constexpr int kDoubles = 1;
constexpr int kRowMajor = 1;
constexpr int kRawScore = 1;
constexpr int kAllRounds = -1;

double target_of(std::span<const double> row, core::Random& random) {
  double sum = 0.5 * random.normal();
  for (std::size_t i = 0; i + 2 < row.size(); i += 3) {
    sum += std::sin(row[i] * 2) + row[i + 1] * row[i + 2] + (row[i] > 0.5 ? row[i + 2] : 0);
  }
  return sum;
}

std::vector<double> draw_rows(std::size_t count, core::Random& random) {
  std::vector<double> rows(count * kFeatures);
  for (double& cell : rows) cell = random.normal();
  return rows;
}

Result<void> write_doubles(os::FileSystem& files, const std::string& path,
                           const std::vector<double>& numbers) {
  std::string bytes(numbers.size() * sizeof(double), '\0');
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return files.write(path, bytes);
}

// STARCAST_LIGHTGBM, as bench/forest/run sets it.
Result<std::string> lightgbm_path() {
  const auto path = os::real_environment().find("STARCAST_LIGHTGBM");
  if (path) return *path;
  return core::Error(core::ErrorCode::kFailedPrecondition,
                     "STARCAST_LIGHTGBM does not name LightGBM's library; bench/forest/run sets it");
}

Result<void> train(const std::string& folder) {
  os::FileSystem& files = os::real_files();
  TRY(files.make_folders(folder));
  core::Random random(6);
  const std::vector<double> values = draw_rows(kTrainingRows, random);
  std::vector<double> labels;
  for (std::size_t i = 0; i < kTrainingRows; ++i) {
    labels.push_back(target_of(std::span(values).subspan(i * kFeatures, kFeatures), random));
  }
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kFeatures; ++i) names.push_back(fmt::format("f{}", i));
  const gbm::LightGbm library = TRY(gbm::LightGbm::load(os::real_environment(), "."));
  const std::string text = TRY(library.train(
      {.values = values,
       .rows = kTrainingRows,
       .columns = kFeatures,
       .labels = labels,
       .column_names = names},
      {.parameters = {{"objective", "regression"}, {"num_leaves", "31"}, {"learning_rate", "0.05"}},
       .rounds = kTrees,
       .seed = 1}));
  TRY(files.write(os::joined(folder, "model.txt"), text));
  return write_doubles(files, os::joined(folder, "rows.f64"), draw_rows(kRows, random));
}

double thread_seconds() {
  timespec at = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) * 1e-9;
}

// Microseconds a row of one pass over all rows.
double time_of(const std::function<void()>& pass) {
  const double begin = thread_seconds();
  pass();
  return (thread_seconds() - begin) * 1e6 / static_cast<double>(kRows);
}

struct Contender {
  std::string name;
  std::function<void(std::span<double>)> pass;  // writes a prediction a row
  double least = std::numeric_limits<double>::infinity();
  std::vector<double> predictions = std::vector<double>(kRows);
};

std::string processor() {
  const auto info = os::real_files().read("/proc/cpuinfo", kFileBytesMax);
  std::string said;
  if (!info) return "unknown";
  for (const std::string_view line : core::split(*info, '\n')) {
    if (line.starts_with("model name") && said.empty())
      said = std::string(core::trimmed(line.substr(line.find(':') + 1)));
    if (!line.starts_with("flags")) continue;
    for (const std::string_view flag : core::split(line, ' ')) {
      if (flag.starts_with("avx") || flag == "bmi1" || flag == "bmi2" || flag == "fma")
        said += fmt::format(" {}", flag);
    }
    break;
  }
  return said;
}

// LightGBM's own two ways.
Result<std::vector<Contender>> lightgbm(const std::string& text, const std::vector<double>& rows) {
  const std::string path = TRY(lightgbm_path());
  const gbm::LightGbm held_to_one_thread = TRY(gbm::LightGbm::load(os::real_environment(), "."));
  const os::DynamicLibrary library = TRY(os::DynamicLibrary::open(path));
  const auto load = TRY(library.function<LoadModel>("LGBM_BoosterLoadModelFromString"));
  const auto init = TRY(library.function<FastInit>("LGBM_BoosterPredictForMatSingleRowFastInit"));
  const auto one = TRY(library.function<FastPredict>("LGBM_BoosterPredictForMatSingleRowFast"));
  const auto many = TRY(library.function<PredictForMat>("LGBM_BoosterPredictForMat"));
  void* booster = nullptr;
  void* fast = nullptr;
  int rounds = 0;
  constexpr const char* kOneThread = "num_threads=1";
  if (load(text.c_str(), &rounds, &booster) != 0 ||
      init(booster, kRawScore, 0, kAllRounds, kDoubles, static_cast<std::int32_t>(kFeatures), kOneThread,
           &fast) != 0) {
    return core::Error(core::ErrorCode::kInternal, "LightGBM does not load its own model");
  }
  const double* const cells = rows.data();
  std::vector<Contender> contenders;
  contenders.push_back({"LightGBM, one row (SingleRowFast)", [=](std::span<double> out) {
                          std::int64_t length = 0;
                          for (std::size_t i = 0; i < kRows; ++i) {
                            static_cast<void>(one(fast, cells + i * kFeatures, &length, &out[i]));
                          }
                        }});
  contenders.push_back({"LightGBM, batch, one thread", [=](std::span<double> out) {
                          std::int64_t length = 0;
                          static_cast<void>(many(booster, cells, kDoubles, static_cast<std::int32_t>(kRows),
                                                 static_cast<std::int32_t>(kFeatures), kRowMajor, kRawScore,
                                                 0, kAllRounds, kOneThread, &length, out.data()));
                        }});
  return contenders;
}

double nodes_visited(const forest::Forest& forest, const std::vector<double>& rows) {
  std::size_t nodes = 0;
  for (std::size_t i = 0; i < kRows; ++i) {
    for (const forest::Tree& tree : forest.trees()) {
      std::int32_t next = tree.left.empty() ? -1 : 0;
      while (next >= 0) {
        const auto node = static_cast<std::size_t>(next);
        ++nodes;
        const bool left =
            rows[i * kFeatures + static_cast<std::size_t>(tree.feature[node])] <= tree.threshold[node];
        next = left ? tree.left[node] : tree.right[node];
      }
    }
  }
  return static_cast<double>(nodes) / static_cast<double>(kRows * forest.tree_count());
}

Result<int> run(const std::string& folder, const std::optional<std::string>& treelite) {
  const os::FileSystem& files = os::real_files();
  const std::string text = TRY(files.read(os::joined(folder, "model.txt"), kFileBytesMax));
  const std::string bytes = TRY(files.read(os::joined(folder, "rows.f64"), kFileBytesMax));
  std::vector<double> rows(kRows * kFeatures);
  if (bytes.size() != rows.size() * sizeof(double)) {
    return core::Error(core::ErrorCode::kCorrupt, "rows.f64 has another size; run train again");
  }
  std::memcpy(rows.data(), bytes.data(), bytes.size());

  std::vector<Contender> contenders = TRY(lightgbm(text, rows));
  const std::size_t theirs = contenders.size();
  const forest::Forest parsed = TRY(forest::parse_lightgbm(text));
  std::vector<forest::Forest> forests;
  forests.reserve(8);
  for (const forest::ForestKernel kernel : forest::forest_kernels()) {
    forests.push_back(parsed);
    forest::Forest& forest = forests.back();
    forest.use(kernel);
    contenders.push_back({fmt::format("ours, one row, {}", name_of(kernel)), [&](std::span<double> out) {
                            for (std::size_t i = 0; i < kRows; ++i) {
                              out[i] = forest.predict_raw(std::span(rows).subspan(i * kFeatures, kFeatures));
                            }
                          }});
    contenders.push_back({fmt::format("ours, batch, {}", name_of(kernel)),
                          [&](std::span<double> out) { forest.predict_batch_raw(rows, out); }});
  }
  std::vector<TreeliteCell> cells(kRows * kFeatures);
  if (treelite) {
    const os::DynamicLibrary library = TRY(os::DynamicLibrary::open(*treelite));
    const auto predict = TRY(library.function<TreelitePredict>("predict"));
    // Its quantized code replaces the cells of a row by their codes, so that each row is set again.
    contenders.push_back(
        {"TL2cgen, compiled quantized C, one row", [&rows, &cells, predict](std::span<double> out) {
           for (std::size_t i = 0; i < kRows; ++i) {
             TreeliteCell* const row = cells.data() + i * kFeatures;
             for (std::size_t f = 0; f < kFeatures; ++f) row[f].value = rows[i * kFeatures + f];
             out[i] = 0;  // it adds to what is there
             predict(row, 1, &out[i]);
           }
         }});
  }
  for (int pass = 0; pass < kPasses; ++pass) {
    for (Contender& contender : contenders) {
      const double cost = time_of([&] { contender.pass(contender.predictions); });
      contender.least = std::min(contender.least, cost);
    }
  }

  fmt::print(
      "processor: {}\n{} trees x 31 leaves, {} features, {} rows, {:.1f} nodes visited a tree; us a row, the "
      "least of {} "
      "passes\n\n{:<44} {:>9} {:>14} {:>14}\n",
      processor(), parsed.tree_count(), kFeatures, kRows, nodes_visited(parsed, rows), kPasses, "",
      "us a row", "of its one row", "of its batch");
  std::size_t wrong = 0;
  for (std::size_t c = 0; c < contenders.size(); ++c) {
    const Contender& contender = contenders[c];
    fmt::print("{:<44} {:>9.3f} {:>13.1f}x {:>13.1f}x\n", contender.name, contender.least,
               contenders[0].least / contender.least, contenders[1].least / contender.least);
    const bool is_ours = c >= theirs && contender.name.starts_with("ours");
    for (std::size_t i = 0; i < kRows; ++i) {
      const double answer = contender.predictions[i];
      const double expected = contenders[0].predictions[i];
      const bool is_right =
          is_ours ? std::bit_cast<std::uint64_t>(answer) == std::bit_cast<std::uint64_t>(expected)
                  : std::fabs(answer - expected) <= 1e-9 * std::max(1.0, std::fabs(expected));
      if (!is_right) ++wrong;
    }
  }
  if (!treelite) fmt::print("TL2cgen: not measured\n");
  if (wrong > 0) fmt::print("{} ANSWERS DIFFER\n", wrong);
  return wrong == 0 ? 0 : 1;
}

Result<int> dispatch(std::span<char* const> arguments) {
  const std::string_view verb = arguments[0];
  if (verb == "train") {
    TRY(train(arguments[1]));
    return 0;
  }
  std::optional<std::string> treelite;
  if (arguments.size() > 2) treelite = arguments[2];
  return run(arguments[1], treelite);
}

}  // namespace
}  // namespace starcast

int main(int argc, char** argv) {
  const std::span<char* const> arguments(argv + 1, static_cast<std::size_t>(argc - 1));
  const std::string_view verb = arguments.empty() ? "" : arguments[0];
  if (!((verb == "train" && arguments.size() == 2) ||
        (verb == "run" && (arguments.size() == 2 || arguments.size() == 3)))) {
    fmt::print(stderr, "usage: bench_forest train FOLDER | run FOLDER [TL2CGEN_LIBRARY]\n");
    return 2;
  }
  const auto status = starcast::dispatch(arguments);
  if (!status) {
    fmt::print(stderr, "bench_forest: {}\n", status.error().message());
    return 1;
  }
  return *status;
}
