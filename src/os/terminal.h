// What the program is talking to, and progress lines for long work.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace starcast::os {

bool is_terminal_output();  // standard output
bool is_terminal_error();   // standard error
bool is_terminal_input();
// Of the terminal that standard error or standard output is; 80 when neither is one.
std::size_t terminal_columns();

// "12.3 s", "2 min 05 s", "1 h 02 min"; "450 ms" below a second, "1.5 ms" below 10 ms.
std::string duration_text(double seconds);
// "512 B", "1.4 MB": decimal units.
std::string bytes_text(double bytes);

// Where progress lines go. Thread-safe implementations only.
class ProgressScreen {
 public:
  virtual ~ProgressScreen() = default;
  // Replaces the line that is shown; what is too wide is cut off.
  virtual void show(std::string_view line) = 0;
  virtual void clear() = 0;
};

// Standard error when it is a terminal that can go back in its line; otherwise nothing at all.
std::unique_ptr<ProgressScreen> terminal_progress();
std::unique_ptr<ProgressScreen> silent_progress();

struct ProgressOptions {
  std::string label{};  // "training"
  std::string unit{};   // "trees"; "B" is shown with bytes_text
  double total = 0;     // 0: unknown, so no time left
  double refresh_seconds = 0.1;
};

// One piece of long work: "training  312/500 trees  62 %  104 trees/s  1.8 s left", or without a total
// "reading  1.2 MB  3.4 MB/s". The screen and the clock must outlive it. Thread-safe.
class Progress {
 public:
  Progress(ProgressScreen& screen, const core::Clock& clock, ProgressOptions options);
  ~Progress();  // clears the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(double by = 1);

  // The line for a state: for tests and for other screens.
  static std::string line(const ProgressOptions& options, double done, double seconds);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace starcast::os
