#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "os/file_system.h"
#include "os/testing/temporary_folder.h"
#include "sql/database.h"

namespace starcast::sql {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

std::unique_ptr<Database> open(const std::string& path) {
  return open_sqlite({path, true, 8}).value();
}

Result<void> run(Database& database, std::string_view sql, std::initializer_list<Value> values = {}) {
  return database.write([&](Session& session) -> Result<void> {
    TRY(session.execute(sql, values));
    return {};
  });
}

std::int64_t number(Database& database, std::string_view sql, std::initializer_list<Value> values = {}) {
  std::int64_t found = -1;
  EXPECT_TRUE(database.read([&](Session& session) {
    return session.query(sql, values, [&](const Row& row) {
      found = row.integer(0);
      return Result<void>();
    });
  }));
  return found;
}

std::unique_ptr<Database> with_table(const std::string& path) {
  std::unique_ptr<Database> database = open(path);
  EXPECT_TRUE(run(*database, "CREATE TABLE t (k TEXT PRIMARY KEY, v INTEGER CHECK (v < 1000000))"));
  return database;
}

TEST(Sqlite, GivesBackWhatWasBound) {
  const auto database = open(":memory:");
  ASSERT_TRUE(run(*database, "CREATE TABLE t (a, b, c, d)"));
  const std::string text("x\0y'; DROP TABLE t; --", 22);
  ASSERT_TRUE(
      run(*database, "INSERT INTO t VALUES (?, ?, ?, ?)", {std::int64_t{1} << 62, 0.1, text, nullptr}));

  ASSERT_TRUE(database->read([&](Session& session) {
    return session.query("SELECT a, b, c, d FROM t", {}, [&](const Row& row) {
      EXPECT_EQ(row.integer(0), std::int64_t{1} << 62);
      EXPECT_EQ(row.real(1), 0.1);
      EXPECT_EQ(row.text(2), text);
      EXPECT_TRUE(row.is_null(3));
      EXPECT_EQ(row.optional_integer(3), std::nullopt);
      EXPECT_EQ(row.optional_string(2), text);
      return Result<void>();
    });
  }));
}

TEST(Sqlite, CountsChangedRows) {
  const auto database = with_table(":memory:");

  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    EXPECT_EQ(TRY(session.execute("INSERT INTO t VALUES ('a', 1), ('b', 2)", {})), 2);
    EXPECT_EQ(TRY(session.execute("UPDATE t SET v = 3", {})), 2);
    EXPECT_EQ(TRY(session.execute("UPDATE t SET v = 3 WHERE k = 'x'", {})), 0);
    EXPECT_EQ(TRY(session.execute("INSERT OR IGNORE INTO t VALUES ('a', 1)", {})), 0);
    return {};
  }));
}

TEST(Sqlite, TellsWhyARowIsRefused) {
  const auto database = with_table(":memory:");
  ASSERT_TRUE(run(*database, "CREATE TABLE child (k TEXT REFERENCES t (k))"));
  ASSERT_TRUE(run(*database, "INSERT INTO t VALUES ('a', 1)"));

  EXPECT_EQ(run(*database, "INSERT INTO t VALUES ('a', 1)").error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(run(*database, "INSERT INTO t VALUES ('b', 1000000)").error().code(),
            ErrorCode::kFailedPrecondition);
  EXPECT_EQ(run(*database, "INSERT INTO child VALUES ('b')").error().code(), ErrorCode::kFailedPrecondition);
}

TEST(Sqlite, CallsWrongSqlABug) {
  const auto database = with_table(":memory:");

  EXPECT_EQ(run(*database, "INSERT INTO nowhere VALUES (1)").error().code(), ErrorCode::kInternal);
  EXPECT_EQ(run(*database, "INSERT INTO t VALUES (?, 1)").error().code(), ErrorCode::kInternal);
  EXPECT_EQ(run(*database, "").error().code(), ErrorCode::kInternal);
}

TEST(Sqlite, UndoesAClosureThatFails) {
  const auto database = with_table(":memory:");

  const auto result = database->write([](Session& session) -> Result<void> {
    TRY(session.execute("INSERT INTO t VALUES ('a', 1)", {}));
    return Error(ErrorCode::kInvalidInput, "no");
  });

  EXPECT_EQ(result.error().message(), "no");
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 0);
}

