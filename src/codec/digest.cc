#include "codec/digest.h"

#include <openssl/evp.h>

#include <array>
#include <span>
#include <vector>

#include "core/check.h"

namespace starcast::codec {
namespace {

const EVP_MD* algorithm_of(DigestKind kind) {
  switch (kind) {
    case DigestKind::kMd5:
      return EVP_md5();
    case DigestKind::kSha256:
      return EVP_sha256();
  }
  CHECK(false);
}

std::string hex_of(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string digest_of_text(std::string_view bytes, DigestKind kind) {
  Digest digest(kind);
  digest.update(bytes);
  return digest.finish();
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct Digest::State {
  std::unique_ptr<EVP_MD_CTX, FreeContext> context;
};

Digest::Digest(DigestKind kind) : state_(std::make_unique<State>()) {
  state_->context.reset(EVP_MD_CTX_new());
  CHECK(state_->context != nullptr);
  CHECK(EVP_DigestInit_ex(state_->context.get(), algorithm_of(kind), nullptr) == 1);
}

Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(std::string_view bytes) {
  CHECK(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) == 1);
}

std::string Digest::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  CHECK(EVP_DigestFinal_ex(state_->context.get(), bytes.data(), &size) == 1);
  return hex_of(std::span(bytes.data(), size));
}

std::string md5_hex(std::string_view bytes) {
  return digest_of_text(bytes, DigestKind::kMd5);
}

std::string sha256_hex(std::string_view bytes) {
  return digest_of_text(bytes, DigestKind::kSha256);
}

core::Result<std::string> digest_of(core::ByteSource& source, DigestKind kind) {
  constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
  std::vector<char> chunk(kChunkBytes);
  Digest digest(kind);
  for (;;) {
    const std::size_t count = TRY(source.read(chunk));
    if (count == 0) return digest.finish();
    digest.update(std::string_view(chunk.data(), count));
  }
}

}  // namespace starcast::codec
