// Reads the members of a stored encoder: every error is kCorrupt and names the member by its path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/result.h"

namespace starcast::features {

// "encodings" and "category" -> "encodings.category"; long names of levels are cut.
std::string member_path(std::string_view parent, std::string_view name);

core::Error corrupt_member(std::string_view path, std::string_view problem);

// The member's value; `parent` is the object's own path, empty for the encoder itself.
core::Result<const codec::Json*> required_member(const codec::Json& object, std::string_view parent,
                                                 std::string_view name);
core::Result<const codec::JsonObject*> object_of(const codec::Json& json, std::string_view path);
core::Result<const codec::JsonArray*> array_of(const codec::Json& json, std::string_view path);
core::Result<std::string> string_of(const codec::Json& json, std::string_view path);
core::Result<double> finite_of(const codec::Json& json, std::string_view path);

// Finite numbers, each at least as large as the one before.
core::Result<std::vector<double>> ascending_of(const codec::Json& json, std::string_view path);

}  // namespace starcast::features
