// YAML as DVC reads and writes it: the 1.2 core schema with positions, and ruamel.yaml's block style.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "core/result.h"

namespace starcast::codec {

struct YamlMark {
  std::size_t line = 0;    // from 1
  std::size_t column = 0;  // from 1, in characters
  std::size_t offset = 0;  // from 0, in bytes
};

// A node with its place in the text. Aliases are expanded (a limit on the total guards against bombs): the
// node has the place of the alias, what is in it that of the anchor. Merge keys "<<" are applied: merged
// members come first, and a mapping's own value replaces a merged one. A block collection ends where its last
// item ends.
struct YamlNode {
  enum class Kind { kScalar, kSequence, kMapping };

  Kind kind = Kind::kScalar;
  Json scalar;                  // kScalar: its value by the core schema (null, bool, int, double, string)
  std::string text;             // kScalar: as written, unquoted
  std::vector<YamlNode> items;  // kSequence
  std::vector<std::pair<YamlNode, YamlNode>> members;  // kMapping, in order; keys are scalars
  YamlMark start;
  YamlMark end;

  // Defined in yaml.cc, where std::pair of this type is complete: clang 14 asks for it.
  YamlNode();
  ~YamlNode();
  YamlNode(const YamlNode&);
  YamlNode(YamlNode&&) noexcept;
  YamlNode& operator=(const YamlNode&);
  YamlNode& operator=(YamlNode&&) noexcept;

  // The member whose key has that text, or nullptr.
  const YamlNode* find(std::string_view name) const;

  // The same tree without places. Keys that are no strings are written as Python's json.dumps writes them
  // (true, null, 1).
  Json to_json() const;
};

// Parses one document; an empty one (or one that is null) is an empty mapping. kInvalidInput names line and
// column: syntax errors, invalid UTF-8, duplicate keys, anchors that are not defined, more than one document,
// depth over 128, keys that are not scalars, tags beyond those of the core schema. kUnsupported: a %YAML 1.1
// directive. kTooLarge: aliases that expand to more than 100,000 nodes. Scalars: see dvc.md 2.1 (yes/no are
// strings, 0o17, 0x1F, 1_000, .nan; dates stay strings here).
core::Result<YamlNode> parse_yaml(std::string_view text);

// Text as ruamel.yaml's round-trip dumper (0.19) writes it for DVC: block style, indent 2, sequences not
// indented under their key, width 80, plain scalars where a 1.2 reader reads the same string back, else
// quoted; null is an empty value; floats as Python's repr; ends with a newline. Objects keep their order.
// Byte for byte the same, except where ruamel.yaml's own text is read back as something else: U+0085, U+2028
// and U+2029 are escaped, long keys full of escapes get a "?", and a root that is a string stays on one line.
// Broken UTF-8 becomes U+FFFD.
std::string to_yaml(const Json& value);

}  // namespace starcast::codec
