// URIs of artifact places, split once, so that what was checked is what is used.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace starcast::tracking {

struct Uri {
  std::string scheme{};        // lower case; "" for a path. A single letter is a drive, so no scheme
  bool has_authority = false;  // "//" came after the scheme
  std::string authority{};     // "user@host:port"
  std::string path{};          // as written
  std::optional<std::string> query{};
  std::optional<std::string> fragment{};
};

// Never fails: what is no URI is a path.
Uri split_uri(std::string_view text);

// The path's segments, each decoded fully, without the empty ones.
std::vector<std::string> decoded_segments(std::string_view path);

// Whether an authority of `text` holds a password: "scheme://user:password@host".
bool holds_password(std::string_view text);
// `text`, which may be JSON around URIs, with "***" for each such password.
std::string without_passwords(std::string_view text);

struct HostPort {
  std::string host{};  // lower case, without brackets
  std::optional<int> port{};
  bool malformed = false;  // a bad port or brackets, white space, a backslash
};
HostPort split_authority(std::string_view authority);

}  // namespace starcast::tracking
