#include "pipeline/remote.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "codec/digest.h"
#include "core/parallel.h"
#include "os/path.h"

namespace starcast::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

}  // namespace

Result<LocalRemote> LocalRemote::find(const Repository& repository, const std::string& name) {
  const Config& config = repository.config().all;
  const std::string chosen = name.empty() ? config.value("core", "remote").value_or("") : name;
  if (chosen.empty()) {
    return Error(ErrorCode::kFailedPrecondition,
                 "no remote is given and no default one is set: `starcast remote add -d NAME URL` sets one");
  }
  const ConfigSection* const section = config.find("remote", chosen);
  if (section == nullptr)
    return Error(ErrorCode::kFailedPrecondition,
                 fmt::format("config file error: remote '{}' doesn't exist", chosen));
  std::string url = section->find("url")->text();
  if (url.starts_with("file://")) url.erase(0, 7);
  if (url.find("://") != std::string::npos) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("remote '{}' ({}): only folders are supported yet", chosen, url));
  }
  return LocalRemote(repository.world().files, chosen, url, os::thread_count(repository.world().environment));
}

std::string LocalRemote::object_path(const std::string& md5) const {
  return fmt::format("{}/files/md5/{}/{}", folder_, md5.substr(0, 2), md5.substr(2));
}

bool LocalRemote::holds(const std::string& md5) const {
  const auto status = files_->status(object_path(md5));
  return status && status.value().kind == os::FileKind::kFile;
}

Result<void> LocalRemote::copy_checked(const std::string& from, const std::string& to,
                                       const std::string& md5) {
  const auto source = TRY(files_->open(from));
  const auto target = TRY(files_->create(to, {Cache::kObjectMode, false}));
  codec::Digest digest(codec::DigestKind::kMd5);
  std::vector<char> buffer(kBufferBytes);
  while (true) {
    const std::size_t count = TRY(source->read(buffer));
    if (count == 0) break;
    const std::string_view bytes(buffer.data(), count);
    digest.update(bytes);
    TRY(target->write(bytes));
  }
  const std::string found = digest.finish();
  if (found != md5.substr(0, 32)) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("'{}' of remote '{}' has md5 {}: it is not fetched", from, name_, found));
  }
  TRY(target->finish());
  return files_->set_mode(to, Cache::kObjectMode);
}

Result<void> LocalRemote::copy_all(const std::vector<std::string>& names, Cache& cache, bool to_remote) {
  std::set<std::string> folders;
  for (const std::string& md5 : names)
    folders.insert(os::folder_of(to_remote ? object_path(md5) : cache.object_path(md5)));
  for (const std::string& folder : folders) {
    if (!files_->is_folder(folder)) TRY(files_->make_folders(folder));
  }
  return core::parallel_for(names.size(), threads_, [&](std::size_t i) -> Result<void> {
    const std::string& md5 = names[i];
    if (!to_remote) return copy_checked(object_path(md5), cache.object_path(md5), md5);
    TRY(files_->copy(cache.object_path(md5), object_path(md5), {Cache::kObjectMode, false}));
    return files_->set_mode(object_path(md5), Cache::kObjectMode);
  });
}

Result<TransferReport> LocalRemote::push(Cache& cache, const std::vector<LockedPath>& outs) {
  TransferReport report;
  std::set<std::string> seen;
  for (const LockedPath& out : outs) {
    // A list of files there means that all of them are.
    if (!seen.insert(out.md5).second || holds(out.md5)) continue;
    if (!cache.holds_object(out.md5)) {
      report.missing.push_back(out.path);
      continue;
    }
    std::vector<std::string> names;
    bool is_whole = true;
    if (out.is_folder()) {
      const auto entries = TRY(cache.entries_of(out.md5));
      for (const Cache::Entry& entry : entries) {
        if (!seen.insert(entry.md5).second || holds(entry.md5)) continue;
        if (cache.holds_object(entry.md5)) {
          names.push_back(entry.md5);
        } else {
          report.missing.push_back(out.path + "/" + entry.relpath);
          is_whole = false;
        }
      }
    }
    TRY(copy_all(names, cache, true));
    report.files += names.size();
    if (!is_whole) continue;
    TRY(copy_all({out.md5}, cache, true));
    ++report.files;
  }
  return report;
}

Result<TransferReport> LocalRemote::fetch(Cache& cache, const std::vector<LockedPath>& outs) {
  TransferReport report;
  std::set<std::string> seen;
  for (const LockedPath& out : outs) {
    if (!seen.insert(out.md5).second) continue;
    const bool has_top = cache.holds_object(out.md5);
    if (!has_top && !holds(out.md5)) {
      report.missing.push_back(out.path);
      continue;
    }
    std::vector<std::string> names;
    if (out.is_folder()) {
      // The list is read where it lies; it comes into the cache after its files.
      if (!has_top) {
        const std::string text = TRY(files_->read(object_path(out.md5)));
        if (codec::md5_hex(text) != out.md5.substr(0, 32)) {
          return Error(ErrorCode::kCorrupt, fmt::format("'{}' of remote '{}' is not what its name says",
                                                        object_path(out.md5), name_));
        }
        cache.learn_folder(out.md5, text);
      }
      const auto entries = TRY(cache.entries_of(out.md5));
      for (const Cache::Entry& entry : entries) {
        if (!seen.insert(entry.md5).second || cache.holds_object(entry.md5)) continue;
        if (holds(entry.md5)) {
          names.push_back(entry.md5);
        } else {
          report.missing.push_back(out.path + "/" + entry.relpath);
        }
      }
    }
    TRY(copy_all(names, cache, false));
    report.files += names.size();
    if (has_top) continue;
    TRY(copy_all({out.md5}, cache, false));
    ++report.files;
  }
  return report;
}

Result<std::vector<CloudState>> LocalRemote::compare(Cache& cache, const std::vector<LockedPath>& outs) {
  std::vector<CloudState> states;
  std::set<std::string> seen;
  const auto add = [&](const std::string& path, const std::string& md5) {
    if (!seen.insert(md5).second) return;
    const bool is_here = cache.holds_object(md5);
    const bool is_there = holds(md5);
    if (is_here && !is_there) states.push_back({path, "new"});
    if (!is_here && is_there) states.push_back({path, "deleted"});
    if (!is_here && !is_there) states.push_back({path, "missing"});
  };
  for (const LockedPath& out : outs) {
    // A list that is only there counts as here: DVC fetches it to answer at all.
    const bool is_list_there = out.is_folder() && !cache.holds_object(out.md5) && holds(out.md5);
    if (!is_list_there) add(out.path, out.md5);
    if (!out.is_folder()) continue;
    if (is_list_there) {
      const std::string text = TRY(files_->read(object_path(out.md5)));
      cache.learn_folder(out.md5, text);
    }
    const auto entries = cache.entries_of(out.md5);
    if (!entries) continue;  // the folder itself is missing, and said so
    for (const Cache::Entry& entry : entries.value()) add(out.path + "/" + entry.relpath, entry.md5);
  }
  return states;
}

std::vector<LockedPath> recorded_outs(const Repository& repository, const std::vector<Selected>& selected) {
  std::vector<LockedPath> outs;
  for (const Selected& one : selected) {
    for (const TrackedOut& out : repository.stages()[one.stage].outs) {
      const bool is_wanted = one.path.empty() || is_within(one.path, out.path);
      if (is_wanted && out.is_cached && out.locked && !out.locked->legacy_hash) outs.push_back(*out.locked);
    }
  }
  return outs;
}

}  // namespace starcast::pipeline
