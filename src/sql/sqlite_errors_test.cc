#include "sql/sqlite_errors.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cerrno>

namespace starcast::sql {
namespace {

using core::ErrorCode;

TEST(SqliteErrors, SayWhatACallerCanDo) {
  const std::pair<int, ErrorCode> cases[] = {
      {SQLITE_CONSTRAINT_PRIMARYKEY, ErrorCode::kAlreadyExists},
      {SQLITE_CONSTRAINT_UNIQUE, ErrorCode::kAlreadyExists},
      {SQLITE_CONSTRAINT_FOREIGNKEY, ErrorCode::kFailedPrecondition},
      {SQLITE_CONSTRAINT_CHECK, ErrorCode::kFailedPrecondition},
      {SQLITE_CONSTRAINT_NOTNULL, ErrorCode::kFailedPrecondition},
      {SQLITE_FULL, ErrorCode::kExhausted},
      {SQLITE_NOMEM, ErrorCode::kExhausted},
      {SQLITE_IOERR_FSYNC, ErrorCode::kUnavailable},
      {SQLITE_IOERR_WRITE, ErrorCode::kUnavailable},
      {SQLITE_IOERR_NOMEM, ErrorCode::kExhausted},
      {SQLITE_BUSY, ErrorCode::kUnavailable},
      {SQLITE_BUSY_SNAPSHOT, ErrorCode::kUnavailable},
      {SQLITE_READONLY, ErrorCode::kPermissionDenied},
      {SQLITE_CORRUPT, ErrorCode::kCorrupt},
      {SQLITE_NOTADB, ErrorCode::kCorrupt},
      {SQLITE_TOOBIG, ErrorCode::kTooLarge},
      {SQLITE_ERROR, ErrorCode::kInternal},
      {SQLITE_MISUSE, ErrorCode::kInternal},
  };
  for (const auto& [code, expected] : cases) {
    EXPECT_EQ(sqlite_error(code, "why").code(), expected) << code;
  }
}

TEST(SqliteErrors, KeepSqlitesOwnWords) {
  EXPECT_EQ(sqlite_error(SQLITE_FULL, "disk is full").message(), "the database answers: disk is full");
}

TEST(SqliteErrors, OfOpeningTellAFullTableFromAForbiddenFile) {
  EXPECT_EQ(code_of_cannot_open(EACCES), ErrorCode::kPermissionDenied);
  EXPECT_EQ(code_of_cannot_open(EMFILE), ErrorCode::kExhausted);
  EXPECT_EQ(code_of_cannot_open(ENOSPC), ErrorCode::kExhausted);
  EXPECT_EQ(code_of_cannot_open(EIO), ErrorCode::kUnavailable);
}

TEST(NetworkFileSystem, IsToldByItsMagicNumber) {
  EXPECT_TRUE(is_network_file_system(0x6969));
  EXPECT_TRUE(is_network_file_system(static_cast<std::int64_t>(0xFF534D42U)));
  EXPECT_TRUE(is_network_file_system(static_cast<std::int32_t>(0xFE534D42U)));
  EXPECT_FALSE(is_network_file_system(0xEF53));      // ext4
  EXPECT_FALSE(is_network_file_system(0x01021994));  // tmpfs
}

}  // namespace
}  // namespace starcast::sql
