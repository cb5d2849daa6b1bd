#include "pipeline/cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <variant>

#include "codec/digest.h"
#include "codec/json.h"
#include "codec/json_scan.h"
#include "codec/number.h"
#include "codec/utf8.h"
#include "core/parallel.h"
#include "core/strings.h"
#include "os/path.h"
#include "pipeline/workspace.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::uint32_t kAnyExecutable = 0111;
constexpr std::uint32_t kOwnerExecutable = 0100;
constexpr std::int64_t kRacyNs = 2'000'000'000;
// Where time stamps have digits below a millisecond, the file system keeps the kernel's own, which advance at
// least every 10 ms.
constexpr std::int64_t kRacyFineNs = 50'000'000;
constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::string_view kStateFolder = ".dvc/tmp/starcast";
constexpr std::string_view kStateFile = ".dvc/tmp/starcast/stat";
constexpr std::string_view kStateHeader = "starcast stat 1";
constexpr std::string_view kFolderSuffix = ".dir";
constexpr std::size_t kChunk = 64;  // small files that one thread takes at a time

// Runs task(0) .. task(count-1), some at a time, on several threads.
Result<void> in_chunks(std::size_t count, std::size_t threads,
                       const std::function<Result<void>(std::size_t)>& task) {
  return core::parallel_for((count + kChunk - 1) / kChunk, threads, [&](std::size_t chunk) -> Result<void> {
    const std::size_t end = std::min(count, (chunk + 1) * kChunk);
    for (std::size_t i = chunk * kChunk; i < end; ++i) TRY(task(i));
    return {};
  });
}

// The entries of a .dir text in the form that DVC writes; nothing when it is anything else.
std::optional<std::vector<Cache::Entry>> scan_entries(std::string_view text) {
  std::vector<Cache::Entry> entries;
  codec::JsonScanner scanner(text);
  if (!scanner.open_array()) return std::nullopt;
  bool more = false;
  while (true) {
    if (!scanner.next_item(more)) return std::nullopt;
    if (!more) break;
    Cache::Entry entry;
    if (!scanner.open_object()) return std::nullopt;
    while (true) {
      std::string_view name;
      if (!scanner.next_member(more, name)) return std::nullopt;
      if (!more) break;
      const bool is_md5 = name == "md5";
      const bool is_relpath = name == "relpath";
      std::string_view value;
      if (is_md5 || is_relpath) {
        if (!scanner.text(value)) return std::nullopt;
        (is_md5 ? entry.md5 : entry.relpath) = value;
      } else if (!scanner.skip()) {
        return std::nullopt;
      }
    }
    if (entry.md5.size() != 32 || !os::stays_inside(entry.relpath)) return std::nullopt;
    entries.push_back(std::move(entry));
  }
  if (!scanner.end()) return std::nullopt;
  return entries;
}

std::string tree_text(const std::vector<std::pair<std::string, std::string>>& entries) {
  JsonArray list;
  for (const auto& [relpath, md5] : entries) {
    JsonObject entry;
    entry.emplace_back("md5", md5);
    entry.emplace_back("relpath", relpath);
    list.emplace_back(std::move(entry));
  }
  return codec::to_text(Json(std::move(list)), codec::JsonStyle::kPythonSorted);
}

}  // namespace

std::string Cache::in_root(const std::string& path) const {
  return os::joined(root_, path);
}

std::string Cache::object_path(const std::string& md5) const {
  return in_root(fmt::format("{}/files/md5/{}/{}", folder_, md5.substr(0, 2), md5.substr(2)));
}

// ---- names ----

Result<LockedPath> Cache::identify(const std::string& path) {
  const os::FileStatus status = TRY(files_.status(in_root(path)));
  if (status.kind == os::FileKind::kFolder) return identify_folder(path);
  if (status.kind != os::FileKind::kFile) {
    return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is neither a file nor a folder", path));
  }
  LockedPath found;
  found.path = path;
  found.size = status.size_bytes;
  found.isexec = (status.mode & kAnyExecutable) != 0;
  found.md5 = TRY(hash_file(os::normalized(path), status));
  return found;
}

std::int64_t Cache::now_ns() const {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.now().time_since_epoch()).count();
}

const Cache::Known* Cache::find_known(const std::string& path, const os::FileStatus& status) const {
  for (const auto* const memory : {&recent_, &known_}) {
    const auto found = memory->find(path);
    if (found != memory->end() && found->second.fits(status)) return &found->second;
  }
  return nullptr;
}

