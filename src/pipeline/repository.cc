#include "pipeline/repository.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "os/path.h"
#include "os/reflink.h"
#include "pipeline/fields.h"
#include "pipeline/stage_state.h"

namespace starcast::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr const char* kYamlFile = "dvc.yaml";
constexpr const char* kLockFile = "dvc.lock";

// A list that falls back from reflinks to links has to know whether the former work; a copy tries by itself.
void resolve_reflink(std::vector<LinkType>& types, const std::string& folder) {
  const auto reflink = std::find(types.begin(), types.end(), LinkType::kReflink);
  if (reflink == types.end() || reflink + 1 == types.end() || *(reflink + 1) == LinkType::kCopy) return;
  if (!os::can_reflink(folder)) types.erase(reflink);
}

}  // namespace

bool is_within(const std::string& path, const std::string& folder) {
  return folder.empty() || path == folder || (path.starts_with(folder) && path[folder.size()] == '/');
}

Result<Repository> Repository::open(const RepositoryWorld& world, std::string root) {
  Repository repository(world);
  repository.root_ = std::move(root);
  repository.config_ = TRY(load_config(world.files, repository.root_, world.environment));
  repository.absolute_root_ = absolute_folder(world.files, repository.root_);
  const std::string here = absolute_folder(world.files, "");
  const bool is_below = here != "." && here != repository.absolute_root_;
  const bool is_above = !repository.root_.empty() && !repository.root_.starts_with("..");
  if (is_below && !is_above) repository.below_ = os::relative_to(here, repository.absolute_root_);
  repository.lock_ = TRY(world.take_lock(os::joined(repository.root_, ".dvc/tmp/lock")));
  if (!repository.config_.no_scm)
    repository.git_ = GitIgnore::find(world.files, repository.root_, world.environment);
  const std::string cache = os::joined(repository.root_, repository.config_.cache_folder);
  if (world.files.is_folder(cache)) resolve_reflink(repository.config_.cache_types, cache);
  TRY(repository.load_folder(""));
  return repository;
}

Cache Repository::cache() const {
  Cache cache(world_.files, root_, config_.cache_folder, world_.clock);
  cache.configure(config_.cache_types, config_.is_shared);
  cache.set_threads(os::thread_count(world_.environment));
  return cache;
}

std::string Repository::on_disk(const std::string& path) const {
  return os::joined(root_, path);
}

std::string Repository::shown(const std::string& path) const {
  return below_.empty() ? path : os::relative_to(path, below_);
}

Result<std::string> Repository::from_user(const std::string& path) const {
  std::string from_root;
  if (os::is_absolute(path)) {
    from_root = os::relative_to(os::normalized(path), absolute_root_);
  } else {
    from_root = os::normalized(os::joined(below_, path));
  }
  if (from_root == ".") return std::string();
  if (!os::stays_inside(from_root))
    return Error(ErrorCode::kInvalidInput, fmt::format("'{}' lies outside the repository", path));
  return from_root;
}

std::string Repository::address(const TrackedStage& stage) const {
  if (stage.is_data()) return shown(stage.file);
  if (os::folder_of(stage.file) == below_) return stage.stage->name;
  return fmt::format("{}:{}", shown(stage.file), stage.stage->name);
}

// ---- loading ----

bool Repository::is_ignored(const std::string& folder) const {
  if (ignores_.ignores(folder, PathKind::kFolder)) return true;
  return git_ && git_->ignores(folder, PathKind::kFolder);
}

Result<void> Repository::load_folder(const std::string& folder) {
  const auto listed = TRY(world_.files.list(on_disk(folder)));
  std::vector<std::string> folders;
  std::vector<std::string> data;
  bool has_pipeline = false;
  for (const os::FolderEntry& entry : listed) {
    const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
    if (entry.kind == os::FileKind::kFolder) {
      if (entry.name == ".dvc" && !folder.empty()) return {};  // another repository
      if (entry.name != ".git" && entry.name != ".hg" && entry.name != ".dvc") folders.push_back(path);
      continue;
    }
    if (entry.name == ".dvcignore") {
      const std::string text = TRY(world_.files.read(on_disk(path)));
      ignores_.add(text, folder);
    }
    if (entry.name == kYamlFile) has_pipeline = true;
    if (entry.name.ends_with(".dvc") && entry.name != ".dvc") data.push_back(path);
  }
  if (has_pipeline && !ignores_.ignores(os::joined(folder, kYamlFile), PathKind::kFile))
    TRY(load_pipeline(folder));
  for (const std::string& path : data) {
    if (!ignores_.ignores(path, PathKind::kFile)) TRY(load_data(path));
  }
  for (const std::string& below : folders) {
    const bool is_out = std::any_of(stages_.begin(), stages_.end(), [&below](const TrackedStage& stage) {
      return std::any_of(stage.outs.begin(), stage.outs.end(),
                         [&below](const TrackedOut& out) { return out.path == below; });
    });
    if (!is_out && !is_ignored(below)) TRY(load_folder(below));
  }
  return {};
}

