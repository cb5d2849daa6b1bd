// Forests predict bit for bit what LightGBM predicts, and explain it by the same shares, over seeded random
// models and rows chosen to be awkward.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/numeric.h"
#include "core/random.h"
#include "forest/forest.h"
#include "forest/shap.h"
#include "gbm/booster.h"
#include "gbm/testing/load_for_tests.h"

namespace starcast {
namespace {

constexpr std::size_t kModels = 72;
constexpr std::size_t kTrainingRows = 600;
constexpr std::size_t kRows = 500;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What a column holds, by its position.
enum class Column { kNormal, kInteger, kAroundThreshold, kSparse, kWild, kCategory, kWideCategory };

constexpr std::array kColumns = {Column::kNormal,      Column::kInteger, Column::kAroundThreshold,
                                 Column::kSparse,      Column::kWild,    Column::kCategory,
                                 Column::kWideCategory};
constexpr std::size_t kFirstCategory = 5;

struct Shape {
  double missing_share = 0;
  bool with_categories = false;
};

template <typename T, std::size_t N>
T pick(const std::array<T, N>& choices, core::Random& random) {
  return choices[random.below(N)];
}

double draw(Column column, core::Random& random) {
  switch (column) {
    case Column::kNormal:
      return random.normal();
    case Column::kInteger:
      return static_cast<double>(random.below(9)) - 4;
    case Column::kAroundThreshold:
      return random.normal() * 1e-35;
    case Column::kSparse:
      return random.uniform() < 0.7 ? (random.uniform() < 0.5 ? 0.0 : -0.0) : random.normal();
    case Column::kWild:
      return pick(
          std::array{kInfinity, -kInfinity, 1e300, -1e300, 1e308, 5e-324, -5e-324, 0.0, 1.0, random.normal()},
          random);
    case Column::kCategory:
      return static_cast<double>(random.below(6));
    case Column::kWideCategory:
      return static_cast<double>(random.below(90));
  }
  return 0;
}

std::vector<double> draw_rows(std::size_t rows, const Shape& shape, core::Random& random) {
  std::vector<double> values;
  for (std::size_t i = 0; i < rows * kColumns.size(); ++i) {
    const double value = draw(kColumns[i % kColumns.size()], random);
    values.push_back(random.uniform() < shape.missing_share ? core::kMissing : value);
  }
  return values;
}

// Something that every column has a say in, missing values too.
double signal(std::span<const double> row) {
  const auto or_else = [](double value, double fallback) { return std::isnan(value) ? fallback : value; };
  double sum = or_else(row[0], 1.5) + 0.5 * or_else(row[1], -2);
  sum += or_else(row[2], 0) > 1e-35 ? 1.0 : 0.0;
  sum += or_else(row[2], 0) < -1e-35 ? 0.5 : 0.0;
  sum += row[3] == 0 ? -1.0 : or_else(row[3], 2);
  sum += or_else(row[4], 0) > 10 ? 1.0 : 0.0;
  sum += std::sin(or_else(row[5], 7) * 2);
  return sum + std::cos(or_else(row[6], 100));
}

struct Model {
  std::string text;
  forest::Forest forest;
};

// Labels as the objective wants them.
double label_of(const std::string& objective, double value) {
  if (objective == "binary") return value > 0 ? 1 : 0;
  if (objective == "cross_entropy") return 1 / (1 + std::exp(-value));
  if (objective == "poisson" || objective == "tweedie") return std::floor(std::exp(0.3 * value));
  if (objective == "gamma") return std::exp(0.3 * value);
  return value;
}

gbm::Parameters parameters_of(std::size_t index, const Shape& shape, core::Random& random) {
  constexpr std::array<const char*, 11> kObjectives = {
      "regression", "regression_l1", "quantile", "poisson", "binary", "huber",
      "fair",       "cross_entropy", "gamma",    "tweedie", "mape"};
  gbm::Parameters parameters = {
      {"objective", kObjectives[index % kObjectives.size()]},
      {"num_leaves", std::to_string(2 + random.below(40))},
      {"min_data_in_leaf", std::to_string(1 + random.below(15))},
      {"learning_rate", pick(std::array<std::string, 3>{"0.05", "0.1", "0.7"}, random)},
      {"use_missing", random.uniform() < 0.8 ? "true" : "false"},
      {"zero_as_missing", random.uniform() < 0.35 ? "true" : "false"},
      {"max_bin", pick(std::array<std::string, 3>{"15", "63", "255"}, random)}};
  if (shape.with_categories) {
    parameters.emplace_back("categorical_feature", fmt::format("{},{}", kFirstCategory, kFirstCategory + 1));
    parameters.emplace_back("max_cat_threshold", std::to_string(1 + random.below(40)));
    parameters.emplace_back("max_cat_to_onehot", std::to_string(1 + random.below(8)));
    parameters.emplace_back("cat_smooth", "1");
    parameters.emplace_back("min_data_per_group", "2");
  }
  const std::string objective = parameters.front().second;
  if (objective == "quantile") parameters.emplace_back("alpha", "0.9");
  if (objective == "binary") parameters.emplace_back("sigmoid", "1.7");
  if (random.uniform() < 0.3) parameters.emplace_back("reg_sqrt", "true");
  switch (random.below(4)) {
    case 0:
      parameters.emplace_back("boosting", "rf");
      parameters.emplace_back("bagging_fraction", "0.632");
      parameters.emplace_back("bagging_freq", "1");
      break;
    case 1:
      parameters.emplace_back("boosting", "dart");
      break;
    default:
      break;
  }
  return parameters;
}

core::Result<Model> make_model(const gbm::LightGbm& library, std::size_t index, core::Random& random) {
  const Shape shape{.missing_share = pick(std::array{0.0, 0.15, 0.5}, random),
                    .with_categories = random.uniform() < 0.6};
  const std::vector<double> values = draw_rows(kTrainingRows, shape, random);
  const gbm::Parameters parameters = parameters_of(index, shape, random);
  std::vector<double> labels;
  for (std::size_t i = 0; i < kTrainingRows; ++i) {
    const double value = signal(std::span(values).subspan(i * kColumns.size(), kColumns.size()));
    labels.push_back(label_of(parameters.front().second, value));
  }
  std::string text = TRY(library.train(
      {.values = values,
       .rows = kTrainingRows,
       .columns = kColumns.size(),
       .labels = labels,
       .column_names = {"normal", "integer", "tiny", "sparse", "wild", "few", "many"}},
      {.parameters = parameters, .rounds = static_cast<int>(1 + random.below(30)), .seed = index}));
  forest::Forest forest = TRY(forest::parse_lightgbm(text));
  return Model{std::move(text), std::move(forest)};
}

// Thresholds of the model itself, and their neighbours.
std::vector<std::vector<double>> thresholds_of(const forest::Forest& forest) {
  std::vector<std::vector<double>> thresholds(forest.feature_count());
  for (const forest::Tree& tree : forest.trees()) {
    for (std::size_t node = 0; node < tree.threshold.size(); ++node) {
      if (tree.category_set[node] < 0) {
        thresholds[static_cast<std::size_t>(tree.feature[node])].push_back(tree.threshold[node]);
      }
    }
  }
  return thresholds;
}

// A third of the cells as in training, a third at the model's own thresholds, a third from the list of odd
// values.
std::vector<double> awkward_rows(const forest::Forest& forest, core::Random& random) {
  const double zero = static_cast<double>(1e-35f);
  const std::vector<double> odd = {core::kMissing,
                                   -core::kMissing,
                                   0.0,
                                   -0.0,
                                   zero,
                                   -zero,
                                   std::nextafter(zero, 1.0),
                                   std::nextafter(-zero, -1.0),
                                   1e-35,
                                   -1e-35,
                                   1e-36,
                                   5e-324,
                                   kInfinity,
                                   -kInfinity,
                                   1e308,
                                   -1e308,
                                   -0.5,
                                   -1.0,
                                   -7.0,
                                   2.999999,
                                   31.0,
                                   32.0,
                                   1000.0,
                                   2147483646.0,
                                   2147483647.0,
                                   2147483648.0,
                                   4294967296.0,
                                   1e18,
                                   -1e18};
  const auto thresholds = thresholds_of(forest);
  std::vector<double> values = draw_rows(kRows, {.missing_share = 0.1, .with_categories = true}, random);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto& own = thresholds[i % kColumns.size()];
    const double kind = random.uniform();
    if (kind < 0.33 && !own.empty()) {
      const double threshold = own[random.below(own.size())];
      values[i] = pick(
          std::array{threshold, std::nextafter(threshold, kInfinity), std::nextafter(threshold, -kInfinity)},
          random);
    } else if (kind < 0.66) {
      values[i] = odd[random.below(odd.size())];
    }
  }
  return values;
}

class ForestParity : public testing::Test {
 protected:
  // Runs the check on each random model.
  template <typename Check>
  void for_each_model(Check check) {
    const auto library = gbm::load_for_tests();
    if (!library && library.error().code() == core::ErrorCode::kNotFound)
      GTEST_SKIP() << library.error().message();
    ASSERT_TRUE(library) << library.error().message();
    for (std::size_t index = 0; index < kModels; ++index) {
      core::Random random(index);
      const auto model = make_model(*library, index, random);
      ASSERT_TRUE(model) << "model " << index << ": " << model.error().message();
      check(*library, index, *model, random);
    }
  }
};

TEST_F(ForestParity, PredictsTheBitsOfLightGbm) {
  for_each_model(
      [](const gbm::LightGbm& library, std::size_t index, const Model& model, core::Random& random) {
        const std::vector<double> rows = awkward_rows(model.forest, random);
        const auto theirs = library.predict(model.text, rows, kRows, kColumns.size());
        ASSERT_TRUE(theirs) << theirs.error().message();

        for (const forest::ForestKernel kernel : forest::forest_kernels()) {
          forest::Forest forest = model.forest;
          forest.use(kernel);
          std::size_t differences = 0;
          std::vector<double> at_once(kRows);
          forest.predict_batch(rows, at_once);
          for (std::size_t i = 0; i < kRows; ++i) {
            const double ours = forest.predict(std::span(rows).subspan(i * kColumns.size(), kColumns.size()));
            const auto expected = std::bit_cast<std::uint64_t>((*theirs)[i]);
            if (std::bit_cast<std::uint64_t>(ours) != expected) ++differences;
            if (std::bit_cast<std::uint64_t>(at_once[i]) != expected) ++differences;
          }

          EXPECT_EQ(differences, 0U) << name_of(kernel) << ", model " << index << ":\n"
                                     << model.text.substr(0, 400);
        }
      });
}

// The model's shares for a row next to LightGBM's.
struct ShareDifference {
  double share = 0;     // the largest, as part of the sum of absolute shares
  double expected = 0;  // of the expected value, as part of itself
  double sum = 0;       // of what ours add up to and the raw prediction, as part of the latter and the shares
};

ShareDifference compare_shares(const forest::Forest& forest, const forest::ShapExplainer& explainer,
                               std::span<const double> row, std::span<const double> theirs) {
  // LightGBM adds up the trees of an averaged forest.
  const double scale = forest.averaged() ? static_cast<double>(forest.tree_count()) : 1;
  std::vector<double> shares(row.size());
  explainer.explain(row, shares);
  ShareDifference difference;
  double size = 0;
  double sum = explainer.expected_value();
  for (std::size_t i = 0; i < shares.size(); ++i) {
    size += std::fabs(theirs[i]) / scale;
    sum += shares[i];
    difference.share = std::max(difference.share, std::fabs(shares[i] - theirs[i] / scale));
  }
  const double expected = theirs.back() / scale;
  const double raw = forest.predict_raw(row);
  difference.expected = std::fabs(explainer.expected_value() - expected);
  difference.sum = std::fabs(sum - raw) / std::max(std::fabs(raw) + size, 1e-300);
  if (size > 0) difference.share /= size;
  if (expected != 0) difference.expected /= std::fabs(expected);
  return difference;
}

TEST_F(ForestParity, ExplainsAsLightGbmWithin1em12) {
  for_each_model(
      [](const gbm::LightGbm& library, std::size_t index, const Model& model, core::Random& random) {
        const std::vector<double> rows = awkward_rows(model.forest, random);
        constexpr std::size_t kWidth = kColumns.size() + 1;
        const auto theirs = library.contributions(model.text, rows, kRows, kColumns.size());
        ASSERT_TRUE(theirs) << theirs.error().message();
        const auto explainer = forest::ShapExplainer::create(model.forest);
        ASSERT_TRUE(explainer) << "model " << index << ": " << explainer.error().message();

        ShareDifference worst;
        for (std::size_t i = 0; i < kRows; ++i) {
          const ShareDifference difference = compare_shares(
              model.forest, *explainer, std::span(rows).subspan(i * kColumns.size(), kColumns.size()),
              std::span(*theirs).subspan(i * kWidth, kWidth));
          worst.share = std::max(worst.share, difference.share);
          worst.expected = std::max(worst.expected, difference.expected);
          worst.sum = std::max(worst.sum, difference.sum);
        }

        EXPECT_LT(worst.share, 1e-12) << "model " << index << ":\n" << model.text.substr(0, 400);
        EXPECT_LT(worst.expected, 1e-12) << "model " << index;
        EXPECT_LT(worst.sum, 1e-12) << "model " << index;
      });
}

// LightGBM reads gains with an inexact parser, into floats.
TEST_F(ForestParity, AddsUpTheGainsOfLightGbm) {
  for_each_model([](const gbm::LightGbm& library, std::size_t index, const Model& model, core::Random&) {
    const auto theirs = library.gains(model.text);
    ASSERT_TRUE(theirs) << theirs.error().message();
    ASSERT_EQ(theirs->size(), model.forest.gains().size());

    for (std::size_t i = 0; i < theirs->size(); ++i) {
      EXPECT_NEAR(model.forest.gains()[i], (*theirs)[i], 1e-6 * (*theirs)[i])
          << "model " << index << ", feature " << i;
    }
  });
}

// Guards the other tests: were the models to lose their variety, parity would mean little.
TEST_F(ForestParity, MeetsEveryKindOfSplit) {
  std::set<forest::MissingKind> missing;
  std::set<std::string> headers;
  std::size_t category_splits = 0;
  std::size_t tiny_thresholds = 0;
  std::size_t default_sides = 0;  // bit 0: right, bit 1: left
  for_each_model([&](const gbm::LightGbm&, std::size_t, const Model& model, core::Random&) {
    for (const char* const word :
         {"\naverage_output\n", "objective=regression sqrt\n", "objective=quantile sqrt\n"}) {
      if (model.text.find(word) != std::string::npos) headers.insert(word);
    }
    for (const forest::Tree& tree : model.forest.trees()) {
      missing.insert(tree.missing.begin(), tree.missing.end());
      for (std::size_t node = 0; node < tree.threshold.size(); ++node) {
        category_splits += tree.category_set[node] >= 0 ? 1U : 0U;
        default_sides |= std::size_t{1} << tree.default_left[node];
        const double size = std::fabs(tree.threshold[node]);
        tiny_thresholds += size > 0 && size < 1e-34 ? 1U : 0U;
      }
    }
  });
  if (IsSkipped()) return;

  EXPECT_EQ(missing.size(), 3U);
  EXPECT_EQ(headers.size(), 3U);
  EXPECT_EQ(default_sides, 3U);
  EXPECT_GT(category_splits, 100U);
  EXPECT_GT(tiny_thresholds, 100U);
}

}  // namespace
}  // namespace starcast
