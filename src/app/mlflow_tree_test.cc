#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "app/import_source.h"
#include "os/testing/memory_files.h"

namespace starcast::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class MlflowTree : public testing::Test {
 protected:
  MlflowTree() {
    files_.put(
        "/mlruns/0/meta.yaml",
        "artifact_location: file:///mlruns/0\nexperiment_id: '0'\nlifecycle_stage: active\nname: Default\n"
        "creation_time: 5\nlast_update_time: 6\n");
    files_.put("/mlruns/0/tags/team", "x\n");
    put_run("r1", "status: 3\n");
  }

  void put_run(const std::string& id, const std::string& more) {
    files_.put("/mlruns/0/" + id + "/meta.yaml",
               "artifact_uri: file:///mlruns/0/" + id + "/artifacts\nlifecycle_stage: active\nrun_name: " +
                   id + "\nstart_time: 1\nend_time: 2\nuser_id: ann\nsource_type: 4\n" + more);
  }
  tracking::Experiment experiment() { return source_->experiments().value().at(0); }
  tracking::ImportedRun run(const std::string& id = "r1") { return source_->run(experiment(), id).value(); }
  std::vector<std::string> left() {
    std::vector<std::string> texts;
    for (const LeftOut& one : source_->left_out())
      texts.push_back(one.what + " " + one.id + ": " + one.reason);
    return texts;
  }

  os::MemoryFiles files_{};
  std::unique_ptr<ImportSource> source_ = open_mlflow_tree("/mlruns", files_);
};

TEST_F(MlflowTree, ReadsAnExperimentWithItsTags) {
  const tracking::Experiment read = experiment();

  EXPECT_EQ(read.id, 0);
  EXPECT_EQ(read.name, "Default");
  EXPECT_EQ(read.creation_time, 5);
  ASSERT_THAT(read.tags, SizeIs(1));
  EXPECT_EQ(read.tags[0].value, "x\n");
}

TEST_F(MlflowTree, FindsDeletedExperimentsInTheTrash) {
  files_.put("/mlruns/.trash/7/meta.yaml", "name: gone\nlifecycle_stage: deleted\n");

  const std::vector<tracking::Experiment> found = source_->experiments().value();

  ASSERT_THAT(found, SizeIs(2));
  EXPECT_EQ(found[1].id, 7);
  EXPECT_EQ(found[1].lifecycle_stage, "deleted");
}

TEST_F(MlflowTree, LeavesOutAnExperimentThatCannotBeRead) {
  files_.put("/mlruns/8/meta.yaml", "name: [\n");

  EXPECT_THAT(source_->experiments().value(), SizeIs(1));
  EXPECT_THAT(left(), ElementsAre(HasSubstr("experiment 8: ")));
}

TEST_F(MlflowTree, TakesNoFolderThatIsNoExperiment) {
  files_.put("/mlruns/models/m/meta.yaml", "name: m\n");
  files_.put("/mlruns/9/notes.txt", "no meta");

  EXPECT_THAT(source_->experiments().value(), SizeIs(1));
}

TEST_F(MlflowTree, NamesRunsAndTellsOfFoldersThatAreNone) {
  files_.put("/mlruns/0/r2/params/a", "1");
  files_.put("/mlruns/0/traces/t1/x", "1");
  files_.put("/mlruns/0/datasets/d/meta.yaml", "name: d\n");
  files_.put("/mlruns/0/models/m-1/meta.yaml", "name: m\n");

  EXPECT_THAT(source_->run_ids(experiment()).value(), ElementsAre("r1"));
  EXPECT_THAT(left(), ElementsAre("run r2: it has no meta.yaml", "traces Default: traces are not imported"));
}

TEST_F(MlflowTree, ReadsStatusAndSourceByTheirNumbers) {
  const tracking::ImportedRun read = run();

  EXPECT_EQ(read.run.status, "FINISHED");
  EXPECT_EQ(read.source_type, "LOCAL");
  EXPECT_EQ(read.run.user_id, "ann");
  EXPECT_EQ(read.run.end_time, 2);
}

