// What a server counts, as Prometheus reads it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "http/route_table.h"

namespace starcast::http {

// Why a request or a connection was turned away before its handler.
enum class Refusal {
  kMalformed,
  kHeaderBytes,
  kHeaderTime,
  kBodyBytes,
  kBodyTime,
  kConnections,
  kQueue,
  kForeignHost,
  kForeignOrigin,
};

// Thread-safe.
class ServerMetrics {
 public:
  explicit ServerMetrics(const RouteTable& routes);

  // `route` is nullptr where none was found.
  void count(const Route* route, int status, double seconds);
  void count(Refusal refusal);
  std::string text() const;

  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_accepted{0};
  std::atomic<std::uint64_t> bytes_received{0};
  std::atomic<std::uint64_t> bytes_sent{0};

 private:
  static constexpr std::array<double, 13> kBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                  0.1,    0.25,  0.5,    1,     2.5,  10};
  static constexpr std::size_t kRefusals = 9;
  struct Figures {
    std::string labels{};                                  // route="createRun",method="POST"
    std::array<std::atomic<std::uint64_t>, 6> by_class{};  // by the status' first digit
    std::array<std::atomic<std::uint64_t>, 14> by_time{};  // by kBounds; the last one is beyond
    std::atomic<std::uint64_t> microseconds{0};
  };

  std::deque<Figures> figures_{};  // the first one is of requests without a route
  std::unordered_map<const Route*, Figures*> figures_of_{};
  std::array<std::atomic<std::uint64_t>, kRefusals> refusals_{};
};

}  // namespace starcast::http
