// Any bytes as a page token: what is taken is a list of keys that is written as a token and read again,
// equal.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/check.h"
#include "tracking/page_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using starcast::tracking::read_page_token;
  using starcast::tracking::write_page_token;
  const std::string_view token(reinterpret_cast<const char*>(bytes), size);
  const auto keys = read_page_token("search", token);
  if (!keys) {
    CHECK(keys.error().message() == "Invalid page token");
    return 0;
  }
  if (keys->empty()) return 0;  // the first page
  const auto again = read_page_token("search", write_page_token("search", *keys));
  CHECK(again.has_value());
  CHECK(*again == *keys);
  return 0;
}
