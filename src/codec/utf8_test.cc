#include "codec/utf8.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace starcast::codec {
namespace {

const std::string kMark = "\xEF\xBF\xBD";  // U+FFFD

TEST(Utf8, AcceptsEveryLengthOfCharacter) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("plain ASCII, longer than one word"));
  EXPECT_TRUE(is_utf8("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x91\x8D"));
  EXPECT_TRUE(is_utf8("\xF4\x8F\xBF\xBF"));
}

TEST(Utf8, RefusesBrokenBytes) {
  for (const char* text :
       {"\x80", "\xC3", "caf\xE9", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "\xE2\x82", "12345678\xE2\x28\xA1"})
    EXPECT_FALSE(is_utf8(text)) << text;
}

// The expected texts are those of Python's bytes.decode(errors="replace").
TEST(Utf8, MendsEachMaximalBrokenPart) {
  EXPECT_EQ(mended_utf8("caf\xE9!"), "caf" + kMark + "!");
  EXPECT_EQ(mended_utf8("a\xE2\x82"), "a" + kMark);
  EXPECT_EQ(mended_utf8("\xE2\x82z"), kMark + "z");
  EXPECT_EQ(mended_utf8("\xED\xA0\x80"), kMark + kMark + kMark);
  EXPECT_EQ(mended_utf8("\xF0\x9F\x91"), kMark);
  EXPECT_EQ(mended_utf8("\xF0\x80\x80"), kMark + kMark + kMark);
  EXPECT_EQ(mended_utf8("\xC3\xC3\xA9"), kMark + "\xC3\xA9");
  EXPECT_EQ(mended_utf8("whole \xC3\xA9"), "whole \xC3\xA9");
}

TEST(Utf8, CodePointsComeBackAsTheSameText) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x91\x8D";

  const std::vector<char32_t> points = code_points(text);

  EXPECT_EQ(points, (std::vector<char32_t>{'a', 0xE9, 0x20AC, 0x1F44D}));
  EXPECT_EQ(from_code_points(points), text);
}

TEST(Utf8, WhatIsNoCharacterBecomesTheReplacement) {
  EXPECT_EQ(code_points("\xFF"), std::vector<char32_t>{0xFFFD});
  EXPECT_EQ(from_code_points({0xD800, 0x110000}), kMark + kMark);
}

TEST(Utf8, FoldsCaseFully) {
  EXPECT_EQ(case_folded("Hello WORLD 1"), "hello world 1");
  EXPECT_EQ(case_folded("STRASSE Stra\xC3\x9F\x65"), "strasse strasse");
  EXPECT_EQ(case_folded("\xC3\x89\xCE\xA3\xCF\x82"), "\xC3\xA9\xCF\x83\xCF\x83");  // É, Σ, ς
  EXPECT_EQ(case_folded("\xC4\xB0"), "i\xCC\x87");                                 // İ
  EXPECT_EQ(case_folded("\xEF\xAC\x83"), "ffi");                                   // the ligature
}

TEST(Utf8, FoldingDoesNotNormalise) {
  EXPECT_EQ(case_folded("\xC3\xA9"), "\xC3\xA9");
  EXPECT_EQ(case_folded("e\xCC\x81"), "e\xCC\x81");
  EXPECT_EQ(case_folded("\xE2\x84\xA2"), "\xE2\x84\xA2");
}

TEST(Utf8, KnowsTheKindsOfCharacters) {
  EXPECT_EQ(kind_of('A'), CharacterKind::kLetterUpper);
  EXPECT_EQ(kind_of(U'\u01C5'), CharacterKind::kLetterUpper);
  EXPECT_EQ(kind_of(U'\u00E9'), CharacterKind::kLetterLower);
  EXPECT_EQ(kind_of(U'\u4E2D'), CharacterKind::kLetterOther);
  EXPECT_EQ(kind_of('7'), CharacterKind::kDigit);
  EXPECT_EQ(kind_of(U'\u0663'), CharacterKind::kDigit);
  EXPECT_EQ(kind_of(U'\u00B2'), CharacterKind::kOther);
  EXPECT_EQ(kind_of('\t'), CharacterKind::kSpace);
  EXPECT_EQ(kind_of(U'\u3000'), CharacterKind::kSpace);
  EXPECT_EQ(kind_of('!'), CharacterKind::kPunctuation);
  EXPECT_EQ(kind_of('+'), CharacterKind::kSymbol);
  EXPECT_EQ(kind_of(U'\U0001F44D'), CharacterKind::kSymbol);
  EXPECT_EQ(kind_of(0), CharacterKind::kOther);
  EXPECT_EQ(kind_of(0xD800), CharacterKind::kOther);
  EXPECT_EQ(kind_of(0x110000), CharacterKind::kOther);
}

}  // namespace
}  // namespace starcast::codec
