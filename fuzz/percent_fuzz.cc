// Any text through the percent decoder: decoding fully is decoding until nothing changes, and what was
// encoded comes back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/percent.h"
#include "core/check.h"

namespace {

namespace codec = starcast::codec;

std::string decoded_again_and_again(std::string_view text, bool plus_is_space) {
  std::string before(text);
  for (;;) {
    std::string after = codec::percent_decode_leniently(before, plus_is_space);
    if (after == before) return after;
    before = std::move(after);
  }
}

void check_decoders(std::string_view text, bool plus_is_space) {
  const std::string lenient = codec::percent_decode_leniently(text, plus_is_space);
  CHECK(lenient.size() <= text.size());
  if (const auto strict = codec::percent_decode(text, plus_is_space)) CHECK(*strict == lenient);
  const std::string whole = codec::percent_decode_fully(text, plus_is_space);
  CHECK(whole == decoded_again_and_again(text, plus_is_space));
  CHECK(codec::percent_decode_leniently(whole, plus_is_space) == whole);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_decoders(text, false);
  check_decoders(text, true);
  for (const std::string_view keep : {"", "/", "%"}) {
    const std::string encoded = codec::percent_encode(text, keep);
    for (const char c : encoded)
      CHECK(static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F);
    if (keep == "%") continue;  // an escape that was there is one still
    const auto decoded = codec::percent_decode(encoded);
    CHECK(decoded.has_value());
    CHECK(*decoded == text);
  }
  return 0;
}
