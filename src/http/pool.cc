#include "http/pool.h"

#include <utility>

namespace starcast::http {
namespace {

// A handler's frames, SQLite's parser and JSON of the allowed depth fit well; sanitizers widen frames.
constexpr std::size_t kStackBytes = std::size_t{1} << 20;

}  // namespace

bool Pool::has_room() {
  return state_.with([this](const State& state) { return state.jobs.size() < queue_max_; });
}

void Pool::add(Job job) {
  {
    auto state = state_.lock();
    if (state->stopped) return;
    state->jobs.push_back(std::move(job));
    if (state->idle < state->jobs.size() && state->threads.size() < threads_max_) {
      pthread_attr_t attributes;
      pthread_attr_init(&attributes);
      pthread_attr_setstacksize(&attributes, kStackBytes);
      pthread_t thread{};
      // Without a further thread those that run take the job.
      if (pthread_create(&thread, &attributes, &Pool::run_thread, this) == 0)
        state->threads.push_back(thread);
      pthread_attr_destroy(&attributes);
    }
  }
  changed_.notify_one();  // without the lock, which the thread would wait for at once
}

void Pool::stop() {
  std::vector<pthread_t> threads;
  std::deque<Job> dropped;
  {
    auto state = state_.lock();
    state->stopped = true;
    threads.swap(state->threads);
    dropped.swap(state->jobs);
  }
  changed_.notify_all();
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
}

void* Pool::run_thread(void* pool) {
  static_cast<Pool*>(pool)->run();
  return nullptr;
}

void Pool::run() {
  for (;;) {
    Job job;
    {
      auto state = state_.lock();
      ++state->idle;
      while (state->jobs.empty() && !state->stopped) changed_.wait(state.mutex_lock());
      --state->idle;
      if (state->stopped) return;
      job = std::move(state->jobs.front());
      state->jobs.pop_front();
    }
    job();
  }
}

}  // namespace starcast::http
