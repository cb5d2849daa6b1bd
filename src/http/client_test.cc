#include "http/client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/log.h"
#include "http/server.h"
#include "os/testing/temporary_folder.h"

namespace starcast::http {
namespace {

// Takes one connection after another and plays a script: for each request (up to its empty line) the next
// answer.
class ScriptedServer {
 public:
  struct Turn {
    std::string answer{};
    bool hangs_up = false;  // after the answer
  };

  explicit ScriptedServer(std::vector<Turn> turns)
      : turns_(std::move(turns)), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { run(); });
  }
  ~ScriptedServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }
  // After the client is done.
  const std::string& heard() const { return heard_; }

 private:
  void run() {
    std::size_t turn = 0;
    while (turn < turns_.size()) {
      const int peer = accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      ++connections_;
      const timeval limit{10, 0};
      setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
      while (turn < turns_.size() && read_request(peer)) {
        const Turn& its = turns_[turn++];
        ::send(peer, its.answer.data(), its.answer.size(), MSG_NOSIGNAL);
        if (its.hangs_up) break;
      }
      ::close(peer);
    }
  }
  bool read_request(int peer) {
    std::string text;
    char letter = 0;
    while (!text.ends_with("\r\n\r\n")) {
      if (recv(peer, &letter, 1, 0) != 1) return false;
      text.push_back(letter);
    }
    heard_ += text;
    return true;
  }

  std::vector<Turn> turns_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::string heard_{};
  std::jthread thread_{};
};

constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

ClientOptions quick() {
  ClientOptions options;
  options.stall_timeout = std::chrono::milliseconds(10'000);
  return options;
}

ClientRequest to(std::string url, Method method = Method::kGet) {
  ClientRequest request;
  request.method = method;
  request.url = std::move(url);
  return request;
}

TEST(Client, KeepsItsConnection) {
  ScriptedServer server({{kOk}, {kOk}});
  const auto client = make_client(quick());

  EXPECT_EQ(client->send(to(server.url("/a"))).value().body, "ok");
  EXPECT_EQ(client->send(to(server.url("/b"))).value().body, "ok");

  EXPECT_EQ(server.connections(), 1);
}

TEST(Client, ReadsChunksAndWhatEndsWithTheConnection) {
  ScriptedServer server(
      {{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"},
       {"HTTP/1.1 200 OK\r\n\r\nuntil the end", true}});
  const auto client = make_client(quick());

  EXPECT_EQ(client->send(to(server.url("/"))).value().body, "abcde");
  EXPECT_EQ(client->send(to(server.url("/"))).value().body, "until the end");
}

TEST(Client, SkipsInterimAnswers) {
  ScriptedServer server(
      {{std::string("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n") + kOk}});

  EXPECT_EQ(make_client(quick())->send(to(server.url("/"))).value().body, "ok");
}

TEST(Client, ReadsNoBodyAfterHead) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"}, {kOk}});
  const auto client = make_client(quick());

  EXPECT_EQ(client->send(to(server.url("/"), Method::kHead)).value().headers.find("Content-Length"), "99");
  EXPECT_EQ(client->send(to(server.url("/"))).value().body, "ok");
}

TEST(Client, TriesAgainOnAConnectionThatWasClosed) {
  ScriptedServer server({{kOk, true}, {kOk}});
  const auto client = make_client(quick());
  ASSERT_TRUE(client->send(to(server.url("/"))));

  EXPECT_EQ(client->send(to(server.url("/"))).value().body, "ok");

  EXPECT_EQ(server.connections(), 2);
}

TEST(Client, TriesAgainWhenTheAnswerNeverBegan) {
  ScriptedServer server({{kOk}, {"", true}, {kOk}});
  const auto client = make_client(quick());
  ASSERT_TRUE(client->send(to(server.url("/"))));

  EXPECT_EQ(client->send(to(server.url("/"))).value().body, "ok");
}

TEST(Client, NeverSendsAPostTwice) {
  ScriptedServer server({{kOk}, {"", true}, {kOk}});
  const auto client = make_client(quick());
  ASSERT_TRUE(client->send(to(server.url("/"))));

  const auto answer = client->send(to(server.url("/"), Method::kPost));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), core::ErrorCode::kUnavailable);
  ASSERT_TRUE(client->send(to(server.url("/last"))));
}

TEST(Client, SaysWhenAnAnswerIsCutShort) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", true}});

  const auto answer = make_client(quick())->send(to(server.url("/")));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), core::ErrorCode::kUnavailable);
}

