// Typed fields out of a YAML tree; what is wrong is said with file and line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/yaml.h"
#include "core/result.h"

namespace starcast::pipeline {

// kInvalidInput: "FILE:LINE: text".
core::Error field_error(std::string_view file, const codec::YamlNode& node, std::string_view text);
// kUnsupported: "FILE:LINE: text".
core::Error unsupported_field(std::string_view file, const codec::YamlNode& node, std::string_view text);

// Parses, with the file's name in front of a syntax error.
core::Result<codec::YamlNode> parse_yaml_file(std::string_view text, std::string_view file);

core::Result<void> check_mapping(std::string_view file, const codec::YamlNode& node, std::string_view what);
core::Result<void> check_sequence(std::string_view file, const codec::YamlNode& node, std::string_view what);
// Every key must be one of `known`; else the nearest of them is named.
core::Result<void> check_keys(std::string_view file, const codec::YamlNode& mapping, std::string_view what,
                              const std::vector<std::string_view>& known);

core::Result<std::string> string_field(std::string_view file, const codec::YamlNode& node,
                                       std::string_view what);
core::Result<std::uint64_t> count_field(std::string_view file, const codec::YamlNode& node,
                                        std::string_view what);
core::Result<void> read_flag(std::string_view file, const codec::YamlNode& node, std::string_view what,
                             bool& flag);
// Strings of a sequence.
core::Result<std::vector<std::string>> strings_field(std::string_view file, const codec::YamlNode& node,
                                                     std::string_view what);

// The known word nearest to `word`, as "; did you mean 'x'?", or nothing when none is near.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

}  // namespace starcast::pipeline
