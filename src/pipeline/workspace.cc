#include "pipeline/workspace.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/strings.h"
#include "os/path.h"
#include "pipeline/cache.h"
#include "pipeline/dvc_file.h"
#include "pipeline/ignore.h"

namespace starcast::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr os::WriteOptions kPlainFile{0666, true};

constexpr std::string_view kDvcIgnoreText =
    "# Add patterns of files dvc should ignore, which could improve\n"
    "# the performance. Learn more at\n"
    "# https://dvc.org/doc/user-guide/dvcignore\n";

std::vector<LinkType> link_types(const ConfigValue& value) {
  std::vector<std::string> names = value.items;
  if (!value.is_list) {
    names.clear();
    const std::string text = value.text();
    for (const std::string_view name : core::split(text, ',')) names.emplace_back(name);
  }
  std::vector<LinkType> types;
  for (const std::string& name : names) {
    const std::string_view type = core::trimmed(name);
    if (type == "reflink") types.push_back(LinkType::kReflink);
    if (type == "hardlink") types.push_back(LinkType::kHardLink);
    if (type == "symlink") types.push_back(LinkType::kSymbolicLink);
    if (type == "copy") types.push_back(LinkType::kCopy);
  }
  return types;
}

}  // namespace

Result<WorkspaceConfig> load_config(os::FileSystem& files, const std::string& root,
                                    const os::Environment& environment) {
  const std::string folder = os::joined(root, ".dvc");
  if (!files.is_folder(folder)) {
    return Error(
        ErrorCode::kFailedPrecondition,
        fmt::format("'{}' is no workspace: it has no .dvc folder; `dvc init` or `starcast new` makes one",
                    root.empty() ? "." : root));
  }
  WorkspaceConfig config;
  config.all = TRY(ConfigFiles(files, environment, root).merged());
  config.cache_folder = ".dvc/cache";
  config.no_scm = is_true(config.all.value("core", "no_scm").value_or(""));
  if (is_true(config.all.value("core", "hardlink_lock").value_or(""))) {
    return Error(ErrorCode::kUnsupported, "core.hardlink_lock is not supported");
  }
  const ConfigSection* const cache = config.all.find("cache");
  if (cache == nullptr) return config;
  if (const ConfigValue* const dir = cache->find("dir"); dir != nullptr && !dir->text().empty())
    config.cache_folder = dir->origin == ConfigValue::Origin::kRelative
                              ? os::relative_to(dir->text(), absolute_folder(files, root))
                              : dir->text();
  if (const ConfigValue* const type = cache->find("type")) config.cache_types = link_types(*type);
  config.is_shared = cache->find("shared") != nullptr;
  return config;
}

std::string absolute_folder(const os::FileSystem& files, const std::string& folder) {
  if (os::is_absolute(folder)) return os::normalized(folder);
  const auto here = files.read_link("/proc/self/cwd");
  return os::normalized(here ? os::joined(here.value(), folder) : folder);
}

std::optional<std::string> find_root(const os::FileSystem& files) {
  std::string above;
  std::string at = absolute_folder(files, "");
  while (true) {
    if (files.is_folder(os::joined(above, ".dvc"))) return above;
    const std::string next = os::folder_of(at);
    if (next == at || next.empty() || at == ".") return std::nullopt;
    at = next;
    above = above.empty() ? ".." : above + "/..";
  }
}

std::optional<GitIgnore> GitIgnore::find(os::FileSystem& files, const std::string& root,
                                         const os::Environment& environment) {
  std::string user_file;
  if (const auto config_home = environment.find("XDG_CONFIG_HOME"); config_home && !config_home->empty()) {
    user_file = os::joined(*config_home, "git/ignore");
  } else if (const auto home = environment.find("HOME"); home && !home->empty()) {
    user_file = os::joined(*home, ".config/git/ignore");
  }
  const std::string absolute = absolute_folder(files, root);
  std::string top = absolute;
  std::string prefix;
  while (true) {
    const std::string at = top == "." ? root : top;
    if (files.exists(os::joined(at, ".git"))) return GitIgnore(files, root, at, prefix, user_file);
    const std::string above = os::folder_of(top);
    if (above == top || above.empty() || top == ".") return std::nullopt;
    prefix = prefix.empty() ? os::name_of(top) : os::name_of(top) + "/" + prefix;
    top = above;
  }
}

