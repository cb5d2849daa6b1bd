#include "forest/model_value.h"

namespace starcast::forest {

const ModelValue* ModelValue::find(std::string_view name) const {
  for (const auto& [member, value] : members) {
    if (member == name) return &value;
  }
  return nullptr;
}

}  // namespace starcast::forest
