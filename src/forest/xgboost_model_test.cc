#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/numeric.h"
#include "core/strings.h"
#include "forest/forest.h"
#include "forest/shap.h"

namespace starcast::forest {
namespace {

using core::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct TreeParts {
  std::string condition = "5E-1,1E0,2E0";  // f0 < 0.5 ? 1 : 2
};

std::string tree_json(const TreeParts& parts = {}) {
  return fmt::format(
      R"({{"base_weights":[0E0,0E0,0E0],"categories":[],"categories_nodes":[],"categories_segments":[],)"
      R"("categories_sizes":[],"default_left":[1,0,0],"id":0,"left_children":[1,-1,-1],)"
      R"("loss_changes":[3E0,0E0,0E0],"parents":[2147483647,0,0],"right_children":[2,-1,-1],)"
      R"("split_conditions":[{}],"split_indices":[0,0,0],"split_type":[0,0,0],"sum_hessian":[4E0,3E0,1E0],)"
      R"("tree_param":{{"num_deleted":"0","num_feature":"2","num_nodes":"3","size_leaf_vector":"1"}}}})",
      parts.condition);
}

struct ModelParts {
  std::string base_score = "0E0";
  std::string objective = "reg:squarederror";
  std::string classes = "0";
  std::string trees = tree_json();
  std::string tree_info = "0";
  std::string attributes = "";
  std::string names = R"("a","b")";
};

std::string model_json(const ModelParts& parts = {}) {
  return fmt::format(
      R"({{"learner":{{"attributes":{{{}}},"feature_names":[{}],"feature_types":["float","c"],)"
      R"("gradient_booster":{{"model":{{"gbtree_model_param":{{"num_parallel_tree":"1","num_trees":"1"}},)"
      R"("tree_info":[{}],"trees":[{}]}},"name":"gbtree"}},"learner_model_param":{{"base_score":"{}",)"
      R"("boost_from_average":"1","num_class":"{}","num_feature":"2","num_target":"1"}},)"
      R"("objective":{{"name":"{}"}}}},"version":[3,0,0]}})",
      parts.attributes, parts.names, parts.tree_info, parts.trees, parts.base_score, parts.classes,
      parts.objective);
}

Forest parsed(std::string_view text, const ParseOptions& options = {}) {
  auto forest = parse_xgboost(text, options);
  EXPECT_TRUE(forest) << (forest ? "" : forest.error().message());
  return std::move(forest).value();
}

core::Error error_of(std::string_view text) {
  const auto forest = parse_xgboost(text);
  if (forest) {
    ADD_FAILURE() << "parsed:\n" << text;
    return core::Error(ErrorCode::kInternal, "");
  }
  return forest.error();
}

void expect_refused(const std::string& text, ErrorCode code, const std::string& part) {
  const core::Error error = error_of(text);
  EXPECT_EQ(error.code(), code) << error.message();
  EXPECT_THAT(error.message(), HasSubstr(part));
}

std::string with(const std::string& from, const std::string& to) {
  const std::string model = model_json();
  const std::string text = core::replaced(model, from, to);
  EXPECT_NE(text, model) << "the model has no '" << from << "'";
  return text;
}

double predict(const Forest& forest, double first, double second = 0) {
  return forest.predict(std::array{first, second});
}

// Writes the values that XGBoost writes, as UBJSON: a JSON text with strings, integers, floats, arrays and
// objects, without spaces.
class Ubjson {
 public:
  explicit Ubjson(std::string_view json) : json_(json) { value(); }
  const std::string& bytes() const { return bytes_; }

