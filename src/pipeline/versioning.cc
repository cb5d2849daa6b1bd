#include "pipeline/versioning.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

#include "core/strings.h"
#include "os/path.h"
#include "pipeline/remote.h"
#include "pipeline/run_cache.h"
#include "pipeline/stage_state.h"

namespace starcast::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kNamesShownMax = 20;

std::string names_text(const std::vector<std::string>& names) {
  std::vector<std::string> shown(
      names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kNamesShownMax)));
  std::string text = core::join(shown, "\n");
  if (names.size() > kNamesShownMax) text += fmt::format("\n… and {} more", names.size() - kNamesShownMax);
  return text;
}

// ---- add ----

// What a path is already: the stage that tracks it, or none.
Result<std::optional<std::size_t>> tracking_stage(const Repository& repository, const std::string& path) {
  for (std::size_t i = 0; i < repository.stages().size(); ++i) {
    const TrackedStage& stage = repository.stages()[i];
    for (const TrackedOut& out : stage.outs) {
      if (!is_within(path, out.path) && !is_within(out.path, path)) continue;
      const std::string address = repository.address(stage);
      if (!stage.is_data()) {
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("cannot update '{}': overlaps with an output of stage '{}' in '{}'; run the "
                                 "pipeline or use `commit` to update it",
                                 path, stage.stage->name, stage.file));
      }
      if (out.path == path) return std::optional<std::size_t>(i);
      if (is_within(path, out.path)) {
        return Error(ErrorCode::kUnsupported,
                     fmt::format("'{}' lies inside '{}', which {} tracks as a whole: add '{}' again", path,
                                 out.path, address, out.path));
      }
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("cannot add '{}': '{}' in it is tracked by {} on its own; remove that first",
                               path, out.path, address));
    }
  }
  return std::optional<std::size_t>();
}

Result<void> check_git(const Repository& repository, os::ProcessRunner& processes,
                       const std::vector<std::string>& paths) {
  if (!repository.git()) return {};
  os::Command command;
  command.arguments = {"git", "ls-files", "-z", "--"};
  for (const std::string& path : paths) command.arguments.push_back(":(literal)" + path);
  command.folder = repository.root();
  command.standard_output = os::Output::kCapture;
  command.standard_error = os::Output::kDiscard;
  const auto exit = processes.run(command);
  if (!exit) return {};  // no git on this machine: nobody to ask
  const std::string& listed = exit.value().output;
  if (exit.value().status != 0 || listed.empty()) return {};
  const std::string first = listed.substr(0, listed.find('\0'));
  return Error(
      ErrorCode::kAlreadyExists,
      fmt::format("output '{}' is already tracked by git: `git rm -r --cached '{}'` and a commit end "
                  "that",
                  first, first));
}

}  // namespace

Result<AddReport> add(Repository& repository, Cache& cache, os::ProcessRunner& processes,
                      const std::vector<std::string>& paths, AddOptions options) {
  const os::FileSystem& files = repository.world().files;
  std::vector<std::optional<std::size_t>> known;
  std::vector<std::string> unknown;
  for (const std::string& path : paths) {
    if (path.empty() || is_within(path, ".dvc") || path.ends_with(".dvc"))
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("'{}' cannot be tracked", path.empty() ? "." : path));
    if (!files.exists(repository.on_disk(path)))
      return Error(ErrorCode::kNotFound, fmt::format("output '{}' does not exist", path));
    known.push_back(TRY(tracking_stage(repository, path)));
    if (!known.back()) unknown.push_back(path);
  }
  if (!unknown.empty()) TRY(check_git(repository, processes, unknown));

  AddReport report;
  for (std::size_t i = 0; i < paths.size(); ++i) {
    const std::string& path = paths[i];
    LockedPath found = TRY(cache.identify(path));
    if (options.commit) TRY(options.relink ? cache.store_linked(found) : cache.store(found));
    std::size_t stage = repository.stages().size();
    if (known[i]) {
      stage = *known[i];
    } else {
      TrackedStage made;
      made.file = path + ".dvc";
      made.folder = os::folder_of(path);
      LockedPath out = found;
      out.path = os::name_of(path);
      made.data.outs.push_back(std::move(out));
      repository.stages().push_back(std::move(made));
    }
    TrackedStage& tracked = repository.stages()[stage];
    for (LockedPath& out : tracked.data.outs) {
      if (os::normalized(os::joined(tracked.folder, out.path)) != path) continue;
      const std::string name = out.path;
      out = found;
      out.path = name;
    }
    TrackedOut out;
    out.path = path;
    out.locked = found;
    if (!known[i]) tracked.outs.push_back(out);
    const std::string file = tracked.file;
    if (repository.git()) {
      TRY(repository.git()->ignore(path));
      const std::string ignore = os::joined(os::folder_of(path), ".gitignore");
      if (std::find(report.files.begin(), report.files.end(), ignore) == report.files.end() &&
          files.exists(repository.on_disk(ignore)))
        report.files.push_back(ignore);
    }
    TRY(repository.save(stage));
    report.files.push_back(file);
  }
  TRY(cache.save_state());
  return report;
}