TEST(Client, SaysWhenTheAnswerIsNoHttp) {
  ScriptedServer server({{"SSH-2.0-OpenSSH\r\n", true}});

  EXPECT_EQ(make_client(quick())->send(to(server.url("/"))).error().code(), core::ErrorCode::kUnavailable);
}

TEST(Client, GivesUpOnAServerThatIsSilent) {
  ScriptedServer server({{""}, {kOk}});
  ClientOptions options;
  options.stall_timeout = std::chrono::milliseconds(30);

  const auto answer = make_client(options)->send(to(server.url("/")));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), core::ErrorCode::kDeadlineExceeded);
  EXPECT_TRUE(make_client(quick())->send(to(server.url("/"))));
}

TEST(Client, SaysThatNobodyListens) {
  std::uint16_t port = 0;
  {
    ScriptedServer server({});
    port = server.port();
  }

  const auto answer = make_client(quick())->send(to("http://127.0.0.1:" + std::to_string(port) + "/"));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), core::ErrorCode::kUnavailable);
}

TEST(Client, RefusesAddressesThatAreNone) {
  for (const char* url : {"", "localhost:5000", "ftp://host/", "http://", "http://host:x/", "http://host:/",
                          "http://host/a b", "http://[::1/", "http://host/\r\nX: y"}) {
    const auto answer = make_client(quick())->send(to(url));
    ASSERT_FALSE(answer) << url;
    EXPECT_EQ(answer.error().code(), core::ErrorCode::kInvalidInput) << url;
  }
}

TEST(Client, RefusesFieldsWithLineEnds) {
  ClientRequest request = to("http://127.0.0.1:1/");
  request.headers.add("X", "a\r\nY: b");

  EXPECT_EQ(make_client(quick())->send(request).error().code(), core::ErrorCode::kInvalidInput);
}

TEST(Client, SendsTheAddressUserAsBasic) {
  ScriptedServer server({{kOk}});

  ASSERT_TRUE(make_client(quick())->send(
      to("http://Aladdin:open%20sesame@127.0.0.1:" + std::to_string(server.port()) + "/")));

  EXPECT_NE(server.heard().find("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"), std::string::npos);
}

TEST(Client, AsksAProxyForTheWholeAddress) {
  ScriptedServer proxy({{kOk}});
  ClientOptions options = quick();
  options.plain_proxy = "http://me:secret@127.0.0.1:" + std::to_string(proxy.port());

  ASSERT_TRUE(make_client(options)->send(to("http://far.example.com:8080/x?y=1")));

  EXPECT_TRUE(proxy.heard().starts_with("GET http://far.example.com:8080/x?y=1 HTTP/1.1\r\n"))
      << proxy.heard();
  EXPECT_NE(proxy.heard().find("Proxy-Authorization: Basic "), std::string::npos);
}

TEST(Client, GoesAroundTheProxyWhereTold) {
  ScriptedServer server({{kOk}});
  ClientOptions options = quick();
  options.plain_proxy = "http://127.0.0.1:1";
  options.no_proxy = {"example.com", "127.0.0.1"};

  EXPECT_TRUE(make_client(options)->send(to(server.url("/"))));
}

TEST(Client, SaysWhenTheProxyRefusesToConnect) {
  ScriptedServer proxy({{"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", true}});
  ClientOptions options = quick();
  options.proxy = "127.0.0.1:" + std::to_string(proxy.port());

  const auto answer = make_client(options)->send(to("https://far.example.com/"));

  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("407"), std::string::npos);
  EXPECT_TRUE(
      proxy.heard().starts_with("CONNECT far.example.com:443 HTTP/1.1\r\nHost: far.example.com:443\r\n"));
}

TEST(Client, SaysWhenAServerSpeaksNoTls) {
  ScriptedServer plain({{"HTTP/1.1 400 Bad Request\r\n\r\n", true}});
  ClientOptions options = quick();
  options.stall_timeout = std::chrono::milliseconds(30);

  const auto answer =
      make_client(options)->send(to("https://127.0.0.1:" + std::to_string(plain.port()) + "/"));

  EXPECT_FALSE(answer);
}

TEST(Client, NamesACertificateFileThatCannotBeRead) {
  ScriptedServer server({{"", true}});
  ClientOptions options = quick();
  options.ca_file = "no/such/file.pem";

  const auto answer =
      make_client(options)->send(to("https://127.0.0.1:" + std::to_string(server.port()) + "/"));

  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("no/such/file.pem"), std::string::npos);
}

