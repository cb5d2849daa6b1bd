#include "model/signature.h"

#include <gtest/gtest.h>

namespace starcast::model {
namespace {

TEST(Signature, WritesMlflowsForm) {
  const Signature signature{{{"App", ColumnType::kString, false}}, {{"rating", ColumnType::kDouble, true}}};

  const codec::Json json = to_mlflow(signature);

  EXPECT_EQ(json.string_at("inputs").value(), R"([{"name": "App", "required": false, "type": "string"}])");
  EXPECT_EQ(json.string_at("outputs").value(), R"([{"name": "rating", "required": true, "type": "double"}])");
  EXPECT_TRUE(json.find("params")->is_null());
}

TEST(Signature, ReadsBackWhatItWrote) {
  const Signature signature{{{"a", ColumnType::kAny, false}, {"b", ColumnType::kDouble, true}}, {}};

  EXPECT_EQ(signature_from_mlflow(to_mlflow(signature)).value(), signature);
}

TEST(Signature, NamesATypeThatItDoesNotKnow) {
  const codec::Json json = codec::JsonObject{{"inputs", R"([{"name": "x", "type": "map"}])"}};

  const auto signature = signature_from_mlflow(json);

  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().code(), core::ErrorCode::kUnsupported);
  EXPECT_NE(signature.error().message().find("'map'"), std::string::npos);
}

TEST(Signature, ReadsATensor) {
  const codec::Json json = codec::JsonObject{
      {"inputs", R"([{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 4]}}])"}};

  const Signature signature = signature_from_mlflow(json).value();

  ASSERT_EQ(signature.input_tensors.size(), 1U);
  EXPECT_EQ(signature.input_tensors[0], (Tensor{"", "float64", {-1, 4}}));
  EXPECT_EQ(signature_from_mlflow(to_mlflow(signature)).value(), signature);
}

TEST(Signature, ReadsParameters) {
  const codec::Json json = codec::JsonObject{
      {"inputs", "[]"}, {"params", R"([{"name": "k", "type": "long", "default": 3, "shape": null}])"}};

  const Signature signature = signature_from_mlflow(json).value();

  ASSERT_EQ(signature.parameters.size(), 1U);
  EXPECT_EQ(signature.parameters[0], (Parameter{"k", "long", 3, false}));
}

TEST(Signature, ReadsWhatMlflow1Wrote) {
  const codec::Json json = codec::JsonObject{
      {"inputs", R"([{"name": "a", "type": "double", "optional": true}, {"name": "b", "type": "long"}])"}};

  const Signature signature = signature_from_mlflow(json).value();

  EXPECT_FALSE(signature.inputs[0].required);
  EXPECT_TRUE(signature.inputs[1].required);
}

}  // namespace
}  // namespace starcast::model
