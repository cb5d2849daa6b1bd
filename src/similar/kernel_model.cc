#include "similar/kernel_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "core/check.h"
#include "core/numeric.h"
#include "core/parallel.h"
#include "core/random.h"
#include "similar/dense_kernels.h"
#include "similar/kernel_model_limits.h"
#include "similar/panel_matrix.h"

namespace starcast::similar {
namespace {

core::Error invalid(std::string message) {
  return {core::ErrorCode::kInvalidInput, std::move(message)};
}

core::Result<void> check_options(const KernelOptions& options) {
  if (options.columns.size() > kColumnsMax)
    return invalid(fmt::format("a kernel model takes at most {} columns", kColumnsMax));
  if (options.weights.labels.size() > kLabelsMax)
    return invalid(fmt::format("a kernel model takes at most {} labels", kLabelsMax));
  if (options.items_max < 1 || options.items_max > kItemsMax) {
    return invalid(fmt::format("the items of a kernel model are limited to 1 to {}, not {}", kItemsMax,
                               options.items_max));
  }
  for (std::size_t i = 0; i < options.columns.size(); ++i) {
    if (!is_usable_width(options.columns[i].width))
      return invalid(fmt::format("column {}: the width must be positive", i));
  }
  for (const double weight : listed_weights(options.weights)) {
    if (!is_usable_weight(weight)) return invalid("the weights of a kernel must be 0 or positive");
  }
  return {};
}

core::Result<void> check_training(const KernelTraining& training, const KernelOptions& options) {
  const std::size_t count = training.items.size();
  if (count == 0) return invalid("a kernel model needs at least one item");
  if (training.targets.size() != count || training.noise_variances.size() != count) {
    return invalid("a kernel model needs one target and one noise variance for each item");
  }
  if (!training.leave_one_out.empty() && training.leave_one_out.size() != count)
    return invalid("a kernel model is asked for leave-one-out values of each item or of none");
  for (std::size_t i = 0; i < count; ++i) {
    const KernelItem& item = training.items[i];
    if (item.numbers.size() != options.columns.size() ||
        item.labels.size() != options.weights.labels.size()) {
      return invalid(fmt::format("item {}: has {} numbers and {} labels, not {} and {}", i,
                                 item.numbers.size(), item.labels.size(), options.columns.size(),
                                 options.weights.labels.size()));
    }
    for (std::size_t column = 0; column < item.numbers.size(); ++column) {
      if (std::abs(item.numbers[column]) > kNumberMax)
        return invalid(fmt::format("item {}: number {} is too large", i, column));
    }
    if (!(std::abs(training.targets[i]) <= kNumberMax))
      return invalid(fmt::format("item {}: the target is no number", i));
    if (!(training.noise_variances[i] >= kNoiseMin && training.noise_variances[i] <= kNumberMax)) {
      return invalid(fmt::format("item {}: the noise variance must be at least {}", i, kNoiseMin));
    }
  }
  return {};
}

// Every n-th item in the order of first label and noise, from a seeded start; equal ones in seeded order.
// Ascending.
std::vector<std::size_t> sampled(const KernelTraining& training, const KernelOptions& options) {
  const std::size_t count = training.items.size();
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  if (count <= options.items_max) return all;
  core::Random random(options.seed);
  const std::vector<std::size_t> tie_breaks = core::shuffled(count, random);
  const double start = random.uniform();
  const auto place = [&](std::size_t i) {
    const KernelItem& item = training.items[i];
    return std::tuple(item.labels.empty() ? std::string_view() : item.labels[0], training.noise_variances[i],
                      tie_breaks[i]);
  };
  std::sort(all.begin(), all.end(),
            [&](std::size_t left, std::size_t right) { return place(left) < place(right); });
  std::vector<std::size_t> used;
  const double step = static_cast<double>(count) / static_cast<double>(options.items_max);
  for (std::size_t i = 0; i < options.items_max; ++i) {
    const auto at = static_cast<std::size_t>((static_cast<double>(i) + start) * step);
    used.push_back(all[std::min(at, count - 1)]);
  }
  std::sort(used.begin(), used.end());
  return used;
}

// The at most `count` items that come first by `key`, largest first, of equals the first one.
template <typename Key>
std::vector<SimilarItem> first_by(const KernelExplanation& explanation, std::size_t count, Key key) {
  std::vector<std::size_t> first;
  if (count > 0) {
    // Few of many: all but a few of them are no larger than the last of the first so far.
    for (std::size_t item = 0; item < explanation.pulls.size(); ++item) {
      if (first.size() == count && !(key(item) > key(first.back()))) continue;
      if (first.size() == count) first.pop_back();
      const auto place = std::upper_bound(first.begin(), first.end(), item,
                                          [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
      first.insert(place, item);
    }
  }
  std::vector<SimilarItem> result;
  result.reserve(first.size());
  for (const std::size_t item : first)
    result.push_back({item, explanation.similarities[item], explanation.pulls[item]});
  return result;
}

}  // namespace

std::vector<SimilarItem> KernelExplanation::most_similar(std::size_t count) const {
  return first_by(*this, count, [this](std::size_t i) { return similarities[i]; });
}

std::vector<SimilarItem> KernelExplanation::strongest(std::size_t count) const {
  return first_by(*this, count, [this](std::size_t i) { return std::abs(pulls[i]); });
}

void KernelModel::measure_columns(std::span<const KernelColumn> columns, const KernelTraining& training,
                                  std::span<const std::size_t> used) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::size_t known = 0;
    double sum = 0;
    for (const std::size_t item : used) {
      const double number = training.items[item].numbers[i];
      if (core::is_missing(number)) continue;
      sum += number;
      ++known;
    }
    Column column{columns[i].width, 0, 0, columns[i].is_core, known > 0 && known < used.size()};
    if (known > 0) column.mean = sum / static_cast<double>(known);
    double squares = 0;
    for (const std::size_t item : used) {
      const double number = training.items[item].numbers[i];
      if (!core::is_missing(number)) squares += (number - column.mean) * (number - column.mean);
    }
    if (known > 0) column.deviation = std::sqrt(squares / static_cast<double>(known));
    columns_.push_back(column);
  }
}

void KernelModel::number_labels(std::span<const KernelItem> items, std::span<const std::size_t> used) {
  label_names_.resize(label_count());
  for (std::size_t label = 0; label < label_count(); ++label) {
    std::vector<std::string>& names = label_names_[label];
    for (const std::size_t item : used) names.emplace_back(items[item].labels[label]);
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
  }
  for (const std::size_t item : used) {
    for (std::size_t label = 0; label < label_count(); ++label)
      labels_.push_back(label_number(label, items[item].labels[label]));
  }
}

float KernelModel::standardised(std::size_t column, double number) const {
  if (core::is_missing(number)) return std::numeric_limits<float>::quiet_NaN();
  const Column& of = columns_[column];
  if (of.deviation == 0) return 0.0F;
  const double limit = static_cast<double>(kStandardisedMax);
  return static_cast<float>(std::clamp((number - of.mean) / of.deviation, -limit, limit));
}

float KernelModel::label_number(std::size_t label, std::string_view text) const {
  const std::vector<std::string>& names = label_names_[label];
  const auto found = std::lower_bound(names.begin(), names.end(), text);
  if (found == names.end() || *found != text) return -1.0F;
  return static_cast<float>(found - names.begin());
}

void KernelModel::append_row(std::span<const float> labels, std::span<const float> numbers,
                             std::vector<float>& row) const {
  row.insert(row.end(), labels.begin(), labels.end());
  for (const bool core : {true, false}) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const Column& column = columns_[i];
      if (column.is_core != core) continue;
      const float scale = static_cast<float>(1.0 / column.width);
      const bool missing = std::isnan(numbers[i]);
      if (column.deviation > 0) row.push_back(missing ? 0.0F : numbers[i] * scale);
      if (column.tells_missing) row.push_back(missing ? scale : 0.0F);
    }
  }
}

