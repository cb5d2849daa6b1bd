// MD5 (DVC's content hash) and SHA-256 (package checksums).
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"

namespace starcast::codec {

enum class DigestKind { kMd5, kSha256 };

// Incremental. One thread.
class Digest {
 public:
  explicit Digest(DigestKind kind);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void update(std::string_view bytes);

  // Lower-case hexadecimal digits of everything so far; the object is spent.
  std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string md5_hex(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);

// Reads a source to its end.
core::Result<std::string> digest_of(core::ByteSource& source, DigestKind kind);

}  // namespace starcast::codec
