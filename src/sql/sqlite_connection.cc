#include "sql/sqlite_connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include "sql/like.h"
#include "sql/sqlite_errors.h"
#include "sql/sqlite_log.h"
#include "sql/sqlite_system.h"

namespace starcast::sql {
namespace {

// A statement takes about 10 KB; with nine connections this stays below 8 MB.
constexpr std::size_t kStatementsMax = 80;
constexpr int kBusyTimeoutMs = 20'000;  // MLflow's

class StatementRow final : public Row {
 public:
  explicit StatementRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const override { return sqlite3_column_int64(statement_, column); }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string_view text(int column) const override {
    const unsigned char* bytes = sqlite3_column_text(statement_, column);
    if (bytes == nullptr) return {};
    const int size = sqlite3_column_bytes(statement_, column);
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  }

 private:
  sqlite3_stmt* statement_;
};

std::string_view text_of(sqlite3_value* value) {
  const unsigned char* bytes = sqlite3_value_text(value);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_value_bytes(value))};
}

// SQLite calls like(pattern, text) for `text LIKE pattern`.
template <bool (*Matches)(std::string_view, std::string_view)>
void like_function(sqlite3_context* context, int, sqlite3_value** values) {
  if (sqlite3_value_type(values[0]) == SQLITE_NULL || sqlite3_value_type(values[1]) == SQLITE_NULL) return;
  try {
    sqlite3_result_int(context, Matches(text_of(values[0]), text_of(values[1])) ? 1 : 0);
  } catch (const std::bad_alloc&) {
    sqlite3_result_error_nomem(context);
  }
}

void refuse_escape(sqlite3_context* context, int, sqlite3_value**) {
  sqlite3_result_error(context, "LIKE with ESCAPE is not supported", -1);
}

int bind(sqlite3_stmt* statement, int place, const Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(statement, place, *number);
  if (const auto* real = std::get_if<double>(&value)) return sqlite3_bind_double(statement, place, *real);
  if (const auto* text = std::get_if<std::string>(&value)) {
    // The text outlives the statement's run: no copy (SQLITE_STATIC is a null destructor).
    return sqlite3_bind_text64(statement, place, text->data(), text->size(), nullptr, SQLITE_UTF8);
  }
  return sqlite3_bind_null(statement, place);
}

int remember_wal_pages(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

// A statement in use; gives it back, reset, to the cache or away.
class Connection::Lease {
 public:
  Lease(sqlite3_stmt* statement, Cached* cached) : statement_(statement), cached_(cached) {}
  Lease(Lease&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)), cached_(other.cached_) {}
  Lease& operator=(Lease&&) = delete;
  ~Lease() {
    if (statement_ == nullptr) return;
    if (cached_ == nullptr) {
      sqlite3_finalize(statement_);
      return;
    }
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    cached_->in_use = false;
  }
  sqlite3_stmt* statement() const { return statement_; }

 private:
  sqlite3_stmt* statement_;
  Cached* cached_;
};

Connection::Connection(sqlite3* handle, bool read_only) : handle_(handle), read_only_(read_only) {}

Connection::~Connection() {
  for (const Cached& one : cached_) sqlite3_finalize(one.statement);
  sqlite3_close(handle_);
}

core::Error Connection::error() const {
  return sqlite_error(sqlite3_extended_errcode(handle_), sqlite3_errmsg(handle_));
}