TEST_F(MlflowTree, ReadsANameOfAnOlderMlflow) {
  files_.put("/mlruns/0/r3/meta.yaml", "name: old\nstatus: RUNNING\n");

  EXPECT_EQ(run("r3").run.name, "old");
  EXPECT_EQ(run("r3").run.status, "RUNNING");
}

TEST_F(MlflowTree, TakesTextsAsTheyAreWritten) {
  put_run("r4", "entry_point_name: 1e5\nsource_version: 0123\n");

  EXPECT_EQ(run("r4").entry_point_name, "1e5");
  EXPECT_EQ(run("r4").source_version, "0123");
}

TEST_F(MlflowTree, JoinsFoldersToKeys) {
  files_.put("/mlruns/0/r1/params/opt/lr", "0.1\nsecond");

  const tracking::ImportedRun read = run();

  ASSERT_THAT(read.run.params, SizeIs(1));
  EXPECT_EQ(read.run.params[0].key, "opt/lr");
  EXPECT_EQ(read.run.params[0].value, "0.1\nsecond");
}

TEST_F(MlflowTree, ReadsPointsWithAndWithoutSteps) {
  files_.put("/mlruns/0/r1/metrics/a", "10 0.5 1\n11 nan 2\n12 -inf -3\n13 4\n");

  const tracking::ImportedRun read = run();

  ASSERT_THAT(read.series, SizeIs(1));
  ASSERT_THAT(read.series[0].points, SizeIs(4));
  EXPECT_EQ(read.series[0].points[0].timestamp, 10);
  EXPECT_TRUE(std::isnan(read.series[0].points[1].value));
  EXPECT_EQ(read.series[0].points[2].value, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(read.series[0].points[2].step, -3);
  EXPECT_EQ(read.series[0].points[3].step, 0);
  EXPECT_EQ(read.point_count(), 4U);
}

TEST_F(MlflowTree, LeavesOutALineThatIsNoPoint) {
  files_.put("/mlruns/0/r1/metrics/a", "10 0.5 1\nten 0.5 1\n11\n12 x 1\n\n");

  EXPECT_EQ(run().point_count(), 1U);
  EXPECT_THAT(left(), SizeIs(3));
  EXPECT_EQ(left()[0], "metric point r1/a: the line is not 'time value step'");
}

TEST_F(MlflowTree, SaysWhichFileIsNoText) {
  files_.put("/mlruns/0/r1/params/bad", "\xFF");

  const auto read = source_->run(experiment(), "r1");

  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code(), core::ErrorCode::kCorrupt);
  EXPECT_THAT(read.error().message(), HasSubstr("/mlruns/0/r1/params/bad"));
}

TEST_F(MlflowTree, ReadsDatasetsOfARun) {
  files_.put("/mlruns/0/datasets/d1/meta.yaml",
             "name: train\ndigest: '012'\nsource_type: local\nsource: '{}'\n");
  files_.put(
      "/mlruns/0/r1/inputs/i1/meta.yaml",
      "source_type: DATASET\nsource_id: d1\ndestination_type: RUN\ntags:\n  mlflow.data.context: training\n");

  const tracking::ImportedRun read = run();

  ASSERT_THAT(read.links, SizeIs(1));
  EXPECT_EQ(read.links[0].dataset.digest, "012");
  EXPECT_EQ(read.links[0].dataset.schema, std::nullopt);
  ASSERT_THAT(read.links[0].tags, SizeIs(1));
  EXPECT_EQ(read.links[0].tags[0].value, "training");
}

TEST_F(MlflowTree, ReadsNoDatasetOutsideOfItsFolder) {
  files_.put("/secret/meta.yaml", "name: secret\n");
  for (const std::string id : {"../../../secret", "/secret", "''"}) {
    files_.put("/mlruns/0/r1/inputs/i1/meta.yaml", "source_type: DATASET\nsource_id: " + id + "\n");

    EXPECT_THAT(run().links, IsEmpty()) << id;
    EXPECT_THAT(left().back(), HasSubstr("its id leads out of the folder of datasets")) << id;
  }
}

