// Log lines that do not run into the progress line.
#pragma once

#include <string_view>

#include "core/log.h"
#include "os/terminal.h"

namespace starcast::cli {

// Clears the progress line before each log line; the next progress draws it again. Borrows both.
class LogBesideProgress final : public core::Log {
 public:
  LogBesideProgress(core::Log& lines, os::ProgressScreen& screen, core::LogLevel minimum)
      : lines_(lines), screen_(screen), minimum_(minimum) {}

  void write(core::LogLevel level, std::string_view text) override {
    if (level < minimum_) return;
    screen_.clear();
    lines_.write(level, text);
  }

 private:
  core::Log& lines_;
  os::ProgressScreen& screen_;
  core::LogLevel minimum_;
};

}  // namespace starcast::cli
