// Trains boosted trees and random forests with LightGBM's own library, which is opened at first use.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "os/dynamic_library.h"
#include "os/environment.h"

namespace starcast::gbm {

// LightGBM's parameters as its documentation names them, in order: {"objective", "regression"},
// {"num_leaves", "31"}.
using Parameters = std::vector<std::pair<std::string, std::string>>;

// Borrowed training data; all spans outlive the call.
struct TrainingData {
  std::span<const double> values = {};  // rows * columns, row-major; NaN is missing
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::span<const double> labels = {};   // one a row (LightGBM stores them as float)
  std::span<const double> weights = {};  // one a row, or empty
  // One a column, without spaces and JSON's special characters, which LightGBM refuses.
  std::vector<std::string> column_names = {};
};

struct TrainOptions {
  Parameters parameters = {};  // all but those that train() sets itself
  int rounds = 100;            // trees at most: LightGBM stops when no split helps any more
  std::uint64_t seed = 1;      // LightGBM has an int: larger ones are folded
  // Called after each tree with the number done; a false return cancels (kCancelled). May be empty.
  enum class Continue { kYes, kNo };
  std::function<Continue(int done)> on_round = {};
};

// The opened library. Thread-safe: several threads may train at once, each booster on one thread, so a
// model's bytes do not depend on the number of threads.
class LightGbm {
 public:
  // Looks at STARCAST_LIGHTGBM, then beside the executable: <folder>/../_deps/lightgbm/lib_lightgbm.so (build
  // tree), <folder>/../lib/starcast/lib_lightgbm.so (installed). kNotFound names the places and the command
  // that brings it. Holds LightGBM to one thread in the whole process: its setting is global, so a call that
  // sets another would change the boosters of other threads while they work; and OpenMP's threads, which spin
  // at barriers, are never started.
  static core::Result<LightGbm> load(const os::Environment& environment,
                                     const std::string& executable_folder);

  // The model as LightGBM's text (format v4). deterministic, force_row_wise, num_threads=1, verbosity, seed
  // and num_iterations are set here and refused among the parameters. The same data, options and library give
  // the same bytes. kInvalidInput: sizes that differ, no rows, a label or weight that is no finite number, a
  // column name or parameter that cannot be written down (labels that are all the same are fine); kInternal:
  // LightGBM's own words, which it also writes to stderr.
  core::Result<std::string> train(const TrainingData& data, const TrainOptions& options) const;

  // Predictions of a model text by LightGBM itself, raw rows in, one double a row out: tests compare the
  // forest with it. The text must be one that LightGBM wrote: its own reader does not survive every other.
  core::Result<std::vector<double>> predict(const std::string& model_text, std::span<const double> values,
                                            std::size_t rows, std::size_t columns) const;

  // LightGBM's own reasons (pred_contrib) for the same tests: for each row one share a column, then the
  // expected value.
  core::Result<std::vector<double>> contributions(const std::string& model_text,
                                                  std::span<const double> values, std::size_t rows,
                                                  std::size_t columns) const;

  // LightGBM's own gain importance of each feature of a model text, for the same tests.
  core::Result<std::vector<double>> gains(const std::string& model_text) const;

 private:
  struct Functions;
  struct Prediction;
  core::Result<std::vector<double>> predict_as(const Prediction& prediction, const std::string& model_text,
                                               std::span<const double> values, std::size_t rows,
                                               std::size_t columns) const;
  explicit LightGbm(std::shared_ptr<const Functions> functions) : functions_(std::move(functions)) {}
  std::shared_ptr<const Functions> functions_;
};

}  // namespace starcast::gbm
