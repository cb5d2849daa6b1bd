// XGBoost's model files as JSON: any bytes parse or are refused, and what parses is used.
#include "forest_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace forest = starcast::forest;
  forest::use_forest(forest::parse_xgboost(forest::bytes_of(data, size)));
  forest::use_forest(forest::parse_xgboost(forest::bytes_of(data, size), {.best_iteration_only = true}));
  return 0;
}