Result<void> Repository::load_pipeline(const std::string& folder) {
  const std::string file = os::joined(folder, kYamlFile);
  const DvcYaml yaml = TRY(load_dvc_yaml(world_.files, on_disk(file), file));
  const std::string lock_file = os::joined(folder, kLockFile);
  const DvcLock lock = TRY(load_dvc_lock(world_.files, on_disk(lock_file), lock_file));
  for (const Stage& read : yaml.stages) {
    TrackedStage tracked;
    tracked.file = file;
    Stage stage = read;
    stage.wdir = os::joined(folder, stage.wdir);
    tracked.folder = stage.wdir;
    if (const LockedStage* const entry = lock.find(stage.name)) {
      tracked.is_recorded = true;
      tracked.entry = *entry;
    }
    for (const Out& out : stage.outs) {
      TrackedOut one;
      const std::string recorded = recorded_path(stage, out.path, absolute_root_);
      one.path = path_from_folder(stage, recorded);
      one.is_cached = out.cache;
      const LockedPath* const known = tracked.is_recorded ? tracked.entry.find_out(recorded) : nullptr;
      if (known != nullptr && !known->md5.empty()) {
        one.locked = *known;
        one.locked->path = one.path;
      }
      tracked.outs.push_back(std::move(one));
    }
    tracked.stage = std::move(stage);
    stages_.push_back(std::move(tracked));
  }
  locks_[folder] = lock;
  return {};
}

Result<void> Repository::load_data(const std::string& path) {
  TrackedStage tracked;
  tracked.file = path;
  tracked.data = TRY(load_dvc_file(world_.files, on_disk(path), path));
  tracked.folder = os::joined(os::folder_of(path), tracked.data.wdir);
  for (const LockedPath& out : tracked.data.outs) {
    TrackedOut one;
    one.path = os::normalized(os::joined(tracked.folder, out.path));
    if (!out.md5.empty()) {
      one.locked = out;
      one.locked->path = one.path;
    }
    tracked.outs.push_back(std::move(one));
  }
  stages_.push_back(std::move(tracked));
  return {};
}

// ---- targets ----

void Repository::add_upstream(std::vector<Selected>& selected) const {
  std::set<std::size_t> known;
  for (const Selected& one : selected) known.insert(one.stage);
  for (std::size_t i = 0; i < selected.size(); ++i) {
    const TrackedStage& stage = stages_[selected[i].stage];
    if (stage.is_data() || stage.stage->frozen) continue;
    for (const std::string& dep : stage.stage->deps) {
      const std::string path =
          path_from_folder(*stage.stage, recorded_path(*stage.stage, dep, absolute_root_));
      for (std::size_t maker = 0; maker < stages_.size(); ++maker) {
        const bool makes = std::any_of(stages_[maker].outs.begin(), stages_[maker].outs.end(),
                                       [&path](const TrackedOut& out) {
                                         return is_within(path, out.path) || is_within(out.path, path);
                                       });
        if (makes && known.insert(maker).second) selected.push_back({maker, ""});
      }
    }
  }
}

Result<std::vector<Selected>> Repository::select(const std::vector<std::string>& targets,
                                                 TargetOptions options) const {
  std::vector<Selected> selected;
  if (targets.empty()) {
    for (std::size_t i = 0; i < stages_.size(); ++i) selected.push_back({i, ""});
    return selected;
  }
  for (const std::string& target : targets) {
    const std::size_t before = selected.size();
    // "path/dvc.yaml:name", ":name", "name".
    const std::size_t colon = target.rfind(':');
    const std::string name = colon == std::string::npos ? target : target.substr(colon + 1);
    const std::string given_file = colon == std::string::npos ? "" : target.substr(0, colon);
    const auto file = from_user(given_file.empty() ? kYamlFile : given_file);
    const auto path = from_user(target);
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      const TrackedStage& stage = stages_[i];
      const bool is_named =
          !stage.is_data() && file && stage.file == file.value() && stage.stage->name == name;
      const bool is_file = path && stage.file == path.value();
      if (is_named || is_file) selected.push_back({i, ""});
    }
    if (selected.size() == before && path && options.recursive) {
      for (std::size_t i = 0; i < stages_.size(); ++i) {
        if (is_within(stages_[i].file, path.value())) selected.push_back({i, ""});
      }
      if (world_.files.is_folder(on_disk(path.value()))) continue;
    }
    if (selected.size() == before && path) {
      for (std::size_t i = 0; i < stages_.size(); ++i) {
        for (const TrackedOut& out : stages_[i].outs) {
          if (is_within(path.value(), out.path)) selected.push_back({i, path.value()});
        }
      }
    }
    if (selected.size() == before) {
      std::vector<std::string> names;
      for (const TrackedStage& stage : stages_) names.push_back(address(stage));
      const std::vector<std::string_view> known(names.begin(), names.end());
      return Error(ErrorCode::kNotFound, fmt::format("'{}' is no stage, no .dvc file and no tracked path{}",
                                                     target, did_you_mean(target, known)));
    }
  }
  if (options.with_deps) add_upstream(selected);
  return selected;
}

// ---- saving ----

Result<void> Repository::save(std::size_t index) {
  TrackedStage& stage = stages_[index];
  os::WriteOptions options;
  options.mode = 0666;
  if (stage.is_data()) {
    if (const auto status = world_.files.status(on_disk(stage.file))) options.mode = status.value().mode;
    const std::string text = to_text(stage.data);
    const auto present = world_.files.read(on_disk(stage.file));
    if (present && present.value() == text) return {};
    return world_.files.write(on_disk(stage.file), text, options);
  }
  const std::string folder = os::folder_of(stage.file);
  const std::string file = on_disk(os::joined(folder, kLockFile));
  if (const auto status = world_.files.status(file)) options.mode = status.value().mode;
  DvcLock& lock = locks_[folder];
  lock.put(stage.entry);
  return world_.files.write(file, to_text(lock), options);
}

}  // namespace starcast::pipeline
