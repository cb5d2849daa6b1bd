#include "codec/percent.h"

#include <gtest/gtest.h>

namespace starcast::codec {
namespace {

TEST(PercentDecode, DecodesOnce) {
  EXPECT_EQ(percent_decode("a%2Fb%252e"), "a/b%2e");
  EXPECT_EQ(percent_decode("%e2%82%AC"), "\xe2\x82\xac");
  EXPECT_EQ(percent_decode("%00"), std::string(1, '\0'));
}

TEST(PercentDecode, TakesPlusAsSpaceOnlyWhereTold) {
  EXPECT_EQ(percent_decode("a+b"), "a+b");
  EXPECT_EQ(percent_decode("a+b%2B", true), "a b+");
}

TEST(PercentDecode, RefusesBrokenEscapes) {
  EXPECT_FALSE(percent_decode("%"));
  EXPECT_FALSE(percent_decode("a%4"));
  EXPECT_FALSE(percent_decode("%zz"));
  EXPECT_FALSE(percent_decode("100%dog"));
}

TEST(PercentEncode, KeepsUnreservedAndWhatItIsTold) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/\xc3\xbc%"), "a%20b%2F%C3%BC%25");
  EXPECT_EQ(percent_encode("a/b c", "/"), "a/b%20c");
}

TEST(PercentDecodeLeniently, KeepsBrokenEscapes) {
  EXPECT_EQ(percent_decode_leniently("100%dog%20%4"), "100%dog %4");
  EXPECT_EQ(percent_decode_leniently("%+%2B", true), "% +");
}

TEST(PercentDecodeFully, DecodesUntilNothingChanges) {
  EXPECT_EQ(percent_decode_fully("%252e%252e"), "..");
  EXPECT_EQ(percent_decode_fully("100%"), "100%");
  EXPECT_EQ(percent_decode_fully("%4"), "%4");
  EXPECT_EQ(percent_decode_fully("a+b", true), "a b");
  EXPECT_EQ(percent_decode_fully("a+b"), "a+b");
}

TEST(PercentDecodeFully, DecodesWhatADecodedCharacterCompletes) {
  EXPECT_EQ(percent_decode_fully("%2%35%32e"), ".");
  EXPECT_EQ(percent_decode_fully("%25%32%62", true), " ");
}

TEST(PercentDecodeFully, DecodesNestedEscapesInLinearTime) {
  std::string nested = "%";
  for (int i = 0; i < 1'000'000; ++i) nested += "25";
  EXPECT_EQ(percent_decode_fully(nested + "2e"), ".");
}

}  // namespace
}  // namespace starcast::codec
