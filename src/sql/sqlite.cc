#include <sys/stat.h>
#include <sys/statfs.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "sql/database.h"
#include "sql/sqlite_connection.h"
#include "sql/sqlite_errors.h"

namespace starcast::sql {
namespace {

using Closure = std::function<core::Result<void>(Session&)>;

constexpr std::size_t kGroupMax = 128;    // closures in one transaction
constexpr int kCheckpointPages = 4000;    // 16 MB of log: copied into the database beside the readers
constexpr int kRestartPages = 16 * 1000;  // 64 MB: readers that never pause let the log grow; wait for them
// What a group of large batches changes: what has no place here is written twice.
constexpr int kWriterCacheKib = 3 * 1024;
constexpr int kReaderCacheKib = 1024;
constexpr int kFirstReaderCacheKib = 12 * 1024;  // what a page of runs among a million touches

const Dialect kDialect{"sqlite", "LIKE", "MATCH", "INSERT OR IGNORE INTO"};

core::Result<void> run(Connection& connection, std::string_view sql) {
  TRY(connection.execute(sql, {}));
  return {};
}

// A failed ROLLBACK means that SQLite rolled back before: nothing is open either way.
void roll_back(Connection& connection) {
  if (connection.in_transaction()) static_cast<void>(connection.execute("ROLLBACK", {}).has_value());
}

// A closure that waits for its commit. Lives on its caller's stack until it is done.
struct Job {
  const Closure* closure = nullptr;
  core::Result<void> result{};
  std::exception_ptr thrown{};
  bool failed() const { return thrown != nullptr || !result; }
};

// The closure runs on another caller's thread, so what it throws is carried home.
void run_closure(Connection& connection, Job& job) {
  job.thrown = nullptr;
  try {
    job.result = (*job.closure)(connection);
  } catch (...) {
    job.thrown = std::current_exception();
  }
}

void fail_all(std::span<Job* const> jobs, const core::Error& error) {
  for (Job* job : jobs) {
    if (!job->failed()) job->result = error;
  }
}

void commit_one(Connection& connection, Job& job) {
  job.result = run(connection, "BEGIN IMMEDIATE");
  if (!job.result) return;
  run_closure(connection, job);
  if (!job.failed()) job.result = run(connection, "COMMIT");
  roll_back(connection);
}

enum class GroupEnd {
  kDone,       // every job has its result
  kUnstored,   // the whole transaction is gone (disk full, I/O error): all jobs are to be run again
  kEntangled,  // a job failed after it had changed something: all are to be run again, a savepoint each
};

// Runs the jobs in one transaction. Savepoints make SQLite keep every page as it was before each job, so they
// are taken only when a job has to be undone.
GroupEnd commit_group(Connection& connection, std::span<Job* const> jobs, bool with_savepoints) {
  for (Job* job : jobs) *job = Job{job->closure};
  if (const auto begun = run(connection, "BEGIN IMMEDIATE"); !begun) {
    fail_all(jobs, begun.error());
    return GroupEnd::kDone;
  }
  for (Job* job : jobs) {
    if (with_savepoints) job->result = run(connection, "SAVEPOINT one");
    connection.forget_writes();
    if (job->result) run_closure(connection, *job);
    if (!connection.in_transaction()) return GroupEnd::kUnstored;
    if (!with_savepoints) {
      if (!job->failed() || !connection.has_written()) continue;
      roll_back(connection);
      return GroupEnd::kEntangled;
    }
    core::Result<void> closed;
    if (job->failed()) closed = run(connection, "ROLLBACK TO one");
    if (closed) closed = run(connection, "RELEASE one");
    if (!closed) {
      roll_back(connection);
      return GroupEnd::kUnstored;
    }
  }
  const core::Result<void> committed = run(connection, "COMMIT");
  roll_back(connection);
  return committed ? GroupEnd::kDone : GroupEnd::kUnstored;
}

void commit(Connection& connection, std::span<Job* const> jobs) {
  if (jobs.size() == 1) {
    commit_one(connection, *jobs.front());
    return;
  }
  GroupEnd end = commit_group(connection, jobs, false);
  if (end == GroupEnd::kEntangled) end = commit_group(connection, jobs, true);
  if (end == GroupEnd::kDone) return;
  // Each alone: whoever asks too much fails, the others are stored.
  for (Job* job : jobs) commit_one(connection, *job);
}

// Group commit without a thread of its own: the first caller writes for all that wait, then makes the next in
// line the writer.
class Writer {
 public:
  explicit Writer(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  core::Result<void> write(const Closure& closure) {
    Waiting mine{Job{&closure}, std::make_shared<Signal>()};
    bool leads = false;
    {
      const std::lock_guard<std::mutex> held(mutex_);
      waiting_.push_back(&mine);
      leads = !busy_;
      busy_ = true;
    }
    if (leads || mine.signal->wait() == State::kLeads) lead();
    if (mine.job.thrown != nullptr) std::rethrow_exception(mine.job.thrown);
    return std::move(mine.job.result);
  }

 private:
  enum class State { kWaiting, kLeads, kDone };

  // Shared, since who waits may be gone while it is told. With a lock of its own: who wakes up waits for
  // nobody.
  class Signal {
   public:
    State wait() {
      std::unique_lock<std::mutex> held(mutex_);
      changed_.wait(held, [this] { return state_ != State::kWaiting; });
      return state_;
    }
    void tell(State state) {
      {
        const std::lock_guard<std::mutex> held(mutex_);
        state_ = state;
      }
      changed_.notify_one();
    }

   private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    State state_ = State::kWaiting;
  };

  struct Waiting {
    Job job;
    std::shared_ptr<Signal> signal;
  };

  // The caller is the first that waits.
  void lead() {
    std::vector<Job*> jobs;
    std::vector<std::shared_ptr<Signal>> signals;
    {
      const std::lock_guard<std::mutex> held(mutex_);
      const std::size_t count = std::min(waiting_.size(), kGroupMax);
      const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
      for (auto one = waiting_.begin(); one != end; ++one) {
        jobs.push_back(&(*one)->job);
        signals.push_back((*one)->signal);
      }
      waiting_.erase(waiting_.begin(), end);
    }
    commit(*connection_, jobs);
    for (std::size_t i = 1; i < signals.size(); ++i) signals[i]->tell(State::kDone);
    if (connection_->wal_pages() >= kCheckpointPages) {
      connection_->checkpoint(connection_->wal_pages() >= kRestartPages ? Connection::Checkpoint::kRestart
                                                                        : Connection::Checkpoint::kPassive);
    }
    std::shared_ptr<Signal> next;
    {
      const std::lock_guard<std::mutex> held(mutex_);
      busy_ = !waiting_.empty();
      if (busy_) next = waiting_.front()->signal;
    }
    if (next != nullptr) next->tell(State::kLeads);
  }

  std::unique_ptr<Connection> connection_;  // the leader's
  std::mutex mutex_{};
  std::deque<Waiting*> waiting_{};
  bool busy_ = false;
};

// Connections that are opened when first needed, then kept. The first one has the large cache, and is taken
// whenever it is free: one client at a time reads from memory, and many do not take it many times.
class Readers {
 public:
  Readers(std::string path, std::size_t count_max) : path_(std::move(path)), count_max_(count_max) {}

