#include "tracking/api/artifacts.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "codec/percent.h"
#include "core/testing/manual_clock.h"
#include "os/file_system.h"
#include "os/testing/temporary_folder.h"

namespace starcast::tracking::api {
namespace {

using http::Method;

constexpr std::string_view kRunRoot = "0/r1/artifacts";

class Artifacts : public testing::Test {
 protected:
  Artifacts() {
    add_artifact_routes({table_, ""}, *store_, *served_);
    add_artifact_routes({table_, "/prefix"}, *store_, *served_);
    sql("INSERT INTO runs (run_uuid, experiment_id, lifecycle_stage, artifact_uri) VALUES "
        "('r1', 0, 'active', 'mlflow-artifacts:/0/r1/artifacts'), ('s3', 0, 'active', 's3://bucket/x'), "
        "('out', 0, 'active', '/etc')");
    sql("INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms, "
        "last_updated_timestamp_ms, status, lifecycle_stage) VALUES "
        "('m-1', 0, 'm', 'mlflow-artifacts:/0/r1/artifacts/model', 0, 0, 2, 'active')");
    sql("INSERT INTO registered_models (name) VALUES ('n')");
    sql("INSERT INTO model_versions (name, version, source, current_stage) VALUES "
        "('n', 1, 'mlflow-artifacts:/0/r1/artifacts/model', 'None'), ('n', 2, 'http://evil/x', 'None'), "
        "('n', 3, 'models:/n/2', 'None')");
    put("0/r1/artifacts/a.json", "{\"a\":1}");
    put("0/r1/artifacts/model/MLmodel", "flavors");
  }

  void sql(std::string_view text) {
    const auto run = [&](sql::Session& session) -> core::Result<void> {
      TRY(session.execute(text, {}));
      return {};
    };
    ASSERT_TRUE(store_->database().write(run));
  }

  // As the server does: errors are written by error_response.
  http::Response send(Method method, std::string target, std::string body = {}, http::Pairs headers = {}) {
    http::Request request;
    request.method = method;
    request.target = target;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size())
      request.query = http::parse_query(target.substr(request.path.size() + 1));
    for (auto& [name, value] : headers) request.headers.add(name, value);
    if (!body.empty()) request.headers.add("Content-Length", std::to_string(body.size()));
    auto found = table_.find(method, request.path);
    if (found.route == nullptr) {
      http::Response unknown;
      unknown.status = 404;
      return unknown;
    }
    request.parameters = std::move(found.parameters);
    auto result = found.route->receiver ? receive(*found.route, request, body) : [&] {
      request.body = std::move(body);
      return found.route->handler(request);
    }();
    return result ? std::move(result).value() : error_response(result.error());
  }
  static core::Result<http::Response> receive(const http::Route& route, const http::Request& request,
                                              std::string_view body) {
    const auto receiver = TRY(route.receiver(request));
    for (; !body.empty(); body.remove_prefix(std::min<std::size_t>(body.size(), 3))) {
      TRY(receiver->write(body.substr(0, 3)));
    }
    return receiver->finish();
  }
  static std::string body_of(http::Response& response) {
    return response.stream == nullptr ? response.body : core::read_all(*response.stream, 1 << 20).value();
  }
  static codec::Json json_of(http::Response& response) {
    return codec::parse_json(body_of(response)).value();
  }

  std::string get(std::string target) {
    http::Response response = send(Method::kGet, std::move(target));
    return fmt::format("{} {}", response.status, body_of(response));
  }
  void put(std::string_view path, std::string_view bytes) {
    auto writer = served_->create(blob::BlobPath::parse(path).value()).value();
    ASSERT_TRUE(writer->write(bytes));
    ASSERT_TRUE(writer->finish());
  }

