#include "pipeline/run_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "codec/yaml.h"
#include "os/testing/memory_files.h"

namespace starcast::pipeline {
namespace {

// The names are those that dvc 3.67.1 gave the same run.
LockedStage dvc_run(std::string_view out_md5 = "dd8c6a395b5dd36c56d23275028f526c") {
  const std::string text = fmt::format(
      "cmd: cp data/x.csv o\n"
      "deps:\n- path: data/x.csv\n  hash: md5\n  md5: dd8c6a395b5dd36c56d23275028f526c\n  size: 4\n  isexec: "
      "true\n"
      "outs:\n- path: o\n  hash: md5\n  md5: {}\n  size: 4\n  isexec: true\n",
      out_md5);
  LockedStage run = read_locked_stage("run", "a", codec::parse_yaml(text).value()).value();
  run.as_read.reset();
  return run;
}

constexpr const char* kKey = "2e7783d0e9c87de1834515900f4caf67e789b4882a75add5fede04de169eb9c9";
constexpr const char* kValue = "fdfb855970a670ac5c49b678f4d5949e69c5ca4e7efe00235f5b3ffd0417235b";

TEST(RunCache, NamesAreThoseOfDvc) {
  EXPECT_EQ(run_key(dvc_run()), kKey);
  EXPECT_EQ(run_value(dvc_run()), kValue);
}

TEST(RunCache, SizesDoNotCountAndOutsCountOnlyInTheValue) {
  LockedStage longer = dvc_run();
  longer.deps[0].size = 99;
  const LockedStage other = dvc_run("057ab5ccf406880724b364efd2d96014");

  EXPECT_EQ(run_key(longer), kKey);
  EXPECT_EQ(run_key(other), kKey);
  EXPECT_NE(run_value(other), kValue);
}

TEST(RunCache, FindsWhatWasSaved) {
  os::MemoryFiles files;
  RunCache cache(files, ".dvc/cache");
  ASSERT_TRUE(cache.save(dvc_run()));

  const auto found = cache.find(kKey);

  ASSERT_TRUE(found);
  EXPECT_EQ(found->outs[0].md5, dvc_run().outs[0].md5);
  EXPECT_FALSE(cache.find(kValue));
}

TEST(RunCache, TheNewestRunCounts) {
  os::MemoryFiles files;
  RunCache cache(files, ".dvc/cache");
  const LockedStage later = dvc_run("057ab5ccf406880724b364efd2d96014");
  ASSERT_TRUE(cache.save(dvc_run()));
  files.tick();
  ASSERT_TRUE(cache.save(later));

  EXPECT_EQ(cache.find(kKey)->outs[0].md5, later.outs[0].md5);
}

TEST(RunCache, ADamagedRunIsRemoved) {
  os::MemoryFiles files;
  RunCache cache(files, ".dvc/cache");
  ASSERT_TRUE(cache.save(dvc_run()));
  const std::string path = files.files().begin()->first;
  files.put(path, "cmd: [");

  EXPECT_FALSE(cache.find(kKey));
  EXPECT_FALSE(files.exists(path));
}

}  // namespace
}  // namespace starcast::pipeline
