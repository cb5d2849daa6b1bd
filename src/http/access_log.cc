#include "http/access_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "core/strings.h"

namespace starcast::http {
namespace {

constexpr std::size_t kLinesMax = 10'000;
constexpr std::size_t kTargetBytesMax = 2'048;

// The length of `plain` at `text`'s front, as it is or percent-encoded; 0 when it is not there.
std::size_t length_of(std::string_view text, char plain, std::string_view encoded) {
  if (text.starts_with(plain)) return 1;
  return core::ascii_lower(text.substr(0, encoded.size())) == encoded ? encoded.size() : 0;
}

// A target without the passwords of addresses in it: "://user:password@", encoded or not.
std::string without_passwords(std::string_view target) {
  if (target.find('@') == std::string_view::npos && target.find("%40") == std::string_view::npos) {
    return std::string(target);
  }
  std::string masked;
  int slashes = -1;                       // since a colon; -1: there was none
  std::size_t begin = std::string::npos;  // in `masked`, of what may be a password
  bool in_authority = false;
  while (!target.empty()) {
    const std::size_t colon = length_of(target, ':', "%3a");
    const std::size_t slash = length_of(target, '/', "%2f");
    const std::size_t at = length_of(target, '@', "%40");
    const bool ends = slash > 0 || target.front() == '&' || target.front() == '?' || target.front() == '#';
    if (in_authority && at > 0 && begin != std::string::npos) masked.replace(begin, std::string::npos, "***");
    if (in_authority && ends) in_authority = false;
    const std::size_t taken = std::max({colon, slash, at, std::size_t{1}});
    masked.append(target.substr(0, taken));
    target.remove_prefix(taken);
    if (in_authority && colon > 0 && begin == std::string::npos) begin = masked.size();
    slashes = colon > 0 ? 0 : slash > 0 && slashes >= 0 ? slashes + 1 : -1;
    if (slashes == 2) {
      in_authority = true;
      begin = std::string::npos;
    }
  }
  return masked;
}

}  // namespace

std::string access_text(const AccessLine& line) {
  std::string text;
  const auto out = std::back_inserter(text);
  fmt::format_to(out, "{} ", line.method);
  for (const char letter : without_passwords(line.target.substr(0, kTargetBytesMax))) {
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
