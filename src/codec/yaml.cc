#include "codec/yaml.h"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "codec/number.h"
#include "codec/utf8.h"
#include "codec/utf8_decode.h"
#include "codec/yaml_schema.h"
#include "core/check.h"

namespace starcast::codec {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::size_t kDepthMax = 128;
constexpr std::size_t kExpandedNodesMax = 100'000;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

// libyaml counts characters; this finds their bytes.
class CharacterOffsets {
 public:
  explicit CharacterOffsets(std::string_view text) : text_(text) {
    std::size_t character = 0;
    for (std::size_t byte = 0; byte < text.size(); ++byte) {
      if (is_continuation(text[byte])) continue;
      if (character % kStep == 0) starts_.push_back(byte);
      ++character;
    }
  }

  std::size_t byte_of(std::size_t character) const {
    if (character / kStep >= starts_.size()) return text_.size();
    std::size_t byte = starts_[character / kStep];
    for (std::size_t left = character % kStep; left > 0 && byte < text_.size(); --left) {
      ++byte;
      while (byte < text_.size() && is_continuation(text_[byte])) ++byte;
    }
    return byte;
  }

 private:
  static constexpr std::size_t kStep = 64;

  static bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

  std::string_view text_;
  std::vector<std::size_t> starts_;
};

// Owns one libyaml event.
class Event {
 public:
  Event() : event_{} {}
  ~Event() { yaml_event_delete(&event_); }
  Event(Event&& other) noexcept : event_(other.event_) { other.event_ = {}; }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  Event& operator=(Event&&) = delete;

  yaml_event_t* raw() { return &event_; }
  yaml_event_type_t type() const { return event_.type; }
  const yaml_event_t& operator*() const { return event_; }

