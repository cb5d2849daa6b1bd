#include "pipeline/repro.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "core/strings.h"
#include "os/path.h"
#include "pipeline/cache.h"
#include "pipeline/dvc_file.h"
#include "pipeline/dvc_lock.h"
#include "pipeline/dvc_yaml.h"
#include "pipeline/fields.h"
#include "pipeline/graph.h"
#include "pipeline/run_cache.h"
#include "pipeline/stage_state.h"
#include "pipeline/workspace.h"

namespace starcast::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr const char* kYamlFile = "dvc.yaml";
constexpr const char* kLockFile = "dvc.lock";
constexpr int kRelockRounds = 20;  // of about three seconds: a long run is not lost to a short `dvc status`

// A .dvc file among the nodes.
struct Tracked {
  std::string path;    // of the .dvc file, from the root
  std::string folder;  // of its outs
  DvcFile file;
};

// Everything that is known before the first stage is looked at.
struct Project {
  WorkspaceConfig config;
  DvcYaml yaml;
  std::vector<Tracked> tracked;  // nodes after those of dvc.yaml's stages
  Graph graph;
};

std::string out_path(const Tracked& tracked, const LockedPath& out) {
  return os::normalized(os::joined(tracked.folder, out.path));
}

std::string graph_path(const Stage& stage, const std::string& path, const std::string& absolute_root) {
  return path_from_folder(stage, recorded_path(stage, path, absolute_root));
}

// ---- loading ----

// Finds the .dvc files that can matter: those in the folders above a dep or out, and those inside a dep that
// is a folder.
class TrackedFinder {
 public:
  TrackedFinder(const os::FileSystem& files, std::string root, const std::vector<GraphNode>& stages)
      : files_(files), root_(std::move(root)), stages_(stages) {}

  Result<std::vector<Tracked>> find() {
    for (const GraphNode& stage : stages_) {
      for (const std::string& dep : stage.deps) {
        if (!os::stays_inside(dep)) continue;
        TRY(look_above(dep));
        if (files_.is_folder(os::joined(root_, dep))) TRY(look_inside(dep));
      }
      for (const GraphNode::Out& out : stage.outs) {
        if (os::stays_inside(out.path)) TRY(look_above(out.path));
      }
    }
    std::sort(found_.begin(), found_.end(),
              [](const Tracked& a, const Tracked& b) { return a.path < b.path; });
    return std::move(found_);
  }

 private:
  Result<void> look_above(const std::string& path) {
    std::string folder = os::folder_of(path);
    while (true) {
      TRY(look_at(folder));
      if (folder.empty()) return {};
      folder = os::folder_of(folder);
    }
  }

  Result<void> look_inside(const std::string& folder) {
    TRY(look_at(folder));
    const auto listed = TRY(files_.list(os::joined(root_, folder)));
    for (const os::FolderEntry& entry : listed) {
      if (entry.kind != os::FileKind::kFolder || entry.name == ".git" || entry.name == ".dvc") continue;
      TRY(look_inside(folder + "/" + entry.name));
    }
    return {};
  }

  Result<void> look_at(const std::string& folder) {
    if (!seen_.insert(folder).second) return {};
    const auto listed = files_.list(os::joined(root_, folder));
    if (!listed) return {};  // the folder of an out that a command will make
    for (const os::FolderEntry& entry : listed.value()) {
      if (entry.kind == os::FileKind::kFolder) continue;
      const std::string path = folder.empty() ? entry.name : folder + "/" + entry.name;
      if (entry.name == kYamlFile && !folder.empty()) TRY(check_other_pipeline(path));
      if (!entry.name.ends_with(".dvc") || entry.name == ".dvc") continue;
      Tracked tracked;
      tracked.path = path;
      tracked.file = TRY(load_dvc_file(files_, os::joined(root_, path), path));
      tracked.folder = os::joined(folder, tracked.file.wdir);
      found_.push_back(std::move(tracked));
    }
    return {};
  }

