// A connection to a server, plain or by TLS, each wait with a limit.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace starcast::http {

// The certificates that servers are judged by. Thread-compatible.
class Trust {
 public:
  // The system's, and those of `ca_file` if it is not empty; kInvalidInput when that cannot be read.
  static core::Result<std::unique_ptr<Trust>> load(const std::string& ca_file);
  virtual ~Trust() = default;
};

struct ChannelOptions {
  std::chrono::milliseconds connect_timeout{};
  std::chrono::milliseconds stall_timeout{};  // of each wait for the other side
};

// One thread. Errors are kUnavailable and kDeadlineExceeded.
class Channel {
 public:
  virtual ~Channel() = default;

  // Tries the host's addresses in turn, the limit for each.
  static core::Result<std::unique_ptr<Channel>> connect(const std::string& host, const std::string& port,
                                                        ChannelOptions options);
  // From here on all bytes are encrypted. `trust` nullptr: any certificate will do.
  virtual core::Result<void> start_tls(const Trust& trust, const std::string& host, bool verify) = 0;

  virtual core::Result<void> write(std::string_view bytes) = 0;
  // 0 only at the end.
  virtual core::Result<std::size_t> read(std::span<char> buffer) = 0;
  // Bytes or the other side's end are waiting: an idle connection is of no more use, a request gets no
  // further.
  virtual bool has_input() const = 0;
};

}  // namespace starcast::http
