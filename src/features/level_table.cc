#include "features/level_table.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "features/stored_members.h"

namespace starcast::features {
namespace {

using codec::Json;
using core::Result;

constexpr double kCountMax = 1e15;

bool is_count(double value) {
  return value >= 1 && value <= kCountMax && std::floor(value) == value;
}

}  // namespace

Json LevelTable::to_json() const {
  codec::JsonObject members;
  members.reserve(values_.size());
  for (const auto& [level, value] : values_) {
    members.emplace_back(level,
                         kind_ == Kind::kCounts ? Json(static_cast<std::int64_t>(value)) : Json(value));
  }
  std::sort(members.begin(), members.end(),
            [](const codec::JsonMember& a, const codec::JsonMember& b) { return a.first < b.first; });
  return Json(std::move(members));
}

Result<LevelTable> LevelTable::from_json(const Json& json, std::string_view path, Kind kind) {
  const codec::JsonObject* const members = TRY(object_of(json, path));
  LevelTable table(kind);
  table.reserve(members->size());
  for (const auto& [level, member] : *members) {
    const auto number = member.as_double();
    if (!number || !std::isfinite(number.value())) {
      return corrupt_member(member_path(path, level), "is no finite number");
    }
    if (kind == Kind::kCounts && !is_count(number.value())) {
      return corrupt_member(member_path(path, level), "is no count");
    }
    if (!table.values_.emplace(level, number.value()).second) {
      return corrupt_member(member_path(path, level), "is there twice");
    }
  }
  return table;
}

}  // namespace starcast::features
