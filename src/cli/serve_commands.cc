#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "app/model_image.h"
#include "app/model_predictions.h"
#include "app/scoring_server.h"
#include "app/settings.h"
#include "cli/listing_input.h"
#include "cli/serving_views.h"
#include "cli/session.h"
#include "cli/setting_options.h"
#include "cli/tracking_calls.h"
#include "codec/number.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "os/process_limits.h"
#include "os/scratch_folder.h"
#include "os/signal_relay.h"

namespace starcast::cli {

using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr int kNoModelStatus = 78;  // EX_CONFIG: systemd's RestartPreventExitStatus
constexpr std::chrono::milliseconds kWaitForModel{1000};

struct ServeChosen {
  std::vector<std::string> models{};
  std::vector<std::string> shadows{};
  std::string shadow_share = "0.1";
  std::string tracking_uri{};
  bool enable_mlserver = false;
  Flags flags{};
};

// "NAME=URI"; a '=' behind the first '/' or ':' belongs to the URI.
std::pair<std::string, std::string> name_and_uri(const std::string& text) {
  const std::size_t equals = text.find_first_of("=/:");
  if (equals == std::string::npos || text[equals] != '=' || equals == 0) return {"", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

// "NAME=URI", or "NAME@ALIAS" of the registered model that is served under its name.
Result<void> add_shadow(const std::string& text, double share, std::vector<serve::SlotRequest>& models) {
  auto [name, uri] = name_and_uri(text);
  const std::size_t at = text.rfind('@');
  if (name.empty() && text.find_first_of("/:") == std::string::npos && at != std::string::npos) {
    name = text.substr(0, at);
    uri = fmt::format("models:/{}", text);
  }
  if (name.empty() && models.size() == 1) name = models.front().name;
  for (serve::SlotRequest& model : models) {
    if (model.name != name) continue;
    if (!model.shadow.empty()) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("--shadow {}: '{}' has a shadow already", text, name));
    }
    model.shadow = uri;
    model.shadow_share = share;
    return {};
  }
  return Error(
      ErrorCode::kInvalidInput,
      fmt::format("--shadow {}: give NAME@ALIAS or NAME=URI, NAME being a model that is served", text));
}

Result<std::vector<serve::SlotRequest>> requests_of(const ServeChosen& chosen) {
  std::vector<serve::SlotRequest> models;
  for (const std::string& text : chosen.models) {
    serve::SlotRequest request;
    std::tie(request.name, request.uri) = name_and_uri(text);
    if (request.name.empty()) request.name = serve::slot_name_of(request.uri);
    models.push_back(std::move(request));
  }
  const std::optional<double> share = codec::parse_double(chosen.shadow_share);
  if (!share || !(*share >= 0 && *share <= 1)) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("--shadow-share: '{}' is no share from 0 to 1", chosen.shadow_share));
  }
  for (const std::string& text : chosen.shadows) TRY(add_shadow(text, *share, models));
  return models;
}

bool may_come(ErrorCode code) {
  return code == ErrorCode::kNotFound || code == ErrorCode::kUnavailable ||
         code == ErrorCode::kDeadlineExceeded;
}

enum class Loaded { kAll, kToldToStop };

// Loads all models, or waits for them until a signal comes.
Result<Loaded> load(app::ScoringServer& server, bool waits, const os::SignalRelay::Watch& signals,
                    Session& session) {
  std::string told;
  while (true) {
    const Result<void> loaded = server.load();
    if (loaded) return Loaded::kAll;
    if (!waits || !may_come(loaded.error().code())) {
      if (loaded.error().code() == ErrorCode::kNotFound) session.failure_status = kNoModelStatus;
      return Error(loaded.error());
    }
    if (told != loaded.error().message()) {
      told = loaded.error().message();
      session.context().log.info("waiting for a model: {}", told);
    }
    if (signals.wait_for(kWaitForModel).number != 0) return Loaded::kToldToStop;
  }
}

void print_start(Session& session, app::ScoringServer& server, double seconds) {
  if (session.json) {
    session.print_json(JsonObject{{"address", server.address()},
                                  {"port", static_cast<std::int64_t>(server.port())},
                                  {"models", served_json(server.slots())},
                                  {"version", STARCAST_VERSION},
                                  {"ready_seconds", seconds}});
  } else if (!session.quiet) {
    session.print_line("starcast {} serves {} on {}, ready in {:.0f} ms", STARCAST_VERSION,
                       served_text(server.slots()), server.address(), seconds * 1000);
  }
}

