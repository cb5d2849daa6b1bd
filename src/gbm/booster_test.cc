#include "gbm/booster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <thread>

#include "core/numeric.h"
#include "core/random.h"
#include "gbm/testing/load_for_tests.h"

namespace starcast::gbm {
namespace {

using core::ErrorCode;
using testing::HasSubstr;
using testing::Not;

// y = x0 + 2 * x1, with noise; column 2 is noise, and one value in ten is missing.
struct Table {
  static constexpr std::size_t kRows = 500;
  static constexpr std::size_t kColumns = 3;
  std::vector<double> values;
  std::vector<double> labels;

  explicit Table(std::uint64_t seed = 1) {
    core::Random random(seed);
    for (std::size_t row = 0; row < kRows; ++row) {
      for (std::size_t column = 0; column < kColumns; ++column) {
        values.push_back(random.uniform() < 0.1 ? core::kMissing : random.normal());
      }
      const double* const x = values.data() + row * kColumns;
      labels.push_back((std::isnan(x[0]) ? 0 : x[0]) + 2 * (std::isnan(x[1]) ? 0 : x[1]) +
                       0.1 * random.normal());
    }
  }

  TrainingData view() const {
    return {.values = values,
            .rows = kRows,
            .columns = kColumns,
            .labels = labels,
            .column_names = {"a", "b", "c"}};
  }
};

TrainOptions options_of(std::uint64_t seed = 1) {
  return {.parameters = {{"objective", "regression"},
                         {"num_leaves", "15"},
                         {"bagging_fraction", "0.7"},
                         {"bagging_freq", "1"},
                         {"feature_fraction", "0.7"}},
          .rounds = 20,
          .seed = seed};
}

std::string trees_of(const std::string& model) {
  return model.substr(0, model.find("end of trees"));
}

std::size_t count_of_trees(const std::string& model) {
  std::size_t count = 0;
  for (std::size_t at = model.find("\nTree="); at != std::string::npos; at = model.find("\nTree=", at + 1))
    ++count;
  return count;
}

// Each test skips itself where the library is not there.
class BoosterTest : public testing::Test {
 protected:
  void SetUp() override {
    auto loaded = load_for_tests();
    if (!loaded && loaded.error().code() == ErrorCode::kNotFound) GTEST_SKIP() << loaded.error().message();
    ASSERT_TRUE(loaded) << loaded.error().message();
    library_ = std::move(loaded).value();
  }

  std::string train(const TrainingData& data, const TrainOptions& options) const {
    auto model = library_->train(data, options);
    EXPECT_TRUE(model) << (model ? "" : model.error().message());
    return model ? std::move(model).value() : "";
  }

  void expect_invalid(const TrainingData& data, const std::string& part) const {
    const auto model = library_->train(data, options_of());
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().code(), ErrorCode::kInvalidInput);
    EXPECT_THAT(model.error().message(), HasSubstr(part));
  }

