#include "gbm/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <set>
#include <string_view>

namespace starcast::gbm {

namespace {

using core::Error;
using core::ErrorCode;

// What parameter_text() sets, with LightGBM's aliases: of a parameter given twice, LightGBM would drop one
// silently.
constexpr std::array<std::string_view, 24> kOurs = {
    "deterministic", "force_row_wise", "force_col_wise", "verbosity",       "verbose",      "num_threads",
    "num_thread",    "nthread",        "nthreads",       "n_jobs",          "seed",         "random_seed",
    "random_state",  "num_iterations", "num_iteration",  "n_iter",          "num_tree",     "num_trees",
    "num_round",     "num_rounds",     "nrounds",        "num_boost_round", "n_estimators", "max_iter"};

// Words are separated by spaces, names from values by '='; '#' begins a comment, and quotes are stripped.
bool can_be_written(std::string_view word) {
  return !word.empty() && word.find_first_of(" \t\r\n=#\"'") == std::string_view::npos &&
         word.find('\0') == std::string_view::npos;
}

}  // namespace

core::Result<std::string> parameter_text(const TrainOptions& options) {
  if (options.rounds < 1) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{} rounds of training: at least 1 is needed", options.rounds));
  }
  // LightGBM's seed is an int: smaller seeds stay as they are, others are folded.
  const std::uint64_t seed =
      options.seed % static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max());
  std::string text = fmt::format(
      "deterministic=true force_row_wise=true num_threads=1 verbosity=-1 seed={} num_iterations={}", seed,
      options.rounds);
  std::set<std::string_view> names;
  for (const auto& [name, value] : options.parameters) {
    if (std::find(kOurs.begin(), kOurs.end(), name) != kOurs.end()) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("the LightGBM parameter '{}' is set by starcast itself: leave it out", name));
    }
    if (!can_be_written(name) || !can_be_written(value)) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("the LightGBM parameter '{}' has the value '{}': neither may be empty or hold "
                               "spaces, quotes, '=' or '#'",
                               name, value));
    }
    if (!names.insert(name).second) {
      return Error(ErrorCode::kInvalidInput, fmt::format("the LightGBM parameter '{}' is given twice", name));
    }
    text += fmt::format(" {}={}", name, value);
  }
  return text;
}

}  // namespace starcast::gbm