void Cache::remember(const std::string& path, const Known& seen, std::int64_t now) {
  recent_[path] = seen;
  const bool is_fine = seen.modified_ns % kMillisecondNs != 0;
  if (seen.modified_ns + (is_fine ? kRacyFineNs : kRacyNs) <= now && path.find('\n') == std::string::npos) {
    known_[path] = seen;
    is_state_changed_ = true;
  }
}

Result<std::string> Cache::hash_file(const std::string& path, const os::FileStatus& status) {
  load_state();
  if (const Known* const known = find_known(path, status)) return known->md5;
  const std::int64_t now = now_ns();
  const auto source = TRY(files_.open(in_root(path)));
  const std::string md5 = TRY(codec::digest_of(*source, codec::DigestKind::kMd5), path);
  remember(path, {md5, status.size_bytes, status.modified_ns, status.inode, false}, now);
  return md5;
}

// Looks at every file of the list and hashes what is not known.
Result<void> Cache::hash_all(std::vector<Seen>& found) {
  load_state();
  const std::int64_t now = now_ns();
  std::vector<unsigned char> is_hashed(found.size(), 0);  // no vector<bool>: threads write side by side
  const auto look = [&](std::size_t i) -> Result<void> {
    Seen& seen = found[i];
    auto status = files_.status(in_root(seen.path));
    if (!status && status.error().code() == ErrorCode::kNotFound)
      return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is a link to nothing", seen.path));
    if (!status) return std::move(status).error();
    seen.status = status.value();
    seen.is_folder_link = seen.status.kind == os::FileKind::kFolder;  // DVC does not follow it
    if (seen.is_folder_link) return {};
    if (seen.status.kind != os::FileKind::kFile)
      return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is neither a file nor a folder", seen.path));
    if (const Known* const known = find_known(seen.path, seen.status)) {
      seen.md5 = known->md5;
      return {};
    }
    const auto source = TRY(files_.open(in_root(seen.path)));
    seen.md5 = TRY(codec::digest_of(*source, codec::DigestKind::kMd5), seen.path);
    is_hashed[i] = 1;
    return {};
  };
  TRY(in_chunks(found.size(), threads_, look));
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Seen& seen = found[i];
    if (is_hashed[i] == 0) continue;
    remember(seen.path, {seen.md5, seen.status.size_bytes, seen.status.modified_ns, seen.status.inode, false},
             now);
  }
  std::erase_if(found, [](const Seen& seen) { return seen.is_folder_link; });
  return {};
}

// The files of a folder with their names, in the order of a .dir text.
Result<std::vector<Cache::Seen>> Cache::look_at_folder(const std::string& path) {
  const std::string folder = os::normalized(path);
  load_ignores(folder);
  std::vector<Seen> found;
  TRY(collect(folder, "", found));
  TRY(hash_all(found));
  std::sort(found.begin(), found.end(), [](const Seen& a, const Seen& b) { return a.relpath < b.relpath; });
  return found;
}

Result<LockedPath> Cache::identify_folder(const std::string& path) {
  std::vector<Seen> seen = TRY(look_at_folder(path));
  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(seen.size());
  LockedPath found;
  for (Seen& file : seen) {
    found.size += file.status.size_bytes;
    pairs.emplace_back(std::move(file.relpath), std::move(file.md5));
  }
  std::string text = tree_text(pairs);
  found.path = path;
  found.nfiles = pairs.size();
  found.md5 = codec::md5_hex(text) + std::string(kFolderSuffix);
  trees_[found.md5] = std::move(text);
  return found;
}

Result<void> Cache::collect(const std::string& folder, const std::string& below, std::vector<Seen>& found) {
  const std::string here = below.empty() ? folder : folder + "/" + below;
  const std::vector<os::FolderEntry> listed = TRY(files_.list(in_root(here)));
  if (!below.empty()) {
    // A folder with a .dvc of its own is another workspace.
    const bool is_workspace = std::any_of(listed.begin(), listed.end(), [](const os::FolderEntry& entry) {
      return entry.name == ".dvc" && entry.kind == os::FileKind::kFolder;
    });
    if (is_workspace) return {};
  }
  for (const os::FolderEntry& entry : listed) {
    if (entry.name == ".git" || entry.name == ".hg" || entry.name == ".dvc") continue;
    const std::string path = here + "/" + entry.name;
    const bool is_folder = entry.kind == os::FileKind::kFolder;
    if (ignores_.ignores(path, is_folder ? PathKind::kFolder : PathKind::kFile)) continue;
    if (entry.name == ".dvcignore") {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("'{}': a .dvcignore cannot lie inside a tracked folder", path));
    }
    if (!codec::is_utf8(entry.name)) {
      return Error(ErrorCode::kUnsupported, fmt::format("'{}' has a file whose name is not UTF-8", here));
    }
    const std::string relpath = below.empty() ? entry.name : below + "/" + entry.name;
    if (is_folder) {
      TRY(collect(folder, relpath, found));
      continue;
    }
    found.push_back({path, relpath, {}, {}, false});
  }
  return {};
}

