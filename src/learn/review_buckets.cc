#include "learn/review_buckets.h"

namespace starcast::learn {

const std::vector<ReviewBucket>& review_buckets() {
  static const std::vector<ReviewBucket> buckets = {
      {"under_10", "< 10", 0},
      {"10_to_99", "10-99", 10},
      {"100_to_999", "100-999", 100},
      {"1000_to_9999", "1k-10k", 1000},
      {"10000_to_99999", "10k-100k", 10000},
      {"100000_and_more", "> 100k", 100000},
  };
  return buckets;
}

std::size_t bucket_of(double reviews) {
  std::size_t bucket = 0;
  for (std::size_t i = 1; i < review_buckets().size(); ++i) {
    if (reviews >= review_buckets()[i].reviews_min) bucket = i;
  }
  return bucket;
}

}  // namespace starcast::learn
