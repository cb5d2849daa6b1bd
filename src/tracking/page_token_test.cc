#include "tracking/page_token.h"

#include <gtest/gtest.h>

#include <limits>

namespace starcast::tracking {
namespace {

using Keys = std::vector<sql::Value>;

TEST(PageToken, GivesBackItsKeysBitForBit) {
  const Keys keys = {nullptr, std::numeric_limits<std::int64_t>::min(), 0.1,
                     5.0,     std::numeric_limits<double>::max(),       "a\"\\\n\xC3\xA9",
                     ""};

  EXPECT_EQ(read_page_token("search", write_page_token("search", keys)).value(), keys);
}

TEST(PageToken, NeedsNoEscapingInAnAddress) {
  for (int i = 0; i < 64; ++i) {
    const std::string token = write_page_token("s", {std::string(static_cast<std::size_t>(i), '\x7F')});
    EXPECT_EQ(token.find_first_of("+/=&?%"), std::string::npos) << token;
  }
}

TEST(PageToken, IsTheFirstPageWhenEmpty) {
  EXPECT_TRUE(read_page_token("search", "").value().empty());
}

TEST(PageToken, BelongsToOneSearch) {
  const std::string token = write_page_token("metrics.a > 1", {std::int64_t{1}});

  EXPECT_FALSE(read_page_token("metrics.a > 2", token));
}

TEST(PageToken, RefusesGarbage) {
  const std::string good = write_page_token("s", {std::int64_t{1}});
  const std::string cases[] = {
      "garbage",
      "%",
      "\xFF",
      "eyJvZmZzZXQiOiAwfQ==",  // {"offset": 0}, MLflow's
      "eyJvZmZzZXQiOiAtMX0=",  // {"offset": -1}
      "eyJvZmZzZXQiOiAxMDB9",  // {"offset": 100}
      "e30",                   // an empty object
      "W10",                   // an empty list
      "bnVsbA",                // null
      good.substr(1),
      good.substr(0, good.size() - 4),
      good + good,
      std::string(300'000, 'A'),
      std::string(100'000, 'W'),  // brackets and more
  };
  for (const std::string& token : cases) {
    const auto read = read_page_token("s", token);
    ASSERT_FALSE(read) << token.substr(0, 40);
    EXPECT_EQ(read.error().code(), core::ErrorCode::kInvalidInput);
    EXPECT_EQ(read.error().message(), "Invalid page token");
  }
}

TEST(PageToken, RefusesATokenWithoutKeys) {
  EXPECT_FALSE(read_page_token("s", write_page_token("s", {})));
}

}  // namespace
}  // namespace starcast::tracking
