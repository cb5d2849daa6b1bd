// Reads XGBoost's model files.
#include "forest/forest.h"

namespace starcast::forest {

core::Result<Forest> parse_xgboost(std::string_view, const ParseOptions&) {
  return core::Error(core::ErrorCode::kUnsupported, "XGBoost's model files are not read yet");
}

}  // namespace starcast::forest
