#include "pipeline/fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "core/strings.h"

namespace starcast::pipeline {

using codec::YamlNode;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

std::string_view kind_name(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kMapping:
      return "a mapping";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kScalar:
      break;
  }
  const auto& value = node.scalar.value();
  if (std::holds_alternative<std::nullptr_t>(value)) return "nothing";
  if (std::holds_alternative<bool>(value)) return "true or false";
  if (std::holds_alternative<std::string>(value)) return "a text";
  return "a number";
}

Error wrong_kind(std::string_view file, const YamlNode& node, std::string_view what,
                 std::string_view expected) {
  return field_error(file, node, fmt::format("{} must be {}, not {}", what, expected, kind_name(node)));
}

}  // namespace

Error field_error(std::string_view file, const YamlNode& node, std::string_view text) {
  return Error(ErrorCode::kInvalidInput, fmt::format("{}:{}: {}", file, node.start.line, text));
}

Error unsupported_field(std::string_view file, const YamlNode& node, std::string_view text) {
  return Error(ErrorCode::kUnsupported, fmt::format("{}:{}: {}", file, node.start.line, text));
}

Result<YamlNode> parse_yaml_file(std::string_view text, std::string_view file) {
  return TRY(codec::parse_yaml(text), file);
}

Result<void> check_mapping(std::string_view file, const YamlNode& node, std::string_view what) {
  if (node.kind != YamlNode::Kind::kMapping) return wrong_kind(file, node, what, "a mapping");
  return {};
}

Result<void> check_sequence(std::string_view file, const YamlNode& node, std::string_view what) {
  if (node.kind != YamlNode::Kind::kSequence) return wrong_kind(file, node, what, "a list");
  return {};
}

Result<void> check_keys(std::string_view file, const YamlNode& mapping, std::string_view what,
                        const std::vector<std::string_view>& known) {
  TRY(check_mapping(file, mapping, what));
  for (const auto& member : mapping.members) {
    const std::string& name = member.first.text;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    return field_error(file, member.first,
                       fmt::format("unknown key '{}' in {}{}", name, what, did_you_mean(name, known)));
  }
  return {};
}

Result<std::string> string_field(std::string_view file, const YamlNode& node, std::string_view what) {
  if (node.kind != YamlNode::Kind::kScalar || !node.scalar.is_string())
    return wrong_kind(file, node, what, "a text");
  return node.scalar.as_string();
}

Result<std::uint64_t> count_field(std::string_view file, const YamlNode& node, std::string_view what) {
  const auto* const number =
      node.kind == YamlNode::Kind::kScalar ? std::get_if<std::int64_t>(&node.scalar.value()) : nullptr;
  if (number == nullptr || *number < 0) return wrong_kind(file, node, what, "a number of bytes or files");
  return static_cast<std::uint64_t>(*number);
}

Result<void> read_flag(std::string_view file, const YamlNode& node, std::string_view what, bool& flag) {
  const auto* const value =
      node.kind == YamlNode::Kind::kScalar ? std::get_if<bool>(&node.scalar.value()) : nullptr;
  if (value == nullptr) return wrong_kind(file, node, what, "true or false");
  flag = *value;
  return {};
}

Result<std::vector<std::string>> strings_field(std::string_view file, const YamlNode& node,
                                               std::string_view what) {
  TRY(check_sequence(file, node, what));
  std::vector<std::string> texts;
  texts.reserve(node.items.size());
  for (const YamlNode& item : node.items) {
    std::string text = TRY(string_field(file, item, fmt::format("each entry of {}", what)));
    texts.push_back(std::move(text));
  }
  return texts;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view nearest;
  std::size_t edits_fewest = word.size() / 2 + 1;
  for (const std::string_view candidate : known) {
    const std::size_t edits = core::edit_distance(word, candidate);
    if (edits >= edits_fewest) continue;
    edits_fewest = edits;
    nearest = candidate;
  }
  return nearest.empty() ? std::string() : fmt::format("; did you mean '{}'?", nearest);
}

}  // namespace starcast::pipeline
