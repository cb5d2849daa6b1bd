// JSON written straight into a text, for answers of many rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace starcast::tracking::api {

// Appends "text" in quotes, escaped; broken UTF-8 becomes U+FFFD.
void append_text(std::string& out, std::string_view text);
void append_integer(std::string& out, std::int64_t value);
// NaN and infinities as MLflow's strings.
void append_real(std::string& out, double value);

// Members of one object: braces, commas and names. One thread.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectText() { out_ += '}'; }
  ObjectText(const ObjectText&) = delete;
  ObjectText& operator=(const ObjectText&) = delete;

  void text(std::string_view name, std::string_view value) { append_text(member(name), value); }
  void integer(std::string_view name, std::int64_t value) { append_integer(member(name), value); }
  void real(std::string_view name, double value) { append_real(member(name), value); }
  // Writes the name; the caller appends the value. Names are plain ASCII.
  std::string& member(std::string_view name);

 private:
  std::string& out_;
  bool first_ = true;
};

// Appends [a,b,…]: `write(out, item)` for each.
template <typename Items, typename Write>
void append_list(std::string& out, const Items& items, const Write& write) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    write(out, item);
  }
  out += ']';
}

}  // namespace starcast::tracking::api
