#include "tracking_load.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "codec/json.h"
#include "core/bytes.h"
#include "core/strings.h"

namespace starcast::faults {
namespace {

using core::Result;

constexpr std::size_t kBatchMetrics = 10;
constexpr std::size_t kBatchParams = 3;
constexpr std::size_t kArtifactMax = std::size_t{1} << 20;
constexpr std::string_view kFiles = "/api/2.0/mlflow-artifacts/artifacts/";

// Some are empty, some take several writes.
std::string content(std::string_view seed) {
  constexpr std::array<std::size_t, 4> kTimes{0, 1, 100, 9000};
  std::string bytes;
  const std::size_t times = kTimes[std::hash<std::string_view>{}(seed) % kTimes.size()];
  for (std::size_t i = 0; i < times; ++i) bytes += seed;
  return bytes;
}

Result<void> add_folder(blob::BlobStore& store, const blob::BlobPath& folder, Facts& facts) {
  const std::vector<blob::BlobEntry> entries = TRY(store.list(folder));
  for (const blob::BlobEntry& entry : entries) {
    const blob::BlobPath name = TRY(blob::BlobPath::parse(entry.name));
    const blob::BlobPath path = folder.joined(name);
    if (entry.is_folder) {
      TRY(add_folder(store, path, facts));
      continue;
    }
    const std::unique_ptr<core::ByteSource> source = TRY(store.open(path, 0, entry.size_bytes));
    std::string bytes = TRY(core::read_all(*source, kArtifactMax));
    facts[fmt::format("file/{}", path.text())] = std::move(bytes);
  }
  return {};
}

http::Response ask(tracking::Service& service, http::Method method, const std::string& path,
                   const std::string& body) {
  http::Request request;
  request.method = method;
  request.target = path;
  request.path = path;
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Content-Length", std::to_string(body.size()));
  request.body = body;
  return service.handle(request);
}

Result<http::Response> receive(const http::Route& route, const http::Request& request,
                               std::string_view body) {
  constexpr std::size_t kPiece = 65'536;
  const std::unique_ptr<http::BodyReceiver> receiver = TRY(route.receiver(request));
  for (; !body.empty(); body.remove_prefix(std::min(body.size(), kPiece))) {
    TRY(receiver->write(body.substr(0, kPiece)));
  }
  return receiver->finish();
}

http::Response put(tracking::Service& service, const std::string& path, std::string_view body) {
  http::Request request;
  request.method = http::Method::kPut;
  request.target = std::string(kFiles) + path;
  request.path = request.target;
  request.headers.add("Content-Length", std::to_string(body.size()));
  http::RouteTable::Found found = service.routes().find(request.method, request.path);
  request.parameters = std::move(found.parameters);
  Result<http::Response> response = receive(*found.route, request, body);
  return response ? std::move(response).value() : service.error_response(response.error(), request);
}

}  // namespace

Result<Facts> facts_of(tracking::Service& service) {
  Facts facts;
  const auto look = [&](sql::Session& session) -> Result<void> {
    facts.clear();
    return session.query(
        "SELECT 'run/' || name, status FROM runs UNION ALL "
        "SELECT 'param/' || r.name || '/' || p.key, p.value FROM params p JOIN runs r USING (run_uuid) "
        "UNION ALL SELECT 'tag/' || r.name || '/' || t.key, t.value FROM tags t JOIN runs r USING (run_uuid) "
        "WHERE t.key NOT LIKE 'mlflow.%' UNION ALL "
        "SELECT 'metric/' || r.name || '/' || m.key || '/' || m.step, CAST(m.value AS INTEGER) "
        "FROM metrics m JOIN runs r USING (run_uuid) UNION ALL "
        "SELECT 'latest/' || r.name || '/' || l.key, l.step FROM latest_metrics l JOIN runs r USING "
        "(run_uuid)",
        {}, [&](const sql::Row& row) {
          facts[row.string(0)] = row.string(1);
          return Result<void>();
        });
  };
  TRY(service.store().database().read(look));
  const blob::BlobPath root = TRY(blob::BlobPath::parse(""));
  TRY(add_folder(service.artifacts(), root, facts));
  return facts;
}

std::string fault_of_database(tracking::Service& service) {
  std::string told;
  const auto look = [&](sql::Session& session) {
    return session.query("PRAGMA integrity_check", {}, [&](const sql::Row& row) {
      if (row.text(0) != "ok") told += row.string(0) + "\n";
      return Result<void>();
    });
  };
  const Result<void> looked = service.store().database().read(look);
  return looked ? told : looked.error().message();
}

Writer::Writer(std::string prefix, std::uint64_t seed) : prefix_(std::move(prefix)), state_(seed) {}

std::uint64_t Writer::random(std::uint64_t count) {
  state_ = state_ * 6364136223846793005U + 1442695040888963407U;
  return (state_ >> 33U) % count;
}

std::string Writer::next() {
  return fmt::format("{}.{}", prefix_, ++counter_);
}

bool Writer::write(tracking::Service& service, const std::function<bool()>& counts) {
  if (run_id_.empty() || random(12) == 0) return create_run(service, counts);
  constexpr std::array kKinds{Kind::kMetric, Kind::kParam,  Kind::kTag,    Kind::kBatch, Kind::kBatch,
                              Kind::kUpload, Kind::kUpload, Kind::kRemove, Kind::kRead};
  return write_kind(service, kKinds[random(kKinds.size())], counts);
}

bool Writer::write_each_kind(tracking::Service& service) {
  const auto always = [] { return true; };
  bool all = true;
  for (const Kind kind : {Kind::kCreate, Kind::kMetric, Kind::kParam, Kind::kTag, Kind::kBatch, Kind::kUpload,
                          Kind::kRemove, Kind::kRead}) {
    all = write_kind(service, kind, always) && all;
  }
  return all;
}

bool Writer::write_kind(tracking::Service& service, Kind kind, const std::function<bool()>& counts) {
  const std::string name = next();
  switch (kind) {
    case Kind::kCreate:
      return create_run(service, counts);
    case Kind::kMetric: {
      const std::string key = fmt::format("m{}", name);
      return post(service, counts, "runs/log-metric",
                  fmt::format(R"({{"run_id":"{}","key":"{}","value":{},"timestamp":1,"step":{}}})", run_id_,
                              key, counter_, counter_),
                  {{fmt::format("metric/{}/{}/{}", run_, key, counter_), std::to_string(counter_)},
                   {fmt::format("latest/{}/{}", run_, key), std::to_string(counter_)}});
    }
    case Kind::kParam:
      return post(service, counts, "runs/log-parameter",
                  fmt::format(R"({{"run_id":"{}","key":"p{}","value":"{}"}})", run_id_, name, name),
                  {{fmt::format("param/{}/p{}", run_, name), name}});
    case Kind::kTag: {
      const std::string key = fmt::format("t{}", random(3));
      return post(service, counts, "runs/set-tag",
                  fmt::format(R"({{"run_id":"{}","key":"{}","value":"{}"}})", run_id_, key, name),
                  {{fmt::format("tag/{}/{}", run_, key), name}});
    }
    case Kind::kBatch: {
      std::vector<Change> changes;
      std::string metrics;
      std::string params;
      for (std::size_t i = 0; i < kBatchMetrics; ++i) {
        metrics += fmt::format(R"({}{{"key":"b{}-{}","value":{},"timestamp":1,"step":{}}})",
                               i == 0 ? "" : ",", name, i, i, counter_);
        changes.push_back({fmt::format("metric/{}/b{}-{}/{}", run_, name, i, counter_), std::to_string(i)});
        changes.push_back({fmt::format("latest/{}/b{}-{}", run_, name, i), std::to_string(counter_)});
      }
      for (std::size_t i = 0; i < kBatchParams; ++i) {
        params += fmt::format(R"({}{{"key":"b{}-{}","value":"{}"}})", i == 0 ? "" : ",", name, i, name);
        changes.push_back({fmt::format("param/{}/b{}-{}", run_, name, i), name});
      }
      return post(service, counts, "runs/log-batch",
                  fmt::format(R"({{"run_id":"{}","metrics":[{}],"params":[{}]}})", run_id_, metrics, params),
                  std::move(changes));
    }
    case Kind::kUpload:
      return upload(service, counts);
    case Kind::kRemove:
      return remove(service, counts);
    case Kind::kRead:
      return read(service, counts);
  }
  return false;
}

bool Writer::create_run(tracking::Service& service, const std::function<bool()>& counts) {
  const std::string name = next();
  begin("runs/create", {{fmt::format("run/{}", name), "RUNNING"}, {fmt::format("tag/{}/made", name), name}});
  const http::Response response =
      ask(service, http::Method::kPost, "/api/2.0/mlflow/runs/create",
          fmt::format(R"({{"experiment_id":"0","run_name":"{}","tags":[{{"key":"made","value":"{}"}}]}})",
                      name, name));
  if (!end(response, counts)) return false;
  constexpr std::string_view kBefore = R"("run_id":)";
  const std::size_t quote = response.body.find('"', response.body.find(kBefore) + kBefore.size());
  run_id_ = response.body.substr(quote + 1, 32);
  run_ = name;
  return true;
}

bool Writer::post(tracking::Service& service, const std::function<bool()>& counts, std::string_view route,
                  const std::string& body, std::vector<Change> changes) {
  begin(std::string(route), std::move(changes));
  return end(ask(service, http::Method::kPost, fmt::format("/api/2.0/mlflow/{}", route), body), counts);
}

// A new file, mostly in a new folder, or other bytes for one that is there.
bool Writer::upload(tracking::Service& service, const std::function<bool()>& counts) {
  const std::string name = next();
  const std::string folder = random(2) == 0 ? fmt::format("new{}/", name) : std::string();
  std::string path = fmt::format("0/{}/artifacts/{}{}", run_, folder, name);
  if (!files_.empty() && random(4) == 0) path = files_[random(files_.size())];
  begin("upload", {{fmt::format("file/{}", path), content(name)}});
  if (!end(put(service, path, content(name)), counts)) return false;
  if (std::find(files_.begin(), files_.end(), path) == files_.end()) files_.push_back(path);
  return true;
}

bool Writer::remove(tracking::Service& service, const std::function<bool()>& counts) {
  if (files_.empty()) return upload(service, counts);
  std::swap(files_[random(files_.size())], files_.back());
  const std::string path = files_.back();
  files_.pop_back();  // whether it was removed or not: a second attempt may rightly find nothing
  begin("remove", {{fmt::format("file/{}", path), std::nullopt}});
  return end(ask(service, http::Method::kDelete, std::string(kFiles) + path, ""), counts);
}

// Its run, and a file; both must come whole or be refused.
bool Writer::read(tracking::Service& service, const std::function<bool()>& counts) {
  begin("runs/get", {});
  http::Request request;
  request.method = http::Method::kGet;
  request.path = "/api/2.0/mlflow/runs/get";
  request.query = {{"run_id", run_id_}};
  request.target = request.path + "?run_id=" + run_id_;
  if (!end(service.handle(request), counts)) return false;
  if (files_.empty()) return true;
  const std::string& path = files_[random(files_.size())];
  begin("download", {});
  http::Response response = ask(service, http::Method::kGet, std::string(kFiles) + path, "");
  if (response.status == 200 && response.stream != nullptr) {
    Result<std::string> bytes = core::read_all(*response.stream, kArtifactMax);
    if (!bytes) {
      response = service.error_response(bytes.error(), request);
    } else if (bytes->size() != response.stream_bytes) {
      wrong_.push_back(fmt::format("{} came with {} bytes", path, bytes->size()));
    }
  }
  return end(response, counts);
}

void Writer::begin(std::string doing, std::vector<Change> changes) {
  for (const Change& change : changes) {
    std::vector<std::optional<std::string>>& values = possible_[change.fact];
    if (values.empty()) values.emplace_back(std::nullopt);
    values.push_back(change.value);
  }
  unsure_.push_back({std::move(doing), std::move(changes)});
}

bool Writer::end(const http::Response& response, const std::function<bool()>& counts) {
  if (!counts()) return false;
  const Attempt& last = unsure_.back();
  if (response.status != 200) {
    ++refused_;
    if (response.status != 503 || response.body.find("TEMPORARILY_UNAVAILABLE") == std::string::npos) {
      wrong_.push_back(fmt::format("{} was answered {} {}", last.doing, response.status, response.body));
    }
    if (last.changes.empty()) unsure_.pop_back();
    return false;
  }
  ++acknowledged_;
  for (const Change& change : last.changes) possible_[change.fact] = {change.value};
  unsure_.pop_back();
  return true;
}

std::vector<std::string> Writer::losses(const Facts& stored) const {
  const auto value_of = [&](const std::string& fact) -> std::optional<std::string> {
    const auto found = stored.find(fact);
    if (found == stored.end()) return std::nullopt;
    return found->second;
  };
  const auto shown = [](const std::optional<std::string>& value) {
    return value ? fmt::format("'{}' ({} bytes)", value->substr(0, 40), value->size())
                 : std::string("absent");
  };
  std::vector<std::string> losses;
  for (const auto& [fact, values] : possible_) {
    const std::optional<std::string> value = value_of(fact);
    if (std::find(values.begin(), values.end(), value) == values.end()) {
      losses.push_back(fmt::format("{} is {}, and should be {}", fact, shown(value), shown(values.front())));
    }
  }
  for (const Attempt& attempt : unsure_) {
    const auto is_stored = [&](const Change& change) { return value_of(change.fact) == change.value; };
    const auto count = std::count_if(attempt.changes.begin(), attempt.changes.end(), is_stored);
    if (count != 0 && count != static_cast<std::ptrdiff_t>(attempt.changes.size())) {
      losses.push_back(fmt::format("{} is stored by half: {} of {}, the first {}", attempt.doing, count,
                                   attempt.changes.size(), attempt.changes.front().fact));
    }
  }
  for (const auto& [fact, value] : stored) {
    const bool mine = fact.find("/" + prefix_ + ".") != std::string::npos;
    if (mine && !possible_.contains(fact)) losses.push_back(fmt::format("{} was never sent", fact));
  }
  return losses;
}

}  // namespace starcast::faults
