#include "app/repro.h"
#include "cli/session.h"
#include "os/process.h"
#include "os/terminal.h"
#include "pipeline/repro.h"

namespace starcast::cli {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Result;

namespace {

std::string_view name_of(pipeline::StageOutcome outcome) {
  switch (outcome) {
    case pipeline::StageOutcome::kUnchanged:
      return "unchanged";
    case pipeline::StageOutcome::kRestored:
      return "restored";
    case pipeline::StageOutcome::kRan:
      return "ran";
  }
  return "ran";
}

// Says what happens, in DVC's words; silent with --json, where the report at the end tells it.
class Narrator final : public pipeline::ReproObserver {
 public:
  Narrator(Session& session, bool dry) : session_(session), dry_(dry) {}

  void stage_unchanged(const std::string& name) override {
    say(fmt::format("Stage '{}' didn't change, skipping", name));
  }
  void stage_starts(const std::string& name, const std::vector<std::string>& reasons,
                    const std::vector<std::string>& commands, std::size_t index, std::size_t count) override {
    say(fmt::format("{} stage '{}' ({}/{}):", dry_ ? "Would run" : "Running", name, index, count));
    for (const std::string& reason : reasons) say(fmt::format("  because {}", reason));
    for (const std::string& command : commands) say(fmt::format("> {}", command));
    static_cast<void>(
        session_.finish().has_value());  // before the command writes; a failure speaks at the end
  }
  void stage_restored(const std::string& name) override {
    say(fmt::format("Stage '{}' is cached - skipping run, checking out outputs", name));
  }
  void stage_done(const pipeline::StageReport& report) override {
    say(fmt::format("  {} in {}", report.name, os::duration_text(report.seconds)));
  }
  void warning(const std::string& text) override {
    session_.context().log.write(core::LogLevel::kWarning, text);
  }

 private:
  void say(const std::string& line) {
    if (!session_.json && !session_.quiet) session_.print_line("{}", line);
  }
  Session& session_;
  bool dry_;
};

Json to_json(const pipeline::ReproReport& report) {
  JsonArray stages;
  for (const pipeline::StageReport& stage : report.stages) {
    stages.push_back(JsonObject{{"name", stage.name},
                                {"outcome", name_of(stage.outcome)},
                                {"reasons", JsonArray(stage.reasons.begin(), stage.reasons.end())},
                                {"seconds", stage.seconds},
                                {"memory_peak_bytes", stage.memory_peak_bytes}});
  }
  return JsonObject{{"stages", std::move(stages)}};
}

// With --json our standard output is one document, so what the commands print goes to standard error; with -q
// nowhere.
os::Output commands_output(const Session& session) {
  if (session.quiet) return os::Output::kDiscard;
  return session.json ? os::Output::kStandardError : os::Output::kInherit;
}

Result<void> run_repro(Session& session, const pipeline::ReproOptions& options) {
  if (!session.context().files.is_folder(".dvc")) session.failure_status = kDvcNoRepository;
  Narrator narrator(session, options.dry == pipeline::Dry::kYes);
  const pipeline::ReproReport report =
      TRY(app::repro(options, commands_output(session), session.context(), narrator));
  if (session.json) {
    session.print_json(to_json(report));
    return {};
  }
  bool changed = false;
  for (const pipeline::StageReport& stage : report.stages) {
    changed = changed || stage.outcome != pipeline::StageOutcome::kUnchanged;
  }
  if (!changed && !session.quiet) session.print_line("Data and pipelines are up to date.");
  return {};
}

}  // namespace

void add_pipeline_commands(CLI::App& parent, Session& session) {
  const auto options = std::make_shared<pipeline::ReproOptions>();
  const auto force = std::make_shared<bool>(false);
  const auto dry = std::make_shared<bool>(false);
  CLI::App* const repro = add_command(parent, session, "repro", "run the pipeline stages that are stale",
                                      Grammar::kDvc, [options, force, dry](Session& current) {
                                        pipeline::ReproOptions chosen = *options;
                                        if (*force) chosen.force = pipeline::Force::kYes;
                                        if (*dry) chosen.dry = pipeline::Dry::kYes;
                                        return run_repro(current, chosen);
                                      });
  repro->add_option("targets", options->targets, "pipeline stages (default: all), with what they need")
      ->type_name("STAGE");
  repro->add_flag("-f,--force", *force, "run also what did not change");
  repro->add_flag("--dry", *dry, "say what would run, run nothing");
}

}  // namespace starcast::cli