 private:
  void length(std::size_t size) {
    bytes_.push_back('L');
    for (int shift = 56; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(size >> shift));
  }
  void text() {
    const std::size_t end = json_.find('"', at_ + 1);
    length(end - at_ - 1);
    bytes_ += json_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
  }
  void big_endian(std::uint32_t bits) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(bits >> shift));
  }
  void number() {
    const std::size_t end = json_.find_first_of(",]}", at_);
    const std::string digits(json_.substr(at_, end - at_));
    at_ = end;
    double number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const bool is_float = digits.find_first_of(".E") != std::string::npos;
    bytes_.push_back(is_float ? 'd' : 'l');
    big_endian(is_float ? std::bit_cast<std::uint32_t>(static_cast<float>(number))
                        : static_cast<std::uint32_t>(static_cast<std::int32_t>(number)));
  }
  void value() {
    switch (json_[at_]) {
      case '{':
        bytes_.push_back('{');
        for (++at_; json_[at_] != '}'; at_ += json_[at_] == ',' ? 1U : 0U) {
          text();
          ++at_;
          value();
        }
        ++at_;
        bytes_.push_back('}');
        break;
      case '[':
        bytes_.push_back('[');
        for (++at_; json_[at_] != ']'; at_ += json_[at_] == ',' ? 1U : 0U) value();
        ++at_;
        bytes_.push_back(']');
        break;
      case '"':
        bytes_.push_back('S');
        text();
        break;
      default:
        number();
    }
  }

  std::string_view json_;
  std::size_t at_ = 0;
  std::string bytes_;
};

TEST(XgBoostModel, ReadsATreeAndItsNames) {
  const Forest forest = parsed(model_json());

  EXPECT_EQ(forest.library(), Library::kXgBoost);
  EXPECT_THAT(forest.feature_names(), ElementsAre("a", "b"));
  EXPECT_THAT(forest.feature_types(), ElementsAre("float", "c"));
  EXPECT_EQ(forest.objective(), "reg:squarederror");
  EXPECT_EQ(forest.tree_count(), 1U);
  EXPECT_THAT(forest.gains(), ElementsAre(3, 0));
}

TEST(XgBoostModel, NamesFeaturesAsXgBoostDoesWhenTheFileDoesNot) {
  EXPECT_THAT(parsed(model_json({.names = ""})).feature_names(), ElementsAre("f0", "f1"));
}

TEST(XgBoostModel, SendsValuesBelowTheThresholdLeft) {
  const Forest forest = parsed(model_json());

  EXPECT_EQ(predict(forest, std::nextafter(0.5f, 0.0f)), 1);
  EXPECT_EQ(predict(forest, 0.5), 2);
  EXPECT_EQ(predict(forest, -kInfinity), 1);
  EXPECT_EQ(predict(forest, core::kMissing), 1);
}

TEST(XgBoostModel, RoundsCellsToFloats) {
  // The double below 0.5 is 0.5 as a float.
  EXPECT_EQ(predict(parsed(model_json()), std::nextafter(0.5, 0.0)), 2);
}

TEST(XgBoostModel, TellsTinyNumbersFromZero) {
  const Forest forest = parsed(model_json({.trees = tree_json({.condition = "1E-36,1E0,2E0"})}));

  EXPECT_EQ(predict(forest, 0), 1);
  EXPECT_EQ(predict(forest, -0.0), 1);
  EXPECT_EQ(predict(forest, 1e-35), 2);
}

TEST(XgBoostModel, AddsFloatsFromTheBaseScoreOn) {
  const Forest forest = parsed(model_json({.base_score = "1.6777216E7"}));

  EXPECT_EQ(predict(forest, 0), 16777216);  // 2^24 + 1 is no float
  EXPECT_EQ(predict(forest, 1), 16777218);
}

TEST(XgBoostModel, ReadsABaseScoreInBrackets) {
  EXPECT_EQ(predict(parsed(model_json({.base_score = "[5E-1]"})), 0), 1.5);
}

TEST(XgBoostModel, StartsFromTheMarginOfTheBaseScore) {
  EXPECT_EQ(parsed(model_json({.base_score = "5E-1", .objective = "binary:logistic"})).base_scores()[0], 0);
  EXPECT_EQ(parsed(model_json({.base_score = "1E0", .objective = "count:poisson"})).base_scores()[0], 0);
  EXPECT_EQ(parsed(model_json({.base_score = "5E-1", .objective = "binary:logitraw"})).base_scores()[0], 0.5);
}

TEST(XgBoostModel, AppliesTheObjectivesTransformInFloats) {
  const auto answer = [](const char* objective) {
    return predict(parsed(model_json({.base_score = "5E-1", .objective = objective})), 0);
  };
  EXPECT_EQ(answer("binary:logistic"), static_cast<double>(1.0f / (std::exp(-1.0f) + 1.0f + 1e-16f)));
  EXPECT_EQ(answer("reg:gamma"), static_cast<double>(std::exp(std::log(0.5f) + 1.0f)));
  EXPECT_EQ(answer("binary:hinge"), 1);
  EXPECT_EQ(answer("rank:ndcg"), 1.5);
}

