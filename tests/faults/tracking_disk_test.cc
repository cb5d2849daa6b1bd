// The tracking store and its artifacts on a disk that loses power, is full or fails: what was acknowledged
// stays, nothing is half-written, and a refusal is a 503.
#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "core/clock.h"
#include "lossy_disk.h"
#include "os/file_system.h"
#include "os/testing/temporary_folder.h"
#include "tracking_load.h"

namespace starcast::faults {
namespace {

constexpr std::size_t kWriters = 8;
constexpr int kRounds = 12;
constexpr int kRoundsToSee = 12;  // until a missing sync is seen at the latest
constexpr std::chrono::milliseconds kFaultyTime{150};

core::Result<std::unique_ptr<tracking::Service>> open_service(const std::string& folder) {
  tracking::ServiceOptions options;
  options.backend_store_uri = fmt::format("sqlite:///{}/mlflow.db", folder);
  options.artifacts_destination = folder + "/artifacts";
  return tracking::Service::open(std::move(options), core::system_clock());
}

// A store on a lossy disk, and its writers over all cuts.
class TrackingDisk : public testing::Test {
 protected:
  TrackingDisk() {
    folder_ = top_.at("0");
    EXPECT_TRUE(os::real_files().make_folders(folder_));
    for (std::size_t i = 0; i < kWriters; ++i) writers_.emplace_back(fmt::format("w{}", i), i);
    disk_ = std::make_unique<LossyDisk>(folder_);
  }

  void start() {
    auto opened = open_service(folder_);
    if (opened) {
      service_ = std::move(opened).value();
    } else {
      losses_.push_back(fmt::format("the store does not open: {}", opened.error().message()));
    }
  }

  // Writes from all writers until the time is over, then `then`, which they may outlast.
  template <typename Then>
  void write_for(std::chrono::microseconds time, const Then& then) {
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (Writer& writer : writers_) {
      threads.emplace_back([this, &writer, &over] {
        while (!over && disk_->has_power()) writer.write(*service_, [this] { return disk_->has_power(); });
      });
    }
    std::this_thread::sleep_for(time);
    then();
    over = true;
    for (std::thread& thread : threads) thread.join();
  }

  // After a cut: takes what survived, opens the store on it and looks for losses.
  void restart(Survivors survivors) {
    service_.reset();
    const std::string folder = top_.at(std::to_string(++cuts_));
    disk_->recover(folder, survivors, static_cast<std::uint64_t>(cuts_));
    disk_.reset();
    folder_ = folder;
    disk_ = std::make_unique<LossyDisk>(folder_);
    start();
    if (service_) look();
  }

  void cut_and_restart() {
    disk_->cut_power();
    restart(Survivors::kNone);
  }

  void look() {
    const std::string fault = fault_of_database(*service_);
    if (!fault.empty()) losses_.push_back(fault);
    const core::Result<Facts> facts = facts_of(*service_);
    if (!facts) {
      losses_.push_back(fmt::format("the store cannot be read: {}", facts.error().message()));
      return;
    }
    for (const Writer& writer : writers_) {
      const std::vector<std::string> found = writer.losses(*facts);
      losses_.insert(losses_.end(), found.begin(), found.end());
    }
  }

  std::uint64_t sum_of(std::uint64_t (Writer::*count)() const) const {
    std::uint64_t sum = 0;
    for (const Writer& writer : writers_) sum += (writer.*count)();
    return sum;
  }

  // The first few, for people.
  std::string told() const {
    std::vector<std::string> all = losses_;
    for (const Writer& writer : writers_) all.insert(all.end(), writer.wrong().begin(), writer.wrong().end());
    std::string text;
    for (std::size_t i = 0; i < all.size() && i < 10; ++i) text += all[i] + "\n";
    return text;
  }