 private:
  yaml_event_t event_;
};

std::string_view text_of(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

// Nodes with what is in them; long texts count as several.
std::size_t weight_of(const YamlNode& node) {
  std::size_t weight = 1 + node.text.size() / 64;
  for (const YamlNode& item : node.items) weight += weight_of(item);
  for (const auto& [key, value] : node.members) weight += weight_of(key) + weight_of(value);
  return weight;
}

// Levels below the node.
std::size_t height_of(const YamlNode& node) {
  std::size_t height = 0;
  for (const YamlNode& item : node.items) height = std::max(height, 1 + height_of(item));
  for (const auto& member : node.members) height = std::max(height, 1 + height_of(member.second));
  return height;
}

// Equal for equal keys and for no others.
std::string identity_of(const YamlNode& key) {
  return std::to_string(key.scalar.value().index()) + to_text(key.scalar, JsonStyle::kPythonSorted);
}

class Parser {
 public:
  explicit Parser(std::string_view text)
      : skipped_(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0),
        text_(text.substr(skipped_)),
        offsets_(text_) {}
  ~Parser() {
    if (is_open_) yaml_parser_delete(&parser_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Result<YamlNode> parse() {
    TRY(check_utf8());
    if (yaml_parser_initialize(&parser_) == 0) return out_of_memory();
    is_open_ = true;
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text_.data()),
                                 text_.size());

    TRY(next());  // the start of the stream
    const Event first = TRY(next());
    YamlNode root;
    root.kind = YamlNode::Kind::kMapping;
    if (first.type() == YAML_STREAM_END_EVENT) {
      root.start = root.end = mark_of((*first).start_mark);
      return root;
    }
    TRY(check_version(*first));
    YamlNode node = TRY(parse_node(0));
    TRY(next());  // the end of the document
    const Event last = TRY(next());
    if (last.type() != YAML_STREAM_END_EVENT)
      return fail((*last).start_mark, "a second document begins here; only one is allowed in this file");
    if (node.kind != YamlNode::Kind::kScalar || !node.scalar.is_null()) return node;
    root.start = node.start;
    root.end = node.end;
    return root;
  }

 private:
  static Error out_of_memory() { return Error(ErrorCode::kExhausted, "no memory left to read YAML"); }

  YamlMark mark_of(const yaml_mark_t& mark) const {
    return {mark.line + 1, mark.column + 1, skipped_ + offsets_.byte_of(mark.index)};
  }

  static Error fail_at(std::size_t line, std::size_t column, std::string_view what,
                       ErrorCode code = ErrorCode::kInvalidInput) {
    return Error(code, fmt::format("line {}, column {}: {}", line, column, what));
  }

  static Error fail(const yaml_mark_t& mark, std::string_view what,
                    ErrorCode code = ErrorCode::kInvalidInput) {
    return fail_at(mark.line + 1, mark.column + 1, what, code);
  }

  static Error fail(const YamlMark& mark, std::string_view what, ErrorCode code = ErrorCode::kInvalidInput) {
    return fail_at(mark.line, mark.column, what, code);
  }

  // For errors that have only a place in bytes.
  Error fail_at_byte(std::size_t byte, std::string_view what) const {
    const std::string_view before = text_.substr(0, byte);
    const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const std::size_t newline = before.rfind('\n');
    const std::string_view in_line = newline == std::string_view::npos ? before : before.substr(newline + 1);
    return fail_at(line, code_points(in_line).size() + 1, what);
  }

  Result<void> check_utf8() const {
    if (is_utf8(text_)) return {};
    std::size_t byte = 0;
    for (;;) {
      const DecodedCharacter character = decode_utf8(text_.substr(byte));
      if (!character.valid) return fail_at_byte(byte, "invalid UTF-8; save the file as UTF-8");
      byte += character.length;
    }
  }

  static Result<void> check_version(const yaml_event_t& start) {
    const yaml_version_directive_t* version = start.data.document_start.version_directive;
    if (version == nullptr || version->minor != 1) return {};
    return fail(start.start_mark,
                "YAML 1.1 reads yes, no and numbers differently; remove the %YAML directive",
                ErrorCode::kUnsupported);
  }

  Result<Event> next() {
    Event event;
    if (yaml_parser_parse(&parser_, event.raw()) != 0) return event;
    switch (parser_.error) {
      case YAML_MEMORY_ERROR:
        return out_of_memory();
      case YAML_READER_ERROR:
        return fail_at_byte(parser_.problem_offset, text_or(parser_.problem, "unreadable text"));
      case YAML_NO_ERROR:
      case YAML_SCANNER_ERROR:
      case YAML_PARSER_ERROR:
      case YAML_COMPOSER_ERROR:
      case YAML_WRITER_ERROR:
      case YAML_EMITTER_ERROR:
        break;
    }
    std::string what(text_or(parser_.problem, "a syntax error"));
    if (parser_.context != nullptr) {
      what += fmt::format(" ({} that begins at line {}, column {})", parser_.context,
                          parser_.context_mark.line + 1, parser_.context_mark.column + 1);
    }
    return fail(parser_.problem_mark, what);
  }

  static std::string_view text_or(const char* text, std::string_view otherwise) {
    return text == nullptr ? otherwise : std::string_view(text);
  }

  Result<YamlNode> parse_node(std::size_t depth) {
    const Event event = TRY(next());
    return parse_event(*event, depth);
  }

  Result<YamlNode> parse_event(const yaml_event_t& event, std::size_t depth) {
    if (depth > kDepthMax)
      return fail(event.start_mark, fmt::format("more than {} levels of nesting", kDepthMax));
    if (event.type == YAML_ALIAS_EVENT) return parse_alias(event, depth);
    const bool is_scalar = event.type == YAML_SCALAR_EVENT;
    const bool is_sequence = event.type == YAML_SEQUENCE_START_EVENT;
    const std::string anchor(text_of(is_scalar     ? event.data.scalar.anchor
                                     : is_sequence ? event.data.sequence_start.anchor
                                                   : event.data.mapping_start.anchor));
    if (!anchor.empty()) open_anchors_.push_back(anchor);
    YamlNode node = is_scalar     ? TRY(parse_scalar(event))
                    : is_sequence ? TRY(parse_sequence(event, depth))
                                  : TRY(parse_mapping(event, depth));
    if (!anchor.empty()) {
      open_anchors_.pop_back();
      TRY(count_expanded(node, node.start));
      anchors_.insert_or_assign(anchor, node);
    }
    return node;
  }

  Result<void> count_expanded(const YamlNode& node, const YamlMark& mark) {
    expanded_ += weight_of(node);
    if (expanded_ <= kExpandedNodesMax) return {};
    return fail(mark, fmt::format("anchors and aliases expand to more than {} nodes", kExpandedNodesMax),
                ErrorCode::kTooLarge);
  }

  Result<YamlNode> parse_alias(const yaml_event_t& event, std::size_t depth) {
    const std::string name(text_of(event.data.alias.anchor));
    if (std::find(open_anchors_.begin(), open_anchors_.end(), name) != open_anchors_.end())
      return fail(event.start_mark, fmt::format("the alias *{} stands inside the node that it names", name));
    const auto anchor = anchors_.find(name);
    if (anchor == anchors_.end())
      return fail(event.start_mark, fmt::format("the alias *{} has no anchor &{} before it", name, name));
    if (depth + height_of(anchor->second) > kDepthMax)
      return fail(event.start_mark, fmt::format("more than {} levels of nesting", kDepthMax));
    const YamlMark start = mark_of(event.start_mark);
    TRY(count_expanded(anchor->second, start));
    YamlNode node = anchor->second;
    node.start = start;
    node.end = mark_of(event.end_mark);
    return node;
  }

  Result<YamlNode> parse_scalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    YamlNode node;
    node.kind = YamlNode::Kind::kScalar;
    node.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    node.start = mark_of(event.start_mark);
    node.end = mark_of(event.end_mark);
    const std::string_view tag = text_of(scalar.tag);
    if (tag == "!") {
      node.scalar = Json(node.text);
    } else if (!tag.empty()) {
      node.scalar = TRY(tagged_value(node.text, tag, event.start_mark));
    } else if (scalar.plain_implicit != 0) {
      node.scalar = TRY(plain_value(node.text, event.start_mark));
    } else {
      node.scalar = Json(node.text);
    }
    return node;
  }

  static Result<Json> plain_value(const std::string& text, const yaml_mark_t& mark) {
    std::optional<Json> value = resolved_value(text);
    if (!value) return fail(mark, "this integer has too many digits");
    return std::move(*value);
  }

  static Result<Json> tagged_value(const std::string& text, std::string_view tag, const yaml_mark_t& mark) {
    if (!tag.starts_with(kTagPrefix)) return fail(mark, fmt::format("the tag {} is not known here", tag));
    const std::string_view name = tag.substr(kTagPrefix.size());
    if (name == "str" || name == "timestamp") return Json(text);
    const bool is_known = name == "null" || name == "bool" || name == "int" || name == "float";
    if (!is_known) return fail(mark, fmt::format("the tag !!{} is not known here", name));
    Json value = TRY(plain_value(text, mark));
    const bool is_int = std::holds_alternative<std::int64_t>(value.value()) ||
                        std::holds_alternative<JsonBigInteger>(value.value());
    const bool is_float = std::holds_alternative<double>(value.value());
    if (name == "null" && value.is_null()) return value;
    if (name == "bool" && std::holds_alternative<bool>(value.value())) return value;
    if (name == "int" && is_int) return value;
    if (name == "float" && is_float) return value;
    if (name == "float" && is_int) {
      const double number = TRY(value.as_double());
      return Json(number);
    }
    return fail(mark, fmt::format("'{}' is no !!{}", text, name));
  }

  static Result<void> check_collection_tag(const yaml_char_t* tag, std::string_view wanted,
                                           const yaml_mark_t& mark) {
    std::string_view text = text_of(tag);
    if (text.empty() || text == "!") return {};
    if (text.starts_with(kTagPrefix)) {
      if (text.substr(kTagPrefix.size()) == wanted) return {};
      return fail(mark, fmt::format("the tag !!{} is not known here", text.substr(kTagPrefix.size())));
    }
    return fail(mark, fmt::format("the tag {} is not known here", text));
  }

  Result<YamlNode> parse_sequence(const yaml_event_t& event, std::size_t depth) {
    TRY(check_collection_tag(event.data.sequence_start.tag, "seq", event.start_mark));
    YamlNode node;
    node.kind = YamlNode::Kind::kSequence;
    node.start = node.end = mark_of(event.start_mark);
    for (;;) {
      const Event item_event = TRY(next());
      if (item_event.type() == YAML_SEQUENCE_END_EVENT) {
        if (event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE)
          node.end = mark_of((*item_event).end_mark);
        return node;
      }
      YamlNode item = TRY(parse_event(*item_event, depth + 1));
      node.end = item.end;
      node.items.push_back(std::move(item));
    }
  }

  Result<YamlNode> parse_mapping(const yaml_event_t& event, std::size_t depth) {
    TRY(check_collection_tag(event.data.mapping_start.tag, "map", event.start_mark));
    YamlNode node;
    node.kind = YamlNode::Kind::kMapping;
    node.start = node.end = mark_of(event.start_mark);
    std::unordered_set<std::string> names;
    std::optional<YamlNode> merged;
    for (;;) {
      const Event key_event = TRY(next());
      if (key_event.type() == YAML_MAPPING_END_EVENT) {
        if (event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE)
          node.end = mark_of((*key_event).end_mark);
        break;
      }
      YamlNode key = TRY(parse_event(*key_event, depth + 1));
      if (key.kind != YamlNode::Kind::kScalar)
        return fail(key.start, "a key must be a scalar, not a list or a mapping");
      const bool is_merge = key.text == "<<" && key_event.type() == YAML_SCALAR_EVENT &&
                            (*key_event).data.scalar.plain_implicit != 0;
      if (!names.insert(is_merge ? "<<" : identity_of(key)).second)
        return fail(key.start, fmt::format("the key '{}' is there twice", key.text));
      YamlNode value = TRY(parse_node(depth + 1));
      node.end = value.end;
      if (is_merge) {
        merged = std::move(value);
      } else {
        node.members.emplace_back(std::move(key), std::move(value));
      }
    }
    if (merged) TRY(merge(node, *merged));
    return node;
  }

  // Of the mappings in a list the first one wins; as in ruamel.yaml the last one's members come first.
  static Result<void> merge(YamlNode& node, const YamlNode& source) {
    std::vector<const YamlNode*> mappings;
    if (source.kind == YamlNode::Kind::kSequence) {
      for (auto item = source.items.rbegin(); item != source.items.rend(); ++item) mappings.push_back(&*item);
    } else {
      mappings.push_back(&source);
    }
    std::vector<std::pair<YamlNode, YamlNode>> members;
    std::unordered_map<std::string, std::size_t> places;
    const auto put = [&](const std::pair<YamlNode, YamlNode>& member) {
      const auto [place, is_new] = places.emplace(identity_of(member.first), members.size());
      if (is_new) {
        members.push_back(member);
      } else {
        members[place->second].second = member.second;
      }
    };
    for (const YamlNode* mapping : mappings) {
      if (mapping->kind != YamlNode::Kind::kMapping)
        return fail(mapping->start, "'<<' needs a mapping or a list of mappings");
      for (const auto& member : mapping->members) put(member);
    }
    for (const auto& member : node.members) put(member);
    node.members = std::move(members);
    return {};
  }

  std::size_t skipped_;
  std::string_view text_;
  CharacterOffsets offsets_;
  yaml_parser_t parser_{};
  bool is_open_ = false;
  std::map<std::string, YamlNode> anchors_;
  std::vector<std::string> open_anchors_;
  std::size_t expanded_ = 0;
};

std::string name_of_key(const Json& key) {
  if (const auto* text = std::get_if<std::string>(&key.value())) return *text;
  return to_text(key, JsonStyle::kPythonSorted);
}

}  // namespace

