// A database behind closures: read(f) and write(f). SQLite now; a second implementation joins with
// PostgreSQL.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"

namespace starcast::sql {

// A bound value. Text goes into the statement by binding only, never by concatenation.
using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string>;

// The current row of a query; views are valid until the callback returns. Columns count from 0.
class Row {
 public:
  virtual ~Row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;   // NULL reads as 0
  virtual double real(int column) const = 0;            // NULL reads as 0
  virtual std::string_view text(int column) const = 0;  // NULL reads as ""
  std::string string(int column) const { return std::string(text(column)); }
  std::optional<std::int64_t> optional_integer(int column) const {
    if (is_null(column)) return std::nullopt;
    return integer(column);
  }
  std::optional<std::string> optional_string(int column) const {
    if (is_null(column)) return std::nullopt;
    return string(column);
  }
};

// Statements inside one transaction. Valid only while the closure runs; one thread. `sql` uses '?' places;
// prepared statements are kept by their text, so build few different texts.
class Session {
 public:
  virtual ~Session() = default;
  // Calls `row` for each row; a row's error ends the query and is returned.
  virtual core::Result<void> query(std::string_view sql, std::span<const Value> values,
                                   const std::function<core::Result<void>(const Row&)>& row) = 0;
  // Returns how many rows were changed.
  virtual core::Result<std::int64_t> execute(std::string_view sql, std::span<const Value> values) = 0;

  core::Result<void> query(std::string_view sql, std::initializer_list<Value> values,
                           const std::function<core::Result<void>(const Row&)>& row) {
    return query(sql, std::span<const Value>(values.begin(), values.size()), row);
  }
  core::Result<std::int64_t> execute(std::string_view sql, std::initializer_list<Value> values) {
    return execute(sql, std::span<const Value>(values.begin(), values.size()));
  }
};

// What differs between databases, for whoever writes SQL.
struct Dialect {
  std::string_view name;           // "sqlite"
  std::string_view like;           // operator for case-sensitive LIKE
  std::string_view ilike;          // operator for LIKE without case (of ASCII letters)
  std::string_view insert_ignore;  // "INSERT OR IGNORE INTO"
};

// Thread-safe. Errors: kAlreadyExists (a unique key is taken), kFailedPrecondition (a foreign key or CHECK is
// broken), kExhausted (disk full), kUnavailable (busy too long, an I/O error), kCorrupt, kInternal.
class Database {
 public:
  virtual ~Database() = default;

  // Runs `f` in a transaction and returns when it is on the disk. What waits is committed together; one
  // closure's error undoes that closure only. `f` may run again after the database undid it: it must not
  // change anything but through its session and its own results, which it sets anew each time.
  virtual core::Result<void> write(const std::function<core::Result<void>(Session&)>& f) = 0;

  // Runs `f` on a snapshot; never waits for writers. Writing through it is an error.
  virtual core::Result<void> read(const std::function<core::Result<void>(Session&)>& f) = 0;

  virtual const Dialect& dialect() const = 0;
  // For people, without passwords: "sqlite:///mlflow.db".
  virtual const std::string& uri() const = 0;
};

struct SqliteOptions {
  std::string path{};  // of the file; ":memory:" for tests
  bool create = true;  // false: kNotFound when there is no file
  std::size_t readers = 8;
  // Another program's database: only read, by one thread at a time, and nothing of it is changed, its journal
  // mode neither.
  bool is_foreign = false;
};

// Opens or creates the file; kInvalidInput when it is no SQLite database, kUnsupported on a network file
// system (its locks lie), kPermissionDenied. LIKE is case-sensitive and takes linear time (sql/like.h); the
// operator MATCH is LIKE without the case of ASCII letters.
core::Result<std::unique_ptr<Database>> open_sqlite(SqliteOptions options);

// "sqlite:///relative.db", "sqlite:////absolute.db" and "sqlite://" / "sqlite:///:memory:" as SQLAlchemy
// reads them; kUnsupported for other databases ("postgresql://… joins with the deployment issue").
core::Result<std::string> sqlite_path(std::string_view uri);

}  // namespace starcast::sql