// The .dvcignore files of the folders above `path`, from the root down.
void Cache::load_ignores(const std::string& path) {
  const auto load = [this](const std::string& folder) {
    if (!ignores_loaded_.insert(folder).second) return;
    if (const auto text = files_.read(in_root(os::joined(folder, ".dvcignore"))))
      ignores_.add(text.value(), folder);
  };
  load("");
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    load(path.substr(0, slash));
  }
}

// ---- objects ----

Result<std::vector<Cache::Entry>> Cache::entries_of(const std::string& md5) {
  auto found = trees_.find(md5);
  if (found == trees_.end()) {
    std::string text = TRY(files_.read(object_path(md5)));
    found = trees_.emplace(md5, std::move(text)).first;
  }
  if (auto scanned = scan_entries(found->second)) return *std::move(scanned);
  const std::string where = fmt::format("cache object {}", md5);
  codec::JsonOptions options;
  options.dialect = codec::JsonDialect::kPython;
  const auto parsed = codec::parse_json(found->second, options);
  if (!parsed) return Error(ErrorCode::kCorrupt, where + ": " + parsed.error().message());
  const auto* const items = std::get_if<JsonArray>(&parsed.value().value());
  if (items == nullptr) return Error(ErrorCode::kCorrupt, where + " is no list of files");
  std::vector<Entry> entries;
  entries.reserve(items->size());
  for (const Json& item : *items) {
    const auto relpath = item.string_at("relpath");
    const auto name = item.string_at("md5");
    if (!relpath || !name || !os::stays_inside(relpath.value()) || name.value().size() != 32) {
      return Error(ErrorCode::kCorrupt, where + " has an entry without a relpath and md5");
    }
    entries.push_back({relpath.value(), name.value()});
  }
  return entries;
}

bool Cache::holds_object(const std::string& md5) const {
  const std::string path = object_path(md5);
  const auto status = files_.status(path);
  if (!status || status.value().kind != os::FileKind::kFile) return false;
  if (status.value().mode == kObjectMode) return true;
  const auto source = files_.open(path);
  if (!source) return false;
  const auto digest = codec::digest_of(*source.value(), codec::DigestKind::kMd5);
  const std::string_view name = std::string_view(md5).substr(0, 32);
  if (!digest || digest.value() != name) return false;
  // A right object with a wrong mode is mended; where that fails it is hashed again next time.
  static_cast<void>(files_.set_mode(path, kObjectMode));
  return true;
}

bool Cache::holds(const LockedPath& locked) {
  if (locked.md5.empty() || locked.legacy_hash || !holds_object(locked.md5)) return false;
  if (!locked.is_folder()) return true;
  const auto entries = entries_of(locked.md5);
  if (!entries) return false;
  const auto all = in_chunks(entries.value().size(), threads_, [&](std::size_t i) -> Result<void> {
    if (holds_object(entries.value()[i].md5)) return {};
    return Error(ErrorCode::kNotFound, entries.value()[i].md5);
  });
  return all.has_value();
}

Result<void> Cache::make_object_folders(const std::vector<Entry>& entries) {
  std::set<std::string> folders;
  for (const Entry& entry : entries) folders.insert(os::folder_of(object_path(entry.md5)));
  for (const std::string& folder : folders) {
    if (files_.is_folder(folder)) continue;
    TRY(files_.make_folders(folder));
    if (is_shared_) TRY(files_.set_mode(folder, 02775));
  }
  return {};
}

// Its folder is there.
Result<void> Cache::store_object(const std::string& from, const std::string& md5) {
  if (holds_object(md5)) return {};
  const std::string path = object_path(md5);
  if (links_first(LinkType::kHardLink)) {
    const auto status = TRY(files_.link_status(in_root(from)));
    if (status.kind == os::FileKind::kFile && status.size_bytes > 0) {
      TRY(files_.remove(path));  // one that is not what its name says
      if (files_.hard_link(in_root(from), path)) return files_.set_mode(path, kObjectMode);
    }
  }
  TRY(files_.copy(in_root(from), path, {kObjectMode, false}));
  return files_.set_mode(path, kObjectMode);
}