  void cut_again_and_again(Survivors survivors) {
    std::mt19937_64 random(20180808);
    start();
    for (int round = 0; round < kRounds && told().empty(); ++round) {
      write_for(std::chrono::microseconds(random() % 120'000), [this] { disk_->cut_power(); });
      restart(survivors);
    }
    EXPECT_EQ(told(), "");
    EXPECT_GT(sum_of(&Writer::acknowledged), kRounds * kWriters);
  }

  // Whether cuts tell that a sync is missing.
  bool sees_missing(Sync sync) {
    disk_->forget(sync);
    start();
    for (int round = 0; round < kRoundsToSee && told().empty(); ++round) {
      write_for(std::chrono::milliseconds(30), [this] { disk_->cut_power(); });
      restart(Survivors::kNone);
      disk_->forget(sync);
    }
    return !told().empty();
  }

  // Under faults, after them, and after a cut.
  void write_under(const Fault& fault) {
    start();
    for (Writer& writer : writers_) ASSERT_TRUE(writer.write_each_kind(*service_));
    disk_->fail(fault);
    write_for(kFaultyTime, [this] { disk_->fail(std::nullopt); });
    EXPECT_GT(disk_->failures(), 0U);
    EXPECT_GT(sum_of(&Writer::refused), 0U);
    look();
    for (Writer& writer : writers_) {
      EXPECT_TRUE(writer.write_each_kind(*service_)) << "refused after the fault was gone";
    }
    look();
    cut_and_restart();
    EXPECT_EQ(told(), "");
  }

  os::TemporaryFolder top_{};
  std::string folder_{};
  int cuts_ = 0;
  std::vector<Writer> writers_{};
  std::unique_ptr<LossyDisk> disk_;
  std::unique_ptr<tracking::Service> service_;
  std::vector<std::string> losses_{};
};

TEST_F(TrackingDisk, KeepsWhatWasAcknowledgedWhenOnlyTheSyncedSurvives) {
  cut_again_and_again(Survivors::kNone);
}

TEST_F(TrackingDisk, KeepsWhatWasAcknowledgedWhenSomeOfTheUnsyncedSurvives) {
  cut_again_and_again(Survivors::kSome);
}

// That the tests above can fail.
TEST_F(TrackingDisk, ShowsAMissingSyncOfTheDatabase) {
  EXPECT_TRUE(sees_missing(Sync::kDatabase));
}
TEST_F(TrackingDisk, ShowsAMissingSyncOfTheFolderOfTheStore) {
  EXPECT_TRUE(sees_missing(Sync::kStoreFolder));
}
TEST_F(TrackingDisk, ShowsAMissingSyncOfAnArtifactsBytes) {
  EXPECT_TRUE(sees_missing(Sync::kArtifactBytes));
}
TEST_F(TrackingDisk, ShowsAMissingSyncOfAnArtifactsFolder) {
  EXPECT_TRUE(sees_missing(Sync::kArtifactFolder));
}
TEST_F(TrackingDisk, ShowsAMissingSyncOfTheFolderOfANewFolder) {
  EXPECT_TRUE(sees_missing(Sync::kArtifactParents));
}

TEST_F(TrackingDisk, FailsToWriteNowAndThen) {
  write_under({Call::kWrite, EIO, 7});
}
TEST_F(TrackingDisk, IsFullNowAndThen) {
  write_under({Call::kWrite, ENOSPC, 7});
}
TEST_F(TrackingDisk, IsFullForAWhile) {
  write_under({Call::kWrite, ENOSPC, 1});
}
TEST_F(TrackingDisk, FailsToSyncNowAndThen) {
  write_under({Call::kSync, EIO, 5});
}
TEST_F(TrackingDisk, IsFoundFullBySyncs) {
  write_under({Call::kSync, ENOSPC, 5});
}
TEST_F(TrackingDisk, FailsToSyncForAWhile) {
  write_under({Call::kSync, EIO, 1});
}
TEST_F(TrackingDisk, FailsToReadNowAndThen) {
  write_under({Call::kRead, EIO, 3});
}
TEST_F(TrackingDisk, FailsToNameNowAndThen) {
  write_under({Call::kName, EIO, 3});
}
TEST_F(TrackingDisk, HasNoRoomForNames) {
  write_under({Call::kName, ENOSPC, 1});
}

}  // namespace
}  // namespace starcast::faults
