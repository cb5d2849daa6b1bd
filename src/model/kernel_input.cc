#include "model/kernel_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/numeric.h"

namespace starcast::model {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

enum class Scale { kAsIs, kLog };

struct KernelNumber {
  std::string_view column;  // of the encoder
  double width;             // in standard deviations
  bool is_core;
  Scale scale;
};

constexpr std::array<KernelNumber, kKernelNumbers> kNumbers = {{
    {"log_reviews", 0.8, true, Scale::kAsIs},
    {"log_installs", 1.0, true, Scale::kAsIs},
    {"ratio", 0.7, true, Scale::kAsIs},
    {"log_size", 1.7, false, Scale::kAsIs},
    {"age", 1.5, false, Scale::kLog},
    {"ver_major", 2.3, false, Scale::kLog},
    {"ver_parts", 2.3, false, Scale::kAsIs},
    {"ver_len", 2.3, false, Scale::kAsIs},
    {"log_price", 2.3, false, Scale::kAsIs},
    {"content", 2.3, false, Scale::kAsIs},
    {"name_len", 2.3, false, Scale::kAsIs},
    {"name_words", 3.5, false, Scale::kAsIs},
    {"name_upper", 2.3, false, Scale::kAsIs},
}};

constexpr double kNoiseFloor = 0.08;
constexpr double kNoiseOfOneReview = 1.2;

}  // namespace

Result<KernelInputMaker> KernelInputMaker::create(const features::Encoder& encoder) {
  KernelInputMaker maker;
  const std::vector<features::FeatureColumn>& columns = encoder.columns();
  for (std::size_t i = 0; i < kNumbers.size(); ++i) {
    const auto found = std::find_if(
        columns.begin(), columns.end(),
        [i](const features::FeatureColumn& column) { return column.name == kNumbers[i].column; });
    if (found == columns.end()) {
      return Error(ErrorCode::kCorrupt,
                   fmt::format("the encoder has no column '{}' for the kernel model", kNumbers[i].column));
    }
    maker.columns_[i] = static_cast<std::size_t>(found - columns.begin());
  }
  return maker;
}

KernelInput KernelInputMaker::make(const listing::Listing& listing, std::span<const double> row) const {
  KernelInput input;
  input.name = listing::key_of(listing);
  for (std::size_t i = 0; i < kNumbers.size(); ++i) {
    const double value = row[columns_[i]];
    switch (kNumbers[i].scale) {
      case Scale::kAsIs:
        input.numbers[i] = value;
        break;
      case Scale::kLog:
        input.numbers[i] = core::is_missing(value) ? value : std::log10(1 + std::max(value, 0.0));
        break;
    }
  }
  input.labels = {listing.category, listing.genres};
  return input;
}

similar::KernelOptions kernel_options() {
  similar::KernelOptions options;
  for (const KernelNumber& number : kNumbers) options.columns.push_back({number.width, number.is_core});
  options.weights.labels = {{0.01, 0.03, 0.1}, {0.02, 0.04, 0.15}};
  return options;
}

double kernel_noise_variance(double reviews) {
  const double known = core::is_missing(reviews) ? 1 : std::max(reviews, 0.0);
  return kNoiseFloor + kNoiseOfOneReview / (known + 1);
}

}  // namespace starcast::model
