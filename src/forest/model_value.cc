#include "forest/model_value.h"

#include <algorithm>

namespace starcast::forest {

const ModelValue* ModelValue::find(std::string_view name) const {
  if (kind != Kind::kMembers) return nullptr;
  const auto found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? nullptr : &items[static_cast<std::size_t>(found - names.begin())];
}

}  // namespace starcast::forest