// ---- checkout ----

namespace {

// Of a plan for a whole folder what lies within `path`.
CheckoutPlan within(CheckoutPlan plan, const std::string& path) {
  const auto is_outside = [&path](const std::string& file) { return !is_within(file, path); };
  plan.added = 0;
  plan.modified = 0;
  std::erase_if(plan.creates, [&](const CheckoutPlan::Step& step) { return is_outside(step.path); });
  for (const CheckoutPlan::Step& step : plan.creates) ++(step.replaces ? plan.modified : plan.added);
  std::erase_if(plan.deletes, is_outside);
  plan.deleted = plan.deletes.size();
  std::erase_if(plan.unsaved, is_outside);
  return plan;
}

}  // namespace

Result<CheckoutReport> checkout(Repository& repository, Cache& cache, const std::vector<Selected>& selected,
                                CheckoutOptions options) {
  CheckoutReport report;
  std::vector<CheckoutPlan> plans;
  std::set<std::string> seen;
  std::vector<std::string> unsaved;
  for (const Selected& one : selected) {
    for (const TrackedOut& out : repository.stages()[one.stage].outs) {
      const bool is_wanted = one.path.empty() || is_within(one.path, out.path);
      if (!is_wanted || !out.is_cached || !seen.insert(out.path).second) continue;
      const std::string shown = repository.shown(out.path);
      if (!out.locked || out.locked->legacy_hash) {
        report.failed.push_back(shown);
        continue;
      }
      auto plan = cache.plan_checkout(*out.locked, options.relink ? Cache::Relink::kYes : Cache::Relink::kNo);
      if (!plan && plan.error().code() == ErrorCode::kNotFound) {
        report.failed.push_back(shown);
        continue;
      }
      if (!plan) return std::move(plan).error();
      CheckoutPlan chosen = std::move(plan).value();
      if (!one.path.empty() && one.path != out.path) chosen = within(std::move(chosen), one.path);
      for (const std::string& path : chosen.unsaved) unsaved.push_back(repository.shown(path));
      plans.push_back(std::move(chosen));
    }
  }
  if (!unsaved.empty() && !options.force) {
    return Error(
        ErrorCode::kFailedPrecondition,
        fmt::format("these files are nowhere else and would be lost; -f removes them all the same:\n{}",
                    names_text(unsaved)));
  }
  for (const CheckoutPlan& plan : plans) {
    const bool is_new_folder = plan.is_new && plan.target.is_folder();
    if (plan.is_empty() && !plan.changes_mode && !is_new_folder) continue;
    TRY(cache.apply(plan));
    report.files_added += plan.added;
    report.files_modified += plan.modified;
    report.files_deleted += plan.deleted;
    const bool is_changed = plan.added + plan.modified + plan.deleted > 0 || is_new_folder;
    if (!is_changed) continue;  // linked again
    std::string shown = repository.shown(plan.target.path);
    if (plan.target.is_folder()) shown += "/";
    (plan.is_new ? report.added : report.modified).push_back(std::move(shown));
  }
  const auto by_kind = [](const std::string& a, const std::string& b) {
    return std::pair(!a.ends_with("/"), std::string_view(a)) <
           std::pair(!b.ends_with("/"), std::string_view(b));
  };
  std::sort(report.added.begin(), report.added.end(), by_kind);
  std::sort(report.modified.begin(), report.modified.end(), by_kind);
  TRY(cache.save_state());
  return report;
}

// ---- commit ----

