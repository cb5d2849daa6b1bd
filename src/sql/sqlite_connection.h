// One SQLite connection with its prepared statements.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/result.h"
#include "sql/database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace starcast::sql {

struct ConnectionOptions {
  std::string path{};
  bool create = true;
  bool read_only = false;  // every writing statement is refused
  int cache_kib = 1024;
  bool keep_journal = false;  // the database's journal mode stays as it is
};

// One thread at a time.
class Connection final : public Session {
 public:
  static core::Result<std::unique_ptr<Connection>> open(const ConnectionOptions& options);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  core::Result<void> query(std::string_view sql, std::span<const Value> values,
                           const std::function<core::Result<void>(const Row&)>& row) override;
  core::Result<std::int64_t> execute(std::string_view sql, std::span<const Value> values) override;
  using Session::execute;
  using Session::query;

  // Refuses writing statements until told otherwise.
  void set_read_only(bool read_only) { read_only_ = read_only; }
  bool in_transaction() const;
  // Whether a statement that may change the database ran since forget_writes().
  bool has_written() const { return has_written_; }
  void forget_writes() { has_written_ = false; }

  // Pages in the write-ahead log after the last commit of this connection.
  int wal_pages() const { return wal_pages_; }
  enum class Checkpoint { kPassive, kRestart };
  // What cannot be moved now stays in the log: not an error.
  void checkpoint(Checkpoint how);

 private:
  struct Cached {
    std::string sql;
    sqlite3_stmt* statement;
    bool in_use;
  };
  using Place = std::list<Cached>::iterator;
  class Lease;

  Connection(sqlite3* handle, bool read_only);
  core::Result<void> prepare_connection(const ConnectionOptions& options);
  core::Result<Lease> prepare(std::string_view sql, std::span<const Value> values);
  core::Result<sqlite3_stmt*> compile(std::string_view sql);
  core::Error error() const;

  sqlite3* handle_;
  bool read_only_;
  bool has_written_ = false;
  int wal_pages_ = 0;
  std::list<Cached> cached_{};  // last used first
  std::unordered_map<std::string_view, Place> places_{};
};

}  // namespace starcast::sql
