// Any text as the address of an artifact place: its parts make the text again, a password is found and
// hidden, and no source that is judged inside of a run's artifacts leads out of them.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "codec/percent.h"
#include "core/check.h"
#include "core/strings.h"
#include "tracking/model_source.h"
#include "tracking/uri.h"

namespace {

using starcast::tracking::Uri;
namespace tracking = starcast::tracking;

std::string joined(const Uri& uri) {
  std::string text = uri.scheme.empty() ? "" : uri.scheme + ":";
  if (uri.has_authority) text += "//" + uri.authority;
  text += uri.path;
  if (uri.query) text += "?" + *uri.query;
  if (uri.fragment) text += "#" + *uri.fragment;
  return text;
}

void check_parts(std::string_view text) {
  const Uri uri = tracking::split_uri(text);
  std::string same(text);
  for (std::size_t i = 0; i < uri.scheme.size(); ++i) same[i] = uri.scheme[i];  // but for the scheme's case
  CHECK(joined(uri) == same);
  CHECK(uri.authority.find('/') == std::string::npos);
  CHECK(uri.has_authority || uri.authority.empty());
  CHECK(uri.path.find('?') == std::string::npos);
  CHECK(uri.path.find('#') == std::string::npos);
  CHECK(!uri.has_authority || uri.path.empty() || uri.path.front() == '/');
  for (const std::string& segment : tracking::decoded_segments(uri.path)) {
    CHECK(starcast::codec::percent_decode_fully(segment) == segment);
  }
  const tracking::HostPort place = tracking::split_authority(uri.authority);
  CHECK(!place.port || (*place.port >= 0 && *place.port <= 65535));
}

void check_passwords(std::string_view text) {
  const std::string hidden = tracking::without_passwords(text);
  if (!tracking::holds_password(text)) CHECK(hidden == text);
  // What is hidden once needs no more hiding.
  CHECK(tracking::without_passwords(hidden) == hidden);
}

// As a file system or another server would read it.
bool climbs(std::string_view path) {
  int depth = 0;
  for (const std::string_view part : starcast::core::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    depth += part == ".." ? -1 : 1;
    if (depth < 0) return true;
  }
  return false;
}

void check_source(std::string_view text) {
  tracking::SourceOwner owner;
  owner.id = "r";
  for (const char* const root : {"/top/r/artifacts", "mlflow-artifacts:/1/r/artifacts"}) {
    owner.artifact_uri = root;
    if (!tracking::check_source_text(text, {}) || !tracking::check_source_owner(text, owner)) continue;
    const Uri uri = tracking::split_uri(text);
    const std::string decoded = starcast::codec::percent_decode_fully(uri.path);
    CHECK(!climbs(uri.path));
    CHECK(!climbs(decoded));
    if (uri.scheme != "mlflow-artifacts" && uri.scheme != "file" && !uri.scheme.empty()) continue;
    // It names the owner's own folder.
    CHECK(decoded.find("r/") != std::string::npos);
    CHECK(decoded.find("artifacts") != std::string::npos);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  check_parts(text);
  check_passwords(text);
  check_source(text);
  return 0;
}
