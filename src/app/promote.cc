#include "app/promote.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "app/artifact_transfer.h"
#include "app/run_record.h"
#include "app/split.h"
#include "app/tracking_connection.h"
#include "codec/number.h"
#include "core/strings.h"
#include "learn/metrics.h"
#include "model/package.h"
#include "tracking/answer.h"
#include "tracking/api/wire.h"

namespace starcast::app {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using http::Method;
using tracking::array_member;
using tracking::Connection;
using tracking::for_each_entry;
using tracking::object_member;
using tracking::text_member;

namespace {

// Where a champion's package is brought to be compared; removed afterwards.
constexpr const char* kChampionFolder = ".starcast/champion";

// The run that logged the package, the latest of several, and the model that it logged.
struct LoggedPackage {
  std::string run_id;
  std::string model_id;
};

Result<std::optional<LoggedPackage>> find_package(const std::string& sum, Connection& connection) {
  JsonArray ids;
  TRY(for_each_entry(connection, Method::kPost, "2.0/mlflow/experiments/search", {}, "experiments", 0,
                     [&](const Json& experiment) -> Result<void> {
                       ids.push_back(Json(text_member(experiment, "experiment_id")));
                       return {};
                     }));
  std::optional<LoggedPackage> latest;
  TRY(for_each_entry(
      connection, Method::kPost, "2.0/mlflow/runs/search",
      {{"experiment_ids", std::move(ids)}, {"filter", fmt::format("tags.`{}` = '{}'", kPackageTag, sum)}},
      "runs", 0, [&](const Json& run) -> Result<void> {
        const JsonArray& models = array_member(object_member(run, "outputs"), "model_outputs");
        if (latest || models.empty()) return {};
        latest = LoggedPackage{text_member(object_member(run, "info"), "run_id"),
                               text_member(models.front(), "model_id")};
        return {};
      }));
  return latest;
}

// A run for a package that came without one: from another machine, or from the cache of the pipeline.
Result<LoggedPackage> log_package(const PromoteOptions& options, const std::string& sum,
                                  Connection& connection, const Context& context) {
  const std::int64_t now = core::unix_milliseconds(context.clock.now());
  RunRecord record;
  record.key = fmt::format("{:013}-{}", now, sum.substr(0, 16));
  record.experiment = context.environment.find("MLFLOW_EXPERIMENT_NAME").value_or("rating");
  record.status = "FINISHED";
  record.start_time = now;
  record.end_time = now;
  record.tags = {
      {"mlflow.source.name", "starcast models promote"}, {"mlflow.source.type", "LOCAL"}, {kPackageTag, sum}};
  record.model_name = options.name;
  record.package_folder = options.package;
  const SentRun sent = TRY(send_run(record, connection, context));
  return LoggedPackage{sent.run_id, sent.model_id};
}

// The numbers of reports/metrics.json under dotted names; lists are left out.
void collect_numbers(const Json& json, const std::string& name, std::vector<tracking::Metric>& metrics) {
  if (const JsonObject* const object = std::get_if<JsonObject>(&json.value())) {
    for (const codec::JsonMember& member : *object) {
      collect_numbers(member.second, name.empty() ? member.first : name + "." + member.first, metrics);
    }
    return;
  }
  const Result<double> number = json.as_double();
  if (!number) return;
  tracking::Metric metric;
  metric.key = "test." + name;
  metric.value = *number;
  metrics.push_back(std::move(metric));
}

Result<void> log_figures(const PromoteOptions& options, const std::string& run_id, Connection& connection,
                         const Context& context) {
  if (!context.files.exists(options.metrics)) return {};
  const std::string text = TRY(context.files.read(options.metrics));
  const Json json = TRY(codec::parse_json(text), options.metrics);
  std::vector<tracking::Metric> metrics;
  collect_numbers(json, "", metrics);
  const std::int64_t now = core::unix_milliseconds(context.clock.now());
  JsonArray array;
  for (const tracking::Metric& metric : metrics) {
    array.push_back(JsonObject{{"key", metric.key},
                               {"value", tracking::api::number(metric.value)},
                               {"timestamp", now},
                               {"step", 0}});
  }
  if (array.empty()) return {};
  TRY(connection.call(Method::kPost, "2.0/mlflow/runs/log-batch",
                      {{"run_id", run_id}, {"metrics", std::move(array)}}));
  return {};
}

// The version that has this model already, or a new one.
struct Registered {
  std::int64_t version = 0;
  bool now = false;
};

Result<std::int64_t> version_of(const Json& model_version) {
  const std::string text = TRY(model_version.string_at("version"));
  const std::optional<std::int64_t> version = codec::parse_int(text);
  if (!version) return Error(ErrorCode::kCorrupt, fmt::format("the server gives version '{}'", text));
  return version.value_or(0);
}

Result<Registered> register_version(const PromoteOptions& options, const LoggedPackage& package,
                                    Connection& connection) {
  const Result<Json> model =
      connection.call(Method::kPost, "2.0/mlflow/registered-models/create", {{"name", options.name}});
  if (!model && model.error().code() != ErrorCode::kAlreadyExists) return Error(model.error());
  const std::string of_this_model = fmt::format("name = '{}'", core::replaced(options.name, "'", "''"));
  std::optional<Json> known;
  TRY(for_each_entry(connection, Method::kGet, "2.0/mlflow/model-versions/search",
                     {{"filter", of_this_model}}, "model_versions", 0,
                     [&](const Json& version) -> Result<void> {
                       if (!known && text_member(version, "run_id") == package.run_id) known = version;
                       return {};
                     }));
  if (known) return Registered{TRY(version_of(*known)), false};
  const Json made = TRY(connection.call(Method::kPost, "2.0/mlflow/model-versions/create",
                                        {{"name", options.name},
                                         {"source", "models:/" + package.model_id},
                                         {"run_id", package.run_id},
                                         {"model_id", package.model_id}}));
  const Json* const version = TRY(made.at("model_version"));
  return Registered{TRY(version_of(*version)), true};
}

struct Champion {
  std::int64_t version = 0;
  std::string uri;  // of its files
};

// What the alias points to; absent when there is none.
Result<std::optional<Champion>> find_champion(const PromoteOptions& options, Connection& connection) {
  const Result<Json> found = connection.call(Method::kGet, "2.0/mlflow/registered-models/alias",
                                             {{"name", options.name}, {"alias", options.alias}});
  if (!found) {
    // MLflow says INVALID_PARAMETER_VALUE for an alias that is not there.
    const ErrorCode code = found.error().code();
    if (code == ErrorCode::kInvalidInput || code == ErrorCode::kNotFound) return std::optional<Champion>();
    return Error(found.error());
  }
  const Json* const version = TRY(found->at("model_version"));
  Champion champion;
  champion.version = TRY(version_of(*version));
  const Json place =
      TRY(connection.call(Method::kGet, "2.0/mlflow/model-versions/get-download-uri",
                          {{"name", options.name}, {"version", std::to_string(champion.version)}}));
  champion.uri = TRY(place.string_at("artifact_uri"));
  return std::optional<Champion>(std::move(champion));
}

std::vector<double> squared_errors(const model::RatingScorer& scorer,
                                   const std::vector<listing::Listing>& test) {
  std::vector<double> losses;
  losses.reserve(test.size());
  for (const listing::Listing& listing : test) {
    const double error = listing.rating - scorer.predict(listing).prediction.value;
    losses.push_back(error * error);
  }
  return losses;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

Result<Comparison> compare(const PromoteOptions& options, const model::RatingScorer& challenger,
                           const Champion& champion, Connection& connection, const Context& context) {
  TRY(context.files.remove(kChampionFolder));
  TRY(download_artifacts(champion.uri, kChampionFolder, connection, context));
  Result<model::RatingScorer> loaded = model::load_package(context.files, kChampionFolder);
  TRY(context.files.remove(kChampionFolder));
  const model::RatingScorer reigning =
      TRY(std::move(loaded), fmt::format("version {} of {}", champion.version, options.name));
  const learn::SplitListings listings = TRY(load_split_listings(options.listings, options.split, context));
  if (listings.test.empty()) {
    return Error(ErrorCode::kFailedPrecondition,
                 fmt::format("{} holds no test part to compare on", options.split));
  }
  const std::vector<double> before = squared_errors(reigning, listings.test);
  const std::vector<double> after = squared_errors(challenger, listings.test);
  const learn::MetricRange gain =
      learn::paired_gain_range(before, after, static_cast<std::size_t>(options.resamples), options.seed);
  Comparison comparison;
  comparison.champion_version = champion.version;
  comparison.apps = listings.test.size();
  comparison.champion_mse = mean_of(before);
  comparison.new_mse = mean_of(after);
  comparison.gain_low = gain.low;
  comparison.gain_high = gain.high;
  return comparison;
}

}  // namespace

Result<Promotion> promote(const PromoteOptions& options, const Context& context) {
  const model::RatingScorer challenger = TRY(model::load_package(context.files, options.package));
  const std::unique_ptr<Connection> connection = TRY(connect_tracking(options.tracking_uri, context));
  const std::string sum = TRY(package_sum(options.package, context), options.package);
  const std::optional<LoggedPackage> found = TRY(find_package(sum, *connection));
  const LoggedPackage package = found ? *found : TRY(log_package(options, sum, *connection, context));
  Promotion promotion;
  promotion.run_id = package.run_id;
  promotion.model_id = package.model_id;
  TRY(log_figures(options, package.run_id, *connection, context));
  const Registered registered = TRY(register_version(options, package, *connection));
  promotion.version = registered.version;
  promotion.registered_now = registered.now;

  const std::optional<Champion> champion = TRY(find_champion(options, *connection));
  if (champion && champion->version == promotion.version) {
    promotion.is_champion = true;
    promotion.reason = fmt::format("version {} is {} already", promotion.version, options.alias);
    return promotion;
  }
  if (champion) {
    promotion.comparison = TRY(compare(options, challenger, *champion, *connection, context));
    const Comparison& comparison = *promotion.comparison;
    if (comparison.gain_low <= 0) {
      promotion.reason = fmt::format(
          "version {} stays {}: on {} apps version {} gains {:.4f} in mean squared error, and chance alone "
          "allows {:.4f} to "
          "{:.4f} (95 %)",
          champion->version, options.alias, comparison.apps, promotion.version,
          comparison.champion_mse - comparison.new_mse, comparison.gain_low, comparison.gain_high);
      return promotion;
    }
    promotion.reason = fmt::format(
        "version {} takes over from version {}: mean squared error {:.4f} after {:.4f} on {} apps, a gain of "
        "{:.4f} to {:.4f} "
        "(95 %)",
        promotion.version, champion->version, comparison.new_mse, comparison.champion_mse, comparison.apps,
        comparison.gain_low, comparison.gain_high);
  } else {
    promotion.reason = fmt::format("version {} is the first {}", promotion.version, options.alias);
  }
  TRY(connection->call(
      Method::kPost, "2.0/mlflow/registered-models/alias",
      {{"name", options.name}, {"alias", options.alias}, {"version", std::to_string(promotion.version)}}));
  promotion.is_champion = true;
  return promotion;
}

}  // namespace starcast::app
