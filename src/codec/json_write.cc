#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "codec/json.h"
#include "codec/number.h"
#include "codec/utf8.h"
#include "codec/utf8_decode.h"

namespace starcast::codec {
namespace {

class Writer {
 public:
  explicit Writer(JsonStyle style) : style_(style) {}

  void write(const Json& value) { std::visit(*this, value.value()); }

  void operator()(std::nullptr_t) { out_ += "null"; }
  void operator()(bool value) { out_ += value ? "true" : "false"; }
  void operator()(std::int64_t value) { fmt::format_to(std::back_inserter(out_), "{}", value); }
  void operator()(const JsonBigInteger& value) { out_ += value.digits; }

  void operator()(double value) {
    if (is_python()) {
      if (std::isfinite(value)) {
        out_ += to_python(value);
      } else {
        out_ += std::isnan(value) ? "NaN" : value < 0 ? "-Infinity" : "Infinity";
      }
      return;
    }
    if (!std::isfinite(value)) {
      out_ += "null";
      return;
    }
    const std::string text = to_shortest(value);
    out_ += text;
    if (text.find_first_of(".e") == std::string::npos) out_ += ".0";
  }

  void operator()(const std::string& text) {
    out_ += '"';
    if (is_python()) {
      write_ascii(text);
    } else {
      write_unicode(is_utf8(text) ? std::string_view(text) : std::string_view(mended_utf8(text)));
    }
    out_ += '"';
  }

  void operator()(const JsonArray& items) {
    out_ += '[';
    ++depth_;
    for (std::size_t i = 0; i < items.size(); ++i) {
      begin_element(i);
      write(items[i]);
    }
    end_elements(items.empty());
    out_ += ']';
  }

  void operator()(const JsonObject& members) {
    std::vector<const JsonMember*> order;
    order.reserve(members.size());
    for (const JsonMember& member : members) order.push_back(&member);
    if (is_python()) {
      // The order of UTF-8 bytes is the order of code points, which is Python's.
      std::stable_sort(order.begin(), order.end(),
                       [](const JsonMember* a, const JsonMember* b) { return a->first < b->first; });
    }
    out_ += '{';
    ++depth_;
    for (std::size_t i = 0; i < order.size(); ++i) {
      begin_element(i);
      (*this)(order[i]->first);
      out_ += style_ == JsonStyle::kCompact ? ":" : ": ";
      write(order[i]->second);
    }
    end_elements(order.empty());
    out_ += '}';
  }

  std::string take() { return std::move(out_); }

 private:
  bool is_python() const { return style_ == JsonStyle::kPythonSorted; }

  void begin_element(std::size_t index) {
    if (index > 0) out_ += is_python() ? ", " : ",";
    if (style_ == JsonStyle::kPretty) new_line();
  }

  void end_elements(bool none) {
    --depth_;
    if (style_ == JsonStyle::kPretty && !none) new_line();
  }

  void new_line() {
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  // The escape of an ASCII character that needs one, else nothing.
  static std::string_view short_escape(char byte) {
    switch (byte) {
      case '"':
        return "\\\"";
      case '\\':
        return "\\\\";
      case '\n':
        return "\\n";
      case '\r':
        return "\\r";
      case '\t':
        return "\\t";
      case '\b':
        return "\\b";
      case '\f':
        return "\\f";
    }
    return {};
  }

  void write_unit(unsigned unit) { fmt::format_to(std::back_inserter(out_), "\\u{:04x}", unit); }

  void write_unicode(std::string_view text) {
    for (const char byte : text) {
      const std::string_view escape = short_escape(byte);
      if (!escape.empty()) {
        out_ += escape;
      } else if (static_cast<unsigned char>(byte) < 0x20) {
        write_unit(static_cast<unsigned char>(byte));
      } else {
        out_ += byte;
      }
    }
  }

  void write_ascii(std::string_view text) {
    while (!text.empty()) {
      const std::string_view escape = short_escape(text.front());
      const DecodedCharacter character = decode_utf8(text);
      if (!escape.empty()) {
        out_ += escape;
      } else if (!character.valid) {
        for (const char byte : text.substr(0, character.length))
          write_unit(0xDC00U + static_cast<unsigned char>(byte));
      } else if (character.point >= 0x20 && character.point < 0x7F) {
        out_ += text.front();
      } else if (character.point < 0x10000) {
        write_unit(static_cast<unsigned>(character.point));
      } else {
        const auto offset = static_cast<unsigned>(character.point) - 0x10000U;
        write_unit(0xD800U + (offset >> 10));
        write_unit(0xDC00U + (offset & 0x3FFU));
      }
      text.remove_prefix(character.length);
    }
  }

  JsonStyle style_;
  std::size_t depth_ = 0;
  std::string out_;
};

}  // namespace

std::string to_text(const Json& value, JsonStyle style) {
  Writer writer(style);
  writer.write(value);
  return writer.take();
}

}  // namespace starcast::codec
