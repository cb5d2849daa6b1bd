// Guarded<T>: shared state that can only be reached through its lock.
#pragma once

#include <mutex>
#include <utility>

namespace starcast::core {

// Thread-safe. Access needs a lock that has a name; access through a temporary does not compile, as it would
// unlock before the use:
//   auto locked = models.lock();
//   locked->erase(name);
template <typename T>
class Guarded {
 public:
  class Lock {
   public:
    T& operator*() & { return *value_; }
    T* operator->() & { return value_; }
    T& operator*() && = delete;
    T* operator->() && = delete;

    // For condition variables.
    std::unique_lock<std::mutex>& mutex_lock() & { return lock_; }

   private:
    friend class Guarded;
    Lock(std::mutex& mutex, T& value) : lock_(mutex), value_(&value) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };

  Guarded() = default;
  explicit Guarded(T value) : value_(std::move(value)) {}

  Lock lock() { return Lock(mutex_, value_); }

  // Runs `action(T&)` under the lock and returns what it returns.
  template <typename Action>
  decltype(auto) with(Action&& action) {
    std::lock_guard<std::mutex> held(mutex_);
    return std::forward<Action>(action)(value_);
  }

 private:
  std::mutex mutex_;
  T value_{};
};

}  // namespace starcast::core
