// Environment variables behind an interface.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace starcast::os {

// Thread-compatible.
class Environment {
 public:
  virtual ~Environment() = default;
  // An empty value counts as set.
  virtual std::optional<std::string> find(const std::string& name) const = 0;
};

// This process's own. Thread-safe, as nothing in this program changes it.
const Environment& real_environment();

class MapEnvironment final : public Environment {
 public:
  explicit MapEnvironment(std::map<std::string, std::string> values) : values_(std::move(values)) {}
  std::optional<std::string> find(const std::string& name) const override {
    const auto found = values_.find(name);
    if (found == values_.end()) return std::nullopt;
    return found->second;
  }

 private:
  std::map<std::string, std::string> values_;
};

// What work may be spread over: STARCAST_THREADS if it is a positive integer (at most 1024 count), else the
// processors that this process may use, by its affinity and by its control group's quota.
std::size_t thread_count(const Environment& environment);

// The processors that a control group's cpu.max allows ("150000 100000" -> 2); absent when it sets no limit.
std::optional<std::size_t> quota_processors(std::string_view cpu_max);

}  // namespace starcast::os
