// The graph of pipeline stages and .dvc files: who makes what another one reads.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "core/result.h"

namespace starcast::pipeline {

// Paths are normalized and seen from the workspace's root.
struct GraphNode {
  struct Out {
    std::string path;
    std::string where;  // "dvc.yaml:12", for messages
  };

  std::string name;
  std::string where;
  std::string file;  // the stage file itself, which must not lie inside an out
  std::vector<std::string> deps;
  std::vector<Out> outs;
  bool frozen = false;  // not run for its deps' sake: keeps no edges in a plan
};

class Graph {
 public:
  // kInvalidInput, with file and line: an out outside the workspace, two outs that are equal or inside each
  // other, a stage that reads its own out, a stage file inside an out, a cycle.
  static core::Result<Graph> build(std::vector<GraphNode> nodes);

  const std::vector<GraphNode>& nodes() const { return nodes_; }

  // The targets and all they need, each after what it needs; in DVC's order (depth first, in the order of the
  // files). Without targets: every node that is no .dvc file, and what they need.
  std::vector<std::size_t> plan(const std::vector<std::size_t>& targets) const;

  // The nodes that make what this one reads.
  const std::vector<std::size_t>& upstream(std::size_t node) const { return upstream_[node]; }

 private:
  core::Result<void> check_cycles() const;

  std::vector<GraphNode> nodes_;
  std::vector<std::vector<std::size_t>> upstream_;
};

}  // namespace starcast::pipeline
