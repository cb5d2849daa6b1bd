#include "similar/kernel_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/numeric.h"
#include "core/random.h"

namespace starcast::similar {
namespace {

// Items with two numbers (the second sometimes missing), one label, a word in the name that tells much of the
// target.
class Sample {
 public:
  explicit Sample(std::size_t count) {
    core::Random random(7);
    const std::vector<std::string> words{"photo", "weather", "chess", "radio"};
    numbers_.resize(count);
    labels_.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t word = static_cast<std::size_t>(random.below(words.size()));
      names_.push_back(words[word] + " app " + std::to_string(i % 9));
      numbers_[i] = {random.normal(), i % 5 == 0 ? core::kMissing : 100 + 30 * random.normal()};
      labels_[i] = {i % 3 == 0 ? "games" : "tools"};
      targets.push_back(4 + 0.3 * static_cast<double>(word) + 0.2 * std::tanh(numbers_[i][0]) +
                        0.1 * random.normal());
      noise.push_back(0.02 + (i % 2 == 0 ? 0.0 : 0.05));
    }
    for (std::size_t i = 0; i < count; ++i) items.push_back({names_[i], numbers_[i], labels_[i]});
  }
  Sample(const Sample&) = delete;
  Sample& operator=(const Sample&) = delete;

  KernelTraining training() const { return {items, targets, noise}; }

  std::vector<KernelItem> items;
  std::vector<double> targets;
  std::vector<double> noise;

 private:
  std::vector<std::string> names_;
  std::vector<std::vector<double>> numbers_;
  std::vector<std::vector<std::string_view>> labels_;
};

KernelOptions options() {
  KernelOptions result;
  result.columns = {{1.0, true}, {2.0, false}};
  result.weights.labels = {LabelWeights{}};
  return result;
}

KernelFit fitted(const Sample& sample, const KernelOptions& with = options()) {
  core::Result<KernelFit> fit = KernelModel::fit(sample.training(), with);
  EXPECT_TRUE(fit) << (fit ? "" : fit.error().message());
  return std::move(fit).value();
}

// What fit() says of the sample after it was spoiled.
core::Error refusal(const KernelTraining& training, const KernelOptions& with = options()) {
  core::Result<KernelFit> fit = KernelModel::fit(training, with);
  return fit ? core::Error(core::ErrorCode::kInternal, "was accepted") : std::move(fit).error();
}

TEST(KernelModel, LearnsWhatTheSampleHides) {
  const Sample sample(300);
  const KernelFit fit = fitted(sample);

  double errors = 0;
  double spread = 0;
  for (std::size_t i = 0; i < 300; ++i) {
    errors += std::pow(sample.targets[i] - fit.leave_one_out[i], 2);
    spread += std::pow(sample.targets[i] - 4.45, 2);
  }
  EXPECT_LT(errors, 0.25 * spread);
}

TEST(KernelModel, LeaveOneOutIsWhatAFitThatDisregardsTheItemPredicts) {
  Sample sample(60);
  sample.targets[31] += 3;
  const KernelFit whole = fitted(sample);
  sample.noise[31] = 1e9;
  const KernelFit without = fitted(sample);

  EXPECT_NEAR(whole.leave_one_out[31], without.model.predict(sample.items[31]), 1e-4);
  EXPECT_GT(std::abs(whole.leave_one_out[31] - whole.model.predict(sample.items[31])), 0.5);
}

TEST(KernelModel, PredictsATrainingItemAsTheTargetLessItsNoise) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);

  for (std::size_t i = 0; i < 200; i += 11) {
    const double pull_weight = (sample.targets[i] - fit.leave_one_out[i]) / fit.leave_one_out_variance[i];
    EXPECT_NEAR(fit.model.predict(sample.items[i]), sample.targets[i] - sample.noise[i] * pull_weight, 1e-4);
  }
}

TEST(KernelModel, LeaveOneOutVarianceCoversTheNoise) {
  const Sample sample(100);
  const KernelFit fit = fitted(sample);

  for (std::size_t i = 0; i < 100; ++i) EXPECT_GT(fit.leave_one_out_variance[i], sample.noise[i]);
}