  // A second dvc.yaml counts only when it makes what a stage of the first one reads.
  Result<void> check_other_pipeline(const std::string& path) {
    const DvcYaml other = TRY(load_dvc_yaml(files_, os::joined(root_, path), path));
    const std::string folder = os::folder_of(path);
    for (const Stage& maker : other.stages) {
      for (const Out& out : maker.outs) {
        const std::string made = os::normalized(os::joined(folder, path_from_folder(maker, out.path)));
        for (const GraphNode& stage : stages_) {
          for (const std::string& dep : stage.deps) {
            if (dep != made && !dep.starts_with(made + "/") && !made.starts_with(dep + "/")) continue;
            return Error(
                ErrorCode::kUnsupported,
                fmt::format(
                    "{}: '{}' reads '{}', which '{}' makes ({}:{}); only one dvc.yaml is supported yet",
                    stage.where, stage.name, dep, maker.name, path, out.line));
          }
        }
      }
    }
    return {};
  }

  const os::FileSystem& files_;
  std::string root_;
  const std::vector<GraphNode>& stages_;
  std::set<std::string> seen_;
  std::vector<Tracked> found_;
};

GraphNode node_of(const Stage& stage, const std::string& absolute_root) {
  GraphNode node;
  node.name = stage.name;
  node.where = fmt::format("{}:{}", kYamlFile, stage.line);
  node.file = kYamlFile;
  node.frozen = stage.frozen;
  for (const std::string& dep : stage.deps) node.deps.push_back(graph_path(stage, dep, absolute_root));
  for (const ParamsDep& dep : stage.params) node.deps.push_back(graph_path(stage, dep.file, absolute_root));
  for (const Out& out : stage.outs) {
    node.outs.push_back(
        {graph_path(stage, out.path, absolute_root), fmt::format("{}:{}", kYamlFile, out.line)});
  }
  return node;
}

Result<Project> load_project(os::FileSystem& files, const std::string& root, const std::string& absolute_root,
                             const os::Environment& environment) {
  Project project;
  project.config = TRY(load_config(files, root, environment));
  const std::string yaml = os::joined(root, kYamlFile);
  if (!files.exists(yaml)) return Error(ErrorCode::kNotFound, fmt::format("there is no '{}'", yaml));
  project.yaml = TRY(load_dvc_yaml(files, yaml, kYamlFile));
  std::vector<GraphNode> nodes;
  for (const Stage& stage : project.yaml.stages) nodes.push_back(node_of(stage, absolute_root));
  TrackedFinder finder(files, root, nodes);
  project.tracked = TRY(finder.find());
  for (const Tracked& tracked : project.tracked) {
    GraphNode node;
    node.name = tracked.path;
    node.where = tracked.path;
    node.file = tracked.path;
    for (const LockedPath& out : tracked.file.outs)
      node.outs.push_back({out_path(tracked, out), tracked.path});
    nodes.push_back(std::move(node));
  }
  project.graph = TRY(Graph::build(std::move(nodes)));
  return project;
}

Result<std::vector<std::size_t>> find_targets(const Project& project,
                                              const std::vector<std::string>& targets) {
  const std::vector<GraphNode>& nodes = project.graph.nodes();
  std::vector<std::size_t> found;
  for (const std::string& target : targets) {
    if (target == kYamlFile) {
      for (std::size_t node = 0; node < project.yaml.stages.size(); ++node) found.push_back(node);
      continue;
    }
    std::string name = target;
    for (const std::string_view prefix : {"dvc.yaml:", ":"}) {
      if (!name.starts_with(prefix)) continue;
      name.erase(0, prefix.size());
      break;
    }
    const std::string path = os::normalized(target);
    const auto node = std::find_if(nodes.begin(), nodes.end(), [&](const GraphNode& candidate) {
      const bool makes = std::any_of(candidate.outs.begin(), candidate.outs.end(),
                                     [&path](const GraphNode::Out& out) { return out.path == path; });
      return candidate.name == name || candidate.name == path || makes;
    });
    if (node == nodes.end()) {
      std::vector<std::string_view> names;
      for (const GraphNode& known : nodes) names.push_back(known.name);
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{} has no stage '{}'{}", kYamlFile, target, did_you_mean(target, names)));
    }
    found.push_back(static_cast<std::size_t>(node - nodes.begin()));
  }
  return found;
}

// ---- running ----

