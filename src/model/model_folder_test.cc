#include "model/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/package.h"
#include "model/testing/tiny_forest.h"
#include "model/testing/tiny_model.h"
#include "os/testing/memory_files.h"

namespace starcast::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kMlmodel = R"(flavors:
  lightgbm:
    data: model.lgb
    lgb_version: 4.6.0
    model_class: lightgbm.basic.Booster
  python_function:
    data: model.lgb
    loader_module: mlflow.lightgbm
model_id: m-1
run_id: r-1
saved_input_example_info:
  serving_input_path: serving_input_example.json
signature:
  inputs: '[{"type": "double", "name": "b", "required": true}, {"type": "long", "name":
    "a", "required": true}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'
  params: null
)";

core::Error error_of(const os::MemoryFiles& files) {
  const auto folder = read_model_folder(files, "m");
  EXPECT_FALSE(folder);
  return folder ? core::Error(core::ErrorCode::kInternal, "it was read") : folder.error();
}

TEST(ModelFolder, ReadsALightGbmBooster) {
  os::MemoryFiles files;
  files.put("m/MLmodel", kMlmodel);
  files.put("m/model.lgb", stump_text({"x", "y"}, 10, 20));
  files.put("m/serving_input_example.json",
            R"({"dataframe_split": {"columns": ["b", "a"], "data": [[1, 2]]}})");

  const ModelFolder folder = read_model_folder(files, "m").value();

  EXPECT_EQ(folder.scorer->flavor(), "lightgbm");
  EXPECT_TRUE(folder.scorer->enforces_signature());
  EXPECT_EQ(folder.scorer->signature().inputs[0].name, "b");
  EXPECT_EQ(folder.model_id, "m-1");
  EXPECT_EQ(folder.run_id, "r-1");
  EXPECT_NE(folder.input_example.find("dataframe_split"), nullptr);
}

TEST(ModelFolder, ReadsAModelWithoutSignatureAndExample) {
  os::MemoryFiles files;
  files.put("m/MLmodel", "flavors:\n  lightgbm:\n    data: model.lgb\n");
  files.put("m/model.lgb", stump_text({"x"}, 10, 20));

  const ModelFolder folder = read_model_folder(files, "m").value();

  EXPECT_FALSE(folder.scorer->enforces_signature());
  EXPECT_TRUE(folder.input_example.is_null());
}

TEST(ModelFolder, ReadsAPackageOfOurs) {
  os::MemoryFiles files;
  ASSERT_TRUE(save_package(files, "m", tiny_model(), tiny_listings()));

  const ModelFolder folder = read_model_folder(files, "m").value();

  EXPECT_EQ(folder.scorer->flavor(), "starcast");
  EXPECT_NE(folder.input_example.find("dataframe_split"), nullptr);
}

TEST(ModelFolder, SaysWhatIsMissing) {
  os::MemoryFiles files;

  EXPECT_THAT(error_of(files).message(), HasSubstr("m/MLmodel is not there"));

  files.put("m/MLmodel", kMlmodel);
  EXPECT_THAT(error_of(files).message(), HasSubstr("m/model.lgb is not there"));
  EXPECT_EQ(error_of(files).code(), core::ErrorCode::kNotFound);
}

TEST(ModelFolder, NeverOpensAPickle) {
  os::MemoryFiles files;
  files.put("m/MLmodel",
            "flavors:\n  lightgbm:\n    data: model.pkl\n    model_class: lightgbm.sklearn.LGBMRegressor\n");
  files.put("m/model.pkl", "\x80\x04");

  EXPECT_EQ(error_of(files).code(), core::ErrorCode::kUnsupported);
  EXPECT_THAT(error_of(files).message(), HasSubstr("m/model.pkl"));
  EXPECT_THAT(error_of(files).message(), HasSubstr("model.booster_"));
}

TEST(ModelFolder, KnowsAPickleUnderAnotherName) {
  os::MemoryFiles files;
  files.put("m/MLmodel", "flavors:\n  xgboost:\n    data: model.ubj\n");
  files.put("m/model.ubj", "\x80\x04\x95");

  EXPECT_EQ(error_of(files).code(), core::ErrorCode::kUnsupported);
  EXPECT_THAT(error_of(files).message(), HasSubstr("pickle"));
}

TEST(ModelFolder, NamesFlavorsThatNeedPython) {
  os::MemoryFiles files;
  files.put("m/MLmodel", "flavors:\n  onnx:\n    data: model.onnx\n  python_function:\n    data: x\n");

  EXPECT_EQ(error_of(files).code(), core::ErrorCode::kUnsupported);
  EXPECT_THAT(error_of(files).message(), HasSubstr("onnx, python_function"));
}

TEST(ModelFolder, RefusesADataFileOutsideTheFolder) {
  os::MemoryFiles files;
  files.put("m/MLmodel", "flavors:\n  lightgbm:\n    data: ../model.lgb\n");
  files.put("model.lgb", stump_text({"x"}, 10, 20));

  EXPECT_EQ(error_of(files).code(), core::ErrorCode::kInvalidInput);
}

TEST(ModelFolder, NamesTheFileOfABrokenModel) {
  os::MemoryFiles files;
  files.put("m/MLmodel", "flavors:\n  lightgbm:\n    data: model.lgb\n");
  files.put("m/model.lgb", "tree\nversion=v4\n");

  EXPECT_THAT(error_of(files).message(), HasSubstr("m/model.lgb"));
}

TEST(ModelFolder, RefusesASignatureThatDoesNotFitTheModel) {
  os::MemoryFiles files;
  files.put("m/MLmodel", kMlmodel);
  files.put("m/model.lgb", stump_text({"x", "y", "z"}, 10, 20));

  EXPECT_THAT(error_of(files).message(), HasSubstr("2 columns, but the model takes 3 features"));
}

}  // namespace
}  // namespace starcast::model
