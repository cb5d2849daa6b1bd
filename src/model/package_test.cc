#include "model/package.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/digest.h"
#include "core/strings.h"
#include "model/testing/tiny_model.h"
#include "os/testing/memory_files.h"

namespace starcast::model {
namespace {

class ModelPackage : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(files_.make_folders("models"));
    ASSERT_TRUE(save_package(files_, "models/rating", tiny_model(), tiny_listings()));
  }

  // Changes a file behind the package's back.
  void tamper(const std::string& path, const std::string& from, const std::string& to) {
    const std::string text = files_.read(path).value();
    ASSERT_NE(text.find(from), std::string::npos);
    files_.put(path, core::replaced(text, from, to));
  }

  // The same, with the checksum made to fit.
  void tamper_and_sum(const std::string& path, const std::string& from, const std::string& to) {
    const std::string before = codec::sha256_hex(files_.read(path).value());
    tamper(path, from, to);
    tamper("models/rating/SHA256SUMS", before, codec::sha256_hex(files_.read(path).value()));
  }

  os::MemoryFiles files_;
};

TEST_F(ModelPackage, AnswersAsTheModelThatWasSaved) {
  const auto scorer = load_package(files_, "models/rating");

  ASSERT_TRUE(scorer) << scorer.error().message();
  EXPECT_NEAR(scorer->predict(launched_listing(5)).prediction.value, 4.3, 1e-12);
  EXPECT_EQ(scorer->trained_on().date_last, "2018-08-08");
  EXPECT_EQ(scorer->learner(), "boosted");
}

TEST_F(ModelPackage, KnowsWhatWasSeen) {
  const auto scorer = load_package(files_, "models/rating");

  ASSERT_TRUE(scorer) << scorer.error().message();
  EXPECT_EQ(scorer->trained_on().seen.to_json(), SeenFields::of(tiny_listings()).to_json());
}

TEST_F(ModelPackage, NamesAListedFileThatIsNotThere) {
  ASSERT_TRUE(files_.remove("models/rating/starcast/encoder.json"));

  const auto scorer = load_package(files_, "models/rating");

  ASSERT_FALSE(scorer);
  EXPECT_EQ(scorer.error().code(), core::ErrorCode::kCorrupt);
  EXPECT_NE(scorer.error().message().find("starcast/encoder.json: the file is missing"), std::string::npos);
}

TEST_F(ModelPackage, TheSameModelGivesTheSameBytes) {
  const std::map<std::string, std::string> before = files_.files();

  ASSERT_TRUE(save_package(files_, "models/rating", tiny_model(), tiny_listings()));

  EXPECT_EQ(files_.files(), before);
}

TEST_F(ModelPackage, HoldsEachForestAsAModelOfItsOwn) {
  const std::map<std::string, std::string> files = files_.files();

  for (const char* const name : {"point-1", "point-2", "band-low", "band-median", "band-high",
                                 "before-launch-point-1", "before-launch-band-low"}) {
    const std::string folder = std::string("models/rating/forests/") + name;
    EXPECT_TRUE(files.contains(folder + "/model.lgb")) << name;
    EXPECT_TRUE(files.contains(folder + "/MLmodel")) << name;
  }
}

TEST_F(ModelPackage, NamesAFileOfWrongChecksum) {
  tamper("models/rating/forests/point-1/model.lgb", "leaf_value=4", "leaf_value=5");

  const auto scorer = load_package(files_, "models/rating");

  ASSERT_FALSE(scorer);
  EXPECT_EQ(scorer.error().code(), core::ErrorCode::kCorrupt);
  EXPECT_NE(scorer.error().message().find("forests/point-1/model.lgb"), std::string::npos);
}

TEST_F(ModelPackage, NamesAForestThatIsNotThere) {
  tamper_and_sum("models/rating/starcast/model.json", "\"forest\": \"point-2\"", "\"forest\": \"none\"");

  const auto scorer = load_package(files_, "models/rating");

  ASSERT_FALSE(scorer);
  EXPECT_EQ(scorer.error().code(), core::ErrorCode::kCorrupt);
  EXPECT_NE(scorer.error().message().find("forests/none/model.lgb"), std::string::npos);
}

