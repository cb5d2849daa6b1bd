// Weights of a blend, learnt from predictions that no part made of what it was trained on.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace starcast::learn {

// What a prediction shall be close by.
enum class Objective {
  kMean,    // squared error
  kMedian,  // absolute error
  kBlend,   // both, each as a share of the best constant's
};

// Weights that are not negative and sum to 1, one a part, with the least loss over `truth`; of equal losses
// the earlier parts get more. They are multiples of 1/20: the loss is flat about its least, and finer steps
// would be noise. A part weighs nothing or at least `least[i]`: one that would say less is not worth its
// cost, and the others share its weight anew. At most 4 parts, `parts[i].size() == truth.size() > 0`; `least`
// is one a part, or empty for none.
std::vector<double> learn_weights(const std::vector<std::vector<double>>& parts,
                                  std::span<const double> truth, Objective objective,
                                  std::span<const double> least = {});

}  // namespace starcast::learn