// DVC 3.2 item 4: the user's shell without its start-up files.
std::vector<std::string> shell_command(const std::string& call, const os::Environment& environment) {
  std::string shell = environment.find("SHELL").value_or("");
  if (shell.empty()) shell = "/bin/sh";
  const std::string name = core::ascii_lower(os::name_of(shell));
  std::vector<std::string> arguments{shell};
  if (name == "bash") arguments.insert(arguments.end(), {"--noprofile", "--norc"});
  if (name == "zsh") arguments.emplace_back("--no-rcs");
  arguments.insert(arguments.end(), {"-c", call});
  return arguments;
}

// DVC refuses metrics that are no text: a NUL, or over 30 % control or high bytes, in the first 512.
bool looks_like_text(std::string_view bytes) {
  const std::string_view head = bytes.substr(0, 512);
  if (head.empty()) return true;
  if (head.find('\0') != std::string_view::npos) return false;
  const auto is_other = [](char byte) {
    return !(byte >= 32 && byte <= 126) &&
           std::string_view("\n\r\t\f\b").find(byte) == std::string_view::npos;
  };
  const auto others = static_cast<std::size_t>(std::count_if(head.begin(), head.end(), is_other));
  return others * 10 <= head.size() * 3;
}

class Runner {
 public:
  Runner(const ReproOptions& options, os::FileSystem& files, os::ProcessRunner& processes,
         const os::Environment& environment, ReproObserver& observer, Project project,
         std::shared_ptr<void> lock)
      : options_(options),
        files_(files),
        processes_(processes),
        environment_(environment),
        observer_(observer),
        project_(std::move(project)),
        lock_(std::move(lock)),
        absolute_root_(absolute_folder(files, options.root)),
        cache_(files, options.root, project_.config.cache_folder, *options.clock),
        run_cache_(files, os::joined(options.root, project_.config.cache_folder)),
        state_(files, options.root, absolute_root_, cache_),
        path_locks_(files, os::joined(options.root, ".dvc/tmp"), options.take_lock, "starcast repro") {
    if (!project_.config.no_scm) git_ = GitIgnore::find(files, options.root, environment);
  }

  Result<ReproReport> run() {
    const std::vector<std::size_t> targets = TRY(find_targets(project_, options_.targets));
    const std::vector<std::size_t> steps = project_.graph.plan(targets);
    TRY(reload_lock());
    ReproReport report;
    for (std::size_t index = 0; index < steps.size(); ++index) {
      const Place place{index + 1, steps.size()};
      const std::size_t stages = project_.yaml.stages.size();
      auto done = steps[index] < stages ? run_stage(steps[index], place)
                                        : check_tracked(project_.tracked[steps[index] - stages], place);
      // What was hashed serves the next call, whatever became of this one.
      const auto saved = cache_.save_state();
      if (!done) return std::move(done).error();
      if (!saved) return saved.error();
      report.stages.push_back(std::move(done).value());
    }
    return report;
  }

 private:
  struct Place {
    std::size_t index = 0;
    std::size_t count = 0;
  };

  Result<StageReport> run_stage(std::size_t node, Place place);
  Result<StageReport> check_tracked(Tracked& tracked, Place place);
  Result<void> run_commands(const Stage& stage, StageReport& report);
  Result<void> run_call(const Stage& stage, const std::string& call, StageReport& report);
  Result<void> remove_outs(const Stage& stage);
  enum class Restored { kNo, kYes };
  Result<Restored> restore(const Stage& stage, const LockedStage* locked, const LockedStage& inputs);
  Result<void> record(const Stage& stage);
  Result<void> save_run(const Stage& stage, const LockedStage& entry, const std::vector<LockedPath>& outs);
  Result<void> check_metrics(const Stage& stage, const LockedStage& entry);
  Result<void> reload_lock();
  Result<void> relock(const Stage& stage);
  Result<void> write_lock();
  std::vector<std::string> absolute(const std::vector<std::string>& paths) const;

  const ReproOptions& options_;
  os::FileSystem& files_;
  os::ProcessRunner& processes_;
  const os::Environment& environment_;
  ReproObserver& observer_;
  Project project_;
  std::shared_ptr<void> lock_;
  std::string absolute_root_;
  Cache cache_;
  RunCache run_cache_;
  StageState state_;
  PathLocks path_locks_;
  std::optional<GitIgnore> git_;
  DvcLock locked_;
  std::optional<os::FileStatus> lock_status_;  // of dvc.lock when it was read or written
  std::set<std::size_t> dry_run_;              // nodes that would run
};

