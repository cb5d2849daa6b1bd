// Clients of a tracking service in this process, who remember what it acknowledged.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tracking/service.h"

namespace starcast::faults {

// What a store holds, told by names that a writer knows: "param/RUN/KEY" and its value.
using Facts = std::map<std::string, std::string>;

// Everything in the service's database and artifacts; an error when something cannot be read.
core::Result<Facts> facts_of(tracking::Service& service);

// Empty when SQLite finds the database whole.
std::string fault_of_database(tracking::Service& service);

// One thread.
class Writer {
 public:
  // `prefix` begins the names of its runs: no other writer's.
  Writer(std::string prefix, std::uint64_t seed);

  // One request; false when it was refused. `counts` says after the answer whether the answer still reached
  // anybody.
  bool write(tracking::Service& service, const std::function<bool()>& counts);
  // One request of each kind; false when one was refused.
  bool write_each_kind(tracking::Service& service);

  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t refused() const { return refused_; }
  // Answers that should not be, for people.
  const std::vector<std::string>& wrong() const { return wrong_; }
  // What is missing, wrong, half-written or not to be there, for people.
  std::vector<std::string> losses(const Facts& stored) const;

 private:
  enum class Kind { kCreate, kMetric, kParam, kTag, kBatch, kUpload, kRemove, kRead };
  struct Change {
    std::string fact;
    std::optional<std::string> value;  // absent: removed
  };
  struct Attempt {
    std::string doing;
    std::vector<Change> changes;
  };

  bool write_kind(tracking::Service& service, Kind kind, const std::function<bool()>& counts);
  bool create_run(tracking::Service& service, const std::function<bool()>& counts);
  bool upload(tracking::Service& service, const std::function<bool()>& counts);
  bool remove(tracking::Service& service, const std::function<bool()>& counts);
  bool read(tracking::Service& service, const std::function<bool()>& counts);
  bool post(tracking::Service& service, const std::function<bool()>& counts, std::string_view route,
            const std::string& body, std::vector<Change> changes);
  void begin(std::string doing, std::vector<Change> changes);
  // Judges the answer to what began last.
  bool end(const http::Response& response, const std::function<bool()>& counts);
  std::uint64_t random(std::uint64_t count);
  std::string next();

  std::string prefix_;
  std::uint64_t state_;
  std::uint64_t counter_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t refused_ = 0;
  std::string run_id_{};
  std::string run_{};
  std::vector<std::string> files_{};  // uploaded, and not removed
  // What each fact may be: the acknowledged value first, then those of refused or cut requests after it.
  std::map<std::string, std::vector<std::optional<std::string>>> possible_{};
  std::vector<Attempt> unsure_{};  // refused or cut
  std::vector<std::string> wrong_{};
};

}  // namespace starcast::faults
