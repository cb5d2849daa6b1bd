// What the kernel model looks at in a listing: its name, some numbers of its feature row, its category and
// genres.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "features/encoder.h"
#include "listing/listing.h"
#include "similar/kernel_model.h"

namespace starcast::model {

inline constexpr std::size_t kKernelNumbers = 13;
inline constexpr std::size_t kKernelLabels = 2;

// One listing as a kernel item. Owns what the item borrows; the listing's texts are borrowed.
struct KernelInput {
  std::string name;
  std::array<double, kKernelNumbers> numbers{};
  std::array<std::string_view, kKernelLabels> labels;

  similar::KernelItem item() const { return {name, numbers, labels}; }
};

// Picks the numbers out of an encoder's rows. Thread-compatible.
class KernelInputMaker {
 public:
  // kCorrupt when the encoder lacks a column that the kernel looks at.
  static core::Result<KernelInputMaker> create(const features::Encoder& encoder);

  // `row` is what the encoder makes of the listing.
  KernelInput make(const listing::Listing& listing, std::span<const double> row) const;

 private:
  KernelInputMaker() = default;
  std::array<std::size_t, kKernelNumbers> columns_{};
};

// Widths and weights of the kernel, and the variance of a rating of so many reviews about the app's true one.
// Chosen by cross-validation on the 2018 file: docs/decisions/0013-rating-model.md.
similar::KernelOptions kernel_options();
double kernel_noise_variance(double reviews);

}  // namespace starcast::model