ModelParts three_classes(const char* objective) {
  return {.base_score = "[0E0,5E-1,-1E0]",
          .objective = objective,
          .classes = "3",
          .trees = fmt::format("{},{},{}", tree_json(), tree_json({.condition = "0E0,3E0,4E0"}), tree_json()),
          .tree_info = "0,1,2"};
}

TEST(XgBoostModel, SumsEachClassByItself) {
  const Forest forest = parsed(model_json(three_classes("multi:softprob")));
  std::array<double, 3> sums = {};

  forest.predict_raw(std::array{1.0, 0.0}, sums);

  EXPECT_EQ(forest.class_count(), 3U);
  EXPECT_EQ(forest.output_count(), 3U);
  EXPECT_THAT(sums, ElementsAre(2, 4.5, 1));
}

TEST(XgBoostModel, GivesProbabilitiesForSoftprob) {
  const Forest forest = parsed(model_json(three_classes("multi:softprob")));
  std::array<double, 3> outputs = {};

  forest.predict(std::array{1.0, 0.0}, outputs);

  EXPECT_NEAR(outputs[0] + outputs[1] + outputs[2], 1, 1e-6);
  EXPECT_GT(outputs[1], outputs[0]);
}

TEST(XgBoostModel, GivesTheClassItselfForSoftmax) {
  const Forest forest = parsed(model_json(three_classes("multi:softmax")));

  EXPECT_EQ(forest.output_count(), 1U);
  EXPECT_EQ(predict(forest, 1), 1);
}

TEST(XgBoostModel, WeighsTheTreesOfDart) {
  const std::string dart =
      core::replaced(core::replaced(model_json(), R"({"model":)", R"({"gbtree":{"model":)"),
                     R"("name":"gbtree"},)", R"("name":"gbtree"},"name":"dart","weight_drop":[2.5E-1]},)");

  EXPECT_EQ(predict(parsed(dart), 1), 0.5);
}

TEST(XgBoostModel, SendsCategoriesOfTheSetRightAndUnknownOnesLeft) {
  const std::string model = core::replaced(
      with(R"("split_type":[0,0,0])", R"("split_type":[1,0,0])"),
      R"("categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[])",
      R"("categories":[0,2,33],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[3])");
  const Forest forest = parsed(core::replaced(model, "5E-1,1E0", "NaN,1E0"));

  for (const double member : {0.0, 2.0, 33.0, 2.9}) EXPECT_EQ(predict(forest, member), 2) << member;
  for (const double other : {1.0, -0.5, -1.0, 32.0, 64.0, 16777216.0, 1e30, core::kMissing}) {
    EXPECT_EQ(predict(forest, other), 1) << other;
  }
}

TEST(XgBoostModel, CountsOnlyTheRoundsUpToTheBestOnRequest) {
  const std::string model = model_json({.trees = fmt::format("{},{}", tree_json(), tree_json()),
                                        .tree_info = "0,0",
                                        .attributes = R"("best_iteration":"0")"});

  EXPECT_EQ(predict(parsed(model), 0), 2);
  EXPECT_EQ(predict(parsed(model, {.best_iteration_only = true}), 0), 1);
}

TEST(XgBoostModel, NamesLeavesAsXgBoostDoes) {
  const Forest forest = parsed(model_json());
  std::array<std::int32_t, 1> leaf = {-7};

  forest.leaves(std::array{1.0, 0.0}, leaf);

  EXPECT_EQ(forest.leaf_id(0, leaf[0]), 2);
}

TEST(XgBoostModel, ReadsTheSameFromUbjson) {
  const Forest json = parsed(model_json());
  const Forest ubjson = parsed(Ubjson(model_json()).bytes());

  EXPECT_EQ(ubjson.feature_names(), json.feature_names());
  for (const double value : {0.0, 0.5, 1.0, core::kMissing}) {
    EXPECT_EQ(predict(ubjson, value), predict(json, value)) << value;
  }
}

