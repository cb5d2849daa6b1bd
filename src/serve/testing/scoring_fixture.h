// A scoring service over models that tests make up: routes are called directly, without sockets.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "codec/json.h"
#include "core/log.h"
#include "core/testing/manual_clock.h"
#include "http/route_table.h"
#include "os/testing/memory_files.h"
#include "serve/service.h"
#include "serve/testing/fake_models.h"

namespace starcast::serve {

// Serves the tiny rating model of model/testing as "rating" and a forest of two columns as "forest"; a third
// slot, "absent", has nothing to load.
class ScoringFixture {
 public:
  ScoringFixture();

  // Finds the route and calls it; a receiver gets the body in pieces of `chunk_bytes`. A streamed answer is
  // read to its end into `body`.
  http::Response call(http::Method method, const std::string& target, std::string body = "",
                      std::string_view content_type = "application/json", const http::Pairs& headers = {},
                      std::size_t chunk_bytes = 7);
  http::Response post(const std::string& target, std::string body) {
    return call(http::Method::kPost, target, std::move(body));
  }
  http::Response get(const std::string& target) { return call(http::Method::kGet, target); }

  Service& service() { return service_; }
  http::RouteTable& routes() { return routes_; }
  os::MemoryFiles& files() { return files_; }
  ScoringMetrics& metrics() { return metrics_; }

 private:
  core::ManualClock clock_{};
  core::NullLog log_{};
  os::MemoryFiles files_{};
  FakeSource source_{};
  Slots slots_;
  ScoringMetrics metrics_;
  Service service_;
  http::RouteTable routes_{};
};

// The body as JSON; CHECKs that it is.
codec::Json json_of(const http::Response& response);

}  // namespace starcast::serve
