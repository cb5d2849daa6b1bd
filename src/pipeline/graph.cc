#include "pipeline/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "os/path.h"

namespace starcast::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

struct Owner {
  std::size_t node = 0;
  std::size_t out = 0;
};

// Every out by its path; looked up by path, by the folders above it, and by what lies below.
using Owners = std::map<std::string, Owner>;

Error invalid(const std::string& text) {
  return Error(ErrorCode::kInvalidInput, text);
}

const Owner* owner_above(const Owners& owners, const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const auto found = owners.find(path.substr(0, slash));
    if (found != owners.end()) return &found->second;
  }
  return nullptr;
}

Result<Owners> owners_of(const std::vector<GraphNode>& nodes) {
  Owners owners;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    for (std::size_t out = 0; out < nodes[node].outs.size(); ++out) {
      const GraphNode::Out& made = nodes[node].outs[out];
      if (!os::stays_inside(made.path)) {
        return invalid(fmt::format("{}: out '{}' of '{}' lies outside the workspace", made.where, made.path,
                                   nodes[node].name));
      }
      const auto [found, is_new] = owners.try_emplace(made.path, Owner{node, out});
      if (is_new) continue;
      return invalid(fmt::format("{}: '{}' is an out of '{}' and of '{}'; only one may make it", made.where,
                                 made.path, nodes[found->second.node].name, nodes[node].name));
    }
  }
  for (const auto& [path, owner] : owners) {
    const Owner* const above = owner_above(owners, path);
    if (above == nullptr) continue;
    const GraphNode::Out& outer = nodes[above->node].outs[above->out];
    return invalid(fmt::format("{}: out '{}' of '{}' lies inside out '{}' of '{}' ({})",
                               nodes[owner.node].outs[owner.out].where, path, nodes[owner.node].name,
                               outer.path, nodes[above->node].name, outer.where));
  }
  return owners;
}

}  // namespace

Result<Graph> Graph::build(std::vector<GraphNode> nodes) {
  Graph graph;
  graph.nodes_ = std::move(nodes);
  const Owners owners = TRY(owners_of(graph.nodes_));
  graph.upstream_.resize(graph.nodes_.size());
  for (std::size_t node = 0; node < graph.nodes_.size(); ++node) {
    const GraphNode& reader = graph.nodes_[node];
    if (const Owner* const owner = owner_above(owners, reader.file)) {
      const GraphNode::Out& out = graph.nodes_[owner->node].outs[owner->out];
      return invalid(fmt::format("{}: '{}' lies inside out '{}' of '{}'", out.where, reader.file, out.path,
                                 graph.nodes_[owner->node].name));
    }
    std::vector<std::size_t>& upstream = graph.upstream_[node];
    const auto add = [&upstream](const Owner& owner) {
      if (std::find(upstream.begin(), upstream.end(), owner.node) == upstream.end())
        upstream.push_back(owner.node);
    };
    for (const std::string& dep : reader.deps) {
      if (const auto same = owners.find(dep); same != owners.end() && same->second.node == node) {
        return invalid(
            fmt::format("{}: '{}' is both a dep and an out of '{}'", reader.where, dep, reader.name));
      }
      if (const Owner* const above = owner_above(owners, dep)) add(*above);
      if (const auto same = owners.find(dep); same != owners.end()) add(same->second);
      // What lies inside a folder that is read, in the order of the files.
      std::vector<Owner> inside;
      const std::string prefix = dep == "." ? "" : dep + "/";
      for (auto at = owners.lower_bound(prefix); at != owners.end() && at->first.starts_with(prefix); ++at)
        inside.push_back(at->second);
      std::sort(inside.begin(), inside.end(), [](const Owner& a, const Owner& b) {
        return std::pair(a.node, a.out) < std::pair(b.node, b.out);
      });
      std::for_each(inside.begin(), inside.end(), add);
    }
  }
  TRY(graph.check_cycles());
  return graph;
}

Result<void> Graph::check_cycles() const {
  enum class Mark { kNew, kOpen, kDone };
  std::vector<Mark> marks(nodes_.size(), Mark::kNew);
  struct Step {
    std::size_t node = 0;
    std::size_t next = 0;
  };
  for (std::size_t start = 0; start < nodes_.size(); ++start) {
    if (marks[start] != Mark::kNew) continue;
    std::vector<Step> path{{start, 0}};
    marks[start] = Mark::kOpen;
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next == upstream_[step.node].size()) {
        marks[step.node] = Mark::kDone;
        path.pop_back();
        continue;
      }
      const std::size_t next = upstream_[step.node][step.next++];
      if (marks[next] == Mark::kNew) {
        marks[next] = Mark::kOpen;
        path.push_back({next, 0});
      } else if (marks[next] == Mark::kOpen) {
        auto at =
            std::find_if(path.begin(), path.end(), [next](const Step& open) { return open.node == next; });
        std::string names;
        for (; at != path.end(); ++at) names += fmt::format("'{}' needs ", nodes_[at->node].name);
        return invalid(
            fmt::format("{}: the stages form a cycle: {}'{}'", nodes_[next].where, names, nodes_[next].name));
      }
    }
  }
  return {};
}

std::vector<std::size_t> Graph::plan(const std::vector<std::size_t>& targets) const {
  std::vector<bool> wanted(nodes_.size(), false);
  std::vector<std::size_t> open = targets;
  if (targets.empty()) {
    for (std::size_t node = 0; node < nodes_.size(); ++node) {
      if (!nodes_[node].file.ends_with(".dvc")) open.push_back(node);
    }
  }
  while (!open.empty()) {
    const std::size_t node = open.back();
    open.pop_back();
    if (wanted[node]) continue;
    wanted[node] = true;
    if (!nodes_[node].frozen) open.insert(open.end(), upstream_[node].begin(), upstream_[node].end());
  }

  std::vector<std::size_t> order;
  std::vector<bool> seen(nodes_.size(), false);
  struct Step {
    std::size_t node = 0;
    std::size_t next = 0;
  };
  for (std::size_t start = 0; start < nodes_.size(); ++start) {
    if (!wanted[start] || seen[start]) continue;
    std::vector<Step> path{{start, 0}};
    seen[start] = true;
    while (!path.empty()) {
      Step& step = path.back();
      const std::size_t count = nodes_[step.node].frozen ? 0 : upstream_[step.node].size();
      if (step.next == count) {
        order.push_back(step.node);
        path.pop_back();
        continue;
      }
      const std::size_t next = upstream_[step.node][step.next++];
      if (seen[next]) continue;
      seen[next] = true;
      path.push_back({next, 0});
    }
  }
  return order;
}

}  // namespace starcast::pipeline