TEST(Sqlite, EndsAQueryAtARowsError) {
  const auto database = with_table(":memory:");
  ASSERT_TRUE(run(*database, "INSERT INTO t VALUES ('a', 1), ('b', 2)"));
  int rows = 0;

  const auto result = database->read([&](Session& session) {
    return session.query("SELECT k FROM t", {}, [&](const Row&) -> Result<void> {
      ++rows;
      return Error(ErrorCode::kCancelled, "enough");
    });
  });

  EXPECT_EQ(result.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(rows, 1);
}

TEST(Sqlite, RunsTheSameQueryInsideItsOwnRow) {
  const auto database = with_table(":memory:");
  ASSERT_TRUE(run(*database, "INSERT INTO t VALUES ('a', 1), ('b', 2)"));
  int rows = 0;

  ASSERT_TRUE(database->read([&](Session& session) {
    return session.query("SELECT k FROM t", {}, [&](const Row&) {
      return session.query("SELECT k FROM t", {}, [&](const Row&) {
        ++rows;
        return Result<void>();
      });
    });
  }));

  EXPECT_EQ(rows, 4);
}

TEST(Sqlite, KeepsRunningWithMoreStatementsThanItCaches) {
  const auto database = with_table(":memory:");
  ASSERT_TRUE(run(*database, "INSERT INTO t VALUES ('a', 1)"));

  for (int i = 0; i < 300; ++i) {
    const std::string sql = "SELECT v + " + std::to_string(i) + " FROM t";
    ASSERT_EQ(number(*database, sql), i + 1);
  }
}

TEST(Sqlite, RefusesToWriteInsideARead) {
  const os::TemporaryFolder folder;
  for (const std::string& path : {std::string(":memory:"), folder.at("a.db")}) {
    const auto database = with_table(path);

    const auto result = database->read([](Session& session) -> Result<void> {
      TRY(session.execute("INSERT INTO t VALUES ('a', 1)", {}));
      return {};
    });

    EXPECT_EQ(result.error().code(), ErrorCode::kInternal);
    EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 0);
  }
}

TEST(Sqlite, ComparesLikeWithCaseAndMatchWithout) {
  const auto database = open(":memory:");

  EXPECT_EQ(number(*database, "SELECT 'Abc' LIKE 'a%'"), 0);
  EXPECT_EQ(number(*database, "SELECT 'Abc' LIKE 'A%'"), 1);
  EXPECT_EQ(number(*database, "SELECT 'Abc' MATCH 'a%'"), 1);
  EXPECT_EQ(number(*database, "SELECT NULL LIKE 'a%' IS NULL"), 1);
  EXPECT_EQ(number(*database, "SELECT ? LIKE ?", {"aaab", "%a%a%b"}), 1);
}

TEST(Sqlite, KeepsItsRowsInTheFile) {
  const os::TemporaryFolder folder;
  ASSERT_TRUE(run(*with_table(folder.at("a.db")), "INSERT INTO t VALUES ('a', 7)"));

  const auto again = open_sqlite({folder.at("a.db"), false, 2}).value();

  EXPECT_EQ(number(*again, "SELECT v FROM t"), 7);
  EXPECT_EQ(again->uri(), "sqlite:///" + folder.at("a.db"));
}

TEST(Sqlite, LeavesOneFileBehind) {
  const os::TemporaryFolder folder;
  with_table(folder.at("a.db"));

  const auto left = os::real_files().list(folder.path()).value();

  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].name, "a.db");
}

TEST(Sqlite, SyncsEachCommitAndKeepsForeignKeys) {
  const os::TemporaryFolder folder;
  const auto database = open(folder.at("a.db"));

  ASSERT_TRUE(database->write([](Session& session) -> Result<void> {
    const auto expect = [&](std::string_view sql, std::string_view value) {
      return session.query(sql, {}, [&](const Row& row) {
        EXPECT_EQ(row.text(0), value) << sql;
        return Result<void>();
      });
    };
    TRY(expect("PRAGMA synchronous", "2"));
    TRY(expect("PRAGMA foreign_keys", "1"));
    return expect("PRAGMA journal_mode", "wal");
  }));
}

