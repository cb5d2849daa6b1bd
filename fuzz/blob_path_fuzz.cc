// Any bytes as a blob's path: what is taken stays below its folder, also for whoever decodes it once more.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "blob/blob_store.h"
#include "core/check.h"
#include "core/strings.h"

namespace {

using starcast::blob::BlobPath;

void check_stays_below(std::string_view text) {
  CHECK(!text.starts_with('/'));
  CHECK(text.find('\\') == std::string_view::npos);
  CHECK(text.find('\0') == std::string_view::npos);
  for (const std::string_view part : starcast::core::split(text, '/')) CHECK(part != "..");
}

std::string without_encoded_dots_and_slashes(std::string_view text) {
  std::string decoded(text);
  for (const auto& [from, to] : {std::pair{"%2e", "."}, std::pair{"%2E", "."}, std::pair{"%2f", "/"},
                                 std::pair{"%2F", "/"}, std::pair{"%25", "%"}}) {
    decoded = starcast::core::replaced(decoded, from, to);
  }
  return decoded;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto path = BlobPath::parse(text);
  if (!path) return 0;
  check_stays_below(path->text());
  check_stays_below(without_encoded_dots_and_slashes(path->text()));
  const auto again = BlobPath::parse(path->text());
  CHECK(again.has_value());
  CHECK(again->text() == path->text());
  const BlobPath folder = BlobPath::parse("a/b").value();
  CHECK(folder.joined(*path).text().starts_with("a/b"));
  return 0;
}
