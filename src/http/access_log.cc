#include "http/access_log.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace starcast::http {
namespace {

constexpr std::size_t kLinesMax = 10'000;
constexpr std::size_t kTargetBytesMax = 2'048;

}  // namespace

std::string access_text(const AccessLine& line) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{} ", line.method);
  for (const char letter : line.target.substr(0, kTargetBytesMax)) {
    if (letter > ' ' && letter < '\x7f' && letter != '\\') {
      text.push_back(letter);
    } else {
      fmt::format_to(out, "\\x{:02x}", static_cast<unsigned char>(letter));
    }
  }
  if (line.target.size() > kTargetBytesMax) text.append("...");
  fmt::format_to(out, " {} {} B {:.1f} ms {}", line.status, line.bytes, line.seconds * 1e3, line.peer);
  return text;
}

AccessLog::AccessLog(core::Log& log) : log_(log), thread_([this] { run(); }) {}

AccessLog::~AccessLog() {
  state_.with([](State& state) { state.stopped = true; });
  changed_.notify_one();
}

void AccessLog::add(std::string line) {
  bool was_empty = false;
  {
    auto state = state_.lock();
    if (state->lines.size() >= kLinesMax) {
      ++state->dropped;
      return;
    }
    was_empty = state->lines.empty();
    state->lines.push_back(std::move(line));
  }
  if (was_empty) changed_.notify_one();
}

void AccessLog::run() {
  for (;;) {
    std::vector<std::string> lines;
    std::size_t dropped = 0;
    {
      auto state = state_.lock();
      while (state->lines.empty() && !state->stopped) changed_.wait(state.mutex_lock());
      if (state->lines.empty()) return;
      lines.swap(state->lines);
      dropped = std::exchange(state->dropped, 0);
    }
    for (const std::string& line : lines) log_.write(core::LogLevel::kInfo, line);
    if (dropped > 0)
      log_.warning("{} access lines were dropped: the log is slower than the requests", dropped);
  }
}

}  // namespace starcast::http