TEST(KernelModel, GivesLeaveOneOutValuesOfWhatIsAskedFor) {
  const Sample sample(200);
  const KernelFit all = fitted(sample);
  std::vector<std::uint8_t> asked(200, 0);
  for (std::size_t i = 3; i < 200; i += 3) asked[i] = 1;
  KernelTraining training = sample.training();
  training.leave_one_out = asked;

  const KernelFit some = KernelModel::fit(training, options()).value();

  EXPECT_EQ(some.model.to_bytes(), all.model.to_bytes());
  for (std::size_t i = 0; i < 200; ++i) {
    if (asked[i] != 0) {
      ASSERT_EQ(some.leave_one_out[i], all.leave_one_out[i]);
      ASSERT_EQ(some.leave_one_out_variance[i], all.leave_one_out_variance[i]);
    } else {
      ASSERT_TRUE(core::is_missing(some.leave_one_out[i]));
      ASSERT_TRUE(core::is_missing(some.leave_one_out_variance[i]));
    }
  }
}

TEST(KernelModel, RefusesToBeAskedForSomeItemsOnly) {
  const Sample sample(20);
  const std::vector<std::uint8_t> asked(19, 1);
  KernelTraining training = sample.training();
  training.leave_one_out = asked;

  EXPECT_EQ(refusal(training).code(), core::ErrorCode::kInvalidInput);
}

TEST(KernelModel, SharesAnIndexOfItsNames) {
  const Sample sample(60);
  const KernelFit alone = fitted(sample);
  std::vector<std::string> names;
  for (const KernelItem& item : sample.items) names.emplace_back(item.name);
  const auto index = std::make_shared<const NameIndex>(names);
  KernelOptions with = options();
  with.index = index;

  const KernelFit sharing = fitted(sample, with);
  const KernelModel read = KernelModel::from_bytes(alone.model.to_bytes(), index).value();

  EXPECT_EQ(&sharing.model.index(), index.get());
  EXPECT_EQ(&read.index(), index.get());
  EXPECT_EQ(sharing.model.to_bytes(), alone.model.to_bytes());
  EXPECT_EQ(read.predict(sample.items[7]), alone.model.predict(sample.items[7]));
}

TEST(KernelModel, MakesAnIndexOfItsOwnWhereNamesDiffer) {
  const Sample sample(60);
  const KernelFit alone = fitted(sample);
  const auto index = std::make_shared<const NameIndex>(std::vector<std::string>(60, "chess app 1"));

  const KernelModel read = KernelModel::from_bytes(alone.model.to_bytes(), index).value();

  EXPECT_NE(&read.index(), index.get());
  EXPECT_EQ(read.to_bytes(), alone.model.to_bytes());
}

TEST(KernelModel, KnownCosinesDoNotChangeAnAnswer) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);
  const NameIndex other(std::vector<std::string>{"weather app 1", "weather app 2"});

  for (const KernelItem& item : {sample.items[17], sample.items[18]}) {
    const NameCosines cosines(fit.model.index(), item.name);
    const NameCosines of_other(other, item.name);
    EXPECT_EQ(fit.model.predict(item, &cosines), fit.model.predict(item));
    EXPECT_EQ(fit.model.explain(item, &cosines).pulls, fit.model.explain(item).pulls);
    EXPECT_EQ(fit.model.predict(item, &of_other), fit.model.predict(item));
  }
}

TEST(KernelModel, PullsAndBaseSumToThePrediction) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);

  const KernelExplanation explanation = fit.model.explain(sample.items[17]);

  double sum = explanation.base;
  for (const double pull : explanation.pulls) sum += pull;
  EXPECT_EQ(sum, explanation.prediction);
  EXPECT_EQ(fit.model.predict(sample.items[17]), explanation.prediction);
}

TEST(KernelModel, AnItemIsMostSimilarToItself) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);

  const std::vector<SimilarItem> similar = fit.model.explain(sample.items[17]).most_similar(3);

  ASSERT_EQ(similar.size(), 3U);
  EXPECT_EQ(similar[0].item, 17U);
  EXPECT_NEAR(similar[0].similarity, 1.0, 1e-5);
  EXPECT_LE(similar[1].similarity, similar[0].similarity);
}

TEST(KernelModel, WithoutAnyTermPredictsTheMean) {
  const Sample sample(20);
  KernelOptions nothing = options();
  nothing.weights = {0, 0, 0, 0, 0, 0, 0, 0, {{0, 0, 0}}};

  const KernelExplanation explanation = fitted(sample, nothing).model.explain(sample.items[2]);

  double sum = 0;
  for (const double target : sample.targets) sum += target;
  EXPECT_NEAR(explanation.prediction, sum / 20, 1e-9);
  EXPECT_EQ(explanation.similarities, std::vector<double>(20, 0.0));
}