bool GitIgnore::ignores(const std::string& path, PathKind kind) const {
  IgnorePatterns patterns;
  const std::string from_top = os::joined(prefix_, path);
  if (!user_file_.empty()) {
    if (const auto text = files_->read(user_file_)) patterns.add(text.value(), "");
  }
  if (const auto text = files_->read(os::joined(top_, ".git/info/exclude"))) patterns.add(text.value(), "");
  if (const auto text = files_->read(os::joined(top_, ".gitignore"))) patterns.add(text.value(), "");
  for (std::size_t slash = from_top.find('/'); slash != std::string::npos;
       slash = from_top.find('/', slash + 1)) {
    const std::string folder = from_top.substr(0, slash);
    if (const auto text = files_->read(os::joined(os::joined(top_, folder), ".gitignore")))
      patterns.add(text.value(), folder);
  }
  return patterns.ignores(from_top, kind);
}

Result<void> GitIgnore::unignore(const std::string& path) const {
  const std::string file = os::joined(os::folder_of(os::joined(root_, path)), ".gitignore");
  const auto status = files_->status(file);
  if (!status) return {};
  const std::string text = TRY(files_->read(file));
  const std::string line = fmt::format("/{}", escaped_for_ignore(os::name_of(path)));
  std::string kept;
  for (const std::string_view present : core::split(text, '\n')) {
    if (core::trimmed(present) == line) continue;
    kept += present;
    kept += '\n';
  }
  kept.pop_back();  // split gives one part more than there are newlines
  if (kept == text) return {};
  if (core::trimmed(kept).empty()) return files_->remove(file);
  os::WriteOptions options = kPlainFile;
  options.mode = status.value().mode;
  return files_->write(file, kept, options);
}

Result<void> GitIgnore::ignore(const std::string& path) const {
  const std::string whole = os::joined(root_, path);
  if (ignores(path, files_->is_folder(whole) ? PathKind::kFolder : PathKind::kFile)) return {};

  const std::string file = os::joined(os::folder_of(whole), ".gitignore");
  std::string text;
  os::WriteOptions options = kPlainFile;
  if (const auto status = files_->status(file)) {
    text = TRY(files_->read(file));
    options.mode = status.value().mode;
  }
  if (!text.empty() && text.back() != '\n') text += '\n';
  text += fmt::format("/{}\n", escaped_for_ignore(os::name_of(path)));
  return files_->write(file, text, options);
}

Result<void> init_workspace(os::FileSystem& files, const std::string& root, Scm scm) {
  const std::string folder = os::joined(root, ".dvc");
  if (files.exists(folder))
    return Error(ErrorCode::kAlreadyExists, fmt::format("'{}' is there already", folder));
  TRY(files.make_folders(os::joined(folder, "tmp")));
  TRY(files.write(os::joined(folder, "config"), scm == Scm::kNone ? "[core]\n    no_scm = True\n" : "",
                  kPlainFile));
  if (scm == Scm::kGit)
    TRY(files.write(os::joined(folder, ".gitignore"), "/config.local\n/tmp\n/cache\n", kPlainFile));
  TRY(files.write(os::joined(folder, "tmp/btime"), "", kPlainFile));
  const std::string ignore = os::joined(root, ".dvcignore");
  if (!files.exists(ignore)) TRY(files.write(ignore, kDvcIgnoreText, kPlainFile));
  return {};
}

Result<LockedPath> track(os::FileSystem& files, const std::string& root, const std::string& path,
                         const os::Environment& environment, const core::Clock& clock) {
  if (!os::stays_inside(path))
    return Error(ErrorCode::kInvalidInput, fmt::format("'{}' lies outside the workspace", path));
  const std::string normal = os::normalized(path);
  const WorkspaceConfig config = TRY(load_config(files, root, environment));
  Cache cache(files, root, config.cache_folder, clock);
  const LockedPath found = TRY(cache.identify(normal));
  TRY(cache.store(found));

  const std::string dvc_path = normal + ".dvc";
  const std::string whole = os::joined(root, dvc_path);
  DvcFile file;
  if (files.exists(whole)) file = TRY(load_dvc_file(files, whole, dvc_path));
  if (file.is_import || file.outs.size() > 1) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("{}: only a .dvc file of one out, not imported, can be updated", dvc_path));
  }
  LockedPath out = found;
  out.path = file.outs.empty() ? os::name_of(normal) : file.outs[0].path;
  file.outs.assign(1, out);
  TRY(files.write(whole, to_text(file), kPlainFile));
  if (!config.no_scm) {
    if (const auto git = GitIgnore::find(files, root, environment)) TRY(git->ignore(normal));
  }
  TRY(cache.save_state());
  return found;
}

}  // namespace starcast::pipeline