  os::TemporaryFolder folder_{};
  core::ManualClock clock_{};
  std::unique_ptr<Store> store_ = Store::open(sql::open_sqlite({":memory:"}).value(), {}, clock_).value();
  std::unique_ptr<blob::BlobStore> served_ = blob::open_local(folder_.at("served")).value();
  http::RouteTable table_{};
};

const std::string kFiles = "/api/2.0/mlflow-artifacts/artifacts";

TEST_F(Artifacts, GoUpAndDownByEitherAlias) {
  for (const std::string base : {"/api", "/ajax-api", "/prefix/api", "/prefix/ajax-api"}) {
    const std::string target = base + "/2.0/mlflow-artifacts/artifacts/0/x/deep/f.txt";
    http::Response up = send(Method::kPut, target, "hello " + base);
    EXPECT_EQ(up.status, 200);
    EXPECT_EQ(up.body, "");
    EXPECT_EQ(get(target), "200 hello " + base);
  }
}

TEST_F(Artifacts, MayBeEmpty) {
  EXPECT_EQ(send(Method::kPut, kFiles + "/empty").status, 200);
  EXPECT_EQ(get(kFiles + "/empty"), "200 ");
}

TEST_F(Artifacts, AreListedByTheirNamesInAFolder) {
  EXPECT_EQ(
      get(kFiles + "?path=0/r1/artifacts"),
      R"(200 {"files":[{"path":"a.json","is_dir":false,"file_size":7},{"path":"model","is_dir":true}]})");
  EXPECT_EQ(get(kFiles), R"(200 {"files":[{"path":"0","is_dir":true}]})");
  EXPECT_EQ(get(kFiles + "?path=none"), "200 {}");
  EXPECT_EQ(get(kFiles + "?path=0/r1/artifacts/a.json"), "200 {}");
}

TEST_F(Artifacts, OfARunAreListedFromItsRoot) {
  const std::string list = "/api/2.0/mlflow/artifacts/list?run_id=";
  EXPECT_EQ(get(list + "r1&path=model"), R"(200 {"root_uri":"mlflow-artifacts:/0/r1/artifacts","files":[)"
                                         R"({"path":"model/MLmodel","is_dir":false,"file_size":7}]})");
  EXPECT_EQ(get(list + "r1&path=a.json"), R"(200 {"root_uri":"mlflow-artifacts:/0/r1/artifacts"})");
  EXPECT_EQ(get(list + "r1&path=none"), R"(200 {"root_uri":"mlflow-artifacts:/0/r1/artifacts"})");
  EXPECT_EQ(get("/ajax-api/2.0/mlflow/artifacts/list?run_uuid=r1&path=none"),
            R"(200 {"root_uri":"mlflow-artifacts:/0/r1/artifacts"})");
}

TEST_F(Artifacts, OfARunGoToABrowser) {
  EXPECT_EQ(get("/get-artifact?run_id=r1&path=a.json"), "200 {\"a\":1}");
  EXPECT_EQ(get("/prefix/get-artifact?run_uuid=r1&path=model/MLmodel"), "200 flavors");
}

TEST_F(Artifacts, OfAVersionGoToABrowser) {
  EXPECT_EQ(get("/model-versions/get-artifact?name=n&version=1&path=MLmodel"), "200 flavors");
}

TEST_F(Artifacts, OfALoggedModelAreListedAndSent) {
  EXPECT_EQ(get("/api/2.0/mlflow/logged-models/m-1/artifacts/directories"),
            R"(200 {"root_uri":"mlflow-artifacts:/0/r1/artifacts/model","files":[)"
            R"({"path":"MLmodel","is_dir":false,"file_size":7}]})");
  EXPECT_EQ(get("/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=MLmodel"),
            "200 flavors");
}

TEST_F(Artifacts, OfARunAreTakenFromTheUserInterface) {
  const std::string upload = "/ajax-api/2.0/mlflow/upload-artifact";
  EXPECT_EQ(send(Method::kPost, upload + "?run_uuid=r1&path=up/u.txt", "hello").status, 200);
  EXPECT_EQ(get("/get-artifact?run_id=r1&path=up/u.txt"), "200 hello");

  const std::pair<std::string, std::string> wrong[] = {
      {"?path=u", "Request must specify run_uuid."},
      {"?run_uuid=r1", "Request must specify path."},
      {"?run_uuid=r1&path=../u", "Invalid path"},
      {"?run_uuid=r1&path=u/", "Artifact path must include a filename (cannot end with '/')."},
  };
  for (const auto& [query, message] : wrong) {
    http::Response response = send(Method::kPost, upload + query, "x");
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_EQ(json_of(response).string_at("message").value(), message);
  }
  http::Response empty = send(Method::kPost, upload + "?run_uuid=r1&path=e", "");
  EXPECT_EQ(json_of(empty).string_at("message").value(), "Request must specify data.");
  http::Response large =
      send(Method::kPost, upload + "?run_uuid=r1&path=e", std::string((10 << 20) + 1, 'x'));
  EXPECT_EQ(json_of(large).string_at("message").value(), "Artifact size is too large. Max size is 10MB.");
  EXPECT_EQ(get("/get-artifact?run_id=r1&path=e").substr(0, 3), "404");
}

TEST_F(Artifacts, AreCountedWhereTheLengthIsNotTold) {
  http::Request request;
  request.query = {{"run_uuid", "r1"}, {"path", "e"}};
  const auto* route = table_.find(Method::kPost, "/ajax-api/2.0/mlflow/upload-artifact").route;
  const auto receiver = route->receiver(request).value();

  ASSERT_TRUE(receiver->write(std::string(10 << 20, 'x')));

  EXPECT_EQ(receiver->write("x").error().message(), "Artifact size is too large. Max size is 10MB.");
}

TEST_F(Artifacts, AreDeletedWithTheirFolder) {
  EXPECT_EQ(send(Method::kDelete, kFiles + "/0/r1/artifacts/a.json").body, "{}");
  EXPECT_EQ(get(kFiles + "/0/r1/artifacts/a.json").substr(0, 3), "404");
  EXPECT_EQ(send(Method::kDelete, kFiles + "/0/r1").status, 200);
  EXPECT_EQ(get(kFiles + "?path=0"), "200 {}");
  EXPECT_EQ(send(Method::kDelete, kFiles + "/never").body, "{}");
}

TEST_F(Artifacts, StayWholeWhenAnUploadBreaksOff) {
  http::Request request;
  request.parameters = {{"path", "0/r1/artifacts/a.json"}};
  {
    const auto* route = table_.find(Method::kPut, kFiles + "/0/r1/artifacts/a.json").route;
    const auto receiver = route->receiver(request).value();
    ASSERT_TRUE(receiver->write("half"));
  }

  EXPECT_EQ(get(kFiles + "/0/r1/artifacts/a.json"), "200 {\"a\":1}");
}

TEST_F(Artifacts, ThatAreAbsentAnswer404AsMlflow) {
  http::Response response = send(Method::kGet, kFiles + "/0/r1/artifacts/none");

  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(json_of(response).string_at("error_code").value(), "RESOURCE_DOES_NOT_EXIST");
  EXPECT_EQ(json_of(response).string_at("message").value(), "No such artifact: '0/r1/artifacts/none'");
  EXPECT_EQ(get("/get-artifact?run_id=r9&path=x").substr(0, 3), "404");
  EXPECT_EQ(get("/api/2.0/mlflow/artifacts/list?run_id=r9").substr(0, 3), "404");
  EXPECT_EQ(get("/model-versions/get-artifact?name=n&version=9&path=x").substr(0, 3), "404");
  EXPECT_EQ(get("/api/2.0/mlflow/logged-models/m-9/artifacts/directories").substr(0, 3), "404");
}

TEST_F(Artifacts, ThatAreFoldersAnswer400) {
  http::Response response = send(Method::kGet, kFiles + "/0/r1/artifacts");

  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(json_of(response).string_at("message").value(),
            "Artifact path refers to a directory, not a file: '0/r1/artifacts'");
  EXPECT_EQ(get("/get-artifact?run_id=r1&path=model").substr(0, 3), "400");
  EXPECT_EQ(send(Method::kPut, kFiles + "/0/r1/artifacts", "x").status, 400);
  EXPECT_EQ(send(Method::kPut, kFiles + "/a/", "x").status, 400);
}

TEST_F(Artifacts, ElsewhereAreNotRead) {
  EXPECT_EQ(get("/api/2.0/mlflow/artifacts/list?run_id=s3").substr(0, 3), "501");
  EXPECT_EQ(get("/get-artifact?run_id=s3&path=x").substr(0, 3), "501");
  EXPECT_EQ(get("/get-artifact?run_id=out&path=passwd").substr(0, 3), "400");
  EXPECT_EQ(get("/api/2.0/mlflow/artifacts/list?run_id=out").substr(0, 3), "400");
  EXPECT_EQ(get("/model-versions/get-artifact?name=n&version=2&path=x").substr(0, 3), "501");
  EXPECT_EQ(get("/model-versions/get-artifact?name=n&version=3&path=x").substr(0, 3), "501");
}

TEST_F(Artifacts, AreNotTakenInParts) {
  for (const std::string step : {"create", "complete", "abort"}) {
    http::Response response = send(Method::kPost, "/api/2.0/mlflow-artifacts/mpu/" + step + "/x", "{}");
    EXPECT_EQ(response.status, 501);
    EXPECT_TRUE(json_of(response).string_at("message").value().starts_with(
        "Multipart upload is not supported for the current artifact repository"));
  }
  EXPECT_EQ(send(Method::kPut, kFiles + "/x", "a", {{"Content-Range", "bytes 0-0/9"}}).status, 400);
  EXPECT_EQ(get("/api/2.0/mlflow-artifacts/presigned/x").substr(0, 3), "501");
  for (const std::string way : {"upload", "download"}) {
    const std::string target = "/api/2.0/mlflow/artifacts/presigned-" + way + "-url";
    EXPECT_EQ(send(Method::kPost, target, R"({"run_id":"r1","path":"x"})").status, 501);
    EXPECT_EQ(send(Method::kPost, target, R"({"run_id":"r1","path":"../x"})").status, 400);
    EXPECT_EQ(send(Method::kPost, target, R"({"run_id":"r1"})").status, 400);
    EXPECT_EQ(send(Method::kPost, target, R"({"run_id":"r9","path":"x"})").status, 404);
  }
}

// security.md 3.2, as the values that the address decodes to once.
const std::vector<std::string>& bad_paths() {
  static const std::vector<std::string> paths = [] {
    std::vector<std::string> list = {
        "../../../../../../etc/passwd",
        "/path",
        "/etc/passwd",
        "../path",
        "../../path",
        "./../path",
        "path/../to/file",
        "file://a#/..//var",
        std::string("/etc/passwd\0.jpg", 16),
        std::string("etc/passwd\0.jpg", 15),
        std::string("etc/passwd\0.html", 16),
        "etc/passwd%00.txt",
        "/file://etc/passwd",
        "%2E%2E%2Fpath",
        "C:/",
        "C:\\path",
        "\\\\server\\share",
        "\\\\?\\C:\\",
        "\\\\.\\C:\\",
        "\\\\127.0.0.1\\c$\\",
        "%2E%2E%2F%2E%2E%2Fvar%2Fx",
        "..%2F..%2Fx",
        "\xC0\xAE\xC0\xAE\xC0\xAF",
        "parent/artifacts/../external",
    };
    std::string nested = "../x";
    for (int i = 0; i < 30; ++i) nested = codec::percent_encode(nested);
    list.push_back(nested);
    return list;
  }();
  return paths;
}

TEST_F(Artifacts, RefuseEveryWayOutOnEveryRoute) {
  ASSERT_TRUE(os::real_files().write(folder_.at("secret"), "secret"));
  for (const std::string prefix : {"", "/prefix"}) {
    for (const std::string& bad : bad_paths()) {
      const std::string once = codec::percent_encode(bad);
      std::vector<std::pair<Method, std::string>> targets = {
          {Method::kGet, "/get-artifact?run_id=r1&path=" + once},
          {Method::kGet, "/model-versions/get-artifact?name=n&version=1&path=" + once},
          {Method::kPost, "/ajax-api/2.0/mlflow/upload-artifact?run_uuid=r1&path=" + once},
          {Method::kGet, "/ajax-api/2.0/mlflow/logged-models/m-1/artifacts/files?artifact_file_path=" + once},
      };
      for (const std::string base : {"/api/2.0/", "/ajax-api/2.0/"}) {
        targets.emplace_back(Method::kGet, base + "mlflow/artifacts/list?run_id=r1&path=" + once);
        targets.emplace_back(Method::kGet, base + "mlflow-artifacts/artifacts?path=" + once);
        targets.emplace_back(Method::kGet, base + "mlflow-artifacts/artifacts/" + once);
        targets.emplace_back(Method::kPut, base + "mlflow-artifacts/artifacts/" + once);
        targets.emplace_back(Method::kDelete, base + "mlflow-artifacts/artifacts/" + once);
        targets.emplace_back(Method::kGet, base + "mlflow-artifacts/presigned/" + once);
        for (const std::string step : {"create", "complete", "abort"}) {
          targets.emplace_back(Method::kPost, base + "mlflow-artifacts/mpu/" + step + "/" + once);
        }
        targets.emplace_back(
            Method::kGet,
            base + "mlflow/logged-models/m-1/artifacts/directories?artifact_directory_path=" + once);
      }
      for (const auto& [method, target] : targets) {
        http::Response response = send(method, prefix + target, "{}");
        ASSERT_EQ(response.status, 400) << target;
        EXPECT_EQ(json_of(response).string_at("error_code").value(), "INVALID_PARAMETER_VALUE") << target;
        EXPECT_EQ(json_of(response).string_at("message").value(), "Invalid path") << target;
      }
    }
  }
  EXPECT_EQ(os::real_files().read(folder_.at("secret")).value(), "secret");
  EXPECT_EQ(os::real_files().list(folder_.path()).value().size(), 2U);
}

TEST_F(Artifacts, RefuseDotsThatNoClientTidied) {
  for (const std::string target : {"/../x", "/a/../../x", "/..%2F..%2Fx", "/%2E%2E/x"}) {
    EXPECT_EQ(get(kFiles + target).substr(0, 3), "400") << target;
    EXPECT_EQ(send(Method::kPut, kFiles + target, "x").status, 400) << target;
    EXPECT_EQ(send(Method::kDelete, kFiles + target).status, 400) << target;
    EXPECT_EQ(send(Method::kPost, "/api/2.0/mlflow-artifacts/mpu/create" + target, "{}").status, 400)
        << target;
  }
}

TEST_F(Artifacts, NeverComeFromBehindALink) {
  os::FileSystem& files = os::real_files();
  const std::string root = folder_.at("served/") + std::string(kRunRoot);
  ASSERT_TRUE(files.make_folders(folder_.at("outside")));
  ASSERT_TRUE(files.write(folder_.at("outside/secret.txt"), "secret"));
  ASSERT_TRUE(files.symbolic_link(folder_.at("outside"), root + "/leak"));
  ASSERT_TRUE(files.symbolic_link("../artifacts", root + "/circle"));

  EXPECT_EQ(get("/get-artifact?run_id=r1&path=leak/secret.txt").substr(0, 3), "404");
  EXPECT_EQ(get(kFiles + "/0/r1/artifacts/leak/secret.txt").substr(0, 3), "404");
  EXPECT_EQ(get(kFiles + "?path=0/r1/artifacts/leak"), "200 {}");
  EXPECT_EQ(get("/api/2.0/mlflow/artifacts/list?run_id=r1&path=leak"),
            R"(200 {"root_uri":"mlflow-artifacts:/0/r1/artifacts"})");
  EXPECT_EQ(get("/api/2.0/mlflow/artifacts/list?run_id=r1&path=circle/circle"),
            R"(200 {"root_uri":"mlflow-artifacts:/0/r1/artifacts"})");
  EXPECT_EQ(send(Method::kPut, kFiles + "/0/r1/artifacts/leak/new", "x").status, 400);
  EXPECT_EQ(send(Method::kDelete, kFiles + "/0/r1/artifacts/leak/secret.txt").status, 200);
  EXPECT_EQ(files.read(folder_.at("outside/secret.txt")).value(), "secret");
  EXPECT_EQ(files.list(folder_.at("outside")).value().size(), 1U);
}

TEST_F(Artifacts, TakeHonestNames) {
  for (const std::string path : {"path", "path2/to/file", "dog%step%100%timestamp%100",
                                 "dog+step+100+timestamp+100", "a b/\xC3\xA9t\xC3\xA9.txt"}) {
    const std::string target = kFiles + "/h/" + codec::percent_encode(path, "/");
    EXPECT_EQ(send(Method::kPut, target, path).status, 200) << path;
    EXPECT_EQ(get(target), "200 " + path);
    EXPECT_EQ(os::real_files().read(folder_.at("served/h/") + path).value(), path);
  }
  EXPECT_EQ(get(kFiles + "?path=h/path2/"), R"(200 {"files":[{"path":"to","is_dir":true}]})");
}

}  // namespace
}  // namespace starcast::tracking::api
