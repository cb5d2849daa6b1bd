// The regular expression by which an operator says what sources of model versions are taken.
#pragma once

#include <memory>
#include <string_view>

#include "core/result.h"

namespace starcast::tracking {

// MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX: a source is taken when it holds a match, as of
// Python's re.search. The syntax is ECMAScript's over bytes without back references, so that a search takes
// no more than the product of both lengths, whatever the pattern.
class SourcePattern {
 public:
  SourcePattern() = default;  // takes every source

  // "" takes every source. kInvalidInput for what is no such expression, also for letters that Python alone
  // escapes.
  static core::Result<SourcePattern> parse(std::string_view pattern);

  bool takes(std::string_view source) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_{};
};

}  // namespace starcast::tracking