Result<void> Cache::store(const LockedPath& identified) {
  if (!identified.is_folder()) {
    TRY(make_object_folders({{"", identified.md5}}));
    TRY(store_object(identified.path, identified.md5));
    const std::string path = in_root(identified.path);
    const os::FileStatus status = TRY(files_.status(path));
    const std::uint32_t mode = (status.mode & ~kAnyExecutable) | (identified.isexec ? kOwnerExecutable : 0);
    const bool is_link = status.mode == kObjectMode && !identified.isexec;
    if (mode != status.mode && !is_link) TRY(files_.set_mode(path, mode));
    return {};
  }
  // The list of a folder's files comes after the files: where a .dir is, all of it is.
  std::vector<Entry> entries = TRY(entries_of(identified.md5));
  entries.push_back({"", identified.md5});
  TRY(make_object_folders(entries));
  entries.pop_back();
  // Of equal files one is stored: threads must not meet on one object.
  std::set<std::string_view> names;
  std::vector<const Entry*> firsts;
  for (const Entry& entry : entries) {
    if (names.insert(entry.md5).second) firsts.push_back(&entry);
  }
  const std::string folder = os::normalized(identified.path) + "/";
  TRY(in_chunks(firsts.size(), threads_,
                [&](std::size_t i) { return store_object(folder + firsts[i]->relpath, firsts[i]->md5); }));
  if (holds_object(identified.md5)) return {};
  const std::string path = object_path(identified.md5);
  TRY(files_.write(path, trees_[identified.md5], {kObjectMode, false}));
  return files_.set_mode(path, kObjectMode);
}

// Gives a file that is in the cache the form of its link.
Result<void> Cache::link_stored(const std::string& path, const std::string& md5) const {
  const os::FileStatus status = TRY(files_.link_status(in_root(path)));
  const os::FileStatus object = TRY(files_.status(object_path(md5)));
  if (links_first(LinkType::kHardLink) && (status.inode == object.inode || status.size_bytes == 0)) return {};
  if (links_first(LinkType::kSymbolicLink) && status.kind == os::FileKind::kLink) return {};
  return link_object(md5, in_root(path), true);
}

Result<void> Cache::store_linked(const LockedPath& identified) {
  TRY(store(identified));
  if (!links_first(LinkType::kHardLink) && !links_first(LinkType::kSymbolicLink)) return {};
  std::vector<Seen> linked;
  if (identified.is_folder()) {
    const std::vector<Entry> entries = TRY(entries_of(identified.md5));
    const std::string folder = os::normalized(identified.path) + "/";
    for (const Entry& entry : entries) linked.push_back({folder + entry.relpath, {}, {}, entry.md5, false});
  } else if (!identified.isexec) {
    linked.push_back({os::normalized(identified.path), {}, {}, identified.md5, false});
  }
  const auto link = [&](std::size_t i) -> Result<void> {
    TRY(link_stored(linked[i].path, linked[i].md5));
    linked[i].status = TRY(files_.status(in_root(linked[i].path)));
    return {};
  };
  TRY(in_chunks(linked.size(), threads_, link));
  const std::int64_t now = now_ns();
  for (const Seen& seen : linked) {
    remember(seen.path, {seen.md5, seen.status.size_bytes, seen.status.modified_ns, seen.status.inode, true},
             now);
  }
  return {};
}

// ---- into the workspace ----

// Tries the configured ways in their order; the folder of `to` is there.
Result<void> Cache::link_object(const std::string& md5, const std::string& to, bool replaces) const {
  const std::string object = object_path(md5);
  for (const LinkType type : types_) {
    Result<void> done;
    switch (type) {
      case LinkType::kHardLink: {
        const os::FileStatus status = TRY(files_.status(object));
        if (status.size_bytes == 0) {
          done = Error(ErrorCode::kUnsupported, "an empty file is copied");
          break;
        }
        if (replaces) TRY(files_.remove(to));
        done = files_.hard_link(object, to);
        break;
      }
      case LinkType::kSymbolicLink:
        if (replaces) TRY(files_.remove(to));
        done = files_.symbolic_link(absolute_folder(files_, object), to);
        break;
      case LinkType::kReflink:
      case LinkType::kCopy:
        return files_.copy(object, to, {0666, false});  // by reflink where that can be
    }
    if (done) return {};
    const ErrorCode code = done.error().code();
    if (code != ErrorCode::kUnsupported && code != ErrorCode::kPermissionDenied) return done;
  }
  return files_.copy(object, to, {0666, false});
}