std::vector<std::string> Runner::absolute(const std::vector<std::string>& paths) const {
  std::vector<std::string> out;
  for (const std::string& path : paths) out.push_back(os::normalized(os::joined(absolute_root_, path)));
  return out;
}

Result<void> Runner::reload_lock() {
  const std::string path = os::joined(options_.root, kLockFile);
  const auto status = files_.status(path);
  const bool is_same = status && lock_status_ && status.value().modified_ns == lock_status_->modified_ns &&
                       status.value().inode == lock_status_->inode &&
                       status.value().size_bytes == lock_status_->size_bytes;
  if (is_same) return {};
  locked_ = TRY(load_dvc_lock(files_, path, kLockFile));
  lock_status_.reset();
  if (status) lock_status_ = status.value();
  return {};
}

Result<void> Runner::write_lock() {
  const std::string path = os::joined(options_.root, kLockFile);
  os::WriteOptions options;
  options.mode = lock_status_ ? lock_status_->mode : 0666;
  TRY(files_.write(path, to_text(locked_), options));
  lock_status_ = TRY(files_.status(path));
  return {};
}

Result<void> Runner::relock(const Stage& stage) {
  for (int round = 1;; ++round) {
    auto lock = options_.take_lock(os::joined(options_.root, ".dvc/tmp/lock"));
    if (lock) {
      lock_ = std::move(lock).value();
      return {};
    }
    if (lock.error().code() != ErrorCode::kUnavailable || round == kRelockRounds) {
      return std::move(lock).error().with_context(
          fmt::format("{} ran, but cannot be recorded", title_of(stage)));
    }
  }
}

Result<StageReport> Runner::run_stage(std::size_t node, Place place) {
  const Stage& stage = project_.yaml.stages[node];
  StageReport report;
  report.name = stage.name;
  const std::vector<std::string> deps = absolute(project_.graph.nodes()[node].deps);
  std::vector<std::string> outs;
  for (const GraphNode::Out& out : project_.graph.nodes()[node].outs) outs.push_back(out.path);
  outs = absolute(outs);
  TRY(path_locks_.check(deps, outs));

  const LockedStage* const locked = locked_.find(stage.name);
  report.reasons = TRY(state_.reasons(stage, locked));
  if (options_.force == Force::kYes && report.reasons.empty()) report.reasons.emplace_back("forced");
  if (options_.dry == Dry::kYes) {
    for (const std::size_t above : project_.graph.upstream(node)) {
      const bool is_above = !stage.frozen && dry_run_.count(above) > 0;
      if (is_above)
        report.reasons.push_back(fmt::format("'{}' would run before it", project_.graph.nodes()[above].name));
    }
  }
  if (report.reasons.empty()) {
    observer_.stage_unchanged(stage.name);
    return report;
  }
  report.outcome = StageOutcome::kRan;
  if (options_.dry == Dry::kYes) {
    dry_run_.insert(node);
    observer_.stage_starts(stage.name, report.reasons, shell_calls(stage), place.index, place.count);
    return report;
  }

  if (stage.frozen) {
    // DVC runs nothing then: it takes the outs as they are.
    observer_.stage_starts(stage.name, report.reasons, {}, place.index, place.count);
    TRY(record(stage));
    observer_.stage_done(report);
    return report;
  }

  // Whatever is missing is found out before anything is removed.
  const LockedStage inputs = TRY(state_.inputs(stage));
  if (options_.force == Force::kNo && TRY(restore(stage, locked, inputs)) == Restored::kYes) {
    report.outcome = StageOutcome::kRestored;
    TRY(record(stage));
    observer_.stage_restored(stage.name);
    return report;
  }
  const std::string folder = os::joined(options_.root, stage.wdir);
  if (!files_.is_folder(folder)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("{}: its wdir '{}' is no folder", title_of(stage), stage.wdir));
  }
  observer_.stage_starts(stage.name, report.reasons, shell_calls(stage), place.index, place.count);
  TRY(path_locks_.hold(deps, outs));
  TRY(remove_outs(stage));
  lock_.reset();
  const auto ran = run_commands(stage, report);
  state_.forget();
  if (!ran) {
    static_cast<void>(path_locks_.release());
    return ran.error();
  }
  TRY(relock(stage));
  TRY(path_locks_.release());
  TRY(reload_lock());
  TRY(record(stage));
  observer_.stage_done(report);
  return report;
}