TEST_F(ModelPackage, KeepsTheRatingsOfItsApps) {
  const auto apps = load_training_apps(files_, "models/rating");

  ASSERT_TRUE(apps) << apps.error().message();
  ASSERT_NE(*apps, nullptr);
  EXPECT_EQ((*apps)->names.rating(1), 4.5);
  EXPECT_EQ(load_package(files_, "models/rating").value().apps()->reviews[1], 5000);
}

TEST_F(ModelPackage, RefusesAppsThatAreNotThoseOfItsEncoder) {
  tamper_and_sum("models/rating/starcast/apps.json", "\"ratings\":[4.0,", "\"ratings\":[");

  const auto scorer = load_package(files_, "models/rating");

  ASSERT_FALSE(scorer);
  EXPECT_THAT(scorer.error().message(), ::testing::HasSubstr("starcast/apps.json: ratings: has 1 entries"));
}

TEST_F(ModelPackage, NamesBothFormatsOfAPackageOfAnother) {
  tamper_and_sum("models/rating/starcast/model.json", "\"format\": 2", "\"format\": 9");

  const auto scorer = load_package(files_, "models/rating");

  ASSERT_FALSE(scorer);
  EXPECT_EQ(scorer.error().code(), core::ErrorCode::kUnsupported);
}

TEST_F(ModelPackage, RefusesAModelThatDoesNotRepeatItsGoldenRows) {
  tamper_and_sum("models/rating/forests/point-1/model.lgb", "leaf_value=4", "leaf_value=5");

  const auto scorer = load_package(files_, "models/rating");

  ASSERT_FALSE(scorer);
  EXPECT_NE(scorer.error().message().find("golden row 0"), std::string::npos) << scorer.error().message();
}

TEST_F(ModelPackage, LoadsAfterMlflowHasGivenItAnIdAndOtherRequirements) {
  tamper("models/rating/MLmodel",
         "mlflow_version:", "model_id: m-0123456789abcdef0123456789abcdef\nmlflow_version:");
  tamper("models/rating/requirements.txt", "pandas", "pandas==3.0.0");

  const auto scorer = load_package(files_, "models/rating");

  EXPECT_TRUE(scorer) << scorer.error().message();
}

TEST_F(ModelPackage, RefusesASignatureThatAsksForOtherColumns) {
  tamper("models/rating/MLmodel", "Genres", "Genders");

  const auto scorer = load_package(files_, "models/rating");

  ASSERT_FALSE(scorer);
  EXPECT_EQ(scorer.error().code(), core::ErrorCode::kCorrupt);
  EXPECT_NE(scorer.error().message().find("models/rating/MLmodel"), std::string::npos);
}

TEST_F(ModelPackage, MissesItsMlmodel) {
  ASSERT_TRUE(files_.remove("models/rating/MLmodel"));

  const auto scorer = load_package(files_, "models/rating");

  ASSERT_FALSE(scorer);
  EXPECT_NE(scorer.error().message().find("models/rating/MLmodel"), std::string::npos);
}

TEST_F(ModelPackage, NamesTheCommandThatMakesAMissingPackage) {
  const auto scorer = load_package(files_, "models/none");

  ASSERT_FALSE(scorer);
  EXPECT_EQ(scorer.error().code(), core::ErrorCode::kNotFound);
  EXPECT_NE(scorer.error().message().find("starcast train"), std::string::npos);
}

TEST_F(ModelPackage, AFullDiskLeavesTheOldPackage) {
  const std::map<std::string, std::string> before = files_.files();
  RatingModel model = tiny_model();
  model.seed = 8;
  files_.fail_writes_after(2000);

  const auto saved = save_package(files_, "models/rating", model, tiny_listings());

  ASSERT_FALSE(saved);
  EXPECT_EQ(saved.error().code(), core::ErrorCode::kExhausted);
  EXPECT_EQ(files_.files(), before);
}

}  // namespace
}  // namespace starcast::model
