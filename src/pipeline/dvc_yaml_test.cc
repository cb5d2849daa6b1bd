#include "pipeline/dvc_yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "os/testing/memory_files.h"

namespace starcast::pipeline {
namespace {

using core::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

core::Result<DvcYaml> load(std::string_view text, std::string_view params = "") {
  os::MemoryFiles files;
  files.put("w/dvc.yaml", text);
  if (!params.empty()) files.put("w/params.yaml", params);
  files.put("w/more.yaml", "tail: 2\nother: 3\n");
  files.put("w/sub/local.yaml", "deep: below\n");
  return load_dvc_yaml(files, "w/dvc.yaml", "dvc.yaml");
}

Stage only_stage(std::string_view text, std::string_view params = "") {
  const auto yaml = load(text, params);
  EXPECT_TRUE(yaml) << (yaml ? "" : yaml.error().message());
  return yaml && yaml.value().stages.size() == 1 ? yaml.value().stages[0] : Stage{};
}

std::string error_of(std::string_view text, ErrorCode code = ErrorCode::kInvalidInput,
                     std::string_view params = "") {
  const auto yaml = load(text, params);
  if (yaml) return "no error";
  EXPECT_EQ(yaml.error().code(), code) << yaml.error().message();
  return yaml.error().message();
}

TEST(DvcYaml, ReadsAStage) {
  const Stage stage = only_stage(
      "stages:\n  train:\n    cmd: run it\n    wdir: sub\n    deps: [a, ../b]\n    outs: [m, n: {persist: "
      "true}]\n"
      "    metrics:\n    - s.json:\n        cache: false\n    plots:\n    - p.csv: {x: a, y: b}\n    frozen: "
      "true\n    desc: d\n    meta: {k: 1}\n");

  EXPECT_EQ(stage.name, "train");
  EXPECT_EQ(stage.line, 2U);
  EXPECT_THAT(stage.commands, ElementsAre("run it"));
  EXPECT_FALSE(stage.command_is_list);
  EXPECT_THAT(stage.deps, ElementsAre("a", "../b"));
  EXPECT_EQ(path_from_folder(stage, "../b"), "b");
  ASSERT_EQ(stage.outs.size(), 4U);
  EXPECT_TRUE(stage.outs[1].persist);
  EXPECT_EQ(stage.outs[2].kind, OutKind::kMetrics);
  EXPECT_FALSE(stage.outs[2].cache);
  EXPECT_EQ(stage.outs[3].kind, OutKind::kPlots);
  EXPECT_TRUE(stage.frozen);
}

TEST(DvcYaml, AnEmptyFileHasNoStages) {
  EXPECT_THAT(load("").value().stages, IsEmpty());
}

TEST(DvcYaml, JoinsParamsOfOneFile) {
  const Stage stage = only_stage("stages:\n  s:\n    cmd: c\n    params: [a, p.json: [x], b, p.json: [y]]\n");

  ASSERT_EQ(stage.params.size(), 2U);
  EXPECT_EQ(stage.params[0].file, "params.yaml");
  EXPECT_THAT(stage.params[0].keys, ElementsAre("a", "b"));
  EXPECT_THAT(stage.params[1].keys, ElementsAre("x", "y"));
}

TEST(DvcYaml, TrackingAWholeFileDropsItsKeys) {
  const Stage stage =
      only_stage("stages:\n  s:\n    cmd: c\n    params: [p.json: [x], p.json: , q.yaml: []]\n");

  ASSERT_EQ(stage.params.size(), 2U);
  EXPECT_THAT(stage.params[0].keys, IsEmpty());
  EXPECT_THAT(stage.params[1].keys, IsEmpty());
}

TEST(DvcYaml, ATextIsOneShellCallALine) {
  const Stage stage = only_stage("stages:\n  s:\n    cmd: |\n      a\n\n      b\n");

  EXPECT_THAT(shell_calls(stage), ElementsAre("a", "", "b"));
}

TEST(DvcYaml, AListItemIsOneShellCallWhateverItsLines) {
  const Stage stage = only_stage("stages:\n  s:\n    cmd: [\"a\\nb\", c]\n");

  EXPECT_TRUE(stage.command_is_list);
  EXPECT_THAT(shell_calls(stage), ElementsAre("a\nb", "c"));
}

TEST(DvcYaml, FillsTemplatesFromParams) {
  const Stage stage = only_stage(
      "stages:\n  s:\n    cmd: run ${a.b} ${l[1]} \\${HOME} ${f}\n    deps: ['${a.b}']\n    outs: "
      "['${a.b}.out': {}]\n",
      "a: {b: x.txt}\nl: [1, 2.50]\nf: true\n");

  EXPECT_THAT(stage.commands, ElementsAre("run x.txt 2.5 ${HOME} true"));
  EXPECT_THAT(stage.deps, ElementsAre("x.txt"));
  EXPECT_EQ(stage.outs[0].path, "x.txt.out");
}

TEST(DvcYaml, FillsTemplatesFromVars) {
  const Stage stage = only_stage(
      "vars: [more.yaml:tail, own: {x: 1}]\nstages:\n  s:\n    wdir: sub\n    vars: [local.yaml]\n    cmd: "
      "${tail} ${own.x} ${deep}\n");

  EXPECT_THAT(stage.commands, ElementsAre("2 1 below"));
}

TEST(DvcYaml, AMappingInACommandBecomesOptions) {
  const Stage stage =
      only_stage("stages:\n  s:\n    cmd: run ${o}\n",
                 "o: {lr: 0.1, flag: true, off: false, n: {m: it's}, l: [a b, 2, true], none: null}\n");

  EXPECT_THAT(stage.commands,
              ElementsAre("run --lr 0.1 --flag --n.m 'it'\"'\"'s' --l 'a b' 2 True --none None"));
}

TEST(DvcYaml, ABrokenParamsFileDoesNotMatterWithoutTemplates) {
  EXPECT_TRUE(load("stages:\n  s:\n    cmd: c\n", "a: [\n"));
}

TEST(DvcYaml, BrokenYamlNamesFileAndLine) {
  EXPECT_THAT(error_of("stages:\n  s: [\n"), HasSubstr("dvc.yaml: line 3"));
}

TEST(DvcYaml, ADuplicateKeyIsAnError) {
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: a\n    cmd: b\n"), HasSubstr("line 4"));
}

TEST(DvcYaml, AnUnknownKeyNamesLineAndTheNearestKey) {
  EXPECT_EQ(error_of("stages:\n  s:\n    cmd: a\n    dep: [b]\n"),
            "dvc.yaml:4: unknown key 'dep' in stage 's'; did you mean 'deps'?");
  EXPECT_THAT(error_of("stage: {}\n"), HasSubstr("dvc.yaml:1: unknown key 'stage'"));
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: a\n    outs:\n    - o: {cached: true}\n"),
              HasSubstr("dvc.yaml:5: unknown key 'cached'"));
}

TEST(DvcYaml, WrongTypesNameTheirLine) {
  EXPECT_EQ(error_of("stages:\n  s:\n    cmd: 3\n"),
            "dvc.yaml:3: stage 's': cmd must be a text, not a number");
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: a\n    deps: b\n"),
              HasSubstr("dvc.yaml:4: stage 's': deps must be a list, not a text"));
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: a\n    frozen: 1\n"), HasSubstr("must be true or false"));
  EXPECT_THAT(error_of("stages: [a]\n"), HasSubstr("must be a mapping"));
}