  std::optional<LightGbm> library_;
  const Table table_;
};

TEST_F(BoosterTest, LearnsWhatIsThere) {
  const std::string model = train(table_.view(), {.parameters = {{"objective", "regression"}}, .rounds = 50});

  const auto predictions = library_->predict(model, table_.values, Table::kRows, Table::kColumns);
  ASSERT_TRUE(predictions) << predictions.error().message();
  double residual = 0;
  double total = 0;
  for (std::size_t i = 0; i < Table::kRows; ++i) {
    residual += std::pow(table_.labels[i] - (*predictions)[i], 2);
    total += std::pow(table_.labels[i], 2);
  }
  EXPECT_LT(residual, 0.1 * total);
}

TEST_F(BoosterTest, WritesColumnNamesAndFormatV4) {
  const std::string model = train(table_.view(), options_of());

  EXPECT_TRUE(model.starts_with("tree\nversion=v4\n"));
  EXPECT_THAT(model, HasSubstr("\nfeature_names=a b c\n"));
  EXPECT_EQ(count_of_trees(model), 20U);
}

TEST_F(BoosterTest, GivesTheSameBytesForTheSameSeed) {
  const Table copy;

  EXPECT_EQ(train(table_.view(), options_of(7)), train(copy.view(), options_of(7)));
}

TEST_F(BoosterTest, GivesOtherTreesForAnotherSeed) {
  EXPECT_NE(trees_of(train(table_.view(), options_of(7))), trees_of(train(table_.view(), options_of(8))));
}

TEST_F(BoosterTest, GivesTheSameBytesWhenTwoThreadsTrainAtOnce) {
  constexpr std::uint64_t kModels = 8;
  std::vector<std::string> alone(kModels);
  std::vector<std::string> together(kModels);
  for (std::uint64_t i = 0; i < kModels; ++i) alone[i] = train(table_.view(), options_of(i));

  const auto train_every_second = [&](std::uint64_t first) {
    for (std::uint64_t i = first; i < kModels; i += 2) together[i] = train(table_.view(), options_of(i));
  };
  {
    const std::jthread even(train_every_second, std::uint64_t{0});
    const std::jthread odd(train_every_second, std::uint64_t{1});
  }

  EXPECT_EQ(alone, together);
}

TEST_F(BoosterTest, WritesNothingThatDependsOnTheMachine) {
  const std::string model = train(table_.view(), options_of());
  const std::string parameters = model.substr(model.find("\nparameters:"));

  EXPECT_THAT(parameters, HasSubstr("[num_threads: 1]"));
  EXPECT_THAT(parameters, HasSubstr("[deterministic: 1]"));
  EXPECT_THAT(parameters, HasSubstr("[seed: 1]"));
  EXPECT_THAT(parameters, HasSubstr("[num_iterations: 20]"));
  EXPECT_THAT(parameters, Not(HasSubstr("/")));
}

TEST_F(BoosterTest, StopsWhenToldAfterARound) {
  std::vector<int> rounds;
  TrainOptions options = options_of();
  options.on_round = [&rounds](int done) {
    rounds.push_back(done);
    return done == 3 ? TrainOptions::Continue::kNo : TrainOptions::Continue::kYes;
  };

  const auto model = library_->train(table_.view(), options);

  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(rounds, (std::vector<int>{1, 2, 3}));
}

TEST_F(BoosterTest, TellsEachRound) {
  int last = 0;
  TrainOptions options = options_of();
  options.on_round = [&last](int done) {
    EXPECT_EQ(done, last + 1);
    last = done;
    return TrainOptions::Continue::kYes;
  };

  train(table_.view(), options);

  EXPECT_EQ(last, 20);
}

TEST_F(BoosterTest, EndsEarlyWhenNoSplitHelps) {
  const std::vector<double> constant(Table::kRows, 4.25);
  TrainingData data = table_.view();
  data.labels = constant;

  const std::string model = train(data, options_of());

  EXPECT_EQ(count_of_trees(model), 1U);
  const auto predictions = library_->predict(model, std::span(table_.values).first(3), 1, 3);
  ASSERT_TRUE(predictions);
  EXPECT_EQ(predictions->front(), 4.25);
}

TEST_F(BoosterTest, TrainsOnOneRow) {
  const std::vector<double> values = {1, 2, 3};
  const std::vector<double> labels = {4};

  const std::string model =
      train({.values = values, .rows = 1, .columns = 3, .labels = labels, .column_names = {"a", "b", "c"}},
            {.parameters = {{"objective", "regression"}}});

  EXPECT_EQ(count_of_trees(model), 1U);
}

TEST_F(BoosterTest, TakesWeights) {
  std::vector<double> weights(Table::kRows, 1.0);
  for (std::size_t i = 0; i < weights.size(); i += 2) weights[i] = 3;
  TrainingData data = table_.view();
  data.weights = weights;

  EXPECT_NE(trees_of(train(data, options_of())), trees_of(train(table_.view(), options_of())));
}

TEST_F(BoosterTest, RefusesDataThatDoesNotFitTogether) {
  TrainingData rows = table_.view();
  rows.rows = 499;
  expect_invalid(rows, "1500 values are no table of 499 rows and 3 columns");
  TrainingData none = table_.view();
  none.rows = 0;
  none.values = {};
  expect_invalid(none, "0 rows");
  TrainingData labels = table_.view();
  labels.labels = labels.labels.first(10);
  expect_invalid(labels, "10 labels for 500 rows");
  TrainingData weights = table_.view();
  weights.weights = weights.labels.first(9);
  expect_invalid(weights, "9 weights for 500 rows");
  TrainingData names = table_.view();
  names.column_names = {"a"};
  expect_invalid(names, "1 column names for 3 columns");
}

TEST_F(BoosterTest, RefusesNamesThatLightGbmWouldChange) {
  for (const char* const name : {"", "two words", "a,b", "a:b", "[a]", "a\"b", "a\nb"}) {
    TrainingData data = table_.view();
    data.column_names[1] = name;
    expect_invalid(data, "column 1 is named");
  }
}

TEST_F(BoosterTest, RefusesLabelsThatAreNoNumbers) {
  for (const double bad : {core::kMissing, std::numeric_limits<double>::infinity(), 1e300}) {
    std::vector<double> labels = table_.labels;
    labels[17] = bad;
    TrainingData data = table_.view();
    data.labels = labels;
    expect_invalid(data, "the label of row 17 is ");
  }
}

TEST_F(BoosterTest, PassesOnLightGbmsWords) {
  const auto model = library_->train(table_.view(), {.parameters = {{"objective", "nonsense"}}});

  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code(), ErrorCode::kInternal);
  EXPECT_THAT(model.error().message(), HasSubstr("nonsense"));
}

