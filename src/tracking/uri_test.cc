#include "tracking/uri.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starcast::tracking {
namespace {

using testing::ElementsAre;

TEST(Uri, HasSchemeAuthorityPathQueryAndFragment) {
  const Uri uri = split_uri("HTTP://user@Host:80/a/b?q=1#f");

  EXPECT_EQ(uri.scheme, "http");
  EXPECT_TRUE(uri.has_authority);
  EXPECT_EQ(uri.authority, "user@Host:80");
  EXPECT_EQ(uri.path, "/a/b");
  EXPECT_EQ(uri.query, "q=1");
  EXPECT_EQ(uri.fragment, "f");
}

TEST(Uri, IsAPathWithoutScheme) {
  EXPECT_EQ(split_uri("./mlruns").scheme, "");
  EXPECT_EQ(split_uri("./mlruns").path, "./mlruns");
  EXPECT_EQ(split_uri("1a:/x").scheme, "");
  EXPECT_EQ(split_uri(" s3://b/x").scheme, "");
  EXPECT_EQ(split_uri("").path, "");
  EXPECT_EQ(split_uri(":").path, ":");
}

TEST(Uri, TakesADriveLetterForAPath) {
  EXPECT_EQ(split_uri("c:\\x").scheme, "");
  EXPECT_EQ(split_uri("c:/x").path, "c:/x");
}

TEST(Uri, KeepsTheAuthorityOfAPath) {
  EXPECT_EQ(split_uri("//host/share").authority, "host");
  EXPECT_EQ(split_uri("//host/share").path, "/share");
}

TEST(Uri, HidesPasswords) {
  EXPECT_EQ(without_passwords(R"({"url":"https://me:secret@host/a","other":"s3://k:s@b"})"),
            R"({"url":"https://me:***@host/a","other":"s3://k:***@b"})");
  EXPECT_EQ(without_passwords("https://me:p@ss@host:80/a@b:c"), "https://me:***@host:80/a@b:c");
  EXPECT_TRUE(holds_password("s3://key:secret@bucket/x"));
}

TEST(Uri, FindsNoPasswordWhereThereIsNone) {
  for (const char* text :
       {"https://host:80/a@b", "s3://user@bucket/x", "a:b@c", "://", "x://:", "mailto:a@b"}) {
    EXPECT_FALSE(holds_password(text)) << text;
    EXPECT_EQ(without_passwords(text), text);
  }
}

TEST(Uri, SplitsSegmentsBeforeItDecodesThem) {
  EXPECT_THAT(decoded_segments("/1//%61b/x%2fy"), ElementsAre("1", "ab", "x/y"));
}

TEST(Uri, FindsHostAndPort) {
  EXPECT_EQ(split_authority("user:pw@Host:8080").host, "host");
  EXPECT_EQ(split_authority("user:pw@Host:8080").port, 8080);
  EXPECT_EQ(split_authority("[::1]:80").host, "::1");
  EXPECT_EQ(split_authority("[::1]:80").port, 80);
  EXPECT_EQ(split_authority("host:").port, std::nullopt);
}

TEST(Uri, SaysWhichAuthorityIsMalformed) {
  EXPECT_TRUE(split_authority("host:x").malformed);
  EXPECT_TRUE(split_authority("host:70000").malformed);
  EXPECT_TRUE(split_authority("[::1").malformed);
  EXPECT_TRUE(split_authority("a\\b").malformed);
  EXPECT_TRUE(split_authority("a b").malformed);
  EXPECT_FALSE(split_authority("").malformed);
}

}  // namespace
}  // namespace starcast::tracking
