#include "app/params.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <string_view>
#include <vector>

#include "codec/number.h"
#include "codec/yaml.h"
#include "core/strings.h"

namespace starcast::app {

using codec::YamlNode;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

// Reads one mapping of params.yaml, knowing its place for messages.
class Section {
 public:
  Section(const YamlNode* node, std::string path, std::string name)
      : node_(node), path_(std::move(path)), name_(std::move(name)) {}

  Error error(const YamlNode& at, const std::string& key, std::string_view message) const {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}:{}: {}: {}", path_, at.start.line, full(key), message));
  }

  // About the section as a whole; it has to be there.
  Error error(std::string_view message) const {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}:{}: {}: {}", path_, node_->start.line, name_, message));
  }

  Result<void> expect(const std::vector<std::string_view>& known) const {
    if (node_ == nullptr) return {};
    if (node_->kind != YamlNode::Kind::kMapping) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{}:{}: {} has to be a mapping", path_, node_->start.line, name_));
    }
    for (const auto& member : node_->members) {
      std::string_view nearest;
      std::size_t distance = 4;
      bool found = false;
      for (const std::string_view name : known) {
        found = found || name == member.first.text;
        const std::size_t edits = core::edit_distance(name, member.first.text);
        if (edits < distance) {
          distance = edits;
          nearest = name;
        }
      }
      if (found) continue;
      return error(member.first, member.first.text,
                   nearest.empty() ? std::string("unknown parameter")
                                   : fmt::format("unknown parameter; did you mean '{}'?", nearest));
    }
    return {};
  }

  Section section(const std::string& key) const {
    return Section(node_ == nullptr ? nullptr : node_->find(key), path_, full(key));
  }

  Result<void> read(const std::string& key, double low, double high, double& value) const {
    const YamlNode* const node = find(key);
    if (node == nullptr) return {};
    const Result<double> number = node->scalar.as_double();
    if (node->kind != YamlNode::Kind::kScalar || !number || !(*number >= low && *number <= high)) {
      return error(*node, key, fmt::format("'{}' is no number from {} to {}", node->text, low, high));
    }
    value = *number;
    return {};
  }

  template <typename Integer>
  Result<void> read_integer(const std::string& key, std::int64_t low, std::int64_t high,
                            Integer& value) const {
    const YamlNode* const node = find(key);
    if (node == nullptr) return {};
    const Result<std::int64_t> number = node->scalar.as_int();
    if (node->kind != YamlNode::Kind::kScalar || !number || *number < low || *number > high) {
      return error(*node, key, fmt::format("'{}' is no whole number from {} to {}", node->text, low, high));
    }
    value = static_cast<Integer>(*number);
    return {};
  }

  // `trees`, and LightGBM's own parameters by its own names.
  Result<void> read_booster(learn::BoosterPlan& plan) const {
    if (node_ == nullptr) return {};
    TRY(read_integer("trees", 1, 100000, plan.trees));
    if (node_->kind != YamlNode::Kind::kMapping) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{}:{}: {} has to be a mapping", path_, node_->start.line, name_));
    }
    for (const auto& member : node_->members) {
      const std::string& key = member.first.text;
      if (key == "trees" || key == "weight") continue;
      if (member.second.kind != YamlNode::Kind::kScalar) {
        return error(member.second, key, "a LightGBM parameter has to be a single value");
      }
      for (const std::string_view fixed :
           {"num_threads", "objective", "seed", "num_iterations", "deterministic", "device_type"}) {
        if (key == fixed) return error(member.first, key, "this LightGBM parameter is set by starcast");
      }
      plan.set(key, member.second.text);
    }
    return {};
  }

  const YamlNode* find(const std::string& key) const { return node_ == nullptr ? nullptr : node_->find(key); }

 private:
  std::string full(const std::string& key) const {
    return name_.empty() ? key : fmt::format("{}.{}", name_, key);
  }

  const YamlNode* node_;
  std::string path_;
  std::string name_;
};

// The forests of one case: their weights and parameters, by name.
Result<void> read_forests(const Section& section, std::vector<learn::PointPlan>& point) {
  std::vector<std::string_view> names;
  double weights = 0;
  for (learn::PointPlan& plan : point) {
    names.push_back(plan.name);
    const Section forest = section.section(plan.name);
    TRY(forest.read("weight", 0, 1, plan.weight));
    TRY(forest.read_booster(plan.booster));
    weights += plan.weight;
  }
  TRY(section.expect(names));
  if (std::abs(weights - 1) <= 1e-9) return {};
  return section.error(fmt::format("the weights sum to {}, not to 1", weights));
}

