// Buckets of listings by their number of reviews, which is where the noise of ratings differs most.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace starcast::learn {

// A bucket reaches from its lower edge to the next one's.
struct ReviewBucket {
  std::string name;   // "under_10", "10_to_99", ..., "100000_and_more"
  std::string title;  // "< 10", "10-99", ...
  double reviews_min;
};
const std::vector<ReviewBucket>& review_buckets();
// A missing number of reviews belongs to the first bucket.
std::size_t bucket_of(double reviews);

}  // namespace starcast::learn
