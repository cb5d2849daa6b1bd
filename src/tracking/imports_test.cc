#include "tracking/imports.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tracking/testing/api_caller.h"

namespace starcast::tracking {
namespace {

using testing::ElementsAre;

class ImportsTest : public testing::Test {
 protected:
  static ImportedRun run(const std::string& id) {
    ImportedRun imported;
    imported.run.id = id;
    imported.run.name = "of " + id;
    imported.run.status = "FINISHED";
    imported.run.lifecycle_stage = "active";
    imported.run.artifact_uri = "s3://b/" + id + "/artifacts";
    imported.source_type = "LOCAL";
    return imported;
  }
  static ModelVersion version(std::int64_t number, const std::string& source) {
    ModelVersion made;
    made.name = "reg";
    made.version = number;
    made.stage = "None";
    made.status = "READY";
    made.source = source;
    return made;
  }
  ImportCounts add(const ImportedRun& imported) { return imports_.add_runs({&imported, 1}).value(); }

  ApiCaller caller_{StoreOptions{"mlflow-artifacts:/"}};
  Imports imports_{caller_.store()};
};

TEST_F(ImportsTest, KeepsTheIdOfAnExperimentThatIsFree) {
  const ImportedExperiment placed =
      imports_.add_experiment({7, "seven", "", "active", 1, 2, {{"k", "v"}}}).value();

  EXPECT_TRUE(placed.is_new);
  EXPECT_EQ(placed.id, 7);
  EXPECT_EQ(placed.artifact_location, "mlflow-artifacts:/7");
  EXPECT_EQ(caller_.value("SELECT value FROM experiment_tags WHERE experiment_id = 7"), "v");
}

TEST_F(ImportsTest, GivesATakenIdAnew) {
  imports_.add_experiment({7, "seven", "", "active", 1, 2, {}}).value();

  EXPECT_EQ(imports_.add_experiment({7, "other", "s3://b", "active", 1, 2, {}}).value().id, 8);
  EXPECT_EQ(caller_.value("SELECT artifact_location FROM experiments WHERE experiment_id = 8"), "s3://b");
}

TEST_F(ImportsTest, MergesIntoTheExperimentOfThatName) {
  const ImportedExperiment placed =
      imports_.add_experiment({5, "Default", "s3://b", "active", 1, 2, {{"k", "v"}}}).value();

  EXPECT_FALSE(placed.is_new);
  EXPECT_EQ(placed.id, 0);
  EXPECT_EQ(placed.artifact_location, "mlflow-artifacts:/0");
}

TEST_F(ImportsTest, KeepsADeletedExperimentDeleted) {
  imports_.add_experiment({7, "seven", "", "deleted", 1, 2, {}}).value();

  EXPECT_EQ(caller_.value("SELECT lifecycle_stage FROM experiments WHERE experiment_id = 7"), "deleted");
}

TEST_F(ImportsTest, StoresARunWithAllItsRows) {
  ImportedRun imported = run("r1");
  imported.run.params = {{"p", "1"}};
  imported.run.tags = {{"t", "2"}};
  imported.series = {{"m", {{10, 1, 0.5}, {11, 2, 0.25}}}};

  const ImportCounts counts = add(imported);

  EXPECT_EQ(counts.runs, 1U);
  EXPECT_EQ(counts.points, 2U);
  EXPECT_EQ(caller_.value("SELECT value FROM params WHERE run_uuid = 'r1'"), "1");
  EXPECT_EQ(caller_.value("SELECT value FROM tags WHERE run_uuid = 'r1'"), "2");
  EXPECT_EQ(caller_.value("SELECT value FROM latest_metrics WHERE run_uuid = 'r1'"), "0.25");
}

TEST_F(ImportsTest, LatestIsTheHighestStepThenTimeThenValue) {
  ImportedRun imported = run("r1");
  imported.series = {{"m", {{30, 1, 9}, {20, 2, 3}, {20, 2, 4}, {10, 2, 8}}}};
  add(imported);

  EXPECT_EQ(caller_.value("SELECT value FROM latest_metrics WHERE run_uuid = 'r1'"), "4.0");
}

TEST_F(ImportsTest, KeepsNanAndBoundsInfinity) {
  ImportedRun imported = run("r1");
  imported.series = {{"nan", {{1, 1, std::nan("")}}},
                     {"up", {{1, 1, std::numeric_limits<double>::infinity()}}}};
  add(imported);

  EXPECT_EQ(caller_.value("SELECT is_nan FROM metrics WHERE key = 'nan'"), "1");
  EXPECT_EQ(caller_.value("SELECT value = 1.7976931348623157e308 FROM metrics WHERE key = 'up'"), "1");
}

TEST_F(ImportsTest, StoresAPointOnceThatComesTwice) {
  ImportedRun imported = run("r1");
  imported.series = {{"m", {{10, 1, 0.5}, {10, 1, 0.5}}}};

  EXPECT_EQ(add(imported).points, 1U);
}

TEST_F(ImportsTest, LeavesARunThatIsThereAsItIs) {
  add(run("r1"));
  ImportedRun changed = run("r1");
  changed.run.name = "changed";
  changed.run.params = {{"p", "1"}};

  const ImportCounts counts = add(changed);

  EXPECT_EQ(counts.runs, 0U);
  EXPECT_EQ(counts.params, 0U);
  EXPECT_EQ(caller_.value("SELECT name FROM runs WHERE run_uuid = 'r1'"), "of r1");
}

TEST_F(ImportsTest, StoresABatchWholeOrNotAtAll) {
  ImportedRun homeless = run("r2");
  homeless.run.experiment_id = 99;
  const std::vector<ImportedRun> batch = {run("r1"), homeless};

  EXPECT_FALSE(imports_.add_runs(batch));
  EXPECT_EQ(caller_.value("SELECT count(*) FROM runs"), "0");
}

TEST_F(ImportsTest, MakesUnknownStatusesAndSourcesKnownOnes) {
  ImportedRun imported = run("r1");
  imported.run.status = "DANCING";
  imported.source_type = "MAGIC";
  imported.run.lifecycle_stage = "odd";
  add(imported);

  EXPECT_EQ(caller_.value("SELECT status || source_type || lifecycle_stage FROM runs"),
            "FINISHEDUNKNOWNactive");
}

TEST_F(ImportsTest, KnowsWhatIsThere) {
  add(run("r1"));

  EXPECT_THAT(imports_.known_runs(std::vector<std::string>{"r1", "r2"}).value(), ElementsAre("r1"));
  EXPECT_TRUE(imports_.known_models(std::vector<std::string>{"m-1"}).value().empty());
}

TEST_F(ImportsTest, SharesADatasetOfOneNameAndDigest) {
  for (const std::string id : {"r1", "r2"}) {
    ImportedRun imported = run(id);
    ImportedLink link;
    link.dataset_id = "of " + id;
    link.dataset = {"train", "0123", "local", "{}", std::nullopt, std::nullopt};
    link.tags = {{"mlflow.data.context", "training"}};
    imported.links = {link};
    add(imported);
  }

  EXPECT_EQ(caller_.value("SELECT count(*) FROM datasets"), "1");
  EXPECT_EQ(caller_.value("SELECT count(*) FROM inputs WHERE source_id = 'of r1'"), "2");
  EXPECT_EQ(caller_.value("SELECT count(*) FROM input_tags"), "2");
}

TEST_F(ImportsTest, MovesTheSourceOfAVersionWithItsRun) {
  add(run("r1"));
  RegisteredModel model;
  model.name = "reg";
  model.latest_versions = {version(1, "file:///old/0/r1/artifacts/model"),
                           version(2, "s3://elsewhere/artifacts/x")};
  model.aliases = {{"champion", 1}, {"nobody", 9}};

  const ImportCounts counts = imports_.add_registered_model(model).value();

  EXPECT_EQ(counts.versions, 2U);
  EXPECT_EQ(counts.aliases, 1U);
  EXPECT_EQ(caller_.value("SELECT source FROM model_versions WHERE version = 1"),
            "s3://b/r1/artifacts/model");
  EXPECT_EQ(caller_.value("SELECT source FROM model_versions WHERE version = 2"),
            "s3://elsewhere/artifacts/x");
}

TEST_F(ImportsTest, TakesARegisteredModelOnce) {
  RegisteredModel model;
  model.name = "reg";
  model.latest_versions = {version(1, "s3://b")};
  imports_.add_registered_model(model).value();

  const ImportCounts again = imports_.add_registered_model(model).value();

  EXPECT_EQ(again.registered_models, 0U);
  EXPECT_EQ(again.versions, 0U);
  EXPECT_EQ(again.versions_there, 1U);
}

}  // namespace
}  // namespace starcast::tracking
