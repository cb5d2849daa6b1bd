#include "pipeline/repository_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "codec/json.h"
#include "codec/number.h"
#include "os/file_lock.h"
#include "os/path.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr int kTries = 7;
constexpr double kPauseSeconds = 0.5;

enum class Mode { kRead, kWrite };

struct Holder {
  Mode mode = Mode::kRead;
  std::string path;
  std::int64_t pid = 0;
  std::string command;

  bool operator==(const Holder&) const = default;
};

bool overlap(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return b.starts_with(a) && (a.size() == b.size() || b[a.size()] == '/' || a == "/");
}

Result<Holder> holder_of(Mode mode, const std::string& path, const Json& info) {
  Holder holder;
  holder.mode = mode;
  holder.path = path;
  holder.pid = TRY(info.int_at("pid"));
  holder.command = TRY(info.string_at("cmd"));
  return holder;
}

Result<std::vector<Holder>> parse_holders(std::string_view text) {
  const Json root = TRY(codec::parse_json(text));
  std::vector<Holder> holders;
  if (const Json* const writes = root.find("write")) {
    const JsonObject* const members = TRY(writes->as_object());
    for (const auto& [path, info] : *members) {
      Holder holder = TRY(holder_of(Mode::kWrite, path, info));
      holders.push_back(std::move(holder));
    }
  }
  if (const Json* const reads = root.find("read")) {
    const JsonObject* const members = TRY(reads->as_object());
    for (const auto& [path, infos] : *members) {
      const JsonArray* const items = TRY(infos.as_array());
      for (const Json& info : *items) {
        Holder holder = TRY(holder_of(Mode::kRead, path, info));
        holders.push_back(std::move(holder));
      }
    }
  }
  return holders;
}

std::string to_text(const std::vector<Holder>& holders) {
  Json reads{JsonObject{}};
  Json writes{JsonObject{}};
  for (const Holder& holder : holders) {
    JsonObject info;
    info.emplace_back("pid", holder.pid);
    info.emplace_back("cmd", holder.command);
    if (holder.mode == Mode::kWrite) {
      writes.set(holder.path, std::move(info));
      continue;
    }
    Json readers;
    if (const Json* const present = reads.find(holder.path)) readers = *present;
    readers.push(std::move(info));
    reads.set(holder.path, std::move(readers));
  }
  JsonObject root;
  root.emplace_back("read", std::move(reads));
  root.emplace_back("write", std::move(writes));
  return codec::to_text(Json(std::move(root)), codec::JsonStyle::kPythonSorted);
}

// rwlock under its guard: read, changed, written.
class Holders {
 public:
  static Result<Holders> open(os::FileSystem& files, const std::string& folder, const LockTaker& take_lock) {
    std::shared_ptr<void> guard = TRY(take_lock(os::joined(folder, "rwlock.lock")));
    Holders holders(files, os::joined(folder, "rwlock"), std::move(guard));
    const auto text = files.read(holders.path_);
    if (!text && text.error().code() == ErrorCode::kNotFound) return holders;
    if (!text) return text.error();
    auto parsed = parse_holders(text.value());
    if (!parsed) {
      return Error(ErrorCode::kCorrupt, fmt::format("{}: {}; remove it if no dvc runs here", holders.path_,
                                                    parsed.error().message()));
    }
    holders.list = std::move(parsed).value();
    return holders;
  }

  Result<void> save() { return files_->write(path_, to_text(list), {0666, false}); }

  std::vector<Holder> list;

 private:
  Holders(os::FileSystem& files, std::string path, std::shared_ptr<void> guard)
      : files_(&files), path_(std::move(path)), guard_(std::move(guard)) {}

  os::FileSystem* files_;
  std::string path_;
  std::shared_ptr<void> guard_;
};

std::int64_t own_pid(const os::FileSystem& files) {
  const auto link = files.read_link("/proc/self");
  return link ? codec::parse_int(link.value()).value_or(0) : 0;
}

// Drops what dead processes left and names the first living one in the way.
Result<void> check_holders(const os::FileSystem& files, std::vector<Holder>& holders,
                           const std::vector<std::string>& reads, const std::vector<std::string>& writes,
                           std::int64_t own) {
  const auto is_in_the_way = [&](const Holder& holder) {
    const auto touches = [&holder](const std::string& path) { return overlap(path, holder.path); };
    const bool is_written = std::any_of(writes.begin(), writes.end(), touches);
    return is_written || (holder.mode == Mode::kWrite && std::any_of(reads.begin(), reads.end(), touches));
  };
  for (auto at = holders.begin(); at != holders.end();) {
    if (at->pid == own || !is_in_the_way(*at)) {
      ++at;
    } else if (files.exists(fmt::format("/proc/{}", at->pid))) {
      return Error(ErrorCode::kUnavailable,
                   fmt::format("'{}' is busy: process {} ({}) is {} it", at->path, at->pid, at->command,
                               at->mode == Mode::kWrite ? "writing" : "reading"));
    } else {
      at = holders.erase(at);
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<void>> take_lock_file(const std::string& path) {
  auto lock = os::FileLock::acquire(path, kTries, kPauseSeconds);
  if (!lock) return std::move(lock).error();
  return std::shared_ptr<void>(std::make_shared<os::FileLock>(std::move(lock).value()));
}

PathLocks::PathLocks(os::FileSystem& files, std::string folder, LockTaker take_lock, std::string command)
    : files_(files),
      folder_(std::move(folder)),
      take_lock_(std::move(take_lock)),
      command_(std::move(command)) {}

PathLocks::~PathLocks() {
  // An entry that cannot be taken back is dropped by the next process, which sees that this one is dead.
  static_cast<void>(release());
}

Result<void> PathLocks::check(const std::vector<std::string>& reads, const std::vector<std::string>& writes) {
  const auto text = files_.read(os::joined(folder_, "rwlock"));
  const bool has_none =
      !text || text.value().empty() || text.value() == "{}" || text.value() == to_text(std::vector<Holder>{});
  if (has_none) return {};
  Holders holders = TRY(Holders::open(files_, folder_, take_lock_));
  return check_holders(files_, holders.list, reads, writes, own_pid(files_));
}

Result<void> PathLocks::hold(std::vector<std::string> reads, std::vector<std::string> writes) {
  TRY(release());
  const std::int64_t own = own_pid(files_);
  Holders holders = TRY(Holders::open(files_, folder_, take_lock_));
  TRY(check_holders(files_, holders.list, reads, writes, own));
  for (const std::string& path : reads) holders.list.push_back({Mode::kRead, path, own, command_});
  for (const std::string& path : writes) holders.list.push_back({Mode::kWrite, path, own, command_});
  TRY(holders.save());
  reads_ = std::move(reads);
  writes_ = std::move(writes);
  return {};
}

Result<void> PathLocks::release() {
  if (reads_.empty() && writes_.empty()) return {};
  const std::int64_t own = own_pid(files_);
  Holders holders = TRY(Holders::open(files_, folder_, take_lock_));
  std::erase_if(holders.list, [&](const Holder& holder) {
    const std::vector<std::string>& held = holder.mode == Mode::kRead ? reads_ : writes_;
    return holder.pid == own && std::find(held.begin(), held.end(), holder.path) != held.end();
  });
  TRY(holders.save());
  reads_.clear();
  writes_.clear();
  return {};
}

}  // namespace starcast::pipeline
