#include "tracking/model_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace starcast::tracking {
namespace {

using testing::HasSubstr;

constexpr std::string_view kRun = "aaaabbbbccccddddaaaabbbbccccdddd";
constexpr std::string_view kLocal =
    "To use a local path as a model version source, the run_id request parameter";
constexpr std::string_view kRelative = "If supplying a source as an http, https,";
constexpr std::string_view kRunOwner =
    "The run_id request parameter must identify the resource that contains";
constexpr std::string_view kModelOwner =
    "The model_id request parameter must identify the resource that contains";

SourceOwner nobody() {
  return SourceOwner{};
}

SourceOwner run_in(std::string artifact_uri) {
  return SourceOwner{SourceOwner::Kind::kRun, std::string(kRun), std::move(artifact_uri)};
}

SourceOwner served_run() {
  return run_in("mlflow-artifacts:/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts");
}

SourceOwner local_run() {
  return run_in("/srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts");
}

SourceOwner served_model() {
  return SourceOwner{SourceOwner::Kind::kLoggedModel, "m-1", "mlflow-artifacts:/1/models/m-1/artifacts"};
}

// "" when the source is taken, else the message.
std::string verdict(std::string_view source, const SourceOwner& owner, const SourceOptions& options = {}) {
  core::Result<void> checked = check_source_text(source, options);
  if (checked) checked = check_source_owner(source, owner);
  if (checked) return "";
  EXPECT_EQ(checked.error().code(), core::ErrorCode::kInvalidInput) << source;
  return checked.error().message();
}

struct Refused {
  std::string_view id;  // of security.md 3.1, or what the row is about
  std::string_view source;
  SourceOwner owner;
  std::string_view message;
};

TEST(ModelSource, RefusesWhatLeadsElsewhere) {
  const Refused rows[] = {
      {"U01", "file:///etc", nobody(), kLocal},
      {"U01", "file:///etc", local_run(), kLocal},
      {"U02", "/var", served_run(), kLocal},
      {"U02", "/var", local_run(), kLocal},
      {"U04", "mlflow-artifacts://host:9000/models/../../../", nobody(), "'source' cannot use"},
      {"U05", "http://host:9000/models/../../../", nobody(), "'source' cannot use the 'http' scheme"},
      {"U06", "https://host/api/2.0/mlflow-artifacts/artifacts/../../../", nobody(), "'source' cannot use"},
      {"U07", "s3a://my_bucket/api/2.0/mlflow-artifacts/artifacts/../../../", nobody(), kRelative},
      {"U08", "file:///var", nobody(), kLocal},
      {"U08", "file://./mlruns", nobody(), kLocal},
      {"U09", "file://localhost/x", nobody(), kLocal},
      {"U09", "file://127.0.0.1/x", nobody(), kLocal},
      {"U09", "file://localhost:5000/x", nobody(), kLocal},
      {"U10", "file://myhostname/path/to/file", local_run(), "is not a valid remote uri"},
      {"U11", "//host/path", local_run(), kLocal},
      {"U11", "\\\\myhostname/my/path", local_run(), kLocal},
      {"U14", "mlflow-artifacts:/models/..%2f..%2fartifacts", served_run(), kRelative},
      {"U15", "http://attacker/api/2.0/mlflow-artifacts/artifacts/", nobody(), "'source' cannot use"},
      {"nothing", "", nobody(), kLocal},
      {"encoded twice", "s3://b/%252e%252e/x", nobody(), kRelative},
      {"encoded backslash", "s3://b/x%5c..%5cy", nobody(), kRelative},
      {"NUL", "s3://b/x%00", nobody(), kRelative},
      {"dot", "s3://b/x/./y", nobody(), kRelative},
      {"no path", "s3://b", nobody(), kRelative},
      {"root only", "s3://b/", nobody(), kRelative},
      {"opaque", "s3:bucket", nobody(), kRelative},
      {"data", "data:text/plain,x", nobody(), kRelative},
      {"drive", "c:/x", nobody(), kLocal},
      {"space in front", " /var", nobody(), kLocal},
      {"a control character", "s3://b/x\ny", nobody(), "it holds a control character"},
      {"placeholder of prompts", "prompt-template", nobody(), kLocal},
      {"no run", "mlflow-artifacts:/1/r/artifacts/model", nobody(), kRunOwner},
      {"another run", "mlflow-artifacts:/1/r/artifacts/model", served_run(), kRunOwner},
      {"name that begins alike", "mlflow-artifacts:/1/aaaabbbbccccddddaaaabbbbccccdddd/artifactsX",
       served_run(), kRunOwner},
      {"the run's parent", "mlflow-artifacts:/1/aaaabbbbccccddddaaaabbbbccccdddd", served_run(), kRunOwner},
      {"served, by the run of a bucket", "mlflow-artifacts:/1/x", run_in("s3://b/1/x"), kRunOwner},
      {"out of the run", "mlflow-artifacts:/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/model/../../..",
       served_run(), kRelative},
      {"out of the local run", "/srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/../x", local_run(),
       kLocal},
      {"out by an escape", "/srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/%2e%2e/%2e%2e/x",
       local_run(), kLocal},
      {"beyond the root", "/../../etc", local_run(), kLocal},
      {"relative, of an absolute run", "srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts", local_run(),
       kLocal},
      {"local with a query", "file:///srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts?x", local_run(),
       kLocal},
      {"a run's URI without run_id", "runs:/aaaabbbbccccddddaaaabbbbccccdddd/model", nobody(), kRunOwner},
      {"another run's URI", "runs:/0000/model", served_run(), kRunOwner},
      {"a run on a host", "runs://h/aaaabbbbccccddddaaaabbbbccccdddd", served_run(), kRunOwner},
      {"no run in the URI", "runs:/", served_run(), kRelative},
      {"a run's URI with a model", "runs:/aaaabbbbccccddddaaaabbbbccccdddd/m", served_model(), kModelOwner},
      {"a model without model_id", "models:/m-1", nobody(), kModelOwner},
      {"a model with a run", "models:/m-1", served_run(), kModelOwner},
      {"another model", "models:/m-2", served_model(), kModelOwner},
      {"a model's artifacts, another model", "mlflow-artifacts:/1/models/m-2/artifacts", served_model(),
       kModelOwner},
      {"local with a model", "/x", served_model(), "the model_id request parameter has to be specified"},
  };
  for (const Refused& row : rows) {
    EXPECT_THAT(verdict(row.source, row.owner), HasSubstr(std::string(row.message)))
        << row.id << ": " << row.source;
  }
}

struct Taken {
  std::string_view source;
  SourceOwner owner;
};

TEST(ModelSource, TakesWhatLiesInsideItsOwnerOrElsewhereByName) {
  const Taken rows[] = {
      {"s3://bucket/x", nobody()},
      {"S3://bucket/x", nobody()},
      {"s3://b//x", nobody()},
      {"s3://b/x y", nobody()},
      {"s3://b/x+y", nobody()},
      {"s3://b/x%2e%2e/y", nobody()},
      {"s3://b/dog%step%100%timestamp%100", nobody()},
      {"gs://b/x", nobody()},
      {"dbfs:/x", nobody()},
      {"azureml://x/y", served_run()},
      {"models:/name/1", nobody()},
      {"models:/m-1", served_model()},
      {"runs:/aaaabbbbccccddddaaaabbbbccccdddd/model", served_run()},
      {"runs:/aaaabbbbccccddddaaaabbbbccccdddd", served_run()},
      {"mlflow-artifacts:/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts", served_run()},
      {"mlflow-artifacts:/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/model", served_run()},
      {"MLFLOW-artifacts:/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/", served_run()},
      {"mlflow-artifacts:/1//aaaabbbbccccddddaaaabbbbccccdddd/artifacts///m", served_run()},
      {"mlflow-artifacts:/1/aaaabbbbccccddddaaaabbbbccccdddd/%61rtifacts/m", served_run()},
      {"mlflow-artifacts:/1/models/m-1/artifacts", served_model()},
      {"/srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts", local_run()},
      {"/srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/model/..", local_run()},
      {"/srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/.", local_run()},
      {"file:///srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/m", local_run()},
      {"file://localhost/srv/mlruns/1/aaaabbbbccccddddaaaabbbbccccdddd/artifacts/m", local_run()},
      {"./mlruns/1/r/artifacts/m", run_in("mlruns/1/r/artifacts")},
      {"/a/b/m", run_in("file:///a/b")},
  };
  for (const Taken& row : rows) EXPECT_EQ(verdict(row.source, row.owner), "") << row.source;
}

TEST(ModelSource, FindsNoRelativePartInHarmlessPaths) {
  for (const std::string_view source :
       {"mlflow-artifacts:/models", "mlflow-artifacts:/models/", "mlflow-artifacts:/models///",
        "mlflow-artifacts:/models/foo///bar", "mlflow-artifacts://host:9000/models",
        "mlflow-artifacts://host:9000/models/artifact/..../"}) {
    EXPECT_TRUE(check_absolute(source)) << source;
  }
}

TEST(ModelSource, RefusesASourceBeyondTheLimit) {
  const std::string source = "s3://b/" + std::string(3000, 'x');

  EXPECT_THAT(verdict(source, nobody()), HasSubstr("'source' exceeds the maximum length of 2048 characters"));
}

TEST(ModelSource, TakesAHostOfTheServersOwnRoots) {
  const SourceOptions options{{}, {"mlflow-artifacts://artifacts:5000/root"}};

  EXPECT_TRUE(check_host("http://artifacts:5000/x", "source", options));
  EXPECT_TRUE(check_host("https://Artifacts:5000/x", "source", options));
  EXPECT_FALSE(check_host("http://artifacts:5001/x", "source", options));
  EXPECT_FALSE(check_host("hdfs://artifacts:5000/x", "source", options));
  EXPECT_FALSE(check_host("http://artifacts:5000\\@evil/x", "source", options));
}

TEST(ModelSource, KnowsTheUsualPorts) {
  const SourceOptions options{{}, {"http://artifacts/root"}};

  EXPECT_TRUE(check_host("http://artifacts:80/x", "source", options));
  EXPECT_TRUE(check_host("mlflow-artifacts://artifacts/x", "source", options));
  EXPECT_FALSE(check_host("https://artifacts/x", "source", options));
}

TEST(ModelSource, TakesASchemeThatTheOperatorAllows) {
  const SourceOptions options{{"HDFS"}, {}};

  EXPECT_TRUE(check_host("hdfs://namenode/x", "source", options));
  EXPECT_FALSE(check_host("viewfs://namenode/x", "source", options));
}

TEST(ModelSource, TakesOnlyWhatTheOperatorsPatternMatches) {
  SourceOptions options;
  options.source_pattern = SourcePattern::parse("^s3://models/").value();

  EXPECT_EQ(verdict("s3://models/x", {}, options), "");
  EXPECT_EQ(verdict("s3://other/x", {}, options), "Invalid model version source: 's3://other/x'.");
}

TEST(ModelSource, RefusesEveryHostSchemeByDefault) {
  for (const std::string_view scheme :
       {"ftp", "sftp", "hdfs", "viewfs", "http", "https", "r2", "b2", "abfss"}) {
    const std::string uri = std::string(scheme) + "://h/x";
    const core::Result<void> checked = check_host(uri, "artifact_location", {});
    ASSERT_FALSE(checked) << uri;
    EXPECT_THAT(checked.error().message(),
                HasSubstr("'artifact_location' cannot use the '" + std::string(scheme) + "' scheme"));
  }
}

TEST(ModelSource, ReadsEachKindOfModelsUri) {
  EXPECT_EQ(parse_models_uri("models:/m-1")->model_id, "m-1");
  EXPECT_EQ(parse_models_uri("models:/a b/12")->version, 12);
  EXPECT_EQ(parse_models_uri("models:/n/Production")->stage, "Production");
  EXPECT_EQ(parse_models_uri("models:/n@champion")->alias, "champion");
  EXPECT_EQ(parse_models_uri("models:/n@champion")->name, "n");
  EXPECT_EQ(parse_models_uri("models:/n/LATEST")->stage, "");
  EXPECT_EQ(parse_models_uri("models:/foo%31/1")->name, "foo%31");
}

TEST(ModelSource, RefusesMalformedModelsUris) {
  for (const std::string_view uri :
       {"models:/", "models:x", "models:/a/b/c", "models:/a/", "models:/@x", "models:/x@", "models://h/a/1",
        "models:/a?x/1", "models:/a/99999999999999999999"}) {
    EXPECT_FALSE(parse_models_uri(uri)) << uri;
  }
}

TEST(ModelSource, TakesOnlyPlaceholdersForPrompts) {
  EXPECT_TRUE(check_prompt_source("prompt-template"));
  EXPECT_TRUE(check_prompt_source("dummy-source"));
  EXPECT_EQ(check_prompt_source("/etc").error().message(),
            "Invalid prompt source: '/etc'. Prompt sources must use an MLflow placeholder.");
}

}  // namespace
}  // namespace starcast::tracking