TEST(XgBoostModel, ReadsTypedArraysOfUbjson) {
  std::string bytes = Ubjson(model_json()).bytes();
  const std::string one_by_one = std::string("[l\0\0\0\0]", 7);  // tree_info
  const std::string typed = std::string("[$l#i\x01\0\0\0\0", 10);
  ASSERT_NE(bytes.find(one_by_one), std::string::npos);
  bytes.replace(bytes.find(one_by_one), one_by_one.size(), typed);

  EXPECT_EQ(predict(parsed(bytes), 1), 2);
}

TEST(XgBoostModel, RefusesEveryCutText) {
  for (const std::string& model : {model_json(), Ubjson(model_json()).bytes()}) {
    for (std::size_t length = 0; length < model.size(); ++length) {
      EXPECT_FALSE(parse_xgboost(std::string_view(model).substr(0, length))) << length;
    }
  }
}

TEST(XgBoostModel, RefusesWhatIsNoModel) {
  for (const char* const text : {"", "tree\nversion=v4\n", "[1]", "\x80\x04\x95"}) {
    expect_refused(text, ErrorCode::kInvalidInput, "save_model");
  }
  expect_refused("binf\x01\x02", ErrorCode::kUnsupported, "binary form");
  expect_refused("{}", ErrorCode::kCorrupt, "learner is missing");
  expect_refused("{\"learner\":7}", ErrorCode::kCorrupt, "learner is not what it should be");
}

TEST(XgBoostModel, RefusesBrokenJsonByLineAndByte) {
  expect_refused("{\"learner\":\n {\"a\" 1}}", ErrorCode::kCorrupt, "line 2, byte 7: a ':' is missing");
  expect_refused("{\"a\":[1,\"b\"]}", ErrorCode::kCorrupt, "something else in an array of numbers");
  expect_refused("{\"a\":\"\\ud800\"}", ErrorCode::kCorrupt, "surrogate");
  expect_refused("{\"a\":1e999999}", ErrorCode::kCorrupt, "out of range");
  expect_refused(fmt::format("{{\"a\":{}", std::string(100, '[')), ErrorCode::kCorrupt,
                 "nested more than 32 deep");
  expect_refused(fmt::format("{}x", model_json()), ErrorCode::kCorrupt, "more text after the end");
}

