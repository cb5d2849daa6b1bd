// LightGBM model text: any bytes parse or are refused; what parses predicts every row, and every walk ends in
// a leaf; what has counts is explained.
#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "core/numeric.h"
#include "forest/forest.h"
#include "forest/shap.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto forest =
      starcast::forest::parse_lightgbm(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!forest) {
    CHECK(!forest.error().message().empty());
    return 0;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array kValues = {starcast::core::kMissing,
                                  0.0,
                                  -0.0,
                                  kInfinity,
                                  -kInfinity,
                                  1e-36,
                                  -0.5,
                                  1.0,
                                  31.0,
                                  32.0,
                                  -7.0,
                                  1e300,
                                  2147483648.0};
  std::vector<double> row(forest->feature_count());
  std::vector<std::int32_t> leaves(forest->tree_count());
  std::vector<double> shares(forest->feature_count());
  const auto explainer = starcast::forest::ShapExplainer::create(*forest);
  if (!explainer) CHECK(!explainer.error().message().empty());
  for (std::size_t shift = 0; shift < kValues.size(); ++shift) {
    // Once the same value in every column, once another in each.
    for (const std::size_t step : {std::size_t{0}, std::size_t{1}}) {
      for (std::size_t i = 0; i < row.size(); ++i) row[i] = kValues[(shift + step * i) % kValues.size()];
      static_cast<void>(forest->predict(row));
      forest->leaves(row, leaves);
      if (explainer) explainer->explain(row, shares);
      for (std::size_t i = 0; i < leaves.size(); ++i) {
        CHECK(leaves[i] >= 0);
        CHECK(static_cast<std::size_t>(leaves[i]) < forest->trees()[i].leaf_value.size());
      }
    }
  }
  return 0;
}
