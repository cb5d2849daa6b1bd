#include "app/run_log.h"

#include <fmt/format.h>

#include <utility>

#include "app/artifact_transfer.h"
#include "app/tracking_connection.h"
#include "codec/digest.h"
#include "core/strings.h"
#include "os/path.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

std::string record_path(const std::string& folder) {
  return os::joined(folder, "record.json");
}

// The commit that the workspace is at; "" outside of git.
std::string git_commit(const Context& context) {
  os::Command command;
  command.arguments = {"git", "rev-parse", "HEAD"};
  command.standard_output = os::Output::kCapture;
  command.standard_error = os::Output::kDiscard;
  const Result<os::Exit> exit = context.processes.run(command);
  if (!exit || exit->status != 0) return "";
  return std::string(core::trimmed(exit->output));
}

// The record last: a folder without one is half a report, and is not sent.
Result<void> keep(RunRecord record, const Context& context) {
  const std::string folder = os::joined(kSpoolFolder, record.key);
  TRY(context.files.make_folders(folder));
  if (!record.package_folder.empty()) {
    const std::string copy = os::joined(folder, "package");
    TRY(copy_tree(record.package_folder, copy, context));
    record.package_folder = copy;
  }
  return context.files.write(record_path(folder),
                             codec::to_text(to_json(record), codec::JsonStyle::kPretty) + "\n");
}

}  // namespace

Result<std::size_t> send_spooled(tracking::Connection& connection, const Context& context) {
  std::size_t sent = 0;
  if (!context.files.is_folder(kSpoolFolder)) return sent;
  const std::vector<os::FolderEntry> entries = TRY(context.files.list(kSpoolFolder));
  for (const os::FolderEntry& entry : entries) {
    const std::string folder = os::joined(kSpoolFolder, entry.name);
    if (!context.files.exists(record_path(folder))) continue;
    const std::string text = TRY(context.files.read(record_path(folder)));
    codec::JsonOptions options;
    options.dialect = codec::JsonDialect::kPython;
    const codec::Json json = TRY(codec::parse_json(text, options), record_path(folder));
    const RunRecord record = TRY(run_record_of(json), record_path(folder));
    TRY(send_run(record, connection, context), record_path(folder));
    TRY(context.files.remove(folder));
    ++sent;
  }
  return sent;
}

TrainingRun::TrainingRun(const Context& context) : context_(context) {
  record_.start_time = core::unix_milliseconds(context.clock.now());
  record_.experiment = context.environment.find("MLFLOW_EXPERIMENT_NAME").value_or("rating");
  record_.run_name = context.environment.find("MLFLOW_RUN_NAME").value_or("");
  record_.user = context.environment.find("USER").value_or("");
  record_.model_name = "rating";
}

void TrainingRun::log_param(std::string_view name, std::string_view value) {
  record_.params.push_back({std::string(name), std::string(value)});
  context_.log.debug("param {} = {}", name, value);
}

void TrainingRun::log_metric(std::string_view name, double value, long step) {
  tracking::Metric metric;
  metric.key = std::string(name);
  metric.value = value;
  metric.timestamp = core::unix_milliseconds(context_.clock.now());
  metric.step = step;
  record_.metrics.push_back(std::move(metric));
  context_.log.debug("metric {} = {} (step {})", name, value, step);
}

void TrainingRun::add_dep(const std::string& path, const std::string& md5) {
  record_.tags.push_back({fmt::format("starcast.dep.{}", path), md5});
  tracking::Dataset dataset;
  dataset.name = path;
  dataset.digest = md5;
  dataset.source_type = "local";
  dataset.source = codec::to_text(codec::JsonObject{{"uri", path}}, codec::JsonStyle::kPythonSorted);
  record_.datasets.push_back(std::move(dataset));
}

ReportedRun TrainingRun::finish(const std::string& status, const std::string& package_folder) {
  ReportedRun reported;
  if (context_.environment.find("STARCAST_TRACKING") == "off") return reported;
  record_.status = status;
  record_.end_time = core::unix_milliseconds(context_.clock.now());
  record_.package_folder = package_folder;
  record_.tags.push_back({"mlflow.source.name", "starcast train"});
  record_.tags.push_back({"mlflow.source.type", "LOCAL"});
  if (!record_.user.empty()) record_.tags.push_back({"mlflow.user", record_.user});
  if (const std::string commit = git_commit(context_); !commit.empty()) {
    record_.tags.push_back({"mlflow.source.git.commit", commit});
  }
  if (!package_folder.empty()) {
    if (Result<std::string> sum = package_sum(package_folder, context_)) {
      record_.tags.push_back({kPackageTag, std::move(sum).value()});
    }
  }
  // By time first, so that the spool's order is that of the trainings.
  record_.key = fmt::format("{:013}-{}", record_.start_time,
                            codec::sha256_hex(codec::to_text(to_json(record_), codec::JsonStyle::kCompact) +
                                              std::to_string(context_.clock.elapsed().count()))
                                .substr(0, 16));

  const auto send = [&]() -> Result<SentRun> {
    const std::unique_ptr<tracking::Connection> connection = TRY(connect_tracking("", context_));
    reported.store = connection->uri();
    const std::size_t spooled = TRY(send_spooled(*connection, context_));
    if (spooled > 0)
      context_.log.info("sent {} earlier reports from {} to {}", spooled, kSpoolFolder, reported.store);
    return send_run(record_, *connection, context_);
  };
  const Result<SentRun> sent = send();
  if (sent) {
    reported.run_id = sent->run_id;
    return reported;
  }
  if (const Result<void> kept = keep(record_, context_); !kept) {
    context_.log.warning("the training is not reported: {}; and it could not be kept: {}",
                         sent.error().message(), kept.error().message());
  } else {
    context_.log.warning(
        "the training is not reported yet: {}; the report waits in {} and goes with the next training",
        sent.error().message(), os::joined(kSpoolFolder, record_.key));
  }
  return reported;
}

}  // namespace starcast::app
