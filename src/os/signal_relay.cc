#include "os/signal_relay.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <utility>

#include "os/posix.h"

namespace starcast::os {
namespace {

constexpr std::size_t kNoSlot = kChildrenMax;

// Written by the handler, so only lock-free atomics and write(2). A descriptor, once made, stays open for
// good: a handler on another thread may be about to write to it.
struct Slot {
  std::atomic<bool> is_used{false};
  std::atomic<int> descriptor{-1};
  std::atomic<int> number{0};
  std::atomic<bool> was_sent_to_us{false};
};

struct Installed {
  std::size_t watches = 0;
  struct sigaction interrupt_before;
  struct sigaction terminate_before;
  struct sigaction child_before;
};

struct Shared {
  std::array<Slot, kChildrenMax> slots;
  core::Guarded<Installed> installed;
};

Shared& shared() {
  static Shared* const relay =
      new Shared;  // never destroyed, as a handler may still run while the process exits
  return *relay;
}

void handle(int number, siginfo_t* info, void*) {
  const int errno_before = errno;
  for (Slot& slot : shared().slots) {
    if (!slot.is_used.load()) continue;
    slot.was_sent_to_us.store(info != nullptr && info->si_code <= 0);
    slot.number.store(number);
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(slot.descriptor.load(), &one, sizeof(one));
  }
  errno = errno_before;
}

void install_one(int number, struct sigaction& before) {
  ::sigaction(number, nullptr, &before);
  if (before.sa_handler == SIG_IGN) return;
  struct sigaction ours = {};
  ours.sa_sigaction = handle;
  ours.sa_flags = SA_SIGINFO | SA_RESTART;
  sigemptyset(&ours.sa_mask);
  ::sigaction(number, &ours, nullptr);
}

void install(Installed& installed) {
  install_one(SIGINT, installed.interrupt_before);
  install_one(SIGTERM, installed.terminate_before);
  // Where SIGCHLD is ignored, wait4 would find no child.
  struct sigaction usual = {};
  usual.sa_handler = SIG_DFL;
  sigemptyset(&usual.sa_mask);
  ::sigaction(SIGCHLD, nullptr, &installed.child_before);
  if (installed.child_before.sa_handler == SIG_IGN) ::sigaction(SIGCHLD, &usual, nullptr);
}

void restore(const Installed& installed) {
  ::sigaction(SIGINT, &installed.interrupt_before, nullptr);
  ::sigaction(SIGTERM, &installed.terminate_before, nullptr);
  ::sigaction(SIGCHLD, &installed.child_before, nullptr);
}

}  // namespace

core::Result<SignalRelay::Watch> SignalRelay::watch() {
  auto installed = shared().installed.lock();
  std::size_t index = 0;
  while (index < kChildrenMax && shared().slots[index].is_used.load()) ++index;
  if (index == kChildrenMax) {
    return core::Error(core::ErrorCode::kExhausted,
                       fmt::format("more than {} programs at once", kChildrenMax));
  }
  Slot& slot = shared().slots[index];
  if (slot.descriptor.load() < 0) {
    const int descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (descriptor < 0) return errno_error(errno, "watch for", "signals");
    slot.descriptor.store(descriptor);
  }
  Watch watch(index);
  slot.is_used.store(true);
  if (installed->watches++ == 0) install(*installed);
  // What a handler left for the slot's last user.
  [[maybe_unused]] const RelayedSignal stale = watch.take();
  return watch;
}

SignalRelay::Watch::Watch(Watch&& other) noexcept : slot_(std::exchange(other.slot_, kNoSlot)) {}

SignalRelay::Watch::~Watch() {
  if (slot_ == kNoSlot) return;
  int late_number = 0;
  {
    auto installed = shared().installed.lock();
    if (--installed->watches == 0) {
      restore(*installed);
      late_number = take().number;
    }
    shared().slots[slot_].is_used.store(false);
  }
  // One that came too late for anybody to take does what it would have done without us.
  if (late_number != 0) ::raise(late_number);
}

int SignalRelay::Watch::descriptor() const {
  return shared().slots[slot_].descriptor.load();
}

RelayedSignal SignalRelay::Watch::wait() const {
  RelayedSignal signal = take();
  while (signal.number == 0) {
    pollfd readable{descriptor(), POLLIN, 0};
    static_cast<void>(::poll(&readable, 1, -1));  // interrupted or not, what came is in the slot
    signal = take();
  }
  return signal;
}

RelayedSignal SignalRelay::Watch::wait_for(std::chrono::milliseconds time) const {
  pollfd readable{descriptor(), POLLIN, 0};
  static_cast<void>(::poll(&readable, 1, static_cast<int>(std::min<std::int64_t>(time.count(), INT_MAX))));
  return take();
}

RelayedSignal SignalRelay::Watch::take() const {
  Slot& slot = shared().slots[slot_];
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t bytes = ::read(slot.descriptor.load(), &count, sizeof(count));
  RelayedSignal signal;
  signal.number = slot.number.exchange(0);
  signal.was_sent_to_us = slot.was_sent_to_us.load();
  return signal;
}

void survive_file_size_limit() {
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace starcast::os
