// Keeps SIGINT and SIGTERM from ending this process while it runs children, and hands them to whoever waits
// for one.
#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>

#include "core/guarded.h"
#include "core/result.h"

namespace starcast::os {

inline constexpr std::size_t kChildrenMax = 256;

// What a signal handler did on behalf of one child.
struct RelayedSignal {
  int number = 0;               // 0: none came
  bool was_sent_to_us = false;  // by a process; else the terminal raised it for our whole process group
};

// The handlers are installed while at least one Watch lives; a signal that no Watch took is raised again
// after them. Thread-safe. There is one: signal handlers are the process's.
class SignalRelay {
 public:
  // One child's place in the relay. Move-only.
  class Watch {
   public:
    Watch(Watch&& other) noexcept;
    Watch& operator=(Watch&& other) = delete;
    ~Watch();

    int descriptor() const;      // readable once a signal has come
    RelayedSignal take() const;  // the latest one since the last call
    RelayedSignal wait() const;  // blocks until one comes
    // Blocks for `time` at most; number 0: none came.
    RelayedSignal wait_for(std::chrono::milliseconds time) const;

   private:
    friend class SignalRelay;
    explicit Watch(std::size_t slot) : slot_(slot) {}
    std::size_t slot_;
  };

  static core::Result<Watch> watch();
};

// A write beyond the largest file allowed (ulimit -f) fails from now on and no longer ends this process.
void survive_file_size_limit();

}  // namespace starcast::os
