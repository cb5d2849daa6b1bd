#include "os/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <limits>

#include "core/guarded.h"
#include "core/strings.h"
#include "os/environment.h"

namespace starcast::os {
namespace {

constexpr std::size_t kColumnsElse = 80;

class SilentScreen final : public ProgressScreen {
 public:
  void show(std::string_view) override {}
  void clear() override {}
};

// At most `columns` characters; bytes after a character's first are 10xxxxxx.
std::string_view cut_to(std::string_view text, std::size_t columns) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (starts && characters++ == columns) return text.substr(0, i);
  }
  return text;
}

// Each line is one write(2), so lines of several threads do not mix.
class TerminalScreen final : public ProgressScreen {
 public:
  void show(std::string_view line) override {
    // In the last column some terminals wrap at once.
    write_out(fmt::format("\r{}\x1b[K", cut_to(line, terminal_columns() - 1)));
  }
  void clear() override { write_out("\r\x1b[K"); }

 private:
  static void write_out(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::write(STDERR_FILENO, text.data(), text.size());
      if (count < 0 && errno != EINTR) return;  // progress that cannot be shown is no reason to stop
      if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
    }
  }
};

// Three figures are enough for a rate: "1,234", "104", "23.5", "4.2", "0.25".
std::string rate_text(double rate) {
  if (rate >= 99.95) return core::with_thousands(std::llround(rate));
  if (rate >= 0.995) return fmt::format("{:.1f}", rate);
  return fmt::format("{:.2f}", rate);
}

std::string amount_text(double amount, const std::string& unit) {
  return unit == "B" ? bytes_text(amount) : core::with_thousands(std::llround(amount));
}

}  // namespace

bool is_terminal_output() {
  return ::isatty(STDOUT_FILENO) == 1;
}
bool is_terminal_error() {
  return ::isatty(STDERR_FILENO) == 1;
}
bool is_terminal_input() {
  return ::isatty(STDIN_FILENO) == 1;
}

std::size_t terminal_columns() {
  for (const int descriptor : {STDERR_FILENO, STDOUT_FILENO}) {
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 1) return size.ws_col;
  }
  return kColumnsElse;
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return "unknown";
  seconds = std::max(seconds, 0.0);
  if (seconds > 0 && seconds < 0.00995) return fmt::format("{:.1f} ms", seconds * 1e3);
  if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const double whole_seconds = std::round(seconds);
  if (whole_seconds < 3600) {
    const double minutes = std::floor(whole_seconds / 60);
    return fmt::format("{:.0f} min {:02.0f} s", minutes, whole_seconds - minutes * 60);
  }
  const double whole_minutes = std::round(seconds / 60);
  const double hours = std::floor(whole_minutes / 60);
  return fmt::format("{:.0f} h {:02.0f} min", hours, whole_minutes - hours * 60);
}

std::string bytes_text(double bytes) {
  if (!std::isfinite(bytes)) return "unknown";
  constexpr std::array<std::string_view, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  bytes = std::max(bytes, 0.0);
  if (bytes < 999.5) return fmt::format("{:.0f} B", bytes);
  std::size_t unit = 0;
  for (bytes /= 1000; bytes >= 999.95 && unit + 1 < kUnits.size(); bytes /= 1000) ++unit;
  return fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::unique_ptr<ProgressScreen> silent_progress() {
  return std::make_unique<SilentScreen>();
}

std::unique_ptr<ProgressScreen> terminal_progress() {
  if (!is_terminal_error() || real_environment().find("TERM").value_or("dumb") == "dumb")
    return silent_progress();
  return std::make_unique<TerminalScreen>();
}

struct Progress::State {
  struct Moving {
    double done = 0;
    core::Ticks shown{0};
    bool is_shown = false;
  };

  State(ProgressScreen& screen_, const core::Clock& clock_, ProgressOptions options_)
      : screen(screen_), clock(clock_), options(std::move(options_)), started(clock_.elapsed()) {}

  ProgressScreen& screen;
  const core::Clock& clock;
  const ProgressOptions options;
  const core::Ticks started;
  core::Guarded<Moving> moving;
};

Progress::Progress(ProgressScreen& screen, const core::Clock& clock, ProgressOptions options)
    : state_(std::make_unique<State>(screen, clock, std::move(options))) {}

Progress::~Progress() {
  auto moving = state_->moving.lock();
  if (moving->is_shown) state_->screen.clear();
}

void Progress::advance(double by) {
  const core::Ticks now = state_->clock.elapsed();
  double done = 0;
  {
    auto moving = state_->moving.lock();
    moving->done += by;
    const core::Ticks last = moving->is_shown ? moving->shown : state_->started;
    if (core::seconds_between(last, now) < state_->options.refresh_seconds) return;
    moving->shown = now;
    moving->is_shown = true;
    done = moving->done;
  }
  state_->screen.show(line(state_->options, done, core::seconds_between(state_->started, now)));
}

std::string Progress::line(const ProgressOptions& options, double done, double seconds) {
  const bool in_bytes = options.unit == "B";
  const std::string unit_behind =
      in_bytes || options.unit.empty() ? std::string() : fmt::format(" {}", options.unit);
  std::string text = fmt::format("{}  {}", options.label, amount_text(done, options.unit));
  if (options.total > 0) text += fmt::format("/{}", amount_text(options.total, options.unit));
  text += unit_behind;
  if (options.total > 0) {
    // Rounded down: 100 % is said at the end only.
    text += fmt::format("  {:.0f} %", std::floor(std::clamp(done / options.total, 0.0, 1.0) * 100));
  }
  if (done <= 0 || seconds <= 0) return text;
  const double rate = done / seconds;
  text += fmt::format("  {}{}/s", in_bytes ? bytes_text(rate) : rate_text(rate), unit_behind);
  if (options.total > done) text += fmt::format("  {} left", duration_text((options.total - done) / rate));
  return text;
}

}  // namespace starcast::os
