#include "core/parallel.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/guarded.h"

namespace starcast::core {
namespace {

struct Failure {
  std::size_t index;
  Error error;
};

}  // namespace

Result<void> parallel_for(std::size_t count, std::size_t threads,
                          const std::function<Result<void>(std::size_t)>& task) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  Guarded<std::optional<Failure>> first;
  const auto fail = [&](std::size_t index, Error error) {
    stop = true;
    auto locked = first.lock();
    if (!*locked || index < (*locked)->index) *locked = Failure{index, std::move(error)};
  };
  const auto work = [&] {
    while (!stop) {
      const std::size_t index = next++;
      if (index >= count) return;
      try {
        Result<void> result = task(index);
        if (!result) fail(index, std::move(result).error());
      } catch (const std::exception& exception) {
        fail(index, Error(ErrorCode::kInternal, exception.what()));
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    const std::size_t helper_count =
        std::min(std::max<std::size_t>(threads, 1), std::max<std::size_t>(count, 1)) - 1;
    helpers.reserve(helper_count);
    for (std::size_t i = 0; i < helper_count; ++i) helpers.emplace_back(work);
    work();
  }
  auto locked = first.lock();
  if (*locked) return std::move((*locked)->error);
  return {};
}

}  // namespace starcast::core