Result<void> Runner::remove_outs(const Stage& stage) {
  for (const Out& out : stage.outs) {
    const std::string path = os::joined(options_.root, path_from_folder(stage, out.path));
    if (!out.persist) {
      TRY(files_.remove(path));
      continue;
    }
    // A persistent out stays; a link into the cache would be written through.
    const auto status = files_.link_status(path);
    if (!status || status.value().kind != os::FileKind::kLink || files_.is_folder(path)) continue;
    const std::string target = TRY(files_.read_link(path));
    const std::string from = os::joined(os::folder_of(path), target);
    TRY(files_.remove(path));
    TRY(files_.copy(from, path, {0666, false}));
  }
  return {};
}

Result<void> Runner::run_commands(const Stage& stage, StageReport& report) {
  for (const std::string& call : shell_calls(stage)) TRY(run_call(stage, call, report));
  return {};
}

Result<void> Runner::run_call(const Stage& stage, const std::string& call, StageReport& report) {
  os::Command command;
  command.arguments = shell_command(call, environment_);
  command.folder = os::joined(options_.root, stage.wdir);
  command.environment = options_.environment;
  if (!environment_.find("DVC_ROOT")) command.environment["DVC_ROOT"] = absolute_root_;
  command.environment["DVC_STAGE"] = stage.name;
  command.inherit_input = true;
  auto exit = processes_.run(command);
  if (!exit) return std::move(exit).error().with_context(title_of(stage));
  report.seconds += exit.value().seconds;
  report.memory_peak_bytes = std::max(report.memory_peak_bytes, exit.value().memory_peak_bytes);
  if (exit.value().status == 0) return {};
  return Error(ErrorCode::kFailedPrecondition, fmt::format("{} failed: `{}` ended with status {}",
                                                           title_of(stage), call, exit.value().status));
}

Result<Runner::Restored> Runner::restore(const Stage& stage, const LockedStage* locked,
                                         const LockedStage& inputs) {
  if (!is_rememberable(stage, inputs)) return Restored::kNo;
  std::optional<LockedStage> run;
  bool is_locked = locked != nullptr;
  if (is_locked) {
    const std::vector<std::string> changed = TRY(state_.changed_inputs(stage, *locked));
    is_locked = changed.empty();
    for (const Out& out : stage.outs) {
      const LockedPath* const known = locked->find_out(recorded_path(stage, out.path, absolute_root_));
      is_locked = is_locked && known != nullptr && !known->md5.empty() && !known->legacy_hash;
    }
  }
  if (is_locked) {
    run = *locked;
  } else {
    LockedStage key = inputs;
    for (const Out& out : stage.outs)
      key.outs.push_back({recorded_path(stage, out.path, absolute_root_), {}, 0, {}, false, false});
    std::sort(key.outs.begin(), key.outs.end(),
              [](const LockedPath& a, const LockedPath& b) { return a.path < b.path; });
    run = run_cache_.find(run_key(key));
  }
  if (!run) return Restored::kNo;
  std::vector<LockedPath> outs;
  for (const Out& out : stage.outs) {
    const LockedPath* const known = run->find_out(recorded_path(stage, out.path, absolute_root_));
    if (known == nullptr || !cache_.holds(*known)) return Restored::kNo;
    outs.push_back(*known);
    outs.back().path = path_from_folder(stage, out.path);
  }
  for (const LockedPath& out : outs) TRY(cache_.checkout(out));
  return Restored::kYes;
}

Result<void> Runner::check_metrics(const Stage& stage, const LockedStage& entry) {
  for (const Out& out : stage.outs) {
    const std::string path = path_from_folder(stage, out.path);
    const LockedPath* const made = entry.find_out(recorded_path(stage, out.path, absolute_root_));
    if (made != nullptr && made->size == 0) observer_.warning(fmt::format("'{}' is empty", path));
    if (out.kind != OutKind::kMetrics || (made != nullptr && made->is_folder())) continue;
    const std::string bytes = TRY(files_.read(os::joined(options_.root, path)));
    if (looks_like_text(bytes)) continue;
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("dvc.yaml:{}: stage '{}': the metrics file '{}' is not text", out.line,
                             stage.name, path));
  }
  return {};
}

