// promote: registers a model package's logged model as a new version, and makes it champion if it is better
// on the same apps beyond chance.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "app/workspace.h"
#include "core/result.h"

namespace starcast::app {

struct PromoteOptions {
  std::string package = kPackageFolder;
  std::string name = "rating";  // of the registered model
  std::string alias = "champion";
  std::string tracking_uri{};  // "" as connect_tracking
  std::string listings = kListingsFile;
  std::string split = kSplitFile;
  std::string metrics = kMetricsFile;  // logged to the run when it is there
  std::uint64_t seed = 1;
  int resamples = 2000;
};

// Mean squared errors on the held-out apps, and how sure the difference is.
struct Comparison {
  std::int64_t champion_version = 0;
  std::size_t apps = 0;
  double champion_mse = 0;
  double new_mse = 0;
  double gain_low = 0;  // of champion_mse - new_mse: 95 % by paired bootstrap
  double gain_high = 0;
};

struct Promotion {
  std::string run_id{};
  std::string model_id{};
  std::int64_t version = 0;                // of the registered model
  bool registered_now = false;             // false: this package has a version already
  bool is_champion = false;                // the alias points to this version now
  std::optional<Comparison> comparison{};  // absent when there was no champion, or it is this version
  std::string reason{};                    // a sentence for people
};

// kNotFound: no run has this package's sum (the command that makes one is named); errors of the store as they
// are.
core::Result<Promotion> promote(const PromoteOptions& options, const Context& context);

}  // namespace starcast::app
