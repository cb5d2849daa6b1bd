#include "http/route_table.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "codec/percent.h"
#include "core/check.h"

namespace starcast::http {
namespace {

constexpr std::size_t kMethodCount = 7;

std::size_t index_of(Method method) {
  return static_cast<std::size_t>(method);
}

// "/a/b" becomes "a" and leaves "/b"; a path always starts with '/' here.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::size_t end = std::min(path.find('/'), path.size());
  const std::string_view segment = path.substr(0, end);
  path.remove_prefix(end);
  return segment;
}

bool is_parameter(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

}  // namespace

std::string_view name_of(Permission permission) {
  switch (permission) {
    case Permission::kNone:
      return "none";
    case Permission::kRead:
      return "read";
    case Permission::kCreate:
      return "create";
    case Permission::kEdit:
      return "edit";
    case Permission::kDelete:
      return "delete";
    case Permission::kAdmin:
      return "admin";
  }
  return "none";
}

struct RouteTable::Node {
  struct Leaf {
    const Route* route = nullptr;
    std::vector<std::string> names{};  // of the parameters on the way here
  };
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals{};
  std::unique_ptr<Node> parameter{};
  std::array<Leaf, kMethodCount> leaves{};
  std::array<Leaf, kMethodCount> rests{};  // of patterns that end in "{name...}" here

  struct Search {
    Method method;
    std::vector<std::string> values{};
    std::array<bool, kMethodCount> seen{};  // methods that routes of this path have
    Found found{};

    bool take(const std::array<Leaf, kMethodCount>& candidates) {
      for (std::size_t i = 0; i < kMethodCount; ++i) seen[i] = seen[i] || candidates[i].route != nullptr;
      const Leaf* leaf = &candidates[index_of(method)];
      if (leaf->route == nullptr && method == Method::kHead) leaf = &candidates[index_of(Method::kGet)];
      if (leaf->route == nullptr) return false;
      found.route = leaf->route;
      for (std::size_t i = 0; i < leaf->names.size(); ++i) {
        found.parameters.emplace_back(leaf->names[i], std::move(values[i]));
      }
      return true;
    }
  };

  // A pattern's depth bounds the recursion, not the path's.
  bool find(std::string_view path, Search& search) const {
    if (path.empty()) return search.take(leaves);
    std::string_view rest = path;
    const std::string segment = codec::percent_decode_leniently(take_segment(rest));
    if (const auto literal = literals.find(segment); literal != literals.end()) {
      if (literal->second->find(rest, search)) return true;
    }
    if (parameter != nullptr && !segment.empty()) {
      search.values.push_back(segment);
      if (parameter->find(rest, search)) return true;
      search.values.pop_back();
    }
    if (path.size() < 2) return false;
    const auto has_route = [](const Leaf& leaf) { return leaf.route != nullptr; };
    if (!std::any_of(rests.begin(), rests.end(), has_route)) return false;
    search.values.push_back(codec::percent_decode_leniently(path.substr(1)));
    if (search.take(rests)) return true;
    search.values.pop_back();
    return false;
  }
};

void RouteTable::add(Route route) {
  CHECK(route.pattern.starts_with('/'));
  CHECK((route.handler == nullptr) != (route.receiver == nullptr));
  if (root_ == nullptr) root_ = std::make_shared<Node>();
  routes_.push_back(std::make_unique<Route>(std::move(route)));
  const Route& added = *routes_.back();

  Node* node = root_.get();
  std::vector<std::string> names;
  std::string_view path = added.pattern;
  while (!path.empty()) {
    const std::string_view segment = take_segment(path);
    if (!is_parameter(segment)) {
      std::unique_ptr<Node>& child = node->literals[std::string(segment)];
      if (child == nullptr) child = std::make_unique<Node>();
      node = child.get();
      continue;
    }
    const std::string_view name = segment.substr(1, segment.size() - 2);
    if (name.ends_with("...")) {
      CHECK(path.empty());
      names.emplace_back(name.substr(0, name.size() - 3));
      Node::Leaf& leaf = node->rests[index_of(added.method)];
      CHECK(leaf.route == nullptr);
      leaf = Node::Leaf{&added, std::move(names)};
      return;
    }
    names.emplace_back(name);
    if (node->parameter == nullptr) node->parameter = std::make_unique<Node>();
    node = node->parameter.get();
  }
  Node::Leaf& leaf = node->leaves[index_of(added.method)];
  CHECK(leaf.route == nullptr);
  leaf = Node::Leaf{&added, std::move(names)};
}

RouteTable::Found RouteTable::find(Method method, std::string_view path) const {
  if (root_ == nullptr || !path.starts_with('/')) return {};
  Node::Search search{method};
  if (root_->find(path, search)) return std::move(search.found);
  Found none;
  for (std::size_t i = 0; i < kMethodCount; ++i) {
    if (search.seen[i]) none.methods.push_back(static_cast<Method>(i));
  }
  none.path_known = !none.methods.empty();
  return none;
}

}  // namespace starcast::http
