// ruamel.yaml 0.19's block emitter, reduced to what DVC asks of it. Where a line breaks depends on the
// emitter's state, so its state (column, whitespace, indention) is kept as it keeps it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <vector>

#include "codec/number.h"
#include "codec/utf8.h"
#include "codec/utf8_decode.h"
#include "codec/yaml.h"
#include "codec/yaml_schema.h"

namespace starcast::codec {
namespace {

using Points = std::vector<char32_t>;

bool is_break(char32_t point) {
  return point == '\n' || point == 0x85 || point == 0x2028 || point == 0x2029;
}

bool is_space_or_break(char32_t point) {
  return point == ' ' || point == '\t' || point == '\r' || point == 0 || is_break(point);
}

bool is_in(char32_t point, std::string_view ascii) {
  return point < 0x80 && ascii.find(static_cast<char>(point)) != std::string_view::npos;
}

// Characters that stand for themselves outside double quotes. U+0085, U+2028 and U+2029 are not among them,
// unlike in ruamel.yaml: YAML 1.1 readers fold them.
bool is_printable(char32_t point) {
  if (point == 0xFEFF || point == 0x2028 || point == 0x2029) return false;
  return (point >= 0x20 && point <= 0x7E) || (point >= 0xA0 && point <= 0xD7FF) ||
         (point >= 0xE000 && point <= 0xFFFD) || point >= 0x10000;
}

enum class ScalarStyle { kPlain, kSingleQuoted, kDoubleQuoted };

struct Analysis {
  bool multiline = false;
  bool allow_plain = true;
  bool allow_single_quoted = true;
};

Analysis analyzed(const Points& text) {
  Analysis analysis;
  if (text.empty()) return analysis;
  const auto starts_with = [&](char32_t mark) {
    return text.size() >= 3 && text[0] == mark && text[1] == mark && text[2] == mark;
  };
  bool has_indicators = starts_with('-') || starts_with('.');
  bool has_special = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char32_t point = text[i];
    const bool space_follows = i + 1 >= text.size() || is_space_or_break(text[i + 1]);
    const bool space_precedes = i == 0 || is_space_or_break(text[i - 1]);
    if (i == 0) {
      if (is_in(point, "#,[]{}&*!|>'\"%@`")) has_indicators = true;
      if (is_in(point, "?:-") && space_follows) has_indicators = true;
    } else {
      if (point == ':' && space_follows) has_indicators = true;
      if (point == '#' && space_precedes) has_indicators = true;
    }
    if (is_break(point)) analysis.multiline = true;
    if (!is_printable(point)) has_special = true;
  }
  const bool has_outer_space = text.front() == ' ' || text.back() == ' ';
  analysis.allow_plain = !has_indicators && !has_special && !has_outer_space && !analysis.multiline;
  analysis.allow_single_quoted = !has_special;
  return analysis;
}

// Where a node stands; at most one is set, except that a simple key is also in a mapping.
struct Place {
  bool root = false;
  bool sequence = false;
  bool mapping = false;
  bool simple_key = false;
};

class Emitter {
 public:
  std::string emit(const Json& value) {
    write_node(value, {.root = true}, kNoIndent);
    write_indent(0);
    if (open_ended_) {
      write_indicator("...", true);
      write_indent(0);
    }
    return std::move(out_);
  }

 private:
  static constexpr int kNoIndent = -1;
  static constexpr int kStep = 2;
  static constexpr int kWidth = 80;

  // The size that counts against ruamel.yaml's limit of 128 for keys on one line: the text and its tag
  // "!!str".
  static constexpr std::size_t kSimpleKeyMax = 128 - 5;
  // YAML readers give up on a key that is longer than 1024 characters as written.
  static constexpr std::size_t kWrittenKeyMax = 1000;

  static int inner(int indent) { return indent == kNoIndent ? 0 : indent + kStep; }

  void put(char32_t point) {
    append_utf8(out_, point);
    ++column_;
  }

  void put(const Points& text, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) put(text[i]);
  }

  void put_ascii(std::string_view text) {
    out_ += text;
    column_ += static_cast<int>(text.size());
  }

  void write_line_break() {
    out_ += '\n';
    whitespace_ = true;
    indention_ = true;
    column_ = 0;
  }

  void write_indent(int indent) {
    indent = std::max(indent, 0);
    if (!indention_ || column_ > indent || (column_ == indent && !whitespace_)) write_line_break();
    if (column_ < indent) {
      whitespace_ = true;
      out_.append(static_cast<std::size_t>(indent - column_), ' ');
      column_ = indent;
    }
  }