ItemPanels KernelModel::item_panels() const {
  ItemPanels result{panels_.data(), label_count(), 0, 0};
  for (const Column& column : columns_) {
    const std::size_t places = (column.deviation > 0 ? 1U : 0U) + (column.tells_missing ? 1U : 0U);
    (column.is_core ? result.core_columns : result.other_columns) += places;
  }
  return result;
}

std::size_t KernelModel::row_width() const {
  const ItemPanels panels = item_panels();
  return panels.labels + panels.core_columns + panels.other_columns;
}

void KernelModel::build_panels() {
  const std::size_t width = row_width();
  const std::size_t panel_count = (size() + kPanelRows - 1) / kPanelRows;
  panels_.assign(panel_count * kPanelRows * width, 0.0F);
  if (width == 0) return;  // names alone are compared
  const std::span<const float> labels(labels_);
  const std::span<const float> numbers(numbers_);
  std::vector<float> row;
  for (std::size_t item = 0; item < size(); ++item) {
    row.clear();
    append_row(labels.subspan(item * label_count(), label_count()),
               numbers.subspan(item * column_count(), column_count()), row);
    float* at = panels_.data() + item / kPanelRows * kPanelRows * width + item % kPanelRows;
    for (std::size_t i = 0; i < width; ++i) at[i * kPanelRows] = row[i];
  }
}

