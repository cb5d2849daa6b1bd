#include "app/settings.h"
#include "app/tracking_server.h"
#include "cli/serving_views.h"
#include "cli/session.h"
#include "cli/setting_options.h"
#include "core/clock.h"
#include "os/process.h"
#include "os/process_limits.h"
#include "os/signal_relay.h"
#include "sql/database.h"
#include "tracking/schema.h"

namespace starcast::cli {

using codec::JsonObject;
using core::Result;

namespace {

enum class Serves { kTracking, kAll };

// One line to standard output once requests are answered, then until a signal comes.
Result<void> serve(Session& session, const Flags& flags, Serves serves, bool open_browser) {
  const app::Context& context = session.context();
  const core::Ticks started = context.clock.elapsed();
  const app::SettingValues settings =
      TRY(app::SettingValues::read(app::server_settings(), flags, context.environment));
  os::keep_memory_small();
  os::raise_open_files_limit();
  const os::SignalRelay::Watch signals = TRY(os::SignalRelay::watch());
  os::survive_file_size_limit();
  std::optional<app::SettingValues> serving;
  if (serves == Serves::kAll) {
    serving = TRY(app::SettingValues::read(app::serving_settings(), flags, context.environment));
  }
  const std::unique_ptr<app::TrackingServer> server =
      TRY(app::TrackingServer::start(settings, context, serving));
  const double seconds = core::seconds_between(started, context.clock.elapsed());
  if (session.json) {
    JsonObject start{{"address", server->address()},
                     {"port", static_cast<std::int64_t>(server->port())},
                     {"store", server->options().backend_store_uri},
                     {"artifacts", server->options().artifacts_destination},
                     {"version", STARCAST_VERSION},
                     {"ready_seconds", seconds}};
    if (server->scoring()) start.emplace_back("models", served_json(server->scoring()->slots()));
    session.print_json(std::move(start));
  } else if (!session.quiet) {
    const std::string models = server->scoring()
                                   ? fmt::format(", serving {}", served_text(server->scoring()->slots()))
                                   : std::string();
    session.print_line("starcast {} on {}, store {}, artifacts {}{}, ready in {:.0f} ms", STARCAST_VERSION,
                       server->address(), server->options().backend_store_uri,
                       server->options().artifacts_destination, models, seconds * 1000);
  }
  TRY(session.finish());
  if (open_browser) {
    os::Command browser;
    browser.arguments = {"xdg-open", server->address()};
    browser.standard_output = os::Output::kDiscard;
    browser.standard_error = os::Output::kDiscard;
    if (const Result<os::Exit> opened = context.processes.run(browser); !opened || opened->status != 0) {
      context.log.warning("no browser could be opened; go to {}", server->address());
    }
  }
  notify_manager("READY=1", context);
  static_cast<void>(signals.wait());
  notify_manager("STOPPING=1", context);
  context.log.info("stopping: what runs is finished first");
  server->stop();
  return {};
}

// The route table, as dispatch has it: docs/compat/mlflow.md is made from this.
Result<void> list_routes(Session& session) {
  const std::unique_ptr<tracking::Service> service = TRY(app::service_for_listing(session.context()));
  codec::JsonArray routes;
  for (const std::unique_ptr<http::Route>& route : service->routes().routes()) {
    if (session.json) {
      routes.push_back(JsonObject{{"method", http::name_of(route->method)},
                                  {"path", route->pattern},
                                  {"name", route->name},
                                  {"resource", route->resource},
                                  {"permission", http::name_of(route->permission)}});
    } else {
      session.print_line("{:7} {}  ({})", http::name_of(route->method), route->pattern, route->name);
    }
  }
  if (session.json) session.print_json(JsonObject{{"routes", std::move(routes)}});
  return {};
}

// What a database's schema is, in a word.
std::string_view name_of(tracking::SchemaState state) {
  switch (state) {
    case tracking::SchemaState::kEmpty:
      return "empty";
    case tracking::SchemaState::kAtHead:
      return "at head";
    case tracking::SchemaState::kOtherHead:
      return "other head";
    case tracking::SchemaState::kForeign:
      return "not MLflow's";
  }
  return "not MLflow's";
}

Result<void> check_database(Session& session, const std::string& uri) {
  sql::SqliteOptions options;
  options.path = TRY(sql::sqlite_path(uri));
  options.create = false;
  const std::unique_ptr<sql::Database> database = TRY(sql::open_sqlite(std::move(options)));
  const tracking::SchemaCheck check = TRY(tracking::check_schema(*database));
  if (session.json) {
    session.print_json(JsonObject{{"uri", uri},
                                  {"state", name_of(check.state)},
                                  {"head", check.head},
                                  {"expected", tracking::kSchemaHead}});
  } else {
    session.print_line("{}: {} (found {}, this program keeps {})", uri, name_of(check.state),
                       check.head.empty() ? "no stamp" : check.head, tracking::kSchemaHead);
  }
  switch (check.state) {
    case tracking::SchemaState::kAtHead:
    case tracking::SchemaState::kEmpty:
      return {};
    case tracking::SchemaState::kOtherHead:
      return core::Error(
          core::ErrorCode::kFailedPrecondition,
          fmt::format("{} is at head {}, and this program keeps head {}: bring it there with mlflow 3.17.2, "
                      "`mlflow db upgrade {}`",
                      uri, check.head, tracking::kSchemaHead, uri));
    case tracking::SchemaState::kForeign:
      return core::Error(core::ErrorCode::kInvalidInput,
                         fmt::format("{} is no MLflow database: it has tables, but no "
                                     "alembic_version",
                                     uri));
  }
  return {};
}

}  // namespace

void add_server_commands(CLI::App& parent, Session& session) {
  const auto server_flags = std::make_shared<Flags>();
  const auto routes_only = std::make_shared<bool>(false);
  CLI::App* const server = add_command(
      parent, session, "server", "serve tracking, registry and artifacts, as `mlflow server` does",
      Grammar::kOwn, [server_flags, routes_only](Session& current) {
        return *routes_only ? list_routes(current) : serve(current, *server_flags, Serves::kTracking, false);
      });
  add_settings(*server, app::server_settings(), server_flags);
  server->add_flag("--routes", *routes_only, "list what is answered, and serve nothing");

  const auto up_flags = std::make_shared<Flags>();
  const auto open_browser = std::make_shared<bool>(false);
  CLI::App* const up =
      add_command(parent, session, "up", "serve all that this workspace has, in one process on one port",
                  Grammar::kOwn, [up_flags, open_browser](Session& current) {
                    return serve(current, *up_flags, Serves::kAll, *open_browser);
                  });
  add_settings(*up, app::server_settings(), up_flags);
  add_settings(*up, app::serving_settings(), up_flags);
  up->add_flag("--open", *open_browser, "open it in the browser");

  CLI::App* const db = parent.add_subcommand("db", "look after the tracking database");
  db->require_subcommand(1);
  db->fallthrough();
  const auto uri = std::make_shared<std::string>("sqlite:///mlflow.db");
  CLI::App* const check =
      add_command(*db, session, "check", "say whether a database can be opened in place", Grammar::kOwn,
                  [uri](Session& current) { return check_database(current, *uri); });
  check->add_option("uri", *uri, "the database")->type_name("URI")->capture_default_str();
}

}  // namespace starcast::cli
