// Log: one line an event, for people who watch the program run. Results go to standard output, never through
// here.
#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace starcast::core {

enum class LogLevel {
  kDebug,    // shown with -v
  kInfo,     // shown unless -q
  kWarning,  // always shown: something was repaired, ignored or is deprecated
  kError,    // always shown
};

// Thread-safe implementations only: a line is written whole.
class Log {
 public:
  virtual ~Log() = default;

  // Writes one line; `text` has no newline at its end.
  virtual void write(LogLevel level, std::string_view text) = 0;

  template <typename... Arguments>
  void debug(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    write(LogLevel::kDebug, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments>
  void info(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    write(LogLevel::kInfo, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments>
  void warning(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    write(LogLevel::kWarning, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
  template <typename... Arguments>
  void error(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    write(LogLevel::kError, fmt::format(format, std::forward<Arguments>(arguments)...));
  }
};

// Writes to standard error what is at least `minimum`; warnings and errors carry their level in front.
class StderrLog final : public Log {
 public:
  explicit StderrLog(LogLevel minimum) : minimum_(minimum) {}
  void write(LogLevel level, std::string_view text) override;

 private:
  LogLevel minimum_;
};

// Drops everything.
class NullLog final : public Log {
 public:
  void write(LogLevel, std::string_view) override {}
};

}  // namespace starcast::core
