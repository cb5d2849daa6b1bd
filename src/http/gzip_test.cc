#include "http/gzip.h"

#include <gtest/gtest.h>

#include <string>

namespace starcast::http {
namespace {

std::string varied(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += std::to_string(text.size() * 7919) + ",";
  return text;
}

TEST(Gzip, ReadsBackWhatItPacks) {
  for (const std::size_t bytes :
       {std::size_t{0}, std::size_t{1}, std::size_t{65'536}, std::size_t{3'000'000}}) {
    const std::string text = varied(bytes);
    EXPECT_TRUE(unpacked(gzipped(text), text.size()).value() == text) << bytes;
  }
}

TEST(Gzip, ReadsMembersOneAfterAnother) {
  EXPECT_EQ(unpacked(gzipped("one ") + gzipped("two"), 100).value(), "one two");
}

TEST(Gzip, ReadsZlibToo) {
  const std::string zlib("\x78\x9c\x4b\x04\x00\x00\x62\x00\x62", 9);  // "a"
  EXPECT_EQ(unpacked(zlib, 100).value(), "a");
}

TEST(Gzip, ReadsBytesOneByOne) {
  const std::string packed = gzipped(varied(1'000));
  Inflater inflater(10'000);
  std::string text;

  for (const char& byte : packed) {
    ASSERT_TRUE(
        inflater.write(std::string_view(&byte, 1), [&text](std::string_view piece) -> core::Result<void> {
          text.append(piece);
          return {};
        }));
  }

  EXPECT_TRUE(inflater.finish());
  EXPECT_EQ(text, varied(1'000));
}

TEST(Gzip, StopsAtTheLimit) {
  const auto result = unpacked(gzipped(std::string(10'000'000, '0')), 1'000'000);

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), core::ErrorCode::kTooLarge);
}

TEST(Gzip, RefusesDamageAndShortStreams) {
  std::string damaged = gzipped(varied(1'000));
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  const std::string whole = gzipped("text");

  for (const std::string& bytes :
       {std::string("plain"), damaged, whole.substr(0, whole.size() - 1), whole + "x"}) {
    const auto result = unpacked(bytes, 100'000);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), core::ErrorCode::kInvalidInput);
  }
}

TEST(Gzip, PassesOnTheTakersError) {
  Inflater inflater(1'000);

  const auto result = inflater.write(gzipped("x"), [](std::string_view) -> core::Result<void> {
    return core::Error(core::ErrorCode::kExhausted, "disk full");
  });

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message(), "disk full");
}

TEST(CodingOf, KnowsOneCodingAtATime) {
  EXPECT_EQ(coding_of(""), Coding::kIdentity);
  EXPECT_EQ(coding_of("identity"), Coding::kIdentity);
  EXPECT_EQ(coding_of("GZIP"), Coding::kGzip);
  EXPECT_EQ(coding_of("x-gzip"), Coding::kGzip);
  EXPECT_EQ(coding_of("deflate"), Coding::kDeflate);
  EXPECT_FALSE(coding_of("br"));
  EXPECT_FALSE(coding_of("gzip, gzip"));
}

TEST(AcceptsGzip, ReadsQualities) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("br, GZip;q=0.1"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("br"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.000, *"));
}

}  // namespace
}  // namespace starcast::http
