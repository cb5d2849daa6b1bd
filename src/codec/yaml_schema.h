// The scalars of YAML 1.2 as ruamel.yaml 0.17 resolves them (DVC's reader): which plain texts are no strings.
#pragma once

#include <optional>
#include <string_view>

#include "codec/json.h"

namespace starcast::codec {

enum class YamlTag { kString, kNull, kBool, kInt, kFloat, kTimestamp, kMerge, kValue };

// What a plain scalar with this text is.
YamlTag resolved_tag(std::string_view text);

// The value of a plain scalar. Dates, "=" and "<<" stay strings, as do the few texts that resolve to a number
// and hold no digit ("+_"). Nothing if it is a binary, octal or hexadecimal integer of more than 4096
// characters.
std::optional<Json> resolved_value(std::string_view text);

}  // namespace starcast::codec
