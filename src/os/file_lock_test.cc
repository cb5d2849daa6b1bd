#include "os/file_lock.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "os/file_system.h"
#include "os/testing/temporary_folder.h"

namespace starcast::os {
namespace {

TEST(FileLock, WritesItsPidAsZcLockfileDoes) {
  const TemporaryFolder folder;

  const FileLock lock = FileLock::acquire(folder.at("tmp/lock"), 1, 0).value();

  EXPECT_EQ(real_files().read(folder.at("tmp/lock")).value(), fmt::format(" {}\n", getpid()));
}

TEST(FileLock, NamesTheFileAndItsHolder) {
  const TemporaryFolder folder;
  const FileLock lock = FileLock::acquire(folder.at("lock"), 1, 0).value();

  const core::Error error = FileLock::acquire(folder.at("lock"), 3, 0.001).error();

  EXPECT_EQ(error.code(), core::ErrorCode::kUnavailable);
  EXPECT_NE(error.message().find(folder.at("lock")), std::string::npos);
  EXPECT_NE(error.message().find(fmt::format("process {}", getpid())), std::string::npos);
}

TEST(FileLock, IsFreeOnceDestroyed) {
  const TemporaryFolder folder;
  {
    const FileLock lock = FileLock::acquire(folder.at("lock"), 1, 0).value();
  }

  EXPECT_TRUE(FileLock::acquire(folder.at("lock"), 1, 0).has_value());
}

TEST(FileLock, MovesWithItsObject) {
  const TemporaryFolder folder;
  std::optional<FileLock> first = FileLock::acquire(folder.at("lock"), 1, 0).value();
  std::optional<FileLock> second = std::move(*first);
  first.reset();

  const bool held = !FileLock::acquire(folder.at("lock"), 1, 0).has_value();
  second.reset();

  EXPECT_TRUE(held);
  EXPECT_TRUE(FileLock::acquire(folder.at("lock"), 1, 0).has_value());
}

TEST(FileLock, ReplacesALongerText) {
  const TemporaryFolder folder;
  ASSERT_TRUE(real_files().write(folder.at("lock"), " 12345678901234567890\nmore").has_value());

  const FileLock lock = FileLock::acquire(folder.at("lock"), 1, 0).value();

  EXPECT_EQ(real_files().read(folder.at("lock")).value(), fmt::format(" {}\n", getpid()));
}

TEST(FileLock, RefusesAFolder) {
  const TemporaryFolder folder;

  EXPECT_EQ(FileLock::acquire(folder.path(), 1, 0).error().code(), core::ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace starcast::os
