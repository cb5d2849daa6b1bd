#include "tracking/api/json_text.h"

#include <charconv>
#include <cmath>

#include "codec/number.h"
#include "codec/utf8.h"

namespace starcast::tracking::api {
namespace {

constexpr char kHex[] = "0123456789abcdef";

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && c != '"' && c != '\\';
}

void append_escaped(std::string& out, char c) {
  out += '\\';
  switch (c) {
    case '"':
    case '\\':
      out += c;
      return;
    case '\n':
      out += 'n';
      return;
    case '\r':
      out += 'r';
      return;
    case '\t':
      out += 't';
      return;
    default:
      out += "u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 15];
  }
}

}  // namespace

void append_text(std::string& out, std::string_view text) {
  std::string mended;
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80) continue;
    if (!codec::is_utf8(text)) {
      mended = codec::mended_utf8(text);
      text = mended;
    }
    break;
  }
  out += '"';
  std::size_t written = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i])) continue;
    out += text.substr(written, i - written);
    append_escaped(out, text[i]);
    written = i + 1;
  }
  out += text.substr(written);
  out += '"';
}

void append_integer(std::string& out, std::int64_t value) {
  char digits[24];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end.ptr);
}

void append_real(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    out += codec::to_python(value);
  }
}

std::string& ObjectText::member(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  out_ += '"';
  out_ += name;
  out_ += "\":";
  return out_;
}

}  // namespace starcast::tracking::api
