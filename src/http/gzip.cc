#include "http/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "core/check.h"
#include "core/strings.h"

namespace starcast::http {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
constexpr int kGzipOrZlib = 15 + 32;
constexpr int kGzipOnly = 15 + 16;

// zlib's structure is not const-correct, but it only reads its input.
Bytef* input_of(std::string_view bytes) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
}

uInt piece_of(std::size_t bytes) {
  return static_cast<uInt>(std::min(bytes, std::size_t{std::numeric_limits<uInt>::max()}));
}

core::Error broken(const char* what) {
  return {core::ErrorCode::kInvalidInput, fmt::format("the compressed body {}", what)};
}

}  // namespace

std::optional<Coding> coding_of(std::string_view content_encoding) {
  const std::string name = core::ascii_lower(core::trimmed(content_encoding));
  if (name.empty() || name == "identity") return Coding::kIdentity;
  if (name == "gzip" || name == "x-gzip") return Coding::kGzip;
  if (name == "deflate") return Coding::kDeflate;
  return std::nullopt;
}

bool accepts_gzip(std::string_view accept_encoding) {
  for (const std::string_view part : core::split(accept_encoding, ',')) {
    const auto words = core::split(part, ';');
    const std::string name = core::ascii_lower(core::trimmed(words.front()));
    if (name != "gzip" && name != "*") continue;
    // "q=0", "q=0.0" refuse.
    const std::string quality = words.size() > 1 ? core::ascii_lower(core::trimmed(words[1])) : "q=1";
    return !(quality.starts_with("q=0") && quality.find_first_not_of("0.", 2) == std::string::npos);
  }
  return false;
}

struct Inflater::State {
  z_stream stream{};
  std::size_t bytes_max = 0;
  std::size_t bytes = 0;
  bool at_end = false;
  bool started = false;
  std::array<char, kPieceBytes> piece{};
};

Inflater::Inflater(std::size_t bytes_max) : state_(std::make_unique<State>()) {
  state_->bytes_max = bytes_max;
  CHECK(inflateInit2(&state_->stream, kGzipOrZlib) == Z_OK);
}

Inflater::~Inflater() {
  inflateEnd(&state_->stream);
}

core::Result<void> Inflater::write(std::string_view bytes, const Take& take) {
  z_stream& stream = state_->stream;
  while (!bytes.empty()) {
    state_->started = true;
    if (state_->at_end) {
      if (inflateReset(&stream) != Z_OK) return broken("cannot be read");
      state_->at_end = false;
    }
    stream.next_in = input_of(bytes);
    stream.avail_in = piece_of(bytes.size());
    const uInt given = stream.avail_in;
    bool more = true;
    while (more) {
      stream.next_out = reinterpret_cast<Bytef*>(state_->piece.data());
      stream.avail_out = kPieceBytes;
      const int status = inflate(&stream, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
        return broken("is neither gzip nor zlib, or is damaged");
      }
      const std::size_t made = kPieceBytes - stream.avail_out;
      state_->bytes += made;
      if (state_->bytes > state_->bytes_max) {
        return core::Error(core::ErrorCode::kTooLarge,
                           fmt::format("the body is larger than {} bytes after decompression",
                                       core::with_thousands(static_cast<long long>(state_->bytes_max))));
      }
      if (made > 0) TRY(take(std::string_view(state_->piece.data(), made)));
      state_->at_end = status == Z_STREAM_END;
      more = !state_->at_end && made == kPieceBytes;
    }
    bytes.remove_prefix(given - stream.avail_in);
    // Neither input taken nor an end: damaged in a way that zlib waits on.
    if (!state_->at_end && stream.avail_in == given) return broken("is damaged");
  }
  return {};
}

core::Result<void> Inflater::finish() const {
  if (state_->started && !state_->at_end) return broken("is cut short");
  return {};
}

core::Result<std::string> unpacked(std::string_view bytes, std::size_t bytes_max) {
  std::string text;
  Inflater inflater(bytes_max);
  TRY(inflater.write(bytes, [&text](std::string_view piece) -> core::Result<void> {
    text.append(piece);
    return {};
  }));
  TRY(inflater.finish());
  return text;
}

std::string gzipped(std::string_view text) {
  z_stream stream{};
  constexpr int kMemoryLevel = 8;
  CHECK(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipOnly, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, static_cast<uLong>(text.size())), '\0');
  std::size_t written = 0;
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_in = input_of(text);
    stream.avail_in = piece_of(text.size());
    const uInt given = stream.avail_in;
    stream.next_out = reinterpret_cast<Bytef*>(packed.data() + written);
    stream.avail_out = piece_of(packed.size() - written);
    const uInt room = stream.avail_out;
    status = deflate(&stream, given == text.size() ? Z_FINISH : Z_NO_FLUSH);
    text.remove_prefix(given - stream.avail_in);
    written += room - stream.avail_out;
  }
  CHECK(status == Z_STREAM_END);
  deflateEnd(&stream);
  packed.resize(written);
  return packed;
}

}  // namespace starcast::http
