// gzip and deflate, as bodies carry them.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace starcast::http {

enum class Coding { kIdentity, kGzip, kDeflate };

// Of a Content-Encoding field; absent for one that is not offered, or for several.
std::optional<Coding> coding_of(std::string_view content_encoding);

// Whether an Accept-Encoding field takes gzip.
bool accepts_gzip(std::string_view accept_encoding);

// Unpacks gzip (members one after another) or zlib in pieces. One thread.
class Inflater {
 public:
  // More than `bytes_max` of output is kTooLarge.
  explicit Inflater(std::size_t bytes_max);
  ~Inflater();
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  using Take = std::function<core::Result<void>(std::string_view)>;
  // Hands at most 64 KiB at a time to `take`, and passes its error on.
  core::Result<void> write(std::string_view bytes, const Take& take);
  // kInvalidInput when the stream is cut short.
  core::Result<void> finish() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

core::Result<std::string> unpacked(std::string_view bytes, std::size_t bytes_max);

// At zlib's fastest level.
std::string gzipped(std::string_view text);

}  // namespace starcast::http
