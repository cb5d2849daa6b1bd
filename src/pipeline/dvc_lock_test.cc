#include "pipeline/dvc_lock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "os/testing/memory_files.h"

namespace starcast::pipeline {
namespace {

using core::ErrorCode;
using testing::HasSubstr;

// Written by dvc 3.67.1.
constexpr std::string_view kText = R"(schema: '2.0'
stages:
  prep:
    cmd: mkdir -p out && cp -r data/* out/ && echo hello > out/g.txt
    deps:
    - path: data
      hash: md5
      md5: ae11498b4b71be1fc165cbe321bc6924.dir
      size: 21
      nfiles: 5
    params:
      params.yaml:
        seed: 42
      params.json:
        big: 1e-05
        flag: true
        list:
        - 1
        - 2
        model.depth: 3
    outs:
    - path: out
      hash: md5
      md5: 057ab5ccf406880724b364efd2d96014.dir
      size: 27
      nfiles: 6
)";

std::string error_of(std::string_view text) {
  const auto lock = parse_dvc_lock(text, "dvc.lock");
  if (lock) return "no error";
  EXPECT_EQ(lock.error().code(), ErrorCode::kCorrupt);
  return lock.error().message();
}

LockedStage small_stage(const std::string& name) {
  LockedStage stage;
  stage.name = name;
  stage.cmd = "run";
  stage.outs.push_back({"o.sh", "057ab5ccf406880724b364efd2d96014", 3, {}, true, false});
  return stage;
}

TEST(DvcLock, ReadsEveryField) {
  const auto lock = parse_dvc_lock(kText, "dvc.lock");

  ASSERT_TRUE(lock);
  const LockedStage* const stage = lock.value().find("prep");
  ASSERT_NE(stage, nullptr);
  EXPECT_TRUE(stage->deps[0].is_folder());
  EXPECT_EQ(stage->deps[0].nfiles, 5U);
  EXPECT_FALSE(stage->deps[0].legacy_hash);
  ASSERT_NE(stage->find_params("params.json"), nullptr);
  EXPECT_EQ(stage->find_params("params.json")->values.size(), 4U);
  EXPECT_EQ(stage->find_out("out")->size, 27U);
  EXPECT_EQ(stage->find_out("other"), nullptr);
}

TEST(DvcLock, WritesBackTheSameBytes) {
  const auto lock = parse_dvc_lock(kText, "dvc.lock");
  ASSERT_TRUE(lock);

  EXPECT_EQ(to_text(lock.value()), kText);
}

TEST(DvcLock, WritesANewEntryWithoutWhatItWasReadFrom) {
  auto lock = parse_dvc_lock(kText, "dvc.lock").value();
  LockedStage stage = *lock.find("prep");
  stage.as_read.reset();
  lock.put(stage);

  EXPECT_EQ(to_text(lock), kText);
}

TEST(DvcLock, ANewLockStartsWithItsSchema) {
  DvcLock lock;
  lock.put(small_stage("a"));

  EXPECT_EQ(to_text(lock),
            "schema: '2.0'\nstages:\n  a:\n    cmd: run\n    outs:\n    - path: o.sh\n      hash: md5\n"
            "      md5: 057ab5ccf406880724b364efd2d96014\n      size: 3\n      isexec: true\n");
}

TEST(DvcLock, AnUpdatedEntryKeepsItsPlace) {
  DvcLock lock;
  lock.put(small_stage("a"));
  lock.put(small_stage("b"));
  LockedStage again = small_stage("a");
  again.cmd = "other";
  lock.put(again);

  ASSERT_EQ(lock.stages.size(), 2U);
  EXPECT_EQ(lock.stages[0].name, "a");
  EXPECT_EQ(lock.stages[0].cmd, codec::Json("other"));
}

TEST(DvcLock, WhatIsNotInterpretedIsKept) {
  const std::string text =
      "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - path: ds://d\n      dataset:\n        "
      "name: d\n"
      "datasets:\n- name: d\n  type: dc\n";
  auto lock = parse_dvc_lock(text, "dvc.lock");
  ASSERT_TRUE(lock) << lock.error().message();

  EXPECT_EQ(to_text(lock.value()), text);
}

TEST(DvcLock, NoHashLineMeansAHashOfDvc2) {
  const auto lock = parse_dvc_lock(
      "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - path: d\n      md5: "
      "057AB5CCF406880724B364EFD2D96014\n",
      "l");

  ASSERT_TRUE(lock);
  EXPECT_TRUE(lock.value().stages[0].deps[0].legacy_hash);
  EXPECT_EQ(lock.value().stages[0].deps[0].md5, "057ab5ccf406880724b364efd2d96014");
}

TEST(DvcLock, AnMd5OfDigitsOnlyIsText) {
  const auto lock = parse_dvc_lock(
      "schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - path: d\n      hash: md5\n      md5: "
      "01234567890123456789012345678901\n",
      "l");

  ASSERT_TRUE(lock) << lock.error().message();
  EXPECT_EQ(lock.value().stages[0].deps[0].md5, "01234567890123456789012345678901");
}

TEST(DvcLock, AnAbsentFileIsAnEmptyLock) {
  os::MemoryFiles files;

  EXPECT_TRUE(load_dvc_lock(files, "dvc.lock").value().stages.empty());
}

TEST(DvcLock, DamageIsNamedWithItsLine) {
  EXPECT_THAT(error_of("schema: '2.0'\nstages:\n  a:\n    cmd: x\n    dep: []\n"),
              HasSubstr("dvc.lock:5: unknown key 'dep'"));
  EXPECT_THAT(
      error_of("schema: '2.0'\nstages:\n  a:\n    cmd: x\n    deps:\n    - path: p\n      md5: abc\n"),
      HasSubstr("dvc.lock:7"));
  EXPECT_THAT(error_of("schema: '1.0'\n"), HasSubstr("dvc.lock:1: schema must be '2.0'"));
  EXPECT_THAT(error_of("stages: {}\n"), HasSubstr("schema must be '2.0'"));
  EXPECT_THAT(error_of("schema: '2.0'\nstages:\n  a: {}\n"), HasSubstr("has no cmd"));
  EXPECT_THAT(error_of("schema: '2.0'\nstages:\n  a:\n    cmd: x\n  a:\n    cmd: y\n"), HasSubstr("line 5"));
  EXPECT_THAT(error_of("schema: '2.0'\nstages:\n  a: {cmd: x, deps: [{md5: x}]}\n"),
              HasSubstr("has no path"));
  EXPECT_THAT(error_of("<<<<<<< HEAD\nschema: '2.0'\n"), HasSubstr("dvc.lock"));
}

}  // namespace
}  // namespace starcast::pipeline
