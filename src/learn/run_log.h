// RunLog: where a training reports its parameters and metrics; learning does not know where a run is stored.
#pragma once

#include <string_view>

namespace starcast::learn {

// MLflow's words: a param is set once, a metric may be logged again with a later step. Thread-compatible.
class RunLog {
 public:
  virtual ~RunLog() = default;
  virtual void log_param(std::string_view name, std::string_view value) = 0;
  virtual void log_metric(std::string_view name, double value, long step) = 0;
};

}  // namespace starcast::learn
