// What is asked of a what-if.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace starcast::model {

struct WhatIfOptions {
  double level = 0.8;  // one that the model is calibrated at: see RowScorer::levels
  std::optional<double> target{};
  std::vector<std::string> names{};  // what the app might be called instead
};

}  // namespace starcast::model
