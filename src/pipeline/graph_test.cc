#include "pipeline/graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace starcast::pipeline {
namespace {

using core::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;

GraphNode node(const std::string& name, std::vector<std::string> deps, const std::vector<std::string>& outs) {
  GraphNode made;
  made.name = name;
  made.where = "dvc.yaml:" + name;
  made.file = "dvc.yaml";
  made.deps = std::move(deps);
  for (const std::string& out : outs) made.outs.push_back({out, "dvc.yaml:" + out});
  return made;
}

std::vector<std::string> plan_of(const Graph& graph, const std::vector<std::size_t>& targets = {}) {
  std::vector<std::string> names;
  for (const std::size_t at : graph.plan(targets)) names.push_back(graph.nodes()[at].name);
  return names;
}

std::string error_of(std::vector<GraphNode> nodes) {
  const auto graph = Graph::build(std::move(nodes));
  if (graph) return "no error";
  EXPECT_EQ(graph.error().code(), ErrorCode::kInvalidInput);
  return graph.error().message();
}

TEST(Graph, RunsWhatIsNeededFirst) {
  const Graph graph =
      Graph::build({node("z", {"b", "a"}, {"z.out"}), node("a", {}, {"a"}), node("b", {"a"}, {"b"})}).value();

  EXPECT_THAT(plan_of(graph), ElementsAre("a", "b", "z"));
}

TEST(Graph, FoldersMeetWhatLiesInsideThem) {
  const Graph graph = Graph::build({node("reader", {"data"}, {"r"}), node("inner", {"out/x"}, {"i"}),
                                    node("maker", {}, {"data/a"}), node("folder", {}, {"out"})})
                          .value();

  EXPECT_THAT(plan_of(graph), ElementsAre("maker", "reader", "folder", "inner"));
}

TEST(Graph, ATargetBringsOnlyWhatItNeeds) {
  const Graph graph =
      Graph::build({node("a", {}, {"a"}), node("b", {"a"}, {"b"}), node("c", {"b"}, {"c"})}).value();

  EXPECT_THAT(plan_of(graph, {1}), ElementsAre("a", "b"));
}

TEST(Graph, AFrozenStageBringsNothing) {
  GraphNode frozen = node("b", {"a"}, {"b"});
  frozen.frozen = true;
  const Graph graph = Graph::build({node("a", {}, {"a"}), frozen}).value();

  EXPECT_THAT(plan_of(graph, {1}), ElementsAre("b"));
}

TEST(Graph, AnUnneededDvcFileIsNoTarget) {
  GraphNode tracked = node("x.dvc", {}, {"x"});
  tracked.file = "x.dvc";
  const Graph graph = Graph::build({node("a", {"y"}, {"a"}), tracked}).value();

  EXPECT_THAT(plan_of(graph), ElementsAre("a"));
}

TEST(Graph, ACycleNamesItsStages) {
  EXPECT_EQ(error_of({node("a", {"c"}, {"a"}), node("b", {"a"}, {"b"}), node("c", {"b"}, {"c"})}),
            "dvc.yaml:a: the stages form a cycle: 'a' needs 'c' needs 'b' needs 'a'");
}

TEST(Graph, OneOutHasOneMaker) {
  EXPECT_EQ(error_of({node("a", {}, {"x"}), node("b", {}, {"x"})}),
            "dvc.yaml:x: 'x' is an out of 'a' and of 'b'; only one may make it");
}

TEST(Graph, OutsDoNotOverlap) {
  EXPECT_THAT(error_of({node("a", {}, {"d"}), node("b", {}, {"d/e/f"})}),
              HasSubstr("out 'd/e/f' of 'b' lies inside out 'd' of 'a'"));
}

TEST(Graph, OutsStayInTheWorkspace) {
  EXPECT_THAT(error_of({node("a", {}, {"../x"})}),
              HasSubstr("dvc.yaml:../x: out '../x' of 'a' lies outside the workspace"));
  EXPECT_THAT(error_of({node("a", {}, {"/tmp/x"})}), HasSubstr("outside the workspace"));
}

TEST(Graph, AStageDoesNotReadItsOwnOut) {
  EXPECT_THAT(error_of({node("a", {"x"}, {"x"})}), HasSubstr("both a dep and an out"));
}

TEST(Graph, AStageFileDoesNotLieInAnOut) {
  GraphNode tracked = node("d/x.dvc", {}, {"y"});
  tracked.file = "d/x.dvc";

  EXPECT_THAT(error_of({node("a", {}, {"d"}), tracked}), HasSubstr("'d/x.dvc' lies inside out 'd'"));
}

}  // namespace
}  // namespace starcast::pipeline
