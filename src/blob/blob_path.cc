#include <cstdint>
#include <string>
#include <string_view>

#include "blob/blob_store.h"
#include "codec/percent.h"
#include "codec/utf8.h"
#include "core/strings.h"

namespace starcast::blob {
namespace {

constexpr std::size_t kPathBytesMax = 2048;
constexpr std::size_t kPartBytesMax = 255;
constexpr std::size_t kPartsMax = 100;
constexpr int kDecodingsMax = 10;

core::Error invalid_path() {
  return {core::ErrorCode::kInvalidInput, "Invalid path"};
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What no decoding of a path may look like, whoever decodes it.
bool leaves_its_folder(std::string_view text) {
  if (text.starts_with('/')) return true;
  if (text.size() >= 2 && text[1] == ':' && is_letter(text[0])) return true;
  if (text.find_first_of(std::string_view("\\#\0", 3)) != std::string_view::npos) return true;
  if (!codec::is_utf8(text)) return true;
  for (const std::string_view part : core::split(text, '/')) {
    if (part == "..") return true;
  }
  return false;
}

bool is_plain(std::string_view text) {
  const std::vector<std::string_view> parts = core::split(text, '/');
  if (parts.size() > kPartsMax) return false;
  for (const std::string_view part : parts) {
    if (part.empty() || part == "." || part == ".." || part.size() > kPartBytesMax) return false;
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20U || c == 0x7F) return false;
  }
  return true;
}

}  // namespace

core::Result<BlobPath> BlobPath::parse(std::string_view text) {
  if (text.size() > kPathBytesMax || leaves_its_folder(text)) return invalid_path();
  std::string before(text);
  std::string now = codec::percent_decode_leniently(before);
  for (int round = 0; now != before; ++round) {
    if (round == kDecodingsMax || leaves_its_folder(now)) return invalid_path();
    before = std::move(now);
    now = codec::percent_decode_leniently(before);
  }
  if (text.ends_with('/')) text.remove_suffix(1);
  if (!text.empty() && !is_plain(text)) return invalid_path();
  return BlobPath(std::string(text));
}

std::string_view BlobPath::name() const {
  const std::size_t slash = text_.rfind('/');
  return slash == std::string::npos ? std::string_view(text_) : std::string_view(text_).substr(slash + 1);
}

BlobPath BlobPath::joined(const BlobPath& below) const {
  if (is_root()) return below;
  if (below.is_root()) return *this;
  return BlobPath(text_ + "/" + below.text_);
}

}  // namespace starcast::blob
