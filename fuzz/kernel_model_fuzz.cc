// Stored kernel models: any bytes load or are refused; what loads predicts something finite and keeps its
// bytes.
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/check.h"
#include "core/numeric.h"
#include "similar/kernel_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace similar = starcast::similar;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto model = similar::KernelModel::from_bytes(bytes);
  if (!model) {
    CHECK(model.error().code() == starcast::core::ErrorCode::kCorrupt);
    CHECK(!model.error().message().empty());
    return 0;
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array kValues = {starcast::core::kMissing, 0.0, 1.0, -3.5, 1e300, -kInfinity};
  for (const double value : kValues) {
    const std::vector<double> numbers(model->column_count(), value);
    const std::vector<std::string_view> labels(model->label_count(), "games");
    const similar::KernelItem item{model->index().name(0), numbers, labels};
    CHECK(std::isfinite(model->predict(item)));
    CHECK(model->explain(item).prediction == model->predict(item));
  }
  // NaNs of other bits become the usual one, so only the second round has to be equal.
  const std::string written = model->to_bytes();
  const auto again = similar::KernelModel::from_bytes(written);
  CHECK(again.has_value());
  CHECK(again->to_bytes() == written);
  return 0;
}
