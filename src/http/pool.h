// A bounded pool of threads for what may block: handlers, bodies, files.
#pragma once

#include <pthread.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "core/guarded.h"

namespace starcast::http {

// Thread-safe. Threads are started as they are needed, so that an idle server has none; their stacks are of
// 1 MiB.
class Pool {
 public:
  // A job throws nothing.
  using Job = std::function<void()>;

  Pool(std::size_t threads_max, std::size_t queue_max)
      : threads_max_(threads_max == 0 ? 1 : threads_max), queue_max_(queue_max) {}
  ~Pool() { stop(); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // Whether a new request may be added; what belongs to a request that runs is added in any case.
  bool has_room();
  // Jobs run in the order of their coming; dropped without running after stop().
  void add(Job job);
  // Drops what waits and joins the threads, so it waits for the jobs that run.
  void stop();

 private:
  struct State {
    std::deque<Job> jobs{};
    std::vector<pthread_t> threads{};
    std::size_t idle = 0;
    bool stopped = false;
  };
  static void* run_thread(void* pool);
  void run();

  const std::size_t threads_max_;
  const std::size_t queue_max_;
  core::Guarded<State> state_{};
  std::condition_variable changed_{};
};

}  // namespace starcast::http