TEST(KernelModel, StrongestArePullsOfEitherSign) {
  KernelExplanation explanation;
  explanation.pulls = {0.1, -0.5, 0.3, 0.3};
  explanation.similarities = {1, 0.5, 0.25, 0.25};

  EXPECT_EQ(explanation.strongest(3),
            (std::vector<SimilarItem>{{1, 0.5, -0.5}, {2, 0.25, 0.3}, {3, 0.25, 0.3}}));
  EXPECT_EQ(explanation.most_similar(1), (std::vector<SimilarItem>{{0, 1, 0.1}}));
  EXPECT_EQ(explanation.most_similar(9).size(), 4U);
}

TEST(KernelModel, IsTheSameBytesOnAnyNumberOfThreads) {
  const Sample sample(500);
  KernelOptions three = options();
  three.threads = 3;

  const KernelFit a = fitted(sample);
  const KernelFit b = fitted(sample, three);

  EXPECT_EQ(a.model.to_bytes(), b.model.to_bytes());
  EXPECT_EQ(a.leave_one_out, b.leave_one_out);
}

TEST(KernelModel, AnswersForAnItemWithNothingKnown) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);
  const std::vector<double> numbers(2, core::kMissing);
  const std::vector<std::string_view> labels{"never seen"};

  const double prediction = fit.model.predict({"", numbers, labels});

  EXPECT_GT(prediction, 3.5);
  EXPECT_LT(prediction, 5.5);
}

TEST(KernelModel, AnswersForNumbersOutOfAllBounds) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);
  const std::vector<double> numbers{std::numeric_limits<double>::infinity(), -1e300};
  const std::vector<std::string_view> labels{"games"};

  EXPECT_TRUE(std::isfinite(fit.model.predict({"photo", numbers, labels})));
}

TEST(KernelModel, TakesTheMeanForANumberThatNoTrainingItemLacks) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);
  double mean = 0;
  for (const KernelItem& item : sample.items) mean += item.numbers[0] / 200;
  const std::vector<std::string_view> labels{"games"};
  const std::vector<double> masked{core::kMissing, 100};
  const std::vector<double> average{mean, 100};

  EXPECT_NEAR(fit.model.predict({"photo", masked, labels}), fit.model.predict({"photo", average, labels}),
              1e-6);
}

TEST(KernelModel, TellsAMissingNumberFromAnAverageOneWhereSomeItemsLackIt) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);
  const std::vector<std::string_view> labels{"games"};
  const std::vector<double> masked{0, core::kMissing};
  const std::vector<double> average{0, 100};

  EXPECT_NE(fit.model.predict({"photo", masked, labels}), fit.model.predict({"photo", average, labels}));
}

TEST(KernelModel, FitsOneItem) {
  const Sample sample(1);
  const KernelFit fit = fitted(sample);

  EXPECT_NEAR(fit.model.predict(sample.items[0]), sample.targets[0], 1e-6);
}

TEST(KernelModel, FitsColumnsWithoutSpreadOrWithoutAnyNumber) {
  Sample sample(50);
  const std::vector<double> numbers{3, core::kMissing};
  for (KernelItem& item : sample.items) item.numbers = numbers;

  EXPECT_TRUE(std::isfinite(fitted(sample).model.predict(sample.items[0])));
}

TEST(KernelModel, SamplesEachLabelInItsShare) {
  const Sample sample(600);
  KernelOptions some = options();
  some.items_max = 90;

  const KernelFit fit = fitted(sample, some);

  ASSERT_EQ(fit.used.size(), 90U);
  EXPECT_EQ(fit.model.size(), 90U);
  EXPECT_EQ(std::set<std::size_t>(fit.used.begin(), fit.used.end()).size(), 90U);
  EXPECT_TRUE(std::is_sorted(fit.used.begin(), fit.used.end()));
  const auto games =
      std::count_if(fit.used.begin(), fit.used.end(), [](std::size_t i) { return i % 3 == 0; });
  EXPECT_NEAR(static_cast<double>(games), 30, 1);
}

TEST(KernelModel, SampleDependsOnTheSeedAlone) {
  const Sample sample(300);
  KernelOptions some = options();
  some.items_max = 50;
  const std::vector<std::size_t> first = fitted(sample, some).used;
  const std::vector<std::size_t> again = fitted(sample, some).used;
  some.seed = 2;

  EXPECT_EQ(first, again);
  EXPECT_NE(first, fitted(sample, some).used);
}