KernelTerms KernelModel::terms(double constant) const {
  const auto single = [](double value) { return static_cast<float>(value); };
  KernelTerms result{};
  result.constant = single(constant);
  result.wide = single(weights_.wide);
  result.core = single(weights_.core);
  result.name = single(weights_.name);
  result.name_squared = single(weights_.name_squared);
  result.name_fourth = single(weights_.name_fourth);
  result.name_narrow = single(weights_.name_narrow);
  result.name_squared_wide = single(weights_.name_squared_wide);
  for (std::size_t label = 0; label < label_count(); ++label) {
    result.label[label] = single(weights_.labels[label].plain);
    result.label_wide[label] = single(weights_.labels[label].wide);
    result.label_name[label] = single(weights_.labels[label].name);
  }
  return result;
}

double KernelModel::kernel_with_itself() const {
  KernelWeights weights = weights_;
  weights.constant = 0;
  const std::vector<double> listed = listed_weights(weights);
  return std::accumulate(listed.begin(), listed.end(), 0.0);
}

core::Result<PanelMatrix> KernelModel::kernel_matrix(std::span<const double> noise_variances,
                                                     const DenseKernels& kernels, std::size_t threads) const {
  PanelMatrix matrix(size());
  const KernelTerms all_terms = terms(weights_.constant);
  const ItemPanels items = item_panels();
  const std::size_t width = row_width();
  const std::size_t panels = (size() + kPanelRows - 1) / kPanelRows;
  // The longest panels first, so that no thread is left with one at the end.
  const auto fill_panel = [&](std::size_t task) -> core::Result<void> {
    const std::size_t index = panels - 1 - task;
    const std::size_t columns = (index + 1) * kPanelRows;
    std::vector<float> cosines(columns, 0.0F);
    std::vector<float> values(columns);
    std::vector<float> row(width);
    float* panel = matrix.panel(index);
    for (std::size_t lane = 0; lane < kPanelRows && index * kPanelRows + lane < size(); ++lane) {
      const std::size_t item = index * kPanelRows + lane;
      index_->cosines_of(item, std::span(cosines).first(item + 1));
      const float* at = panels_.data() + index * kPanelRows * width + lane;
      for (std::size_t i = 0; i < width; ++i) row[i] = at[i * kPanelRows];
      kernels.kernel_values(all_terms, items, index + 1, row.data(), cosines.data(), values.data());
      values[item] += static_cast<float>(noise_variances[item]);
      for (std::size_t column = 0; column <= item; ++column)
        panel[column * kPanelRows + lane] = values[column];
    }
    return {};
  };
  TRY(core::parallel_for(panels, threads, fill_panel));
  return matrix;
}

std::shared_ptr<const NameIndex> KernelModel::index_of(std::vector<std::string> names,
                                                       const std::shared_ptr<const NameIndex>& index) {
  bool is_same = index != nullptr && index->size() == names.size();
  for (std::size_t i = 0; is_same && i < names.size(); ++i) is_same = index->name(i) == names[i];
  return is_same ? index : std::make_shared<const NameIndex>(std::move(names));
}