  core::Result<void> read(const Closure& closure) {
    std::unique_ptr<Connection> connection = TRY(take());
    const Return back{*this, connection};
    TRY(run(*connection, "BEGIN"));
    core::Result<void> result;
    try {
      result = closure(*connection);
    } catch (...) {
      roll_back(*connection);
      throw;
    }
    roll_back(*connection);
    return result;
  }

 private:
  // Gives the connection back however the read ends.
  struct Return {
    Readers& readers;
    std::unique_ptr<Connection>& connection;
    ~Return() { readers.give(std::move(connection)); }
  };

  core::Result<std::unique_ptr<Connection>> take() {
    int cache_kib = 0;
    {
      std::unique_lock<std::mutex> held(mutex_);
      free_again_.wait(held, [&] { return !free_.empty() || opened_ < count_max_; });
      if (!free_.empty()) {
        std::unique_ptr<Connection> connection = std::move(free_.back());
        free_.pop_back();
        return connection;
      }
      ++opened_;
      cache_kib = has_first_ ? kReaderCacheKib : kFirstReaderCacheKib;
      has_first_ = true;
    }
    auto opened = Connection::open({path_, false, true, cache_kib});
    if (!opened) {
      const std::lock_guard<std::mutex> held(mutex_);
      --opened_;
      if (cache_kib == kFirstReaderCacheKib) has_first_ = false;
      free_again_.notify_one();
      // This goes to a client, whom the file's path does not concern.
      return core::Error(opened.error().code(), "the database takes no more connections now");
    }
    if (cache_kib == kFirstReaderCacheKib) {
      const std::lock_guard<std::mutex> held(mutex_);
      first_ = opened->get();
    }
    return opened;
  }

  void give(std::unique_ptr<Connection> connection) {
    const std::lock_guard<std::mutex> held(mutex_);
    const bool behind_first = !free_.empty() && free_.back().get() == first_;
    free_.insert(behind_first ? free_.end() - 1 : free_.end(), std::move(connection));
    free_again_.notify_one();
  }