TEST_F(MlflowTree, ReadsModelsThatWentInAndOut) {
  files_.put("/mlruns/0/r1/inputs/i1/meta.yaml", "source_type: MODEL\nsource_id: m-1\n");
  files_.put("/mlruns/0/r1/outputs/m-2/meta.yaml", "step: 4\n");

  const tracking::ImportedRun read = run();

  ASSERT_THAT(read.links, SizeIs(2));
  EXPECT_EQ(read.links[0].kind, tracking::ImportedLink::Kind::kModelInput);
  EXPECT_EQ(read.links[0].model_id, "m-1");
  EXPECT_EQ(read.links[1].model_id, "m-2");
  EXPECT_EQ(read.links[1].step, 4);
}

TEST_F(MlflowTree, ReadsALoggedModelWithItsMetrics) {
  files_.put(
      "/mlruns/0/models/m-1/meta.yaml",
      "name: forest\nartifact_location: file:///x\ncreation_timestamp: 3\nstatus: 2\nsource_run_id: r1\n");
  files_.put("/mlruns/0/models/m-1/params/trees", "9");
  files_.put("/mlruns/0/models/m-1/metrics/auc", "10 0.75 1 r1 train 012\n11 0.8 2 r1\n12 0.9\n");

  ASSERT_THAT(source_->model_ids(experiment()).value(), ElementsAre("m-1"));
  const tracking::ImportedModel read = source_->model(experiment(), "m-1").value();

  EXPECT_EQ(read.status_number, 2);
  EXPECT_EQ(read.model.params.at(0).value, "9");
  ASSERT_THAT(read.model.metrics, SizeIs(2));
  EXPECT_EQ(read.model.metrics[0].dataset_digest, "012");
  EXPECT_EQ(read.model.metrics[1].run_id, "r1");
  EXPECT_THAT(left(), ElementsAre(HasSubstr("'time value step run'")));
}

TEST_F(MlflowTree, ReadsTheRegistry) {
  files_.put("/mlruns/models/reg/meta.yaml", "name: reg\ncreation_timestamp: 1\ndescription: about\n");
  files_.put("/mlruns/models/reg/tags/k", "v");
  files_.put("/mlruns/models/reg/aliases/champion", "2");
  files_.put("/mlruns/models/reg/version-1/meta.yaml",
             "version: 1\ncurrent_stage: Production\nsource: s3://b\n");
  files_.put("/mlruns/models/reg/version-2/meta.yaml", "version: 2\nsource: s3://b\nrun_id: r1\n");
  files_.put("/mlruns/models/reg/version-2/tags/t", "1");
  files_.put("/mlruns/models/reg/version-3/meta.yaml", "version: 3\ncurrent_stage: Deleted_Internal\n");
  files_.put("/mlruns/models/reg/version-4/meta.yaml", "source: s3://b\n");

  const std::vector<tracking::RegisteredModel> found = source_->registered_models().value();

  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].aliases.at(0).version, 2);
  ASSERT_THAT(found[0].latest_versions, SizeIs(2));
  EXPECT_EQ(found[0].latest_versions[0].stage, "Production");
  EXPECT_EQ(found[0].latest_versions[1].stage, "None");
  EXPECT_EQ(found[0].latest_versions[1].status, "READY");
  EXPECT_EQ(found[0].latest_versions[1].tags.at(0).value, "1");
  EXPECT_THAT(left(), ElementsAre("model version reg/3: it is deleted", HasSubstr("names no version")));
}

TEST_F(MlflowTree, KnowsTheFolderOfArtifactsBesideARun) {
  const tracking::Experiment one = experiment();
  files_.put("/mlruns/0/r1/artifacts/a", "1");

  EXPECT_EQ(source_->own_folder(one, "r1"), "/mlruns/0/r1/artifacts");
  EXPECT_EQ(source_->own_folder(one, "r2"), "");
}

}  // namespace
}  // namespace starcast::app