core::Result<std::unique_ptr<Connection>> Connection::open(const ConnectionOptions& options) {
  prepare_sqlite();
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (options.create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(options.path.c_str(), &handle, flags, log_file_layer());
  std::unique_ptr<Connection> connection(new Connection(handle, false));
  if (code != SQLITE_OK) {
    if (handle == nullptr)
      return core::Error(core::ErrorCode::kExhausted, "no memory for a database connection");
    if ((code & 0xFF) == SQLITE_CANTOPEN) {
      return core::Error(
          code_of_cannot_open(sqlite3_system_errno(handle)),
          fmt::format("cannot open the database '{}': {}", options.path, sqlite3_errmsg(handle)));
    }
    return connection->error().with_context(options.path);
  }
  TRY(connection->prepare_connection(options), options.path);
  return connection;
}

core::Result<void> Connection::prepare_connection(const ConnectionOptions& options) {
  sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_limit(handle_, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50'000);
  sqlite3_wal_hook(handle_, &remember_wal_pages, &wal_pages_);
  const int pure = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  sqlite3_create_function_v2(handle_, "like", 2, pure, nullptr, &like_function<&like>, nullptr, nullptr,
                             nullptr);
  sqlite3_create_function_v2(handle_, "like", 3, pure, nullptr, &refuse_escape, nullptr, nullptr, nullptr);
  sqlite3_create_function_v2(handle_, "match", 2, pure, nullptr, &like_function<&like_without_case>, nullptr,
                             nullptr, nullptr);

  const auto nothing = [](const Row&) { return core::Result<void>(); };
  std::string journal;
  TRY(query(options.keep_journal ? "PRAGMA journal_mode" : "PRAGMA journal_mode=WAL", {},
            [&](const Row& row) {
              journal = row.string(0);
              return core::Result<void>();
            }));
  if (!options.keep_journal && journal != "wal" && journal != "memory") {
    return core::Error(
        core::ErrorCode::kUnsupported,
        fmt::format("SQLite keeps a write-ahead log on no such file system (journal mode '{}'); put the "
                    "database on a local disk",
                    journal));
  }
  TRY(query("PRAGMA synchronous=FULL", {}, nothing));
  TRY(query("PRAGMA foreign_keys=ON", {}, nothing));
  TRY(query("PRAGMA mmap_size=0", {}, nothing));
  TRY(query("PRAGMA journal_size_limit=67108864", {}, nothing));
  TRY(query(fmt::format("PRAGMA cache_size=-{}", options.cache_kib), {}, nothing));
  // Reads the header and the schema: what is no database is found here.
  TRY(query("SELECT count(*) FROM sqlite_master", {}, nothing));
  if (options.read_only) TRY(query("PRAGMA query_only=ON", {}, nothing));
  // The settings are not run again.
  for (const Cached& one : cached_) sqlite3_finalize(one.statement);
  places_.clear();
  cached_.clear();
  read_only_ = options.read_only;
  return {};
}

core::Result<sqlite3_stmt*> Connection::compile(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, &rest);
  if (code != SQLITE_OK) return error();
  if (statement == nullptr) return core::Error(core::ErrorCode::kInternal, "an empty SQL statement");
  return statement;
}

core::Result<Connection::Lease> Connection::prepare(std::string_view sql, std::span<const Value> values) {
  Cached* cached = nullptr;
  sqlite3_stmt* statement = nullptr;
  const auto found = places_.find(sql);
  if (found != places_.end() && !found->second->in_use) {
    cached_.splice(cached_.begin(), cached_, found->second);
    cached = &cached_.front();
    statement = cached->statement;
  } else {
    statement = TRY(compile(sql));
    if (found ==
        places_.end()) {  // else: the same query inside its own row callback gets a statement of its own
      cached_.push_front({std::string(sql), statement, false});
      places_.emplace(cached_.front().sql, cached_.begin());
      cached = &cached_.front();
      if (cached_.size() > kStatementsMax && !cached_.back().in_use) {
        sqlite3_finalize(cached_.back().statement);
        places_.erase(cached_.back().sql);
        cached_.pop_back();
      }
    }
  }
  if (cached != nullptr) cached->in_use = true;
  Lease lease(statement, cached);
  if (static_cast<std::size_t>(sqlite3_bind_parameter_count(statement)) != values.size()) {
    return core::Error(core::ErrorCode::kInternal,
                       fmt::format("an SQL statement with {} places was given {} values",
                                   sqlite3_bind_parameter_count(statement), values.size()));
  }
  if (sqlite3_stmt_readonly(statement) == 0) {
    if (read_only_) return core::Error(core::ErrorCode::kInternal, "a writing SQL statement inside a read");
    has_written_ = true;
  }
  int place = 0;
  for (const Value& value : values) {
    if (bind(statement, ++place, value) != SQLITE_OK) return error();
  }
  return lease;
}

core::Result<void> Connection::query(std::string_view sql, std::span<const Value> values,
                                     const std::function<core::Result<void>(const Row&)>& row) {
  const Lease lease = TRY(prepare(sql, values));
  const StatementRow current(lease.statement());
  int code = sqlite3_step(lease.statement());
  for (; code == SQLITE_ROW; code = sqlite3_step(lease.statement())) TRY(row(current));
  if (code != SQLITE_DONE) return error();
  return {};
}

core::Result<std::int64_t> Connection::execute(std::string_view sql, std::span<const Value> values) {
  const Lease lease = TRY(prepare(sql, values));
  const std::int64_t before = sqlite3_total_changes64(handle_);
  int code = sqlite3_step(lease.statement());
  while (code == SQLITE_ROW) code = sqlite3_step(lease.statement());
  if (code != SQLITE_DONE) return error();
  // changes() keeps an older statement's count when this one changed nothing.
  if (sqlite3_total_changes64(handle_) == before) return std::int64_t{0};
  return static_cast<std::int64_t>(sqlite3_changes64(handle_));
}

bool Connection::in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

void Connection::checkpoint(Checkpoint how) {
  const int mode = how == Checkpoint::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
  int pages = 0;
  // A restart waits for readers; they are given a moment, not the whole busy time.
  if (how == Checkpoint::kRestart) sqlite3_busy_timeout(handle_, 100);
  sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, &pages, nullptr);
  if (how == Checkpoint::kRestart) sqlite3_busy_timeout(handle_, kBusyTimeoutMs);
}

}  // namespace starcast::sql
