#include "http/server_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "core/strings.h"

namespace starcast::http {
namespace {

std::string_view name_of(Refusal refusal) {
  switch (refusal) {
    case Refusal::kMalformed:
      return "malformed";
    case Refusal::kHeaderBytes:
      return "header_bytes";
    case Refusal::kHeaderTime:
      return "header_time";
    case Refusal::kBodyBytes:
      return "body_bytes";
    case Refusal::kBodyTime:
      return "body_time";
    case Refusal::kConnections:
      return "connections";
    case Refusal::kQueue:
      return "queue";
    case Refusal::kForeignHost:
      return "foreign_host";
    case Refusal::kForeignOrigin:
      return "foreign_origin";
  }
  return "malformed";
}

std::string label_value(std::string_view text) {
  return core::replaced(core::replaced(core::replaced(text, "\\", "\\\\"), "\"", "\\\""), "\n", "\\n");
}

}  // namespace

ServerMetrics::ServerMetrics(const RouteTable& routes) {
  figures_.emplace_back().labels = "route=\"none\",method=\"\"";
  std::map<std::string, Figures*> by_labels;  // a call that is mounted twice is counted as one
  for (const auto& route : routes.routes()) {
    const std::string labels = fmt::format("route=\"{}\",method=\"{}\"",
                                           label_value(route->name.empty() ? route->pattern : route->name),
                                           http::name_of(route->method));
    Figures*& figures = by_labels[labels];
    if (figures == nullptr) {
      figures = &figures_.emplace_back();
      figures->labels = labels;
    }
    figures_of_.emplace(route.get(), figures);
  }
}

void ServerMetrics::count(const Route* route, int status, double seconds) {
  const auto found = figures_of_.find(route);
  Figures& figures = found == figures_of_.end() ? figures_.front() : *found->second;
  const auto status_class = static_cast<std::size_t>(std::clamp(status / 100, 0, 5));
  figures.by_class[status_class].fetch_add(1, std::memory_order_relaxed);
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin();
  figures.by_time[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  figures.microseconds.fetch_add(static_cast<std::uint64_t>(seconds * 1e6), std::memory_order_relaxed);
}

void ServerMetrics::count(Refusal refusal) {
  refusals_[static_cast<std::size_t>(refusal)].fetch_add(1, std::memory_order_relaxed);
}

std::string ServerMetrics::text() const {
  std::string text;
  const auto out = std::back_inserter(text);
  const auto head = [&](std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(out, "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  };
  head("starcast_http_requests_total", "counter", "Requests answered, by route, method and class of status.");
  for (const Figures& figures : figures_) {
    for (std::size_t i = 0; i < figures.by_class.size(); ++i) {
      const std::uint64_t count = figures.by_class[i].load(std::memory_order_relaxed);
      if (count == 0) continue;
      fmt::format_to(out, "starcast_http_requests_total{{{},status=\"{}xx\"}} {}\n", figures.labels, i,
                     count);
    }
  }
  head("starcast_http_request_seconds", "histogram",
       "Time from a request's first byte to its answer's last, by route.");
  for (const Figures& figures : figures_) {
    std::array<std::uint64_t, kBounds.size() + 1> counts{};
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      total += figures.by_time[i].load(std::memory_order_relaxed);
      counts[i] = total;
    }
    if (total == 0) continue;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      fmt::format_to(out, "starcast_http_request_seconds_bucket{{{},le=\"{}\"}} {}\n", figures.labels,
                     kBounds[i], counts[i]);
    }
    fmt::format_to(out, "starcast_http_request_seconds_bucket{{{},le=\"+Inf\"}} {}\n", figures.labels, total);
    fmt::format_to(out, "starcast_http_request_seconds_sum{{{}}} {:.6f}\n", figures.labels,
                   static_cast<double>(figures.microseconds.load(std::memory_order_relaxed)) * 1e-6);
    fmt::format_to(out, "starcast_http_request_seconds_count{{{}}} {}\n", figures.labels, total);
  }
  const auto plain = [&](std::string_view name, std::string_view type, std::string_view help,
                         const std::atomic<std::uint64_t>& value) {
    head(name, type, help);
    fmt::format_to(out, "{} {}\n", name, value.load(std::memory_order_relaxed));
  };
  plain("starcast_http_connections_open", "gauge", "Connections open now.", connections_open);
  plain("starcast_http_connections_total", "counter", "Connections accepted.", connections_accepted);
  plain("starcast_http_received_bytes_total", "counter", "Bytes read from sockets.", bytes_received);
  plain("starcast_http_sent_bytes_total", "counter", "Bytes written to sockets.", bytes_sent);
  head("starcast_http_refused_total", "counter", "Requests and connections turned away, by reason.");
  for (std::size_t i = 0; i < kRefusals; ++i) {
    fmt::format_to(out, "starcast_http_refused_total{{reason=\"{}\"}} {}\n", name_of(static_cast<Refusal>(i)),
                   refusals_[i].load(std::memory_order_relaxed));
  }
  return text;
}

}  // namespace starcast::http
