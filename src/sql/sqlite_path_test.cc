#include <gtest/gtest.h>

#include "sql/database.h"

namespace starcast::sql {
namespace {

using core::ErrorCode;

TEST(SqlitePath, ReadsAddressesAsSqlalchemyDoes) {
  EXPECT_EQ(sqlite_path("sqlite:///mlflow.db").value(), "mlflow.db");
  EXPECT_EQ(sqlite_path("sqlite:////var/lib/mlflow.db").value(), "/var/lib/mlflow.db");
  EXPECT_EQ(sqlite_path("sqlite+pysqlite:///a/b.db").value(), "a/b.db");
  EXPECT_EQ(sqlite_path("sqlite://").value(), ":memory:");
  EXPECT_EQ(sqlite_path("sqlite:///:memory:").value(), ":memory:");
}

TEST(SqlitePath, KeepsPercentSigns) {
  EXPECT_EQ(sqlite_path("sqlite:///a%20b.db").value(), "a%20b.db");
}

TEST(SqlitePath, SaysThatOtherDatabasesAreNotSupported) {
  EXPECT_EQ(sqlite_path("postgresql://u:p@h/d").error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(sqlite_path("postgresql://u:secret@h/d").error().message().find("secret"), std::string::npos);
  EXPECT_EQ(sqlite_path("mysql+pymysql://h/d").error().code(), ErrorCode::kUnsupported);
}

TEST(SqlitePath, RefusesWhatIsNoAddress) {
  EXPECT_EQ(sqlite_path("mlflow.db").error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(sqlite_path("").error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(sqlite_path("sqlite://host/mlflow.db").error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(sqlite_path("sqlite:///a.db?mode=ro").error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace starcast::sql
