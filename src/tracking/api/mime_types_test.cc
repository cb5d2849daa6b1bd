#include "tracking/api/mime_types.h"

#include <gtest/gtest.h>

namespace starcast::tracking::api {
namespace {

TEST(MimeType, ServesTextAsPlainText) {
  for (const std::string_view name :
       {"a.json", "a.yaml", "a.yml", "a.csv", "a.md", "a.py", "a.log", "a.txt", "a.xml", "MLmodel",
        "MLproject", "a.MLmodel", "a.js", "a.ipynb", "a.b.toml"}) {
    EXPECT_EQ(mime_type_of(name), "text/plain") << name;
  }
}

TEST(MimeType, KnowsOtherTypesByTheirExtension) {
  EXPECT_EQ(mime_type_of("a.html"), "text/html");
  EXPECT_EQ(mime_type_of("a.PNG"), "image/png");
  EXPECT_EQ(mime_type_of("a.JSON"), "application/json");
  EXPECT_EQ(mime_type_of("a.svg"), "image/svg+xml");
  EXPECT_EQ(mime_type_of("a.pdf"), "application/pdf");
  EXPECT_EQ(mime_type_of("a.zip"), "application/zip");
  EXPECT_EQ(mime_type_of("a.tar.gz"), "application/x-tar");
  EXPECT_EQ(mime_type_of("a.tgz"), "application/x-tar");
}

TEST(MimeType, TakesTheRestAsBytes) {
  for (const std::string_view name : {"a.pkl", "a", "", ".png", "a.gz", "conda", "model.skops", "a."}) {
    EXPECT_EQ(mime_type_of(name), "application/octet-stream") << name;
  }
}

}  // namespace
}  // namespace starcast::tracking::api