TEST_F(BoosterTest, GivesAShareAColumnAndTheExpectedValue) {
  const std::string model = train(table_.view(), options_of());
  constexpr std::size_t kRows = 20;
  constexpr std::size_t kWidth = Table::kColumns + 1;
  const auto values = std::span(table_.values).first(kRows * Table::kColumns);

  const auto shares = library_->contributions(model, values, kRows, Table::kColumns);
  const auto predictions = library_->predict(model, values, kRows, Table::kColumns);

  ASSERT_TRUE(shares);
  ASSERT_TRUE(predictions);
  ASSERT_EQ(shares->size(), kRows * kWidth);
  for (std::size_t row = 0; row < kRows; ++row) {
    double sum = 0;
    for (std::size_t i = 0; i < kWidth; ++i) sum += (*shares)[row * kWidth + i];
    EXPECT_NEAR(sum, (*predictions)[row], 1e-12) << row;
    EXPECT_EQ((*shares)[row * kWidth + Table::kColumns], shares->back()) << row;
  }
}

TEST_F(BoosterTest, RefusesToPredictRowsOfAnotherWidth) {
  const std::string model = train(table_.view(), options_of());

  const auto predictions = library_->predict(model, std::span(table_.values).first(4), 2, 2);

  ASSERT_FALSE(predictions);
  EXPECT_EQ(predictions.error().code(), ErrorCode::kInternal);
}

TEST(LightGbm, NamesTheCommandThatBringsAMissingLibrary) {
  const os::MapEnvironment environment(
      std::map<std::string, std::string>{{"STARCAST_LIGHTGBM", "no/such/library.so"}});

  const auto library = LightGbm::load(environment, "no/such");

  ASSERT_FALSE(library);
  EXPECT_EQ(library.error().code(), ErrorCode::kNotFound);
  EXPECT_THAT(library.error().message(), HasSubstr("no/such/library.so"));
  EXPECT_THAT(library.error().message(), HasSubstr("tools/fetch-lightgbm"));
}

TEST(LightGbm, LooksBesideTheExecutable) {
  const auto library =
      LightGbm::load(os::MapEnvironment(std::map<std::string, std::string>()), "no/such/folder");

  ASSERT_FALSE(library);
  EXPECT_THAT(library.error().message(), HasSubstr("no/such/folder/../_deps/lightgbm/lib_lightgbm.so"));
  EXPECT_THAT(library.error().message(), HasSubstr("no/such/folder/../lib/starcast/lib_lightgbm.so"));
}

}  // namespace
}  // namespace starcast::gbm
