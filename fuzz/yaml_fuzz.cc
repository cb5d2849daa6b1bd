// Any bytes as YAML: what parses is written so that it parses back equal and in the same order, and every
// place lies in the text.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/json.h"
#include "codec/yaml.h"
#include "core/check.h"

namespace {

using starcast::codec::Json;
using starcast::codec::JsonStyle;
using starcast::codec::parse_yaml;
using starcast::codec::to_yaml;
using starcast::codec::YamlNode;

void check_places(const YamlNode& node, std::size_t size) {
  CHECK(node.start.offset <= node.end.offset && node.end.offset <= size);
  CHECK(node.start.line >= 1 && node.start.column >= 1);
  for (const YamlNode& item : node.items) check_places(item, size);
  for (const auto& [key, value] : node.members) {
    check_places(key, size);
    check_places(value, size);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto root = parse_yaml(std::string_view(reinterpret_cast<const char*>(bytes), size));
  if (!root) {
    CHECK(root.error().message().starts_with("line "));
    return 0;
  }
  check_places(*root, size);

  const Json value = root->to_json();
  const std::string text = to_yaml(value);
  const auto again = parse_yaml(text);
  CHECK(again.has_value());
  const Json value_again = again->to_json();
  // NaN is not equal to itself, so texts are compared; the second comparison sees the order of keys.
  CHECK(to_text(value_again, JsonStyle::kPythonSorted) == to_text(value, JsonStyle::kPythonSorted));
  CHECK(to_yaml(value_again) == text);
  return 0;
}
