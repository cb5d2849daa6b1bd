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
  const codec::Json json = codec::JsonObject{{"inputs", R"([{"name": "x", "type": "tensor"}])"}};

  const auto signature = signature_from_mlflow(json);

  ASSERT_FALSE(signature);
  EXPECT_EQ(signature.error().code(), core::ErrorCode::kUnsupported);
  EXPECT_NE(signature.error().message().find("'tensor'"), std::string::npos);
}

}  // namespace
}  // namespace starcast::model
