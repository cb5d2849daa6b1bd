// Base64 (RFC 4648).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace starcast::codec {

// With padding, by the standard alphabet.
std::string base64_encode(std::string_view bytes);
// Takes the standard and the URL alphabet, with or without padding; absent for anything else.
std::optional<std::string> base64_decode(std::string_view text);

}  // namespace starcast::codec
