#include "codec/digest.h"

#include <gtest/gtest.h>

#include <string>

namespace starcast::codec {
namespace {

// The vectors of RFC 1321 and FIPS 180-2.
TEST(Digest, Md5OfKnownTexts) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Digest, Sha256OfKnownTexts) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Digest, PiecesGiveTheDigestOfTheWhole) {
  Digest digest(DigestKind::kSha256);

  digest.update("a");
  digest.update("");
  digest.update("bc");

  EXPECT_EQ(digest.finish(), sha256_hex("abc"));
}

TEST(Digest, ReadsASourceToItsEnd) {
  core::StringSource source(std::string(600000, 'x'), 1000);

  const auto digest = digest_of(source, DigestKind::kMd5);

  ASSERT_TRUE(digest);
  EXPECT_EQ(*digest, md5_hex(std::string(600000, 'x')));
}

class FailingSource final : public core::ByteSource {
 public:
  core::Result<std::size_t> read(std::span<char>) override {
    return core::Error(core::ErrorCode::kPermissionDenied, "not yours");
  }
};

TEST(Digest, PassesOnTheErrorOfItsSource) {
  FailingSource source;

  const auto digest = digest_of(source, DigestKind::kMd5);

  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().code(), core::ErrorCode::kPermissionDenied);
}

}  // namespace
}  // namespace starcast::codec