TEST(Sqlite, OpensNothingThatIsNoDatabase) {
  const os::TemporaryFolder folder;
  ASSERT_TRUE(os::real_files().write(folder.at("text"), std::string(4096, 'x')));

  EXPECT_EQ(open_sqlite({folder.at("text"), true, 1}).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(open_sqlite({folder.path(), true, 1}).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(open_sqlite({folder.at("none"), false, 1}).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(open_sqlite({folder.at("none/a.db"), true, 1}).error().code(), ErrorCode::kNotFound);
  EXPECT_FALSE(os::real_files().exists(folder.at("none")));
}

TEST(Sqlite, ReadsASnapshotWhileOthersWrite) {
  const os::TemporaryFolder folder;
  const auto database = with_table(folder.at("a.db"));

  ASSERT_TRUE(database->read([&](Session& session) -> Result<void> {
    std::vector<std::int64_t> seen;
    const auto look = [&] {
      return session.query("SELECT count(*) FROM t", {}, [&](const Row& row) {
        seen.push_back(row.integer(0));
        return Result<void>();
      });
    };
    TRY(look());
    TRY(run(*database, "INSERT INTO t VALUES ('a', 1)"));  // does not wait for this read
    TRY(look());
    EXPECT_EQ(seen, (std::vector<std::int64_t>{0, 0}));
    return {};
  }));
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 1);
}

TEST(Sqlite, DoesNotLetAReadWaitForTheWriter) {
  const os::TemporaryFolder folder;
  const auto database = with_table(folder.at("a.db"));

  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    TRY(session.execute("INSERT INTO t VALUES ('a', 1)", {}));
    EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 0);
    return {};
  }));
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 1);
}

// Holds the writer inside a closure until `count` others have had time to queue up behind it, so that they
// are committed as one group.
template <typename Start>
std::vector<Result<void>> grouped(Database& database, std::size_t count, Start start) {
  std::vector<Result<void>> results(count);
  std::atomic<std::size_t> begun = 0;
  std::vector<std::jthread> threads;
  EXPECT_TRUE(database.write([&](Session&) {
    if (threads.empty()) {
      for (std::size_t i = 0; i < count; ++i) {
        threads.emplace_back([&, i] {
          ++begun;
          results[i] = start(i);
        });
      }
    }
    while (begun < count) std::this_thread::yield();
    for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
    return Result<void>();
  }));
  threads.clear();
  return results;
}

TEST(Sqlite, UndoesOnlyTheFailedOneOfAGroup) {
  const os::TemporaryFolder folder;
  const auto database = with_table(folder.at("a.db"));

  const auto results = grouped(*database, 8, [&](std::size_t i) {
    return database->write([i](Session& session) -> Result<void> {
      TRY(session.execute("INSERT INTO t VALUES (?, ?)", {std::to_string(i), static_cast<std::int64_t>(i)}));
      if (i % 2 == 1) return Error(ErrorCode::kInvalidInput, "odd");
      return {};
    });
  });

  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].has_value(), i % 2 == 0) << i;
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 4);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t WHERE v % 2 = 1"), 0);
}

TEST(Sqlite, StoresTheOthersWhenOneEndsTheWholeTransaction) {
  const os::TemporaryFolder folder;
  const auto database = with_table(folder.at("a.db"));

  // ROLLBACK inside a closure stands for SQLite's own, which follows a full disk.
  const auto results = grouped(*database, 8, [&](std::size_t i) {
    return database->write([i](Session& session) -> Result<void> {
      TRY(session.execute("INSERT INTO t VALUES (?, 1)", {std::to_string(i)}));
      if (i != 3) return {};
      TRY(session.execute("ROLLBACK", {}));
      return Error(ErrorCode::kExhausted, "full");
    });
  });

  for (std::size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].has_value(), i != 3) << i;
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 7);
}

TEST(Sqlite, SaysThatTheDiskIsFullAndGoesOn) {
  const os::TemporaryFolder folder;
  const auto database = with_table(folder.at("a.db"));
  ASSERT_TRUE(run(*database, "INSERT INTO t VALUES ('before', 1)"));
  ASSERT_TRUE(database->write([](Session& session) {  // stands for a full disk: no more pages
    return session.query("PRAGMA max_page_count=20", {}, [](const Row&) { return Result<void>(); });
  }));

  const auto results = grouped(*database, 6, [&](std::size_t i) {
    const std::string key = std::to_string(i) + std::string(i == 2 ? 200'000 : 1, '-');
    return run(*database, "INSERT INTO t VALUES (?, 2)", {key});
  });

  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].has_value(), i != 2) << i;
  }
  ASSERT_FALSE(results[2]);
  EXPECT_EQ(results[2].error().code(), ErrorCode::kExhausted);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 6);
  EXPECT_EQ(number(*database, "SELECT v FROM t WHERE k = 'before'"), 1);
}

