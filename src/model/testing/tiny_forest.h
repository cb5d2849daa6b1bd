// Forests small enough to check by hand, as LightGBM's model text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/forest_scorer.h"

namespace starcast::model {

// Features by name; one tree: the first feature <= 1.5 (or missing) gives `low`, above `high`.
std::string stump_text(const std::vector<std::string>& features, double low, double high);

// Served.
std::shared_ptr<const ForestScorer> stump_scorer(const std::vector<std::string>& features, double low,
                                                 double high);

// Three classes of feature "x": trees whose sums make class 1 the likeliest for x <= 1.5, else class 2.
std::string three_class_text();

}  // namespace starcast::model