Result<CheckoutPlan> Cache::plan_checkout(const LockedPath& locked, Relink relink) {
  if (!holds(locked)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("'{}' (md5 {}) is not in the cache", locked.path, locked.md5));
  }
  CheckoutPlan plan;
  plan.target = locked;
  const std::string path = os::normalized(locked.path);
  const auto status = files_.status(in_root(path));
  const bool is_there = status || files_.link_status(in_root(path));
  plan.is_new = !is_there;
  const bool is_folder = status && status.value().kind == os::FileKind::kFolder;
  plan.is_in_the_way = is_there && is_folder != locked.is_folder();

  std::vector<Seen> present;
  if (is_folder) {
    present = TRY(look_at_folder(path));
  } else if (status && status.value().kind == os::FileKind::kFile) {
    std::string md5 = TRY(hash_file(path, status.value()));
    present.push_back({path, "", status.value(), std::move(md5), false});
  }
  std::vector<Entry> wanted{{"", locked.md5}};
  if (locked.is_folder()) wanted = TRY(entries_of(locked.md5));
  std::sort(wanted.begin(), wanted.end(),
            [](const Entry& a, const Entry& b) { return a.relpath < b.relpath; });

  const auto lose = [&](const Seen& seen) {
    if (!holds_object(seen.md5)) plan.unsaved.push_back(seen.path);
  };
  std::size_t at = 0;
  for (const Entry& entry : wanted) {
    while (at < present.size() && (plan.is_in_the_way || present[at].relpath < entry.relpath)) {
      plan.deletes.push_back(present[at].path);
      ++plan.deleted;
      lose(present[at++]);
    }
    const std::string to = entry.relpath.empty() ? path : path + "/" + entry.relpath;
    const bool is_present = at < present.size() && present[at].relpath == entry.relpath;
    if (is_present && present[at].md5 == entry.md5) {
      if (relink == Relink::kYes) plan.creates.push_back({to, entry.md5, true});
      ++at;
      continue;
    }
    plan.creates.push_back({to, entry.md5, is_present});
    if (!is_present) {
      ++plan.added;
      continue;
    }
    ++plan.modified;
    lose(present[at++]);
  }
  for (; at < present.size(); ++at) {
    plan.deletes.push_back(present[at].path);
    ++plan.deleted;
    lose(present[at]);
  }
  if (!locked.is_folder() && is_there && !plan.is_in_the_way) {
    const bool is_executable = status && (status.value().mode & kAnyExecutable) != 0;
    plan.changes_mode = is_executable != locked.isexec;
    if (!status) plan.creates.at(0).replaces = true;  // a link to nothing
  }
  return plan;
}

Result<void> Cache::apply(const CheckoutPlan& plan) {
  const std::string top = in_root(os::normalized(plan.target.path));
  if (plan.is_in_the_way) TRY(files_.remove(top));
  std::set<std::string> emptied;
  for (const std::string& path : plan.deletes) {
    if (plan.is_in_the_way) break;
    TRY(files_.remove(in_root(path)));
    emptied.insert(os::folder_of(path));
  }
  // Folders that lost their last file go too, the deepest first.
  for (auto at = emptied.rbegin(); at != emptied.rend(); ++at) {
    std::string folder = *at;
    while (in_root(folder).size() > top.size()) {
      const auto listed = files_.list(in_root(folder));
      if (!listed || !listed.value().empty()) break;
      TRY(files_.remove(in_root(folder)));
      folder = os::folder_of(folder);
    }
  }
  if (plan.target.is_folder()) TRY(files_.make_folders(top));
  std::set<std::string> folders;
  for (const CheckoutPlan::Step& step : plan.creates) folders.insert(os::folder_of(in_root(step.path)));
  for (const std::string& folder : folders) {
    if (!folder.empty() && !files_.is_folder(folder)) TRY(files_.make_folders(folder));
  }
  std::vector<os::FileStatus> made(plan.creates.size());
  const auto make = [&](std::size_t i) -> Result<void> {
    const CheckoutPlan::Step& step = plan.creates[i];
    TRY(link_object(step.md5, in_root(step.path), step.replaces));
    made[i] = TRY(files_.status(in_root(step.path)));
    return {};
  };
  TRY(in_chunks(plan.creates.size(), threads_, make));
  load_state();
  const std::int64_t now = now_ns();
  for (std::size_t i = 0; i < made.size(); ++i) {
    remember(
        plan.creates[i].path,
        {plan.creates[i].md5.substr(0, 32), made[i].size_bytes, made[i].modified_ns, made[i].inode, true},
        now);
  }
  if (plan.target.is_folder()) return {};
  const os::FileStatus status = TRY(files_.status(top));
  const bool is_executable = (status.mode & kAnyExecutable) != 0;
  if (plan.target.isexec == is_executable) return {};
  if (status.mode == kObjectMode) TRY(unprotect(plan.target.path));  // never through a link
  const os::FileStatus free = TRY(files_.status(top));
  return files_.set_mode(top,
                         plan.target.isexec ? free.mode | kOwnerExecutable : free.mode & ~kAnyExecutable);
}