Result<void> read_case(const Section& section, learn::CasePlan& plan) {
  TRY(section.expect({"calibration_folds", "forests", "band"}));
  TRY(section.read_integer("calibration_folds", 2, 100, plan.calibration_folds));
  TRY(read_forests(section.section("forests"), plan.point));
  return section.section("band").read_booster(plan.band);
}

// `chosen` goes before the section's objective.
Result<void> read_train(const Section& section, std::optional<learn::Objective> chosen,
                        learn::RatingPlan& plan) {
  if (const YamlNode* const node = section.find("learner"); node != nullptr) {
    const std::optional<learn::Learner> learner = learn::learner_named(node->text);
    if (!learner) {
      return section.error(
          *node, "learner",
          fmt::format("'{}' is no learner; known are boosted and random-forest", node->text));
    }
    plan = learn::RatingPlan::defaults_of(*learner);
  }
  if (const YamlNode* const node = section.find("objective"); node != nullptr) {
    const std::optional<learn::Objective> objective = learn::objective_named(node->text);
    if (!objective) {
      return section.error(*node, "objective",
                           fmt::format("'{}' is no objective; known are mean, median and blend", node->text));
    }
    // Where both leave out forests, the chosen one has to come first: no forest comes back.
    plan.set_objective(chosen && *objective != learn::Objective::kBlend ? *chosen : *objective);
  }
  std::vector<std::string_view> known = {"learner", "objective", "seed", "half_weight_reviews"};
  for (const learn::CasePlan& case_plan : plan.cases) known.push_back(model::name_of(case_plan.launch_case));
  TRY(section.expect(known));
  TRY(section.read_integer("seed", 0, 2147483647, plan.seed));
  TRY(section.read("half_weight_reviews", 0, 1e9, plan.half_weight_reviews));
  for (learn::CasePlan& case_plan : plan.cases) {
    TRY(read_case(section.section(std::string(model::name_of(case_plan.launch_case))), case_plan));
  }
  // The forests of the section's own plan were read first: it may set those that the objective leaves out.
  if (chosen && *chosen != plan.objective) return choose_objective(plan, *chosen);
  return {};
}

}  // namespace

Result<Params> parse_params(const std::string& text, const std::string& path,
                            std::optional<learn::Objective> objective) {
  const YamlNode root = TRY(codec::parse_yaml(text), path);
  Params params;
  params.train = learn::RatingPlan::defaults_of(learn::Learner::kBoosted);
  const Section top(&root, path, "");
  TRY(top.expect({"data", "split", "train", "evaluate"}));
  const Section data = top.section("data");
  TRY(data.expect({"generated"}));
  if (const YamlNode* const generated = data.find("generated"); generated != nullptr) {
    if (generated->scalar != codec::Json(true) && generated->scalar != codec::Json(false)) {
      return data.error(*generated, "generated",
                        fmt::format("'{}' is neither true nor false", generated->text));
    }
    params.generated = generated->scalar == codec::Json(true);
  }
  const Section split = top.section("split");
  TRY(split.expect({"test_share", "seed"}));
  TRY(split.read("test_share", 0.01, 0.99, params.split.test_share));
  TRY(split.read_integer("seed", 0, 2147483647, params.split.seed));
  TRY(read_train(top.section("train"), objective, params.train));
  const Section evaluate = top.section("evaluate");
  TRY(evaluate.expect({"bootstrap_resamples", "seed"}));
  TRY(evaluate.read_integer("bootstrap_resamples", 1, 1000000, params.evaluate.bootstrap_resamples));
  TRY(evaluate.read_integer("seed", 0, 2147483647, params.evaluate.seed));
  return params;
}

Result<Params> load_params(const os::FileSystem& files, const std::string& path,
                           std::optional<learn::Objective> objective) {
  if (!files.exists(path)) return parse_params("", path, objective);
  const std::string text = TRY(files.read(path, 1 << 20));
  return parse_params(text, path, objective);
}

Result<void> choose_objective(learn::RatingPlan& plan, learn::Objective objective) {
  if (plan.learner == learn::Learner::kRandomForest) {
    return Error(ErrorCode::kInvalidInput,
                 "--objective: the learner random-forest minimises squared error and nothing else");
  }
  plan.set_objective(objective);
  return {};
}

}  // namespace starcast::app