TEST(DvcYaml, AStageNeedsACommand) {
  EXPECT_THAT(error_of("stages:\n  s:\n    deps: [a]\n"), HasSubstr("dvc.yaml:2: stage 's' has no cmd"));
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: ''\n"), HasSubstr("is empty"));
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: []\n"), HasSubstr("is empty"));
}

TEST(DvcYaml, AMissingTemplateNameIsNamedWithItsLine) {
  EXPECT_EQ(error_of("stages:\n  s:\n    cmd: run ${a.c}\n", ErrorCode::kInvalidInput, "a: {b: 1}\n"),
            "dvc.yaml:3: cannot fill '${a.c}': there is no 'c' in params.yaml or vars");
}

TEST(DvcYaml, AListCannotStandInATemplate) {
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: run ${a}\n", ErrorCode::kInvalidInput, "a: [1]\n"),
              HasSubstr("list or a mapping"));
}

TEST(DvcYaml, MalformedTemplatesAreErrors) {
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: run ${}\n"), HasSubstr("a name is missing"));
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: run ${a[0}\n", ErrorCode::kInvalidInput, "a: [1]\n"),
              HasSubstr("']' is missing"));
}

TEST(DvcYaml, RedefiningAValueNamesBothPlaces) {
  EXPECT_THAT(
      error_of("vars:\n- a: {b: 2}\nstages:\n  s:\n    cmd: ${a.b}\n", ErrorCode::kInvalidInput,
               "a: {b: 1}\n"),
      HasSubstr("dvc.yaml:2: cannot redefine 'a.b' from 'vars[0]': it is already defined in 'params.yaml'"));
}

TEST(DvcYaml, ForeachAndMatrixAreNotSupportedYet) {
  EXPECT_THAT(error_of("stages:\n  s:\n    foreach: [a]\n    do: {cmd: x}\n", ErrorCode::kUnsupported),
              HasSubstr("dvc.yaml:3: stage 's': 'foreach'"));
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: x\n    matrix: {a: [1]}\n", ErrorCode::kUnsupported),
              HasSubstr("'matrix'"));
}

TEST(DvcYaml, AddressesAreNotSupportedYet) {
  EXPECT_THAT(error_of("stages:\n  s:\n    cmd: x\n    deps: ['s3://b/x']\n", ErrorCode::kUnsupported),
              HasSubstr("s3://b/x"));
}

TEST(DvcYaml, AnAbsentFileIsNotFound) {
  os::MemoryFiles files;
  const auto yaml = load_dvc_yaml(files, "dvc.yaml");

  ASSERT_FALSE(yaml);
  EXPECT_EQ(yaml.error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace starcast::pipeline