namespace {

Error unconfirmed(const Repository& repository, const TrackedStage& stage, const std::string& what) {
  return Error(
      ErrorCode::kFailedPrecondition,
      fmt::format("unable to commit changed stage '{}': {}; -f does it", repository.address(stage), what));
}

Result<void> keep(const Repository& repository, Cache& cache, LockedPath found, const std::string& path) {
  found.path = path;
  TRY(cache.store_linked(found));
  if (repository.git()) TRY(repository.git()->ignore(path));
  return {};
}

Result<void> commit_data(Repository& repository, Cache& cache, std::size_t index, Accept accept) {
  TrackedStage& stage = repository.stages()[index];
  std::vector<LockedPath> found;
  for (std::size_t i = 0; i < stage.outs.size(); ++i) {
    LockedPath now = TRY(cache.identify(stage.outs[i].path));
    const bool is_same = stage.outs[i].locked && stage.outs[i].locked->md5 == now.md5;
    if (!is_same && accept == Accept::kUnchanged)
      return unconfirmed(repository, stage, fmt::format("'{}' changed", stage.outs[i].path));
    found.push_back(std::move(now));
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    TRY(keep(repository, cache, found[i], stage.outs[i].path));
    stage.outs[i].locked = found[i];
    found[i].path = stage.data.outs[i].path;
    stage.data.outs[i] = found[i];
  }
  return repository.save(index);
}

Result<void> commit_stage(Repository& repository, Cache& cache, StageState& state, std::size_t index,
                          Accept accept) {
  TrackedStage& tracked = repository.stages()[index];
  const Stage& stage = *tracked.stage;
  LockedStage entry = TRY(state.inputs(stage));
  TRY(state.add_outs(stage, entry));
  LockedStage known = tracked.entry;
  known.as_read.reset();
  const bool is_same = tracked.is_recorded && to_json(known) == to_json(entry);
  if (!is_same && accept == Accept::kUnchanged)
    return unconfirmed(repository, tracked, "its command, deps, params or outs changed");
  for (const TrackedOut& out : tracked.outs) {
    if (!out.is_cached) continue;
    const LockedPath found = TRY(cache.identify(out.path));
    TRY(keep(repository, cache, found, out.path));
  }
  if (is_same) return {};
  if (is_rememberable(stage, entry) && !has_uncached_out(stage)) {
    // Metrics and plots that git keeps are cached too, so that the run can be restored whole.
    for (const TrackedOut& out : tracked.outs) {
      if (out.is_cached) continue;
      const LockedPath found = TRY(cache.identify(out.path));
      TRY(cache.store(found));
    }
    RunCache runs(repository.world().files, repository.on_disk(repository.config().cache_folder));
    TRY(runs.save(entry));
  }
  tracked.entry = std::move(entry);
  tracked.is_recorded = true;
  return repository.save(index);
}

}  // namespace

Result<void> commit(Repository& repository, Cache& cache, const std::vector<Selected>& selected,
                    Accept accept) {
  StageState state(repository.world().files, repository.root(), repository.absolute_root(), cache);
  for (const Selected& one : selected) {
    TRY(repository.stages()[one.stage].is_data() ? commit_data(repository, cache, one.stage, accept)
                                                 : commit_stage(repository, cache, state, one.stage, accept));
  }
  return cache.save_state();
}

// ---- gc, remove ----

Result<GcReport> collect_garbage(Repository& repository, Cache& cache, bool dry) {
  os::FileSystem& files = repository.world().files;
  std::unordered_set<std::string> used;
  const std::vector<Selected> all = TRY(repository.select({}));
  for (const LockedPath& out : recorded_outs(repository, all)) {
    used.insert(out.md5);
    if (!out.is_folder() || !cache.holds_object(out.md5)) continue;
    const auto entries = TRY(cache.entries_of(out.md5));
    for (const Cache::Entry& entry : entries) used.insert(entry.md5);
  }
  GcReport report;
  const std::string top = os::folder_of(os::folder_of(cache.object_path("00x")));
  const auto folders = files.list(top);
  if (!folders && folders.error().code() == ErrorCode::kNotFound) return report;
  if (!folders) return folders.error();
  for (const os::FolderEntry& folder : folders.value()) {
    if (folder.kind != os::FileKind::kFolder || folder.name.size() != 2) continue;
    const std::string path = os::joined(top, folder.name);
    const auto listed = TRY(files.list(path));
    for (const os::FolderEntry& object : listed) {
      const bool is_object =
          object.name.size() == 30 || (object.name.size() == 34 && object.name.ends_with(".dir"));
      if (!is_object || used.count(folder.name + object.name) > 0) continue;
      const std::string whole = os::joined(path, object.name);
      if (const auto status = files.status(whole)) report.bytes += status.value().size_bytes;
      ++report.objects;
      if (!dry) TRY(files.remove(whole));
    }
  }
  return report;
}

Result<void> remove_tracking(Repository& repository, const std::vector<Selected>& selected, bool with_outs) {
  for (const Selected& one : selected) {
    const TrackedStage& stage = repository.stages()[one.stage];
    if (!stage.is_data()) {
      return Error(ErrorCode::kUnsupported, fmt::format("stage '{}' of {} is not removed yet: edit the file",
                                                        stage.stage->name, stage.file));
    }
  }
  for (const Selected& one : selected) {
    const TrackedStage& stage = repository.stages()[one.stage];
    for (const TrackedOut& out : stage.outs) {
      if (repository.git()) TRY(repository.git()->unignore(out.path));
      if (with_outs) TRY(repository.world().files.remove(repository.on_disk(out.path)));
    }
    TRY(repository.world().files.remove(repository.on_disk(stage.file)));
  }
  return {};
}

}  // namespace starcast::pipeline