core::Result<KernelFit> KernelModel::fit(const KernelTraining& training, const KernelOptions& options) {
  TRY(check_options(options));
  TRY(check_training(training, options));
  KernelModel model;
  std::vector<std::size_t> used = sampled(training, options);
  const std::size_t count = used.size();

  model.weights_ = options.weights;
  model.measure_columns(options.columns, training, used);
  model.number_labels(training.items, used);
  std::vector<std::string> names;
  std::vector<double> noise_variances;
  double sum = 0;
  for (const std::size_t item : used) {
    names.emplace_back(training.items[item].name);
    noise_variances.push_back(training.noise_variances[item]);
    sum += training.targets[item];
    for (std::size_t column = 0; column < model.column_count(); ++column) {
      model.numbers_.push_back(model.standardised(column, training.items[item].numbers[column]));
    }
  }
  model.index_ = index_of(std::move(names), options.index);
  model.build_panels();

  const DenseKernels& kernels = dense_kernels();
  PanelMatrix matrix = TRY(model.kernel_matrix(noise_variances, kernels, options.threads));
  TRY(matrix.factorise(kernels, options.threads));
  const double mean = sum / static_cast<double>(count);
  std::vector<double> centred;
  for (const std::size_t item : used) centred.push_back(training.targets[item] - mean);
  model.pull_weights_ = matrix.solve(centred);
  model.base_ = mean + std::accumulate(model.pull_weights_.begin(), model.pull_weights_.end(), 0.0) *
                           model.weights_.constant;
  const auto is_asked = [&](std::size_t item) {
    return training.leave_one_out.empty() || training.leave_one_out[item] != 0;
  };
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < count; ++i) {
    if (is_asked(used[i])) asked.push_back(i);
  }
  const std::vector<double> precisions = TRY(matrix.inverse_diagonal(asked, kernels, options.threads));

  std::vector<double> left_out(training.items.size(), core::kMissing);
  std::vector<double> variances(training.items.size(), core::kMissing);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const std::size_t item = used[asked[i]];
    left_out[item] = training.targets[item] - model.pull_weights_[asked[i]] / precisions[i];
    variances[item] = 1.0 / precisions[i];
  }
  const auto predict_rest = [&](std::size_t item) -> core::Result<void> {
    if (is_asked(item) && core::is_missing(left_out[item]))
      left_out[item] = model.predict(training.items[item]);
    return {};
  };
  TRY(core::parallel_for(left_out.size(), options.threads, predict_rest));
  return KernelFit{std::move(model), std::move(used), std::move(left_out), std::move(variances)};
}

std::vector<float> KernelModel::kernel_of(const KernelItem& item, const NameCosines* cosines) const {
  CHECK(item.numbers.size() == column_count() && item.labels.size() == label_count());
  std::vector<float> labels;
  for (std::size_t label = 0; label < label_count(); ++label)
    labels.push_back(label_number(label, item.labels[label]));
  std::vector<float> numbers;
  for (std::size_t column = 0; column < column_count(); ++column)
    numbers.push_back(standardised(column, item.numbers[column]));
  std::vector<float> row;
  append_row(labels, numbers, row);

  const std::size_t panels = (size() + kPanelRows - 1) / kPanelRows;
  std::vector<float> padded(panels * kPanelRows, 0.0F);
  if (cosines != nullptr && cosines->is_of(*index_)) {
    std::copy(cosines->values().begin(), cosines->values().end(), padded.begin());
  } else {
    index_->cosines(item.name, std::span(padded).first(size()));
  }
  std::vector<float> values(panels * kPanelRows);
  dense_kernels().kernel_values(terms(0), item_panels(), panels, row.data(), padded.data(), values.data());
  return values;
}

double KernelModel::predict(const KernelItem& item, const NameCosines* cosines) const {
  const std::vector<float> values = kernel_of(item, cosines);
  double prediction = base_;
  for (std::size_t i = 0; i < size(); ++i) prediction += pull_weights_[i] * static_cast<double>(values[i]);
  return prediction;
}

KernelExplanation KernelModel::explain(const KernelItem& item, const NameCosines* cosines) const {
  const std::vector<float> values = kernel_of(item, cosines);
  const double most = kernel_with_itself();
  KernelExplanation result;
  result.base = base_;
  result.prediction = base_;
  // Apart, so that all but the sum are computed side by side.
  result.pulls.resize(size());
  for (std::size_t i = 0; i < size(); ++i)
    result.pulls[i] = pull_weights_[i] * static_cast<double>(values[i]);
  result.similarities.resize(size());
  if (most > 0) {
    for (std::size_t i = 0; i < size(); ++i) result.similarities[i] = static_cast<double>(values[i]) / most;
  }
  for (const double pull : result.pulls) result.prediction += pull;
  return result;
}

}  // namespace starcast::similar
