#include "cli/session.h"
#include "core/strings.h"
#include "os/path.h"
#include "pipeline/remote.h"
#include "pipeline/repository.h"
#include "pipeline/status.h"
#include "pipeline/versioning.h"

namespace starcast::cli {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using pipeline::Cache;
using pipeline::LocalRemote;
using pipeline::Repository;
using pipeline::Selected;

namespace {

// DVC's own: what these commands report as their failure, where they do not leave it to its main program.
constexpr int kDvcCommandFailed = 1;

Result<Repository> open_repository(Session& session, int failure) {
  const app::Context& context = session.context();
  const auto root = pipeline::find_root(context.files);
  if (!root) {
    session.failure_status = kDvcNoRepository;
    return Error(ErrorCode::kFailedPrecondition,
                 "you are not inside of a DVC repository: there is no .dvc folder here or above");
  }
  const pipeline::ConfigFiles config(context.files, context.environment, *root);
  session.failure_status = kDvcBadConfig;
  TRY(config.merged());
  session.failure_status.reset();
  const pipeline::RepositoryWorld world{context.files, context.environment, context.clock};
  auto opened = Repository::open(world, *root);
  if (failure != 0) session.failure_status = failure;
  return opened;
}

// What many of these commands take.
struct TargetOptions {
  std::vector<std::string> targets;
  pipeline::TargetOptions selection;
  std::string remote;
  std::size_t jobs = 0;
};

void add_targets(CLI::App& command, TargetOptions& options) {
  command.add_option("targets", options.targets, "stages, .dvc files, tracked paths (default: all)")
      ->type_name("TARGET");
  command.add_flag("-d,--with-deps", options.selection.with_deps, "also what they need");
  command.add_flag("-R,--recursive", options.selection.recursive, "folders mean the stages in them");
}

void add_remote_options(CLI::App& command, TargetOptions& options) {
  command.add_option("-r,--remote", options.remote, "this remote (default: the default one)")
      ->type_name("NAME");
  command.add_option("-j,--jobs", options.jobs, "accepted as DVC's; STARCAST_THREADS sets the threads")
      ->type_name("N");
}

// "1 file fetched and 2 files added", or nothing.
std::string summary(const std::vector<std::pair<std::string_view, std::size_t>>& counts) {
  std::vector<std::string> parts;
  for (const auto& [what, count] : counts) {
    if (count > 0) parts.push_back(fmt::format("{} file{} {}", count, count > 1 ? "s" : "", what));
  }
  if (parts.empty()) return {};
  const std::string last = parts.back();
  parts.pop_back();
  return parts.empty() ? last : fmt::format("{} and {}", core::join(parts, ", "), last);
}

// ---- status ----

struct StatusOptions : TargetOptions {
  bool cloud = false;
  bool no_updates = false;
};

void show(Session& session, const Json& status, int indent) {
  const std::string tabs(static_cast<std::size_t>(indent), '\t');
  if (const auto* const text = std::get_if<std::string>(&status.value())) {
    session.print_line("{}{}", tabs, *text);
  } else if (const auto* const items = std::get_if<JsonArray>(&status.value())) {
    for (const Json& item : *items) show(session, item, indent);
  } else if (const auto* const members = std::get_if<JsonObject>(&status.value())) {
    for (const auto& [key, value] : *members) {
      if (const auto* const state = std::get_if<std::string>(&value.value())) {
        session.print_line("{}{:<20}{}", tabs, *state + ":", key);
      } else {
        session.print_line("{}{}:", tabs, key);
        show(session, value, indent + 1);
      }
    }
  }
}

Result<void> show_status(Session& session, const Repository& repository, const JsonObject& status,
                         const std::string& remote) {
  if (session.json) {
    session.print_line("{}", pipeline::python_text(Json(status)));
    return {};
  }
  if (session.quiet) {
    if (status.empty()) return {};
    session.failure_status = kDvcCommandFailed;
    return Error(ErrorCode::kFailedPrecondition, "");
  }
  if (!status.empty()) {
    show(session, Json(status), remote.empty() ? 0 : 1);
  } else if (repository.stages().empty()) {
    session.print_line("There are no data or pipelines tracked in this project yet.");
  } else if (!remote.empty()) {
    session.print_line("Cache and remote '{}' are in sync.", remote);
  } else {
    session.print_line("Data and pipelines are up to date.");
  }
  return {};
}

Result<void> run_status(Session& session, const StatusOptions& options) {
  Repository repository = TRY(open_repository(session, kDvcCommandFailed));
  Cache cache = repository.cache();
  const std::vector<Selected> selected = TRY(repository.select(options.targets, options.selection));
  if (options.cloud || !options.remote.empty()) {
    LocalRemote remote = TRY(LocalRemote::find(repository, options.remote));
    const auto states = TRY(remote.compare(cache, pipeline::recorded_outs(repository, selected)));
    JsonObject status;
    for (const std::string_view wanted : {"deleted", "new", "missing"}) {
      for (const pipeline::CloudState& one : states) {
        if (one.state == wanted) status.emplace_back(repository.shown(one.path), one.state);
      }
    }
    return show_status(session, repository, status, remote.name());
  }
  std::vector<std::string> frozen;
  const JsonObject status = TRY(pipeline::status_of(repository, cache, selected, frozen));
  TRY(cache.save_state());
  for (const std::string& stage : frozen) {
    session.context().log.warning("stage '{}' is frozen: its dependencies are not looked at", stage);
  }
  return show_status(session, repository, status, "");
}

// ---- add, checkout, commit ----

struct AddCommandOptions {
  std::vector<std::string> targets;
  bool no_commit = false;
  bool no_relink = false;
  bool force = false;
};

Result<void> run_add(Session& session, const AddCommandOptions& options) {
  Repository repository = TRY(open_repository(session, kDvcCommandFailed));
  Cache cache = repository.cache();
  std::vector<std::string> paths;
  for (const std::string& target : options.targets) {
    std::string path = TRY(repository.from_user(target));
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(std::move(path));
  }
  const pipeline::AddReport report = TRY(pipeline::add(repository, cache, session.context().processes, paths,
                                                       {!options.no_commit, !options.no_relink}));
  if (!repository.git()) return {};
  std::string names;
  for (const std::string& file : report.files) names += " " + repository.shown(file);
  if (pipeline::is_true(repository.config().all.value("core", "autostage").value_or(""))) {
    os::Command command;
    command.arguments = {"git", "add", "--"};
    for (const std::string& file : report.files) command.arguments.push_back(file);
    command.folder = repository.root();
    const os::Exit exit = TRY(session.context().processes.run(command));
    if (exit.status != 0) return Error(ErrorCode::kFailedPrecondition, "`git add` failed");
    return {};
  }
  if (session.quiet || session.json) return {};
  session.print_line("\nTo track the changes with git, run:\n\n\tgit add{}\n", names);
  session.print_line("To enable auto staging, run:\n\n\tstarcast config core.autostage true");
  return {};
}

struct CheckoutCommandOptions : TargetOptions {
  bool summary = false;
  bool force = false;
  bool relink = false;
  bool allow_missing = false;
};

void print_changes(Session& session, const pipeline::CheckoutReport& report) {
  for (const std::string& path : report.modified) session.print_line("M\t{}", path);
  for (const std::string& path : report.added) session.print_line("A\t{}", path);
  for (const std::string& path : report.deleted) session.print_line("D\t{}", path);
}

Result<void> check_failed(const pipeline::CheckoutReport& report, bool allow_missing) {
  if (report.failed.empty() || allow_missing) return {};
  return Error(ErrorCode::kNotFound,
               fmt::format("checkout failed for these targets, which are not in the cache (or not recorded "
                           "yet); they are left as they were:\n{}",
                           core::join(report.failed, "\n")));
}

Result<void> run_checkout(Session& session, const CheckoutCommandOptions& options) {
  Repository repository = TRY(open_repository(session, 0));
  Cache cache = repository.cache();
  const std::vector<Selected> selected = TRY(repository.select(options.targets, options.selection));
  const pipeline::CheckoutReport report =
      TRY(pipeline::checkout(repository, cache, selected, {options.force, options.relink}));
  if (!session.quiet && options.summary) {
    const std::string text = summary({{"modified", report.files_modified},
                                      {"added", report.files_added},
                                      {"deleted", report.files_deleted}});
    session.print_line("{}", text.empty() ? "No changes." : text);
  } else if (!session.quiet) {
    print_changes(session, report);
  }
  TRY(check_failed(report, options.allow_missing));
  if (options.relink && !session.quiet) session.print_line("Relinked successfully");
  return {};
}

struct CommitOptions : TargetOptions {
  bool force = false;
  bool no_relink = false;
};

Result<void> run_commit(Session& session, const CommitOptions& options) {
  Repository repository = TRY(open_repository(session, kDvcCommandFailed));
  Cache cache = repository.cache();
  const std::vector<Selected> selected = TRY(repository.select(options.targets, options.selection));
  return pipeline::commit(repository, cache, selected,
                          options.force ? pipeline::Accept::kAny : pipeline::Accept::kUnchanged);
}

// ---- push, fetch, pull ----

struct TransferOptions : TargetOptions {
  bool force = false;
  bool allow_missing = false;
};

Result<void> report_missing(Session& session, const pipeline::TransferReport& report,
                            std::string_view doing) {
  if (report.missing.empty()) return {};
  session.failure_status = kDvcCommandFailed;
  return Error(ErrorCode::kNotFound,
               fmt::format("{} file{} could not be {}: neither in the cache nor on the remote:\n{}",
                           report.missing.size(), report.missing.size() > 1 ? "s" : "", doing,
                           core::join(report.missing, "\n")));
}

void print_summary(Session& session, const std::string& text) {
  if (!session.quiet) session.print_line("{}", text.empty() ? "Everything is up to date." : text);
}

using Move = Result<pipeline::TransferReport> (LocalRemote::*)(Cache&,
                                                               const std::vector<pipeline::LockedPath>&);

Result<pipeline::TransferReport> transfer(const Repository& repository, Cache& cache,
                                          const std::vector<Selected>& selected,
                                          const TransferOptions& options, Move move) {
  LocalRemote remote = TRY(LocalRemote::find(repository, options.remote));
  return (remote.*move)(cache, pipeline::recorded_outs(repository, selected));
}

// push and fetch; `done` is the word for it.
Result<void> run_transfer(Session& session, const TransferOptions& options, Move move,
                          std::string_view done) {
  Repository repository = TRY(open_repository(session, kDvcCommandFailed));
  Cache cache = repository.cache();
  const std::vector<Selected> selected = TRY(repository.select(options.targets, options.selection));
  const pipeline::TransferReport report = TRY(transfer(repository, cache, selected, options, move));
  TRY(report_missing(session, report, done));
  print_summary(session, summary({{done, report.files}}));
  return {};
}

Result<void> run_push(Session& session, const TransferOptions& options) {
  return run_transfer(session, options, &LocalRemote::push, "pushed");
}

Result<void> run_fetch(Session& session, const TransferOptions& options) {
  return run_transfer(session, options, &LocalRemote::fetch, "fetched");
}

Result<void> run_pull(Session& session, const TransferOptions& options) {
  Repository repository = TRY(open_repository(session, kDvcCommandFailed));
  Cache cache = repository.cache();
  const std::vector<Selected> selected = TRY(repository.select(options.targets, options.selection));
  const pipeline::TransferReport fetched =
      TRY(transfer(repository, cache, selected, options, &LocalRemote::fetch));
  const pipeline::CheckoutReport report =
      TRY(pipeline::checkout(repository, cache, selected, {options.force, false}));
  if (!session.quiet) print_changes(session, report);
  print_summary(session, summary({{"fetched", fetched.files},
                                  {"modified", report.files_modified},
                                  {"added", report.files_added},
                                  {"deleted", report.files_deleted}}));
  if (!options.allow_missing) TRY(report_missing(session, fetched, "fetched"));
  return check_failed(report, options.allow_missing);
}

// ---- gc, remove, unprotect, root ----

struct GcOptions {
  bool workspace = false;
  bool force = false;
  bool dry = false;
};

Result<void> run_gc(Session& session, const GcOptions& options) {
  Repository repository = TRY(open_repository(session, 0));
  if (!options.workspace) {
    return Error(
        ErrorCode::kInvalidInput,
        "say what to keep: -w (--workspace) is what the workspace's stages need; other revisions are "
        "not supported yet");
  }
  if (!options.force && !options.dry) {
    session.failure_status = kDvcCommandFailed;
    return Error(
        ErrorCode::kFailedPrecondition,
        "this removes all but what the workspace's stages need, other branches' data too: -f does it");
  }
  Cache cache = repository.cache();
  const pipeline::GcReport report = TRY(pipeline::collect_garbage(repository, cache, options.dry));
  if (session.quiet) return {};
  if (report.objects == 0) {
    session.print_line("No unused 'repo' cache to remove.");
  } else {
    session.print_line("{} {} object{} ({} bytes) from repo cache.", options.dry ? "Would remove" : "Removed",
                       report.objects, report.objects > 1 ? "s" : "",
                       core::with_thousands(static_cast<long long>(report.bytes)));
  }
  return {};
}

struct RemoveOptions {
  std::vector<std::string> targets;
  bool outs = false;
};

Result<void> run_remove(Session& session, const RemoveOptions& options) {
  Repository repository = TRY(open_repository(session, kDvcCommandFailed));
  const std::vector<Selected> selected = TRY(repository.select(options.targets));
  return pipeline::remove_tracking(repository, selected, options.outs);
}

Result<void> run_unprotect(Session& session, const std::vector<std::string>& targets) {
  Repository repository = TRY(open_repository(session, kDvcCommandFailed));
  Cache cache = repository.cache();
  for (const std::string& target : targets) {
    const std::string path = TRY(repository.from_user(target));
    TRY(cache.unprotect(path));
  }
  return cache.save_state();
}

Result<void> run_root(Session& session) {
  const auto root = pipeline::find_root(session.context().files);
  if (!root) {
    session.failure_status = kDvcNoRepository;
    return Error(ErrorCode::kFailedPrecondition, "you are not inside of a DVC repository");
  }
  session.print_line("{}", root->empty() ? "." : *root);
  return {};
}

template <typename Options>
CLI::App* add_action(CLI::App& parent, Session& session, const std::string& name, const std::string& help,
                     const std::shared_ptr<Options>& options, Result<void> (*run)(Session&, const Options&)) {
  return add_command(parent, session, name, help, Grammar::kDvc,
                     [options, run](Session& current) { return run(current, *options); });
}

void add_transfer_commands(CLI::App& parent, Session& session) {
  const auto push = std::make_shared<TransferOptions>();
  CLI::App* command =
      add_action(parent, session, "push", "copy data from the cache to a remote", push, run_push);
  add_targets(*command, *push);
  add_remote_options(*command, *push);

  const auto fetch = std::make_shared<TransferOptions>();
  command = add_action(parent, session, "fetch", "copy data from a remote to the cache", fetch, run_fetch);
  add_targets(*command, *fetch);
  add_remote_options(*command, *fetch);

  const auto pull = std::make_shared<TransferOptions>();
  command = add_action(parent, session, "pull", "fetch, then check out", pull, run_pull);
  add_targets(*command, *pull);
  add_remote_options(*command, *pull);
  command->add_flag("-f,--force", pull->force, "remove also files that are nowhere else");
  command->add_flag("--allow-missing", pull->allow_missing, "what is missing is no error");
}

}  // namespace

void add_versioning_commands(CLI::App& parent, Session& session) {
  const auto add = std::make_shared<AddCommandOptions>();
  CLI::App* command = add_action(parent, session, "add", "track files or folders of data", add, run_add);
  command->add_option("targets", add->targets, "files and folders")->required()->type_name("PATH");
  command->add_flag("--no-commit", add->no_commit, "record them, but put nothing into the cache");
  command->add_flag("--no-relink", add->no_relink, "leave the files as they are, not linked to the cache");
  command->add_flag("-f,--force", add->force, "accepted as DVC's");

  const auto checkout = std::make_shared<CheckoutCommandOptions>();
  command = add_action(parent, session, "checkout", "bring data from the cache into the workspace", checkout,
                       run_checkout);
  add_targets(*command, *checkout);
  command->add_flag("--summary", checkout->summary, "say how many files changed only");
  command->add_flag("-f,--force", checkout->force, "remove also files that are nowhere else");
  command->add_flag("--relink", checkout->relink, "link or copy all files again");
  command->add_flag("--allow-missing", checkout->allow_missing, "what is missing is no error");

  const auto commit = std::make_shared<CommitOptions>();
  command = add_action(parent, session, "commit", "record data as it is now", commit, run_commit);
  add_targets(*command, *commit);
  command->add_flag("-f,--force", commit->force, "also what changed");
  command->add_flag("--no-relink", commit->no_relink, "accepted as DVC's");

  const auto status = std::make_shared<StatusOptions>();
  command = add_action(parent, session, "status", "what changed, in stages and data, or against a remote",
                       status, run_status);
  add_targets(*command, *status);
  add_remote_options(*command, *status);
  command->add_flag("-c,--cloud", status->cloud, "compare the cache with a remote");
  command->add_flag("--no-updates", status->no_updates, "accepted as DVC's");

  add_transfer_commands(parent, session);

  const auto gc = std::make_shared<GcOptions>();
  command = add_action(parent, session, "gc", "remove what is not needed from the cache", gc, run_gc);
  command->add_flag("-w,--workspace", gc->workspace, "keep what the workspace's stages need");
  command->add_flag("-f,--force", gc->force, "do it");
  command->add_flag("--dry", gc->dry, "say what it would do");

  const auto remove = std::make_shared<RemoveOptions>();
  command = add_action(parent, session, "remove", "track data no longer", remove, run_remove);
  command->add_option("targets", remove->targets, ".dvc files")->required()->type_name("TARGET");
  command->add_flag("--outs", remove->outs, "remove the data too");

  const auto unprotect = std::make_shared<std::vector<std::string>>();
  command =
      add_action(parent, session, "unprotect", "make linked data safe to edit", unprotect, run_unprotect);
  command->add_option("targets", *unprotect, "files and folders")->required()->type_name("PATH");

  add_command(parent, session, "root", "show the way to the repository's root", Grammar::kDvc, run_root);
}

}  // namespace starcast::cli
