#include "pipeline/cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>
#include <variant>

#include "codec/digest.h"
#include "codec/json.h"
#include "codec/number.h"
#include "codec/utf8.h"
#include "core/strings.h"
#include "os/path.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::uint32_t kObjectMode = 0444;
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

Result<std::string> Cache::hash_file(const std::string& path, const os::FileStatus& status) {
  load_state();
  for (const auto* const memory : {&recent_, &known_}) {
    const auto found = memory->find(path);
    if (found != memory->end() && found->second.fits(status)) return found->second.md5;
  }
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.now().time_since_epoch()).count();
  const auto source = TRY(files_.open(in_root(path)));
  const std::string md5 = TRY(codec::digest_of(*source, codec::DigestKind::kMd5), path);
  const Known seen{md5, status.size_bytes, status.modified_ns, status.inode};
  recent_[path] = seen;
  const bool is_fine = status.modified_ns % kMillisecondNs != 0;
  if (status.modified_ns + (is_fine ? kRacyFineNs : kRacyNs) <= now && path.find('\n') == std::string::npos) {
    known_[path] = seen;
    is_state_changed_ = true;
  }
  return md5;
}

Result<LockedPath> Cache::identify_folder(const std::string& path) {
  load_ignores(os::normalized(path));
  std::vector<Entry> entries;
  std::uint64_t size = 0;
  TRY(collect(os::normalized(path), "", entries, size));
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.relpath < b.relpath; });

  std::vector<std::pair<std::string, std::string>> pairs;
  pairs.reserve(entries.size());
  for (Entry& entry : entries) pairs.emplace_back(std::move(entry.relpath), std::move(entry.md5));
  std::string text = tree_text(pairs);
  LockedPath found;
  found.path = path;
  found.size = size;
  found.nfiles = pairs.size();
  found.md5 = codec::md5_hex(text) + std::string(kFolderSuffix);
  trees_[found.md5] = std::move(text);
  return found;
}

Result<void> Cache::collect(const std::string& folder, const std::string& below, std::vector<Entry>& entries,
                            std::uint64_t& size) {
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
      TRY(collect(folder, relpath, entries, size));
      continue;
    }
    const auto status = files_.status(in_root(path));
    if (!status && status.error().code() == ErrorCode::kNotFound) {
      return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is a link to nothing", path));
    }
    if (!status) return status.error();
    const os::FileStatus& seen = status.value();
    if (seen.kind == os::FileKind::kFolder) continue;  // DVC does not follow links to folders
    if (seen.kind != os::FileKind::kFile) {
      return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is neither a file nor a folder", path));
    }
    std::string md5 = TRY(hash_file(path, seen));
    entries.push_back({relpath, std::move(md5)});
    size += seen.size_bytes;
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

bool Cache::holds_object(const std::string& md5) {
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
  return std::all_of(entries.value().begin(), entries.value().end(),
                     [this](const Entry& entry) { return holds_object(entry.md5); });
}

Result<void> Cache::store_object(const std::string& from, const std::string& md5) {
  if (holds_object(md5)) return {};
  const std::string path = object_path(md5);
  TRY(files_.make_folders(os::folder_of(path)));
  TRY(files_.copy(in_root(from), path, {kObjectMode, false}));
  return files_.set_mode(path, kObjectMode);
}

Result<void> Cache::store(const LockedPath& identified) {
  if (!identified.is_folder()) {
    TRY(store_object(identified.path, identified.md5));
    const std::string path = in_root(identified.path);
    const os::FileStatus status = TRY(files_.status(path));
    const std::uint32_t mode = (status.mode & ~kAnyExecutable) | (identified.isexec ? kOwnerExecutable : 0);
    if (mode != status.mode) TRY(files_.set_mode(path, mode));
    return {};
  }
  // The list of a folder's files comes after the files: where a .dir is, all of it is.
  const std::vector<Entry> entries = TRY(entries_of(identified.md5));
  for (const Entry& entry : entries)
    TRY(store_object(os::normalized(identified.path) + "/" + entry.relpath, entry.md5));
  if (holds_object(identified.md5)) return {};
  const std::string path = object_path(identified.md5);
  TRY(files_.make_folders(os::folder_of(path)));
  TRY(files_.write(path, trees_[identified.md5], {kObjectMode, false}));
  return files_.set_mode(path, kObjectMode);
}

Result<void> Cache::checkout(const LockedPath& locked) {
  if (!holds(locked)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("'{}' (md5 {}) is not in the cache", locked.path, locked.md5));
  }
  const auto present = identify(locked.path);
  const bool is_same =
      present && present.value().md5 == locked.md5 && present.value().isexec == locked.isexec;
  if (is_same) return {};
  const std::string path = in_root(locked.path);
  TRY(files_.remove(path));
  if (!locked.is_folder()) {
    TRY(files_.make_folders(os::folder_of(path)));
    TRY(files_.copy(object_path(locked.md5), path, {0666, false}));
    if (!locked.isexec) return {};
    const os::FileStatus status = TRY(files_.status(path));
    return files_.set_mode(path, status.mode | kOwnerExecutable);
  }
  TRY(files_.make_folders(path));
  const std::vector<Entry> entries = TRY(entries_of(locked.md5));
  std::set<std::string> folders;
  for (const Entry& entry : entries) {
    const std::string to = path + "/" + entry.relpath;
    if (folders.insert(os::folder_of(to)).second) TRY(files_.make_folders(os::folder_of(to)));
    TRY(files_.copy(object_path(entry.md5), to, {0666, false}));
  }
  return {};
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
                                 static_cast<std::uint64_t>(*inode)};
  }
}

Result<void> Cache::save_state() {
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
