#include "os/environment.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <thread>

#include "core/result.h"
#include "core/strings.h"
#include "os/file_system.h"

namespace starcast::os {
namespace {

constexpr std::size_t kThreadsMax = 1024;
constexpr std::size_t kQuotaFileBytesMax = 4096;

class RealEnvironment final : public Environment {
 public:
  std::optional<std::string> find(const std::string& name) const override {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos)
      return std::nullopt;
    const char* const value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return std::string(value);
  }
};

std::optional<std::size_t> positive_integer(std::string_view text) {
  std::size_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value == 0) return std::nullopt;
  return value;
}

std::size_t processors_by_affinity() {
  cpu_set_t processors;
  if (::sched_getaffinity(0, sizeof(processors), &processors) == 0) {
    return static_cast<std::size_t>(CPU_COUNT(&processors));
  }
  return std::thread::hardware_concurrency();  // more processors than a cpu_set_t holds
}

}  // namespace

const Environment& real_environment() {
  static const RealEnvironment environment;
  return environment;
}

std::optional<std::size_t> quota_processors(std::string_view cpu_max) {
  const std::vector<std::string_view> parts = core::split(core::trimmed(cpu_max), ' ');
  if (parts.size() != 2) return std::nullopt;
  const std::optional<std::size_t> quota = positive_integer(parts[0]);
  const std::optional<std::size_t> period = positive_integer(parts[1]);
  if (!quota || !period) return std::nullopt;
  return *quota / *period + (*quota % *period == 0 ? 0 : 1);
}

std::size_t thread_count(const Environment& environment) {
  const std::optional<std::string> wanted = environment.find("STARCAST_THREADS");
  if (wanted) {
    const std::optional<std::size_t> count = positive_integer(core::trimmed(*wanted));
    if (count) return std::min(*count, kThreadsMax);
  }
  std::size_t count = std::clamp<std::size_t>(processors_by_affinity(), 1, kThreadsMax);
  const core::Result<std::string> cpu_max = real_files().read("/sys/fs/cgroup/cpu.max", kQuotaFileBytesMax);
  if (cpu_max) count = std::min(count, quota_processors(*cpu_max).value_or(count));
  return count;
}

}  // namespace starcast::os
