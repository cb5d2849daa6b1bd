#include "tracking/api/file_response.h"

#include <gtest/gtest.h>

#include <string>

#include "os/testing/temporary_folder.h"

namespace starcast::tracking::api {
namespace {

using core::ErrorCode;

class FileResponse : public testing::Test {
 protected:
  FileResponse() {
    auto writer = store_->create(path_).value();
    EXPECT_TRUE(writer->write("0123456789"));
    EXPECT_TRUE(writer->finish());
  }

  http::Response ask(std::string name = {}, std::string value = {}) {
    http::Request request;
    if (!name.empty()) request.headers.add(std::move(name), std::move(value));
    return file_response(request, *store_, path_).value();
  }
  static std::string body_of(http::Response& response) {
    return response.stream == nullptr ? response.body : core::read_all(*response.stream, 1000).value();
  }

  os::TemporaryFolder folder_{};
  std::unique_ptr<blob::BlobStore> store_ = blob::open_local(folder_.path()).value();
  blob::BlobPath path_ = blob::BlobPath::parse("d/a.json").value();
};

TEST_F(FileResponse, SendsTheWholeAsAnAttachment) {
  http::Response response = ask();

  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("Content-Type"), "text/plain");
  EXPECT_EQ(response.headers.find("Content-Disposition"), "attachment; filename=a.json");
  EXPECT_EQ(response.headers.find("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(response.headers.find("Accept-Ranges"), "bytes");
  EXPECT_TRUE(response.headers.find("ETag"));
  EXPECT_TRUE(response.headers.find("Last-Modified"));
  EXPECT_EQ(response.stream_bytes, 10U);
  EXPECT_EQ(body_of(response), "0123456789");
}

TEST_F(FileResponse, SendsRanges) {
  struct Case {
    std::string range;
    int status;
    std::string body;
    std::string content_range;
  };
  const Case cases[] = {
      {"bytes=2-4", 206, "234", "bytes 2-4/10"}, {"bytes=0-0", 206, "0", "bytes 0-0/10"},
      {"bytes=7-", 206, "789", "bytes 7-9/10"},  {"bytes=7-100", 206, "789", "bytes 7-9/10"},
      {"bytes=-3", 206, "789", "bytes 7-9/10"},  {"bytes=-100", 206, "0123456789", "bytes 0-9/10"},
      {"bytes=10-", 416, "", "bytes */10"},      {"bytes=100-200", 416, "", "bytes */10"},
      {"bytes=-0", 416, "", "bytes */10"},       {"bytes=4-2", 200, "0123456789", ""},
      {"bytes=0-1,3-4", 200, "0123456789", ""},  {"bytes=a-b", 200, "0123456789", ""},
      {"bytes=1-b", 200, "0123456789", ""},      {"bytes=-", 200, "0123456789", ""},
      {"bytes=", 200, "0123456789", ""},         {"bytes=99999999999999999999-", 200, "0123456789", ""},
      {"lines=1-2", 200, "0123456789", ""},
  };
  for (const Case& one : cases) {
    http::Response response = ask("Range", one.range);
    EXPECT_EQ(response.status, one.status) << one.range;
    EXPECT_EQ(body_of(response), one.body) << one.range;
    EXPECT_EQ(response.headers.find("Content-Range").value_or(""), one.content_range) << one.range;
  }
}

TEST_F(FileResponse, SendsNothingThatTheClientHas) {
  const std::string tag(*ask().headers.find("ETag"));

  EXPECT_EQ(ask("If-None-Match", tag).status, 304);
  EXPECT_EQ(ask("If-None-Match", "\"x\", W/" + tag).status, 304);
  EXPECT_EQ(ask("If-None-Match", "*").status, 304);
  EXPECT_EQ(ask("If-None-Match", "\"x\"").status, 200);
  EXPECT_EQ(ask("If-None-Match", tag).stream, nullptr);
}

TEST_F(FileResponse, SendsARangeOfTheSameFileOnly) {
  http::Request request;
  request.headers.add("Range", "bytes=0-1");
  request.headers.add("If-Range", "\"other\"");

  EXPECT_EQ(file_response(request, *store_, path_).value().status, 200);
}

TEST_F(FileResponse, TellsAbsentFromFolder) {
  const http::Request request;
  const auto absent = file_response(request, *store_, blob::BlobPath::parse("none").value());
  const auto folder = file_response(request, *store_, blob::BlobPath::parse("d").value());

  EXPECT_EQ(absent.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(absent.error().message(), "No such artifact: 'none'");
  EXPECT_EQ(folder.error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(folder.error().message(), "Artifact path refers to a directory, not a file: 'd'");
}

TEST(ContentDisposition, QuotesWhatIsNoToken) {
  EXPECT_EQ(content_disposition("a.json"), "attachment; filename=a.json");
  EXPECT_EQ(content_disposition("a b"), "attachment; filename=\"a b\"");
  EXPECT_EQ(content_disposition("a\"; x"), "attachment; filename=\"a\\\"; x\"");
  EXPECT_EQ(content_disposition("\xC3\xA9 t.txt"),
            "attachment; filename=\" t.txt\"; filename*=UTF-8''%C3%A9%20t.txt");
  EXPECT_EQ(content_disposition("\xC3\xA9"), "attachment; filename=download; filename*=UTF-8''%C3%A9");
}

TEST(HttpDate, IsRfc9110s) {
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
}

}  // namespace
}  // namespace starcast::tracking::api
