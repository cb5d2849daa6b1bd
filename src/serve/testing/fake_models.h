// Models that tests make up, and a source that hands them over.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/guarded.h"
#include "model/row_scorer.h"
#include "serve/slots.h"

namespace starcast::serve {

// Double columns "a", "b", …; a row's value is `bias` plus the sum of what is there. Levels and reasons:
// none.
class FakeScorer final : public model::RowScorer {
 public:
  explicit FakeScorer(double bias, std::size_t columns = 2);

  std::string_view flavor() const override { return "fake"; }
  const model::Signature& signature() const override { return signature_; }
  bool enforces_signature() const override { return true; }
  std::size_t width() const override { return 1; }
  const std::vector<double>& levels() const override { return levels_; }
  codec::Json about() const override { return codec::Json(codec::JsonObject{}); }
  std::unique_ptr<model::Rows> make_rows() const override;
  void score(const model::Rows& rows, std::size_t first, std::size_t count,
             model::RowScores& scores) const override;
  core::Result<model::RowExplanation> explain(const model::Rows& rows, std::size_t index,
                                              std::size_t output) const override;
  std::string_view answered_as(const model::Rows&, std::size_t) const override { return ""; }
  std::vector<std::string> warnings(const model::Rows&, std::size_t) const override { return {}; }
  void count_columns(const model::Rows& rows, std::size_t first, std::size_t count,
                     model::ColumnCounts& counts) const override;

  // Called by every score(), before it answers.
  std::function<void()> on_score{};
  std::function<void(const model::Rows&)> on_rows{};
  bool is_fickle = false;  // answers something else each time

 private:
  model::Signature signature_{};
  std::vector<double> levels_{};
  double bias_ = 0;
  mutable std::atomic<int> scored_{0};
};

// Thread-safe. A model's pin is "URI#N" where N counts put() of that URI.
class FakeSource final : public ModelSource {
 public:
  using Make = std::function<core::Result<std::shared_ptr<const model::RowScorer>>()>;

  // From now on `uri` is what `make` gives, as version N.
  void put(const std::string& uri, Make make);
  void put(const std::string& uri, double bias);
  // From now on nobody can tell what `uri` is.
  void fail_pin(const std::string& uri, core::Error error);
  void remove(const std::string& uri);
  // Of all models from now on.
  void set_input_example(codec::Json example) { example_ = std::move(example); }
  // How often that was loaded.
  int loads(const std::string& uri) const;

  core::Result<std::string> pin(const std::string& uri) override;
  core::Result<LoadedModel> load(const std::string& uri) override;

 private:
  struct Known {
    Make make{};
    int version = 0;
    int loads = 0;
    bool is_there = false;
    std::vector<core::Error> pin_error{};
  };
  mutable core::Guarded<std::map<std::string, Known>> known_{};
  codec::Json example_{};
};

}  // namespace starcast::serve