TEST(ClientOptions, ComeFromTheEnvironment) {
  const ClientOptions options =
      client_options(os::MapEnvironment({{"HTTPS_PROXY", "http://p:1"},
                                         {"http_proxy", "http://q:2"},
                                         {"HTTP_PROXY", "http://r:3"},
                                         {"NO_PROXY", "localhost, .example.com,"},
                                         {"MLFLOW_TRACKING_SERVER_CERT_PATH", "ca.pem"},
                                         {"MLFLOW_TRACKING_INSECURE_TLS", "true"}}));

  EXPECT_EQ(options.proxy, "http://p:1");
  EXPECT_EQ(options.plain_proxy, "http://q:2");
  EXPECT_EQ(options.no_proxy, (std::vector<std::string>{"localhost", ".example.com"}));
  EXPECT_EQ(options.ca_file, "ca.pem");
  EXPECT_FALSE(options.verify_tls);
}

TEST(ClientOptions, VerifyByDefault) {
  EXPECT_TRUE(client_options(os::MapEnvironment({})).verify_tls);
}

// Answers one connection by TLS with a certificate of its own making, for 127.0.0.1.
class TlsServer {
 public:
  TlsServer() {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    key_ = EVP_EC_gen("P-256");
    certificate_ = X509_new();
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3'600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3'600);
    X509_set_pubkey(certificate_, key_);
    const unsigned char name[] = "test";
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate_), "CN", MBSTRING_ASC, name, -1, -1, 0);
    X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1");
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate_, key_, EVP_sha256());
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate_);
    SSL_CTX_use_PrivateKey(context_, key_);

    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { run(); });
  }
  ~TlsServer() {
    shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::string url(std::string_view host) const {
    return "https://" + std::string(host) + ":" + std::to_string(port_) + "/";
  }
  void write_certificate(const std::string& path) const {
    BIO* file = BIO_new_file(path.c_str(), "w");
    PEM_write_bio_X509(file, certificate_);
    BIO_free(file);
  }

 private:
  void run() {
    for (;;) {
      const int peer = accept(listener_, nullptr, nullptr);
      if (peer < 0) return;
      SSL* session = SSL_new(context_);
      SSL_set_fd(session, peer);
      std::string text(100'000, '\0');
      if (SSL_accept(session) == 1 && SSL_read(session, text.data(), 100'000) > 0) {
        const std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'a');
        SSL_write(session, answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(session);
      }
      SSL_free(session);
      ::close(peer);
    }
  }

  EVP_PKEY* key_ = nullptr;
  X509* certificate_ = nullptr;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::jthread thread_{};
};

TEST(ClientTls, TrustsAPrivateAuthority) {
  const os::TemporaryFolder folder;
  TlsServer server;
  server.write_certificate(folder.at("ca.pem"));
  ClientOptions options = quick();
  options.ca_file = folder.at("ca.pem");

  const auto answer = make_client(options)->send(to(server.url("127.0.0.1")));

  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, std::string(50'000, 'a'));
}

TEST(ClientTls, RefusesAnUnknownAuthority) {
  TlsServer server;

  const auto answer = make_client(quick())->send(to(server.url("127.0.0.1")));

  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), core::ErrorCode::kUnavailable);
  EXPECT_NE(answer.error().message().find("is not trusted"), std::string::npos);
}

TEST(ClientTls, RefusesACertificateOfAnotherName) {
  const os::TemporaryFolder folder;
  TlsServer server;
  server.write_certificate(folder.at("ca.pem"));
  ClientOptions options = quick();
  options.ca_file = folder.at("ca.pem");

  EXPECT_FALSE(make_client(options)->send(to(server.url("localhost"))));
}

TEST(ClientTls, TakesAnyCertificateWhenToldSo) {
  TlsServer server;
  ClientOptions options = quick();
  options.verify_tls = false;

  EXPECT_TRUE(make_client(options)->send(to(server.url("localhost"))));
}

// Client and server together.
class ClientAndServer : public testing::Test {
 protected:
  class Counter final : public BodyReceiver {
   public:
    core::Result<void> write(std::string_view bytes) override {
      bytes_ += bytes.size();
      return {};
    }
    core::Result<Response> finish() override { return text_response(200, std::to_string(bytes_)); }

   private:
    std::size_t bytes_ = 0;
  };
  class Zeros final : public core::ByteSource {
   public:
    explicit Zeros(std::size_t bytes) : left_(bytes) {}
    core::Result<std::size_t> read(std::span<char> buffer) override {
      const std::size_t count = std::min(left_, buffer.size());
      std::fill_n(buffer.begin(), count, '0');
      left_ -= count;
      return count;
    }

   private:
    std::size_t left_;
  };
  class Sum final : public core::ByteSink {
   public:
    core::Result<void> write(std::string_view text) override {
      bytes += text.size();
      if (bytes > bytes_max) return core::Error(core::ErrorCode::kExhausted, "disk full");
      return {};
    }
    std::size_t bytes = 0;
    std::size_t bytes_max = std::size_t{1} << 30;
  };

  void SetUp() override {
    const auto counting = [](const Request&) -> core::Result<std::unique_ptr<BodyReceiver>> {
      return std::unique_ptr<BodyReceiver>(std::make_unique<Counter>());
    };
    Route up{Method::kPut, "/up", Permission::kEdit, Where::kPool, nullptr, counting};
    up.body_bytes_max = std::size_t{1} << 30;
    routes_.add(std::move(up));
    Route small{
        Method::kPost, "/small", Permission::kEdit, Where::kPool,
        [](const Request& request) -> core::Result<Response> { return text_response(200, request.body); }};
    small.body_bytes_max = 1'000;
    routes_.add(std::move(small));
    routes_.add({Method::kGet, "/down", Permission::kRead, Where::kPool,
                 [](const Request&) -> core::Result<Response> {
                   Response response;
                   response.stream = std::make_unique<Zeros>(20'000'000);
                   return response;
                 }});
    routes_.add({Method::kGet, "/text", Permission::kRead, Where::kPool,
                 [](const Request& request) -> core::Result<Response> {
                   return text_response(
                       200, std::string(50'000, 'a') +
                                std::string(request.headers.find("Accept-Encoding").value_or("")));
                 }});
    ServerOptions options;
    options.access_log = false;
    server_ = start_server(routes_, options, core::system_clock(), log_).value();
  }
  std::string url(std::string_view path) const {
    return "http://localhost:" + std::to_string(server_->port()) + std::string(path);
  }

  core::NullLog log_{};
  RouteTable routes_{};
  std::unique_ptr<Server> server_{};
  std::unique_ptr<Client> client_ = make_client(quick());
};

TEST_F(ClientAndServer, SendStreamsBothWays) {
  Zeros known(30'000'000), unknown(1'000'000);
  ClientRequest upload = to(url("/up"), Method::kPut);
  upload.stream = &known;
  upload.stream_bytes = 30'000'000;
  EXPECT_EQ(client_->send(upload).value().body, "30000000");
  upload.stream = &unknown;
  upload.stream_bytes.reset();
  EXPECT_EQ(client_->send(upload).value().body, "1000000");

  Sum sum;
  const auto download = client_->send(to(url("/down")), &sum);

  ASSERT_TRUE(download);
  EXPECT_EQ(download->body, "");
  EXPECT_EQ(sum.bytes, 20'000'000U);
}

TEST_F(ClientAndServer, UnpackTextByThemselves) {
  EXPECT_EQ(client_->send(to(url("/text"))).value().body, std::string(50'000, 'a') + "gzip");
}

TEST_F(ClientAndServer, AgreeOnARefusalBeforeTheBodyIsSent) {
  ClientRequest request = to(url("/small"), Method::kPost);
  request.body.assign(30'000'000, 'x');

  EXPECT_EQ(client_->send(request).value().status, 413);
}

TEST_F(ClientAndServer, PassOnTheSinksError) {
  Sum sum;
  sum.bytes_max = 100'000;

  EXPECT_EQ(client_->send(to(url("/down")), &sum).error().code(), core::ErrorCode::kExhausted);
}

TEST_F(ClientAndServer, RefuseAStreamShorterThanAnnounced) {
  Zeros zeros(10);
  ClientRequest upload = to(url("/up"), Method::kPut);
  upload.stream = &zeros;
  upload.stream_bytes = 11;

  EXPECT_EQ(client_->send(upload).error().code(), core::ErrorCode::kInvalidInput);
}

TEST_F(ClientAndServer, KeepAnErrorsBodyOutOfTheSink) {
  Sum sum;

  const auto answer = client_->send(to(url("/nothing")), &sum).value();

  EXPECT_EQ(answer.status, 404);
  EXPECT_NE(answer.body, "");
  EXPECT_EQ(sum.bytes, 0U);
}

}  // namespace
}  // namespace starcast::http