TEST(KernelModel, GivesItemsLeftOutByTheSampleItsPrediction) {
  const Sample sample(300);
  KernelOptions some = options();
  some.items_max = 50;

  const KernelFit fit = fitted(sample, some);

  for (std::size_t i = 0; i < 300; ++i) {
    if (std::binary_search(fit.used.begin(), fit.used.end(), i)) continue;
    ASSERT_EQ(fit.leave_one_out[i], fit.model.predict(sample.items[i]));
    ASSERT_TRUE(core::is_missing(fit.leave_one_out_variance[i]));
  }
}

TEST(KernelModel, RefusesWhatItCannotFit) {
  Sample sample(20);
  EXPECT_EQ(refusal({}).code(), core::ErrorCode::kInvalidInput);

  Sample nan_target(20);
  nan_target.targets[3] = core::kMissing;
  EXPECT_THAT(refusal(nan_target.training()).message(), testing::HasSubstr("item 3"));

  Sample no_noise(20);
  no_noise.noise[4] = 0;
  EXPECT_THAT(refusal(no_noise.training()).message(), testing::HasSubstr("item 4: the noise"));

  Sample infinite(20);
  const std::vector<double> numbers{0, std::numeric_limits<double>::infinity()};
  infinite.items[5].numbers = numbers;
  EXPECT_THAT(refusal(infinite.training()).message(), testing::HasSubstr("item 5: number 1"));

  Sample short_row(20);
  short_row.items[6].numbers = {};
  EXPECT_THAT(refusal(short_row.training()).message(), testing::HasSubstr("item 6: has 0 numbers"));

  Sample short_targets(20);
  short_targets.targets.pop_back();
  EXPECT_EQ(refusal(short_targets.training()).code(), core::ErrorCode::kInvalidInput);
}

TEST(KernelModel, RefusesSenselessOptions) {
  const Sample sample(20);
  KernelOptions bad = options();
  bad.columns[0].width = 0;
  EXPECT_THAT(refusal(sample.training(), bad).message(), testing::HasSubstr("column 0"));
  bad = options();
  bad.weights.wide = -1;
  EXPECT_EQ(refusal(sample.training(), bad).code(), core::ErrorCode::kInvalidInput);
  bad = options();
  bad.weights.labels.resize(5);
  EXPECT_EQ(refusal(sample.training(), bad).code(), core::ErrorCode::kInvalidInput);
  bad = options();
  bad.items_max = 0;
  EXPECT_EQ(refusal(sample.training(), bad).code(), core::ErrorCode::kInvalidInput);
}

TEST(KernelModel, IsTheSameAfterARoundTrip) {
  const Sample sample(200);
  const KernelFit fit = fitted(sample);
  const std::string bytes = fit.model.to_bytes();

  const core::Result<KernelModel> read = KernelModel::from_bytes(bytes);

  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->to_bytes(), bytes);
  for (const KernelItem& item : sample.items) ASSERT_EQ(read->predict(item), fit.model.predict(item));
}

TEST(KernelModel, RefusesBytesThatWereCutOrContinued) {
  const Sample sample(3);
  const std::string bytes = fitted(sample).model.to_bytes();

  for (std::size_t length = 0; length < bytes.size(); ++length) {
    const core::Result<KernelModel> read = KernelModel::from_bytes(std::string_view(bytes).substr(0, length));
    ASSERT_FALSE(read) << length;
    ASSERT_EQ(read.error().code(), core::ErrorCode::kCorrupt);
  }
  EXPECT_FALSE(KernelModel::from_bytes(bytes + "x"));
}

TEST(KernelModel, BytesWithOneBitWrongAreRefusedOrPredictSomethingFinite) {
  const Sample sample(3);
  const std::string bytes = fitted(sample).model.to_bytes();

  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const core::Result<KernelModel> read = KernelModel::from_bytes(damaged);
    if (!read) {
      ASSERT_EQ(read.error().code(), core::ErrorCode::kCorrupt);
      continue;
    }
    const std::vector<double> numbers(read->column_count(), 1.0);
    const std::vector<std::string_view> labels(read->label_count(), "games");
    ASSERT_TRUE(std::isfinite(read->predict({"photo", numbers, labels}))) << bit;
  }
}

}  // namespace
}  // namespace starcast::similar
