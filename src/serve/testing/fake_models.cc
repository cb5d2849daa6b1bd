#include "serve/testing/fake_models.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "core/numeric.h"

namespace starcast::serve {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

class FakeRows final : public model::Rows {
 public:
  explicit FakeRows(std::size_t columns) : columns_(columns) {}

  void add_row() override { cells_.resize(cells_.size() + columns_, core::kMissing); }
  Result<void> set_text(std::size_t, std::string_view) override {
    return Error(ErrorCode::kInvalidInput, "a number is needed");
  }
  Result<void> set_number(std::size_t column, double number) override {
    cells_[cells_.size() - columns_ + column] = number;
    return {};
  }
  Result<void> add_record(const std::vector<std::size_t>&, const std::vector<std::string_view>&) override {
    return Error(ErrorCode::kUnsupported, "no records here");
  }
  std::size_t size() const override { return cells_.size() / columns_; }
  void clear() override { cells_.clear(); }
  std::vector<std::string> notes(std::size_t) const override { return {}; }

  double cell(std::size_t row, std::size_t column) const { return cells_[row * columns_ + column]; }

 private:
  std::size_t columns_;
  std::vector<double> cells_{};
};

}  // namespace

FakeScorer::FakeScorer(double bias, std::size_t columns) {
  for (std::size_t i = 0; i < columns; ++i) {
    signature_.inputs.push_back(
        {std::string(1, static_cast<char>('a' + i)), model::ColumnType::kDouble, true});
  }
  signature_.outputs.push_back({"prediction", model::ColumnType::kDouble, true});
  bias_ = bias;
}

std::unique_ptr<model::Rows> FakeScorer::make_rows() const {
  return std::make_unique<FakeRows>(signature_.inputs.size());
}

void FakeScorer::score(const model::Rows& rows, std::size_t first, std::size_t count,
                       model::RowScores& scores) const {
  if (on_score) on_score();
  if (on_rows) on_rows(rows);
  const auto& cells = dynamic_cast<const FakeRows&>(rows);
  scores = model::RowScores();
  scores.rows = count;
  for (std::size_t row = first; row < first + count; ++row) {
    double sum = bias_ + (is_fickle ? scored_.fetch_add(1) : 0);
    for (std::size_t column = 0; column < signature_.inputs.size(); ++column) {
      if (!std::isnan(cells.cell(row, column))) sum += cells.cell(row, column);
    }
    scores.values.push_back(sum);
  }
}

Result<model::RowExplanation> FakeScorer::explain(const model::Rows&, std::size_t, std::size_t) const {
  return Error(ErrorCode::kUnsupported, "a made-up model has no reasons");
}

void FakeScorer::count_columns(const model::Rows& rows, std::size_t first, std::size_t count,
                               model::ColumnCounts& counts) const {
  const auto& cells = dynamic_cast<const FakeRows&>(rows);
  for (std::size_t row = first; row < first + count; ++row) {
    for (std::size_t column = 0; column < signature_.inputs.size(); ++column) {
      if (std::isnan(cells.cell(row, column))) ++counts.missing[column];
    }
  }
}

void FakeSource::put(const std::string& uri, Make make) {
  auto known = known_.lock();
  Known& one = (*known)[uri];
  one.make = std::move(make);
  ++one.version;
  one.is_there = true;
  one.pin_error.clear();
}

void FakeSource::put(const std::string& uri, double bias) {
  put(uri, [bias]() -> Result<std::shared_ptr<const model::RowScorer>> {
    return std::shared_ptr<const model::RowScorer>(std::make_shared<FakeScorer>(bias));
  });
}

void FakeSource::fail_pin(const std::string& uri, Error error) {
  auto known = known_.lock();
  (*known)[uri].pin_error.assign(1, std::move(error));
}

void FakeSource::remove(const std::string& uri) {
  auto known = known_.lock();
  (*known)[uri].is_there = false;
}

int FakeSource::loads(const std::string& uri) const {
  auto known = known_.lock();
  const auto found = known->find(uri);
  return found == known->end() ? 0 : found->second.loads;
}

Result<std::string> FakeSource::pin(const std::string& uri) {
  auto known = known_.lock();
  const auto found = known->find(uri);
  if (found != known->end() && !found->second.pin_error.empty())
    return Error(found->second.pin_error.front());
  if (found == known->end() || !found->second.is_there) {
    return Error(ErrorCode::kNotFound, fmt::format("{}: no such model", uri));
  }
  return fmt::format("{}#{}", uri, found->second.version);
}

Result<LoadedModel> FakeSource::load(const std::string& uri) {
  Make make;
  LoadedModel model;
  {
    auto known = known_.lock();
    const auto found = known->find(uri);
    if (found == known->end() || !found->second.is_there) {
      return Error(ErrorCode::kNotFound, fmt::format("{}: no such model", uri));
    }
    ++found->second.loads;
    make = found->second.make;
    model.version = std::to_string(found->second.version);
    model.uri = fmt::format("{}#{}", uri, found->second.version);
  }
  model.scorer = TRY(make());
  model.input_example = example_;
  return model;
}

}  // namespace starcast::serve
