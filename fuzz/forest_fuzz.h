// What every fuzz target of model files asks of a forest that was read.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "core/numeric.h"
#include "core/result.h"
#include "forest/forest.h"
#include "forest/shap.h"

namespace starcast::forest {

// Rows of values on which walks may differ: once the same value in every column, once another in each.
inline std::vector<double> fuzz_rows(std::size_t width) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array kValues = {core::kMissing, 0.0,  -0.0, kInfinity, -kInfinity,  1e-36, -0.5, 1.0,
                                  31.0,           32.0, -7.0, 1e300,     2147483648.0};
  std::vector<double> rows;
  for (std::size_t shift = 0; shift < kValues.size(); ++shift) {
    for (const std::size_t step : {std::size_t{0}, std::size_t{1}}) {
      for (std::size_t i = 0; i < width; ++i) rows.push_back(kValues[(shift + step * i) % kValues.size()]);
    }
  }
  return rows;
}

// Bytes that were refused say why. What was read predicts every row, alone and in a batch as the plain walk
// does; every walk ends in a leaf; what has counts is explained.
inline void use_forest(const core::Result<Forest>& forest) {
  if (!forest) {
    CHECK(!forest.error().message().empty());
    return;
  }
  const std::size_t width = forest->feature_count();
  constexpr std::size_t kCellsMax = 4096;  // a hostile file has as many features and classes as it likes
  if (width > kCellsMax || width * forest->class_count() > kCellsMax) return;
  const std::vector<double> rows = fuzz_rows(width);
  const std::size_t count = rows.size() / width;
  const std::size_t outputs = forest->output_count();
  std::vector<double> batch(count * outputs);
  forest->predict_batch(rows, batch);
  const auto explainer = ShapExplainer::create(*forest);
  if (!explainer) CHECK(!explainer.error().message().empty());
  std::vector<double> answer(outputs);
  std::vector<double> sums(forest->class_count());
  std::vector<double> plain(outputs);
  std::vector<std::int32_t> leaves(forest->tree_count());
  std::vector<double> shares(width * forest->class_count());
  for (std::size_t i = 0; i < count; ++i) {
    const auto row = std::span(rows).subspan(i * width, width);
    forest->predict(row, answer);
    forest->predict_raw_plainly(row, sums);
    forest->apply_transform(sums, plain);
    for (std::size_t k = 0; k < outputs; ++k) {
      const auto bits = std::bit_cast<std::uint64_t>(plain[k]);
      CHECK(std::bit_cast<std::uint64_t>(answer[k]) == bits || plain[k] != plain[k]);
      CHECK(std::bit_cast<std::uint64_t>(batch[i * outputs + k]) == bits || plain[k] != plain[k]);
    }
    forest->leaves(row, leaves);
    for (std::size_t tree = 0; tree < leaves.size(); ++tree) {
      CHECK(leaves[tree] >= 0);
      CHECK(static_cast<std::size_t>(leaves[tree]) < forest->trees()[tree].leaf_value.size());
      CHECK(forest->leaf_id(tree, leaves[tree]) >= 0);
    }
    if (explainer) explainer->explain(row, shares);
  }
}

inline std::string_view bytes_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace starcast::forest
