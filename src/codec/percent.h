// Percent-encoding (RFC 3986): the one decoder of URLs, artifact paths and stored addresses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace starcast::codec {

// %41 becomes 'A', once; absent for a broken escape. With `plus_is_space` also '+', as in queries.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space = false);
// The same, but broken escapes stay as they are.
std::string percent_decode_leniently(std::string_view text, bool plus_is_space = false);
// Again and again until nothing changes, in linear time; broken escapes stay.
std::string percent_decode_fully(std::string_view text, bool plus_is_space = false);

// All but unreserved characters and those in `keep` become %XX.
std::string percent_encode(std::string_view text, std::string_view keep = {});

}  // namespace starcast::codec
