// Access lines, written by a thread of their own so that a slow terminal or pipe holds no socket.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/guarded.h"
#include "core/log.h"

namespace starcast::http {

struct AccessLine {
  std::string_view method;
  std::string_view target;
  int status;
  std::size_t bytes;
  double seconds;
  std::string_view peer;
};

// "GET /health 200 2 B 0.1 ms 127.0.0.1"; what is no printable ASCII in the target becomes \xNN, and more
// than 2,048 bytes of it are cut.
std::string access_text(const AccessLine& line);

// Thread-safe. Writes what waits before it goes. While 10,000 lines wait, further ones are counted instead.
class AccessLog {
 public:
  explicit AccessLog(core::Log& log);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  void add(std::string line);

 private:
  struct State {
    std::vector<std::string> lines{};
    std::size_t dropped = 0;
    bool stopped = false;
  };
  void run();

  core::Log& log_;
  core::Guarded<State> state_{};
  std::condition_variable changed_{};
  std::jthread thread_;
};

}  // namespace starcast::http
