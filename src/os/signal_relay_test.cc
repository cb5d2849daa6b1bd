#include "os/signal_relay.h"

#include <gtest/gtest.h>

namespace starcast::os {
namespace {

TEST(SignalRelay, HandsASignalToWhoWaits) {
  const core::Result<SignalRelay::Watch> watch = SignalRelay::watch();
  ASSERT_TRUE(watch);
  ASSERT_EQ(std::raise(SIGTERM), 0);
  EXPECT_EQ(watch->wait().number, SIGTERM);
}

TEST(SignalRelay, AWaitForATimeEndsWithoutASignal) {
  const core::Result<SignalRelay::Watch> watch = SignalRelay::watch();
  ASSERT_TRUE(watch);
  EXPECT_EQ(watch->wait_for(std::chrono::milliseconds(1)).number, 0);
}

TEST(SignalRelay, AWaitForATimeEndsWithASignal) {
  const core::Result<SignalRelay::Watch> watch = SignalRelay::watch();
  ASSERT_TRUE(watch);
  ASSERT_EQ(std::raise(SIGINT), 0);
  EXPECT_EQ(watch->wait_for(std::chrono::hours(1)).number, SIGINT);
}

}  // namespace
}  // namespace starcast::os
