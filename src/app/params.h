// params.yaml: what a workspace's pipeline stages are told. The keys are listed in docs/reference/params.md.
#pragma once

#include <optional>
#include <string>

#include "core/result.h"
#include "learn/evaluation.h"
#include "learn/rating_trainer.h"
#include "learn/split.h"
#include "os/file_system.h"

namespace starcast::app {

struct Params {
  bool generated = false;  // data.generated: the raw file is a generated sample
  learn::SplitOptions split;
  learn::RatingPlan train;
  learn::EvaluateOptions evaluate;
};

// Every key is optional; its default is the plan of the learner. An absent file gives the defaults.
// `objective` is chosen on the command line and goes before train.objective. kInvalidInput with file, line
// and key: an unknown key (with the nearest known one), a value of the wrong type or out of range; and for an
// objective beside the learner random-forest, which has one loss only.
core::Result<Params> load_params(const os::FileSystem& files, const std::string& path,
                                 std::optional<learn::Objective> objective = std::nullopt);
core::Result<Params> parse_params(const std::string& text, const std::string& path,
                                  std::optional<learn::Objective> objective = std::nullopt);

// The same for a plan that params.yaml has no say in.
core::Result<void> choose_objective(learn::RatingPlan& plan, learn::Objective objective);

}  // namespace starcast::app