  void write_indicator(std::string_view indicator, bool need_whitespace, bool keeps_indention = false) {
    if (need_whitespace && !whitespace_) put_ascii(" ");
    whitespace_ = false;
    indention_ = indention_ && keeps_indention;
    open_ended_ = false;
    put_ascii(indicator);
  }

  void write_node(const Json& value, Place place, int indent) {
    struct Visitor {
      Emitter& emitter;
      Place place;
      int indent;
      void operator()(std::nullptr_t) const { plain(place.root ? "null" : ""); }
      void operator()(bool flag) const { plain(flag ? "true" : "false"); }
      void operator()(std::int64_t number) const { plain(std::to_string(number)); }
      void operator()(const JsonBigInteger& number) const { plain(number.digits); }
      void operator()(double number) const {
        if (std::isnan(number)) return plain(".nan");
        if (std::isinf(number)) return plain(number < 0 ? "-.inf" : ".inf");
        plain(to_python(number));
      }
      void operator()(const std::string& text) const { emitter.write_string(text, place, indent); }
      void operator()(const JsonArray& items) const {
        if (items.empty()) return emitter.write_empty("[]");
        emitter.write_sequence(items, place, indent);
      }
      void operator()(const JsonObject& members) const {
        if (members.empty()) return emitter.write_empty("{}");
        emitter.write_mapping(members, indent);
      }
      void plain(std::string_view text) const {
        emitter.write_scalar(code_points(text), ScalarStyle::kPlain, place, indent);
      }
    };
    std::visit(Visitor{*this, place, indent}, value.value());
  }

  void write_empty(std::string_view brackets) {
    write_indicator(brackets, true);
    write_line_break();
  }

  void write_sequence(const JsonArray& items, Place place, int indent) {
    const bool is_indentless = place.mapping && !indention_;
    const int own = is_indentless ? indent : inner(indent);
    for (const Json& item : items) {
      write_indent(own);
      write_indicator("-", true, true);
      write_node(item, {.sequence = true}, own);
    }
  }

  void write_mapping(const JsonObject& members, int indent) {
    const int own = inner(indent);
    for (const auto& [name, value] : members) {
      write_indent(own);
      const Points key = code_points(name);
      const Analysis analysis = analyzed(key);
      if (key.size() < kSimpleKeyMax && !analysis.multiline && escaped_size(key) <= kWrittenKeyMax) {
        write_string(name, {.mapping = true, .simple_key = true}, own);
        write_indicator(":", false);
      } else {
        write_indicator("?", true, true);
        write_string(name, {.mapping = true}, own);
        write_indent(own);
        write_indicator(":", true, true);
      }
      write_node(value, {.mapping = true}, own);
    }
  }

  void write_string(const std::string& text, Place place, int indent) {
    const Points points = code_points(text);
    const Analysis analysis = analyzed(points);
    const bool has_quote_or_newline = text.find_first_of("'\n") != std::string::npos;
    ScalarStyle style = ScalarStyle::kDoubleQuoted;
    if (analysis.allow_plain && resolved_tag(text) == YamlTag::kString) {
      style = ScalarStyle::kPlain;
    } else if (analysis.allow_single_quoted && !has_quote_or_newline) {
      style = ScalarStyle::kSingleQuoted;
    }
    write_scalar(points, style, place, indent);
  }

  void write_scalar(const Points& text, ScalarStyle style, Place place, int indent) {
    const int own = indent == kNoIndent ? kNoIndent : indent + kStep;
    // A root's further lines would begin in column 0, where "---" means something else.
    const bool may_split = !place.simple_key && !place.root;
    if (place.sequence) write_indent(own);
    switch (style) {
      case ScalarStyle::kPlain:
        if (place.root) open_ended_ = true;
        return write_plain(text, may_split, own);
      case ScalarStyle::kSingleQuoted:
        return write_single_quoted(text, may_split, own);
      case ScalarStyle::kDoubleQuoted:
        return write_double_quoted(text, may_split, own);
    }
  }

  void write_plain(const Points& text, bool may_split, int indent) {
    if (text.empty()) return;
    if (!whitespace_) put_ascii(" ");
    whitespace_ = false;
    indention_ = false;
    std::size_t at = 0;
    std::size_t spaces = 0;
    while (at < text.size()) {
      std::size_t end = at;
      while (end < text.size() && text[end] != ' ') ++end;
      // A word that would pass the width begins a line; the space before it is already written. ruamel.yaml
      // also breaks keys, which no reader takes, and after several spaces, of which one is left then; not
      // here.
      const bool passes_width = column_ > indent && column_ + static_cast<int>(end - at) > kWidth;
      if (may_split && passes_width && spaces <= 1) write_indent(indent);
      put(text, at, end);
      at = end;
      while (end < text.size() && text[end] == ' ') ++end;
      if (end - at == 1 && column_ >= kWidth && may_split) {
        write_indent(indent);
        whitespace_ = false;
        indention_ = false;
      } else {
        put(text, at, end);
      }
      spaces = end - at;
      at = end;
    }
  }

