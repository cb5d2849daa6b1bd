#include "codec/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace starcast::codec {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(std::string text, std::size_t chunk_bytes) {
  core::StringSource source(std::move(text), chunk_bytes);
  LineReader reader(source);
  std::vector<std::string> lines;
  while (const std::optional<std::string_view> line = reader.next().value()) lines.emplace_back(*line);
  return lines;
}

TEST(LineReader, GivesEachLineWhereverThePiecesEnd) {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{3}, std::size_t{100}})
    EXPECT_THAT(lines_of("one\r\n two\nthree", chunk), ElementsAre("one", "two", "three"));
}

TEST(LineReader, SkipsEmptyLinesButCountsThem) {
  core::StringSource source("\n\n  \nfour\n");
  LineReader reader(source);

  EXPECT_EQ(*reader.next().value(), "four");
  EXPECT_EQ(reader.line(), 4U);
  EXPECT_FALSE(reader.next().value().has_value());
}

TEST(LineReader, RefusesALineWithoutEnd) {
  core::StringSource source("short\n" + std::string(LineReader::kLineBytesMax + 70'000, 'x'));
  LineReader reader(source);
  ASSERT_TRUE(reader.next());

  EXPECT_EQ(reader.next().error().code(), core::ErrorCode::kTooLarge);
  EXPECT_EQ(reader.line(), 2U);
}

}  // namespace
}  // namespace starcast::codec