// One line to standard output once requests are answered, then until a signal comes.
Result<void> serve_models(Session& session, const ServeChosen& chosen) {
  if (chosen.enable_mlserver) {
    return Error(ErrorCode::kUnsupported,
                 "--enable-mlserver: there is no MLServer here; the Open Inference Protocol is answered "
                 "under /v2 without it, so leave the flag out");
  }
  const app::Context& context = session.context();
  const core::Ticks started = context.clock.elapsed();
  app::ScoringServerOptions options;
  options.models = TRY(requests_of(chosen));
  options.tracking_uri = chosen.tracking_uri;
  options.serving = TRY(app::SettingValues::read(app::serving_settings(), chosen.flags, context.environment));
  options.server =
      TRY(app::SettingValues::read(app::scoring_server_settings(), chosen.flags, context.environment));
  const bool waits = options.server.on("wait-for-model");
  os::keep_memory_small();
  os::raise_open_files_limit();
  const os::SignalRelay::Watch signals = TRY(os::SignalRelay::watch());
  os::survive_file_size_limit();
  const std::unique_ptr<app::ScoringServer> server =
      TRY(app::ScoringServer::make(std::move(options), context));
  const Loaded loaded = TRY(load(*server, waits, signals, session));
  if (loaded == Loaded::kToldToStop) return {};
  TRY(server->listen());
  print_start(session, *server, core::seconds_between(started, context.clock.elapsed()));
  TRY(session.finish());
  notify_manager("READY=1", context);
  static_cast<void>(signals.wait());
  notify_manager("STOPPING=1", context);
  context.log.info("stopping: what runs is finished first");
  server->stop();
  return {};
}

void add_serve(CLI::App& models, Session& session) {
  const auto chosen = std::make_shared<ServeChosen>();
  CLI::App* const command =
      add_command(models, session, "serve", "answer predictions over HTTP, as `mlflow models serve`",
                  Grammar::kOwn, [chosen](Session& current) { return serve_models(current, *chosen); });
  command
      ->add_option("-m,--model-uri", chosen->models,
                   "the model: models:/NAME/3, models:/NAME@ALIAS, models:/NAME/Production, runs:/ID/PATH, "
                   "mlflow-artifacts:/…, a folder; NAME=URI gives it a name, and may be repeated")
      ->type_name("URI")
      ->required();
  const std::shared_ptr<Flags> flags(chosen, &chosen->flags);
  add_settings(*command, app::scoring_server_settings(), flags);
  add_settings(*command, app::serving_settings(), flags);
  command
      ->add_option("--shadow", chosen->shadows,
                   "another version that scores a share of the requests without answering, NAME@ALIAS or "
                   "NAME=URI; its differences are in /metrics")
      ->type_name("MODEL");
  command->add_option("--shadow-share", chosen->shadow_share, "that share, 0 to 1")
      ->type_name("SHARE")
      ->capture_default_str();
  command->add_flag("--enable-mlserver", chosen->enable_mlserver,
                    "not supported: /v2 is answered without it");
  add_tracking_uri(*command, std::shared_ptr<std::string>(chosen, &chosen->tracking_uri));
}

struct PredictChosen {
  app::ModelPredictionOptions options{};
  std::string input{};
  std::string output{};
  Flags ignored{};
};

Result<void> predict(Session& session, const PredictChosen& chosen) {
  const app::Context& context = session.context();
  app::ModelPredictionOptions options = chosen.options;
  const std::unique_ptr<core::ByteSource> input =
      TRY(open_input(context, chosen.input.empty() ? "-" : chosen.input));
  options.body = TRY(core::read_all(*input, std::numeric_limits<std::size_t>::max()));
  std::string answer = TRY(app::model_predictions(options, context));
  if (!chosen.output.empty()) return context.files.write(chosen.output, answer);
  if (!answer.ends_with('\n')) answer += '\n';
  session.print(answer);
  return {};
}