  void write_single_quoted(const Points& text, bool may_split, int indent) {
    write_indicator("'", true);
    std::size_t at = 0;
    while (at < text.size()) {
      if (text[at] == ' ') {
        std::size_t end = at;
        while (end < text.size() && text[end] == ' ') ++end;
        if (end - at == 1 && column_ > kWidth && may_split && at != 0 && end != text.size()) {
          write_indent(indent);
        } else {
          put(text, at, end);
        }
        at = end;
      } else {
        put(text[at]);
        ++at;
      }
    }
    write_indicator("'", false);
  }

  static std::string escaped(char32_t point) {
    switch (point) {
      case '\0':
        return "\\0";
      case '\a':
        return "\\a";
      case '\b':
        return "\\b";
      case '\t':
        return "\\t";
      case '\n':
        return "\\n";
      case '\v':
        return "\\v";
      case '\f':
        return "\\f";
      case '\r':
        return "\\r";
      case 0x1B:
        return "\\e";
      case '"':
        return "\\\"";
      case '\\':
        return "\\\\";
      case 0x85:
        return "\\N";
      case 0x2028:
        return "\\L";
      case 0x2029:
        return "\\P";
    }
    const auto value = static_cast<std::uint32_t>(point);
    if (point <= 0xFF) return fmt::format("\\x{:02X}", value);
    if (point <= 0xFFFF) return fmt::format("\\u{:04X}", value);
    return fmt::format("\\U{:08X}", value);
  }

  static bool stands_for_itself(char32_t point) {
    return is_printable(point) && point != '"' && point != '\\';
  }

  // Characters between double quotes.
  static std::size_t escaped_size(const Points& text) {
    std::size_t size = 0;
    for (const char32_t point : text) size += stands_for_itself(point) ? 1 : escaped(point).size();
    return size;
  }

  // Whether a line that breaks before text[end] needs a backslash, so that the reader does not turn the break
  // into a space. ruamel.yaml also leaves it out before some characters that are no space, and so reads back
  // another text; not here.
  static bool needs_backslash(const Points& text, std::size_t start, std::size_t end) {
    if (text[std::max(start, end)] != ' ') return true;
    const auto from = text.begin() + static_cast<std::ptrdiff_t>(end);
    const auto space = std::find(from, text.end(), U' ');
    if (space == text.end()) return true;
    const auto stop = std::find(from, space, U'\n');
    if (stop + 1 == text.end()) return true;
    const char32_t next = *(stop + 1);
    if (*stop == '\n' && next != ' ') return true;
    const bool has_quote =
        std::any_of(from, stop, [](char32_t point) { return point == '"' || point == '\''; });
    return has_quote || next == ' ' || next == '\n' || (text[end - 1] == ' ' && text[end] == ' ') ||
           start == end;
  }

  // [start, end) is text that is not yet written.
  void write_double_quoted(const Points& text, bool may_split, int indent) {
    write_indicator("\"", true);
    std::size_t start = 0;
    for (std::size_t end = 0; end <= text.size(); ++end) {
      const bool at_end = end == text.size();
      if (at_end || !stands_for_itself(text[end])) {
        put(text, start, end);
        start = end;
        if (!at_end) {
          put_ascii(escaped(text[end]));
          start = end + 1;
        }
      }
      const bool is_inside = end > 0 && end + 1 < text.size();
      if (is_inside && (text[end] == ' ' || start >= end) && may_split &&
          column_ + static_cast<int>(end) - static_cast<int>(start) > kWidth) {
        const bool has_backslash = needs_backslash(text, start, end);
        if (start < end) {
          put(text, start, end);
          start = end;
        }
        if (has_backslash) put_ascii("\\");
        write_indent(indent);
        whitespace_ = false;
        indention_ = false;
        if (has_backslash && text[start] == ' ') put_ascii("\\");
        if (!has_backslash) ++start;  // the break is read as this space
      }
    }
    write_indicator("\"", false);
  }

  std::string out_;
  int column_ = 0;
  bool whitespace_ = true;   // the last character written is a space or nothing
  bool indention_ = true;    // only spaces, "-", "?" and ":" are on this line
  bool open_ended_ = false;  // a plain root was written: its end has to be marked
};

}  // namespace

std::string to_yaml(const Json& value) {
  return Emitter().emit(value);
}

}  // namespace starcast::codec