Result<void> Cache::checkout(const LockedPath& locked) {
  const CheckoutPlan plan = TRY(plan_checkout(locked));
  if (plan.is_empty() && !plan.changes_mode) {
    const bool is_missing_folder = plan.is_new && locked.is_folder();  // an empty one
    if (!is_missing_folder) return {};
  }
  return apply(plan);
}

Result<void> Cache::unprotect(const std::string& path) {
  const std::string whole = in_root(path);
  const os::FileStatus status = TRY(files_.status(whole));
  if (status.kind == os::FileKind::kFolder) {
    const std::vector<os::FolderEntry> listed = TRY(files_.list(whole));
    for (const os::FolderEntry& entry : listed) TRY(unprotect(os::joined(path, entry.name)));
    return {};
  }
  const os::FileStatus link = TRY(files_.link_status(whole));
  const bool is_linked = link.kind == os::FileKind::kLink || status.mode == kObjectMode;
  if (!is_linked) return {};
  const std::string from = link.kind == os::FileKind::kLink
                               ? os::joined(os::folder_of(whole), TRY(files_.read_link(whole)))
                               : whole;
  return files_.copy(from, whole, {0666, false});
}

// ---- the stat cache ----

// Lines "md5 size modified_ns inode path"; one that does not parse drops the whole file.
void Cache::load_state() {
  if (is_state_loaded_) return;
  is_state_loaded_ = true;
  const auto text = files_.read(in_root(std::string(kStateFile)));
  if (!text) return;
  bool is_header = true;
  for (const std::string_view line : core::split(text.value(), '\n')) {
    if (is_header) {
      if (line != kStateHeader) return;
      is_header = false;
      continue;
    }
    if (line.empty()) continue;
    std::string_view rest = line;
    std::array<std::string_view, 4> words;
    for (std::string_view& word : words) {
      const std::size_t space = rest.find(' ');
      word = rest.substr(0, space);
      rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    }
    const auto size = codec::parse_int(words[1]);
    const auto modified = codec::parse_int(words[2]);
    const auto inode = codec::parse_int(words[3]);
    if (words[0].size() != 32 || !size || !modified || !inode || rest.empty()) {
      known_.clear();
      return;
    }
    known_[std::string(rest)] = {std::string(words[0]), static_cast<std::uint64_t>(*size), *modified,
                                 static_cast<std::uint64_t>(*inode), false};
  }
}

Result<void> Cache::save_state() {
  // What this process wrote itself is safe once its time stamp is past.
  const std::int64_t now = now_ns();
  for (const auto& [path, seen] : recent_) {
    if (!seen.is_own || known_.count(path) > 0) continue;
    const bool is_fine = seen.modified_ns % kMillisecondNs != 0;
    if (seen.modified_ns + (is_fine ? kRacyFineNs : kRacyNs) > now || path.find('\n') != std::string::npos)
      continue;
    known_[path] = seen;
    is_state_changed_ = true;
  }
  if (!is_state_changed_) return {};
  std::string text(kStateHeader);
  text += '\n';
  for (const auto& [path, known] : known_) {
    text += fmt::format("{} {} {} {} {}\n", known.md5, known.size_bytes, known.modified_ns,
                        static_cast<std::int64_t>(known.inode), path);
  }
  TRY(files_.make_folders(in_root(std::string(kStateFolder))));
  TRY(files_.write(in_root(std::string(kStateFile)), text, {0666, false}));
  is_state_changed_ = false;
  return {};
}

}  // namespace starcast::pipeline