YamlNode::YamlNode() = default;
YamlNode::~YamlNode() = default;
YamlNode::YamlNode(const YamlNode&) = default;
YamlNode::YamlNode(YamlNode&&) noexcept = default;
YamlNode& YamlNode::operator=(const YamlNode&) = default;
YamlNode& YamlNode::operator=(YamlNode&&) noexcept = default;

const YamlNode* YamlNode::find(std::string_view name) const {
  for (const auto& member : members) {
    if (member.first.text == name) return &member.second;
  }
  return nullptr;
}

Json YamlNode::to_json() const {
  switch (kind) {
    case Kind::kScalar:
      return scalar;
    case Kind::kSequence: {
      JsonArray array;
      array.reserve(items.size());
      for (const YamlNode& item : items) array.push_back(item.to_json());
      return Json(std::move(array));
    }
    case Kind::kMapping: {
      JsonObject object;
      object.reserve(members.size());
      std::unordered_map<std::string, std::size_t> places;
      for (const auto& [key, value] : members) {
        std::string name = name_of_key(key.scalar);
        const auto [place, is_new] = places.emplace(name, object.size());
        if (is_new) {
          object.emplace_back(std::move(name), value.to_json());
        } else {
          object[place->second].second = value.to_json();
        }
      }
      return Json(std::move(object));
    }
  }
  CHECK(false);
}

Result<YamlNode> parse_yaml(std::string_view text) {
  return Parser(text).parse();
}

}  // namespace starcast::codec