  std::string path_;
  std::size_t count_max_;
  std::mutex mutex_{};
  std::condition_variable free_again_{};
  // The last one is taken next: the first, or its cache is warm.
  std::vector<std::unique_ptr<Connection>> free_{};
  const Connection* first_ = nullptr;
  bool has_first_ = false;
  std::size_t opened_ = 0;
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(std::string uri, std::unique_ptr<Connection> writer, std::string path, std::size_t readers)
      : uri_(std::move(uri)), writer_(std::move(writer)), readers_(std::move(path), readers) {}
  core::Result<void> write(const Closure& closure) override { return writer_.write(closure); }
  core::Result<void> read(const Closure& closure) override { return readers_.read(closure); }
  const Dialect& dialect() const override { return kDialect; }
  const std::string& uri() const override { return uri_; }

 private:
  std::string uri_;
  Writer writer_;  // outlives the readers, so that the last connection to close writes the log back
  Readers readers_;
};

// ":memory:" belongs to one connection, so reads and writes take turns.
// So does another program's database.
class SingleDatabase final : public Database {
 public:
  SingleDatabase(std::string uri, std::unique_ptr<Connection> connection)
      : uri_(std::move(uri)), connection_(std::move(connection)) {}
  core::Result<void> write(const Closure& closure) override {
    const std::lock_guard<std::mutex> held(mutex_);
    Job job{&closure};
    commit_one(*connection_, job);
    if (job.thrown != nullptr) std::rethrow_exception(job.thrown);
    return std::move(job.result);
  }
  core::Result<void> read(const Closure& closure) override {
    const std::lock_guard<std::mutex> held(mutex_);
    connection_->set_read_only(true);
    Job job{&closure};
    run_closure(*connection_, job);
    connection_->set_read_only(false);
    if (job.thrown != nullptr) std::rethrow_exception(job.thrown);
    return std::move(job.result);
  }
  const Dialect& dialect() const override { return kDialect; }
  const std::string& uri() const override { return uri_; }

 private:
  std::string uri_;
  std::mutex mutex_{};
  std::unique_ptr<Connection> connection_;
};

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

core::Result<void> check_place(const SqliteOptions& options) {
  struct stat found{};
  if (stat(options.path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) {
      return core::Error(core::ErrorCode::kInvalidInput,
                         fmt::format("'{}' is a folder, no database", options.path));
    }
  } else if (errno == EACCES) {
    return core::Error(core::ErrorCode::kPermissionDenied,
                       fmt::format("not allowed to open '{}'", options.path));
  } else if (!options.create) {
    return core::Error(core::ErrorCode::kNotFound, fmt::format("there is no database '{}'", options.path));
  }
  struct statfs system{};
  const std::string folder = folder_of(options.path);
  if (statfs(folder.c_str(), &system) != 0) {
    if (errno == EACCES) {
      return core::Error(core::ErrorCode::kPermissionDenied,
                         fmt::format("not allowed to enter '{}'", folder));
    }
    return core::Error(core::ErrorCode::kNotFound,
                       fmt::format("there is no folder '{}' for the database; make it first", folder));
  }
  if (is_network_file_system(static_cast<std::int64_t>(system.f_type))) {
    return core::Error(
        core::ErrorCode::kUnsupported,
        fmt::format("'{}' lies on a network file system, whose locks do not hold; put the database on a "
                    "local disk",
                    options.path));
  }
  return {};
}

}  // namespace

core::Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options) {
  if (options.path == ":memory:") {
    std::unique_ptr<Connection> connection =
        TRY(Connection::open({options.path, true, false, kWriterCacheKib}));
    return std::unique_ptr<Database>(
        std::make_unique<SingleDatabase>("sqlite:///:memory:", std::move(connection)));
  }
  TRY(check_place(options));
  const bool create = options.create && !options.is_foreign;
  auto writer =
      Connection::open({options.path, create, options.is_foreign, kWriterCacheKib, options.is_foreign});
  if (!writer && writer.error().code() == core::ErrorCode::kCorrupt) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("'{}' is no SQLite database", options.path));
  }
  std::unique_ptr<Connection> connection = TRY(std::move(writer));
  std::string uri = fmt::format("sqlite:///{}", options.path);
  if (options.is_foreign) {
    return std::unique_ptr<Database>(std::make_unique<SingleDatabase>(std::move(uri), std::move(connection)));
  }
  return std::unique_ptr<Database>(
      std::make_unique<SqliteDatabase>(std::move(uri), std::move(connection), std::move(options.path),
                                       std::max<std::size_t>(options.readers, 1)));
}

}  // namespace starcast::sql