TEST(XgBoostModel, RefusesUbjsonThatClaimsMoreThanThereIs) {
  // {"a": an array of floats whose count has these eight bytes
  const auto claims = [](std::string_view length) { return fmt::format("{{i\x01{}{}", "a[$d#L", length); };
  expect_refused(claims(std::string_view("\x7f\xff\xff\xff\xff\xff\xff\xff", 8)), ErrorCode::kCorrupt,
                 "larger than the rest");
  expect_refused(claims(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff", 8)), ErrorCode::kCorrupt,
                 "larger than the rest");
  expect_refused(
      "{i\x01"
      "a[$Z#i\x7f",
      ErrorCode::kCorrupt, "larger than the rest");
  expect_refused(
      "{i\x01"
      "a[$Z#i\x01Z}",
      ErrorCode::kCorrupt, "does not write");
  expect_refused(
      "{i\x01"
      "aq",
      ErrorCode::kCorrupt, "unknown type");
}

TEST(XgBoostModel, RefusesMoreValuesThanAModelHas) {
  std::string text = "{\"a\":[";
  for (int i = 0; i < 4000; ++i) text += "{},";

  expect_refused(fmt::format("{}{{}}]}}", text), ErrorCode::kCorrupt, "more values than a model has");
}

TEST(XgBoostModel, RefusesTreesThatAreNone) {
  const auto expect_corrupt = [](const std::string& from, const std::string& to, const std::string& part) {
    expect_refused(with(from, to), ErrorCode::kCorrupt, part);
  };
  expect_corrupt(R"("left_children":[1,-1,-1])", R"("left_children":[0,-1,-1])", "its own ancestor");
  expect_corrupt(R"("left_children":[1,-1,-1])", R"("left_children":[2,-1,-1])", "two parents");
  expect_corrupt(R"("left_children":[1,-1,-1])", R"("left_children":[3,-1,-1])", "left_children[0] is 3");
  expect_corrupt(R"("left_children":[1,-1,-1])", R"("left_children":[1,-1])", "has 2 values, not 3");
  expect_corrupt(R"("right_children":[2,-1,-1])", R"("right_children":[-1,-1,-1])", "one side only");
  expect_corrupt(R"("split_indices":[0,0,0])", R"("split_indices":[2,0,0])", "the model has 2 features");
  expect_corrupt("[5E-1,1E0,2E0]", "[NaN,1E0,2E0]", "no value is below");
  expect_corrupt("[5E-1,1E0,2E0]", "[5E-1,NaN,2E0]", "split_conditions[1] is not a number");
  expect_corrupt(R"("split_type":[0,0,0])", R"("split_type":[1,0,0])", "has no categories");
  expect_corrupt(R"("num_nodes":"3")", R"("num_nodes":"0")", "num_nodes is 0");
  expect_corrupt(R"("num_nodes":"3")", R"("num_nodes":"x")", "not a count");
  expect_corrupt(R"("tree_info":[0])", R"("tree_info":[1])", "tree_info[0] is 1");
  expect_corrupt(R"("num_feature":"2","num_target")", R"("num_feature":"0","num_target")", "no features");
}

TEST(XgBoostModel, RefusesABaseScoreThatTheObjectiveCannotStartFrom) {
  expect_refused(model_json({.base_score = "x"}), ErrorCode::kCorrupt, "base_score is 'x'");
  expect_refused(model_json({.base_score = "2E0", .objective = "binary:logistic"}), ErrorCode::kCorrupt,
                 "cannot start from");
  expect_refused(model_json({.base_score = "[1E0,2E0]"}), ErrorCode::kCorrupt, "2 values for 1 classes");
}

TEST(XgBoostModel, NamesWhatItDoesNotSupport) {
  expect_refused(model_json({.objective = "reg:own"}), ErrorCode::kUnsupported, "'reg:own'");
  expect_refused(with(R"("name":"gbtree")", R"("name":"gblinear")"), ErrorCode::kUnsupported, "'gblinear'");
  expect_refused(with(R"("size_leaf_vector":"1")", R"("size_leaf_vector":"3")"), ErrorCode::kUnsupported,
                 "multi_output_tree");
}

TEST(XgBoostModel, RefusesCategoriesThatTakeTooMuchMemory) {
  const std::string splits =
      core::replaced(tree_json(), R"("split_type":[0,0,0])", R"("split_type":[1,0,0])");
  const std::string tree = core::replaced(
      splits, R"("categories":[],"categories_nodes":[],"categories_segments":[],"categories_sizes":[])",
      R"("categories":[16777215],"categories_nodes":[0],"categories_segments":[0],"categories_sizes":[1])");
  const std::vector<std::string> trees(100, tree);
  const std::vector<int> classes(100, 0);

  expect_refused(model_json({.trees = fmt::format("{}", fmt::join(trees, ",")),
                             .tree_info = fmt::format("{}", fmt::join(classes, ","))}),
                 ErrorCode::kTooLarge, "128 MiB");
}

TEST(XgBoostModel, ExplainsBySumsOfSecondDerivatives) {
  const Forest forest = parsed(model_json({.base_score = "5E-1"}));
  const auto explainer = ShapExplainer::create(forest);
  ASSERT_TRUE(explainer) << explainer.error().message();
  std::array<double, 2> shares = {};

  explainer->explain(std::array{1.0, 0.0}, shares);

  EXPECT_EQ(explainer->expected_value(), 1.75);  // 0.5 + (3 * 1 + 1 * 2) / 4
  EXPECT_NEAR(shares[0], 0.75, 1e-14);
}

TEST(XgBoostModel, ExplainsNothingWithoutSecondDerivatives) {
  const auto explainer = ShapExplainer::create(parsed(with("[4E0,3E0,1E0]", "[4E0,4E0,0E0]")));

  ASSERT_FALSE(explainer);
  EXPECT_EQ(explainer.error().code(), ErrorCode::kFailedPrecondition);
  EXPECT_THAT(explainer.error().message(), HasSubstr("sum_hessian is 0"));
}

}  // namespace
}  // namespace starcast::forest