TEST(Sqlite, ThrowsWhereTheClosureCameFrom) {
  const os::TemporaryFolder folder;
  const auto database = with_table(folder.at("a.db"));
  std::atomic<int> caught = 0;

  const auto results = grouped(*database, 4, [&](std::size_t i) -> Result<void> {
    try {
      return database->write([i](Session& session) -> Result<void> {
        TRY(session.execute("INSERT INTO t VALUES (?, 1)", {std::to_string(i)}));
        if (i == 1) throw std::runtime_error("bug");
        return {};
      });
    } catch (const std::runtime_error&) {
      ++caught;
      return {};
    }
  });

  EXPECT_EQ(results.size(), 4U);
  EXPECT_EQ(caught, 1);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 3);
}

TEST(Sqlite, TakesEightWritersBesideReaders) {
  const os::TemporaryFolder folder;
  const auto database = with_table(folder.at("a.db"));
  constexpr int kThreads = 8;
  constexpr int kEach = 50;
  std::latch start(kThreads);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        start.arrive_and_wait();
        for (int i = 0; i < kEach; ++i) {
          const std::string key = std::to_string(t) + "/" + std::to_string(i);
          EXPECT_TRUE(run(*database, "INSERT INTO t VALUES (?, 1)", {key}));
          EXPECT_EQ(number(*database, "SELECT v FROM t WHERE k = ?", {key}), 1);
        }
      });
    }
  }
  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), kThreads * kEach);
}

TEST(Sqlite, HasACommitInTheLogsFileWhenItSaysSo) {
  const os::TemporaryFolder folder;
  const auto database = with_table(folder.at("a.db"));
  ASSERT_TRUE(run(*database, "INSERT INTO t VALUES ('a', 1)"));

  for (const std::string& end : {std::string(), std::string("-wal")}) {
    ASSERT_TRUE(os::real_files().write(folder.at("copy.db" + end),
                                       os::real_files().read(folder.at("a.db" + end)).value()));
  }

  EXPECT_EQ(number(*open(folder.at("copy.db")), "SELECT count(*) FROM t"), 1);
}

TEST(Sqlite, ChangesWhatNoLongerFitItsCacheTwice) {
  const os::TemporaryFolder folder;
  const auto database = open(folder.at("a.db"));
  ASSERT_TRUE(run(*database, "CREATE TABLE big (k INTEGER PRIMARY KEY, v)"));
  const std::string_view fill =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 8000) INSERT INTO big SELECT "
      "i, "
      "zeroblob(3000) FROM n";

  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    TRY(session.execute(fill, {}));
    TRY(session.execute("UPDATE big SET v = 'x' || k WHERE k % 2 = 0", {}));
    TRY(session.execute("UPDATE big SET v = 'y' || k WHERE k % 4 = 0", {}));
    return {};
  }));

  EXPECT_EQ(number(*database, "SELECT count(*) FROM big WHERE v = 'y' || k"), 2000);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM big WHERE v = 'x' || k"), 2000);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
}

TEST(Sqlite, KeepsItsLogShort) {
  const os::TemporaryFolder folder;
  const auto database = open(folder.at("a.db"));
  ASSERT_TRUE(run(*database, "CREATE TABLE big (v)"));

  for (int i = 0; i < 20; ++i) ASSERT_TRUE(run(*database, "INSERT INTO big VALUES (zeroblob(2000000))"));

  EXPECT_LT(os::real_files().status(folder.at("a.db-wal")).value().size_bytes, 20U << 20U);
}

TEST(Sqlite, ChangesNothingOfAnotherProgramsDatabase) {
  const os::TemporaryFolder folder;
  const std::string path = folder.at("foreign.db");
  with_table(path).reset();  // leaves the write-ahead log's mode in the header
  std::string before = os::real_files().read(path).value();
  before[18] = before[19] = 1;  // a rollback journal instead
  ASSERT_TRUE(os::real_files().write(path, before));
  SqliteOptions options;
  options.path = path;
  options.is_foreign = true;

  const auto database = open_sqlite(options).value();

  EXPECT_EQ(number(*database, "SELECT count(*) FROM t"), 0);
  EXPECT_FALSE(run(*database, "INSERT INTO t VALUES ('a', 1)"));
  EXPECT_EQ(os::real_files().read(path).value(), before);
}

TEST(Sqlite, MakesNoDatabaseOfAnotherProgram) {
  const os::TemporaryFolder folder;
  SqliteOptions options;
  options.path = folder.at("absent.db");
  options.is_foreign = true;

  EXPECT_FALSE(open_sqlite(options));
  EXPECT_FALSE(os::real_files().exists(options.path));
}

}  // namespace
}  // namespace starcast::sql