// What the stage made becomes known: .gitignore, cache, run cache, dvc.lock.
Result<void> Runner::record(const Stage& stage) {
  LockedStage entry = TRY(state_.inputs(stage));
  TRY(state_.add_outs(stage, entry));
  TRY(check_metrics(stage, entry));
  std::vector<LockedPath> outs;  // in dvc.yaml's order, seen from the root
  for (const Out& out : stage.outs) {
    const LockedPath* const made = entry.find_out(recorded_path(stage, out.path, absolute_root_));
    LockedPath placed = *made;
    placed.path = path_from_folder(stage, out.path);
    outs.push_back(std::move(placed));
  }
  for (std::size_t i = 0; i < outs.size(); ++i) {
    if (!stage.outs[i].cache) continue;
    if (git_) TRY(git_->ignore(outs[i].path));
    TRY(cache_.store(outs[i]));
  }
  TRY(save_run(stage, entry, outs));
  locked_.put(std::move(entry));
  return write_lock();
}

Result<void> Runner::save_run(const Stage& stage, const LockedStage& entry,
                              const std::vector<LockedPath>& outs) {
  if (has_uncached_out(stage) || !is_rememberable(stage, entry)) return {};
  // Metrics and plots that git keeps are cached too, so that a run can be restored whole.
  for (std::size_t i = 0; i < outs.size(); ++i) {
    if (!stage.outs[i].cache) TRY(cache_.store(outs[i]));
  }
  return run_cache_.save(entry);
}

Result<StageReport> Runner::check_tracked(Tracked& tracked, Place place) {
  StageReport report;
  report.name = tracked.path;
  for (const LockedPath& out : tracked.file.outs) {
    const std::string path = out_path(tracked, out);
    std::string reason = TRY(state_.difference(out, path, true));
    if (!reason.empty()) report.reasons.push_back(std::move(reason));
    if (files_.exists(os::joined(options_.root, path))) continue;
    LockedPath in_cache = out;
    return Error(
        ErrorCode::kNotFound,
        cache_.holds(in_cache)
            ? fmt::format("'{}' is missing but in the cache: `dvc checkout {}` brings it back", path,
                          tracked.path)
            : fmt::format(
                  "'{}' ({}) is missing and not in the cache: `starcast data fetch` or `dvc pull` brings it",
                  path, tracked.path));
  }
  if (report.reasons.empty()) {
    observer_.stage_unchanged(tracked.path);
    return report;
  }
  if (tracked.file.is_import) {
    return Error(ErrorCode::kUnsupported,
                 fmt::format("{}: {}; imported data is not updated yet", tracked.path, report.reasons[0]));
  }
  report.outcome = StageOutcome::kRan;
  observer_.stage_starts(tracked.path, report.reasons, {}, place.index, place.count);
  if (options_.dry == Dry::kYes) return report;
  for (LockedPath& out : tracked.file.outs) {
    const std::string path = out_path(tracked, out);
    LockedPath now = TRY(cache_.identify(path));
    if (git_) TRY(git_->ignore(path));
    TRY(cache_.store(now));
    now.path = out.path;
    out = std::move(now);
  }
  TRY(files_.write(os::joined(options_.root, tracked.path), to_text(tracked.file), {0666, true}));
  observer_.stage_done(report);
  return report;
}

}  // namespace

Result<ReproReport> repro(const ReproOptions& options, os::FileSystem& files, os::ProcessRunner& processes,
                          const os::Environment& environment, ReproObserver& observer) {
  const WorkspaceConfig config = TRY(load_config(files, options.root, environment));
  static_cast<void>(config);
  std::shared_ptr<void> lock = TRY(options.take_lock(os::joined(options.root, ".dvc/tmp/lock")));
  Project project = TRY(load_project(files, options.root, absolute_folder(files, options.root), environment));
  Runner runner(options, files, processes, environment, observer, std::move(project), std::move(lock));
  return runner.run();
}

}  // namespace starcast::pipeline