// MLflow's flags that no Python environment makes needless.
void add_ignored(CLI::App& command, const std::shared_ptr<Flags>& flags) {
  constexpr const char* kWhy = "accepted and not needed: no Python runs";
  for (const char* const name :
       {"--env-manager", "--mlflow-home", "--install-java", "-r,--pip-requirements-override", "--env"}) {
    command.add_option_function<std::string>(
        name, [flags](const std::string& value) { (*flags)["ignored"] = value; }, kWhy);
  }
  command.add_flag_callback("--install-mlflow", [flags] { (*flags)["ignored"] = ""; }, kWhy);
}

void add_predict(CLI::App& models, Session& session) {
  const auto chosen = std::make_shared<PredictChosen>();
  CLI::App* const command = add_command(
      models, session, "predict", "predictions of any model for a file, as `mlflow models predict`",
      Grammar::kOwn, [chosen](Session& current) { return predict(current, *chosen); });
  command->add_option("-m,--model-uri", chosen->options.uri, "the model, as of `models serve`")
      ->type_name("URI")
      ->required();
  command->add_option("-i,--input-path", chosen->input, "the rows (default: standard input)")
      ->type_name("FILE");
  command->add_option("-o,--output-path", chosen->output, "for the answer (default: standard output)")
      ->type_name("FILE");
  command->add_option("-t,--content-type", chosen->options.content_type, "json or csv: of the rows")
      ->type_name("TYPE")
      ->capture_default_str();
  add_ignored(*command, std::shared_ptr<Flags>(chosen, &chosen->ignored));
  add_tracking_uri(*command, std::shared_ptr<std::string>(chosen, &chosen->options.tracking_uri));
}

struct ImageChosen {
  app::ModelImageOptions options{};
  std::string name = "mlflow-pyfunc-servable";  // as MLflow's
  Flags ignored{};
};

Result<void> generate_dockerfile(Session& session, const ImageChosen& chosen) {
  TRY(app::write_image_folder(chosen.options, session.context()));
  if (session.json) {
    session.print_json(JsonObject{{"folder", chosen.options.folder}, {"port", app::kImagePort}});
  } else {
    session.print_line("{0}/Dockerfile; build it by: docker build -t NAME {0}", chosen.options.folder);
  }
  return {};
}

Result<void> build_docker(Session& session, const ImageChosen& chosen) {
  const app::Context& context = session.context();
  app::ModelImageOptions options = chosen.options;
  options.folder = TRY(os::make_scratch_folder("image", context.environment));
  TRY(app::write_image_folder(options, context));
  // Without docker the folder stays: the error says what to do with it.
  TRY(app::build_image(chosen.name, options.folder, context));
  TRY(context.files.remove(options.folder));
  if (session.json) {
    session.print_json(JsonObject{{"image", chosen.name}, {"port", app::kImagePort}});
  } else {
    session.print_line("{0}; run it by: docker run -p 5001:{1} {0}", chosen.name, app::kImagePort);
  }
  return {};
}

void add_image_command(CLI::App& models, Session& session, const std::string& name, const std::string& help,
                       Result<void> (*action)(Session&, const ImageChosen&)) {
  const auto chosen = std::make_shared<ImageChosen>();
  CLI::App* const command =
      add_command(models, session, name, help, Grammar::kOwn,
                  [chosen, action](Session& current) { return action(current, *chosen); });
  command
      ->add_option("-m,--model-uri", chosen->options.uri,
                   "the model, as of `models serve` (default: mounted into /opt/ml/model)")
      ->type_name("URI");
  add_ignored(*command, std::shared_ptr<Flags>(chosen, &chosen->ignored));
  add_tracking_uri(*command, std::shared_ptr<std::string>(chosen, &chosen->options.tracking_uri));
  if (name == "build-docker") {
    command->add_option("-n,--name", chosen->name, "the image's name")
        ->type_name("NAME")
        ->capture_default_str();
  } else {
    command->add_option("-d,--output-directory", chosen->options.folder, "the folder to write into")
        ->type_name("DIR")
        ->required();
  }
}

}  // namespace

void add_serve_commands(CLI::App& parent, Session& session) {
  CLI::App& models = *parent.get_subcommand("models");
  add_serve(models, session);
  add_predict(models, session);
  add_image_command(models, session, "build-docker",
                    "build an image that serves a model on port 8080, as `mlflow models build-docker`",
                    build_docker);
  add_image_command(models, session, "generate-dockerfile",
                    "write what such an image is built from, as `mlflow models generate-dockerfile`",
                    generate_dockerfile);
}

}  // namespace starcast::cli
