// A process runner that starts nothing: it records commands and answers from a function.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "os/process.h"

namespace starcast::os {

// One thread.
class FakeProcesses final : public ProcessRunner {
 public:
  explicit FakeProcesses(std::function<core::Result<Exit>(const Command&)> answer)
      : answer_(std::move(answer)) {}
  core::Result<Exit> run(const Command& command) override {
    commands_.push_back(command);
    return answer_(command);
  }
  const std::vector<Command>& commands() const { return commands_; }

 private:
  std::function<core::Result<Exit>(const Command&)> answer_;
  std::vector<Command> commands_;
};

}  // namespace starcast::os
