#include "http/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/guarded.h"
#include "core/strings.h"
#include "http/gzip.h"

namespace starcast::http {
namespace {

// A blocking socket on 127.0.0.1; ten seconds without a byte end a test.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval limit{10, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }
  ~Wire() { hang_up(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  void hang_up() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  // False at the end.
  bool receive() {
    std::string buffer(std::size_t{64} << 10, '\0');
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    received_.append(buffer, 0, static_cast<std::size_t>(count));
    return true;
  }
  bool has_input(int wait_ms) const {
    pollfd wanted{socket_, POLLIN, 0};
    return poll(&wanted, 1, wait_ms) > 0;
  }
  // Up to and with `end`, or all that came before the connection's end.
  std::string until(std::string_view end) {
    std::size_t at = 0;
    while ((at = received_.find(end)) == std::string::npos) {
      if (!receive()) return std::exchange(received_, {});
    }
    std::string text = received_.substr(0, at + end.size());
    received_.erase(0, text.size());
    return text;
  }
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(received_, {});
  }
  std::string exactly(std::size_t bytes) {
    while (received_.size() < bytes && receive()) {
    }
    std::string text = received_.substr(0, bytes);
    received_.erase(0, text.size());
    return text;
  }

 private:
  int socket_;
  std::string received_{};
};

struct Answer {
  int status = 0;
  std::string head{};
  std::string body{};
};

std::string field_of(const Answer& answer, std::string_view name) {
  for (const std::string_view line : core::split(answer.head, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    if (core::ascii_lower(line.substr(0, colon)) != core::ascii_lower(name)) continue;
    return std::string(core::trimmed(line.substr(colon + 1)));
  }
  return {};
}

std::size_t number_of(std::string_view text, int base) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number, base);
  return number;
}

Answer read_answer(Wire& wire, bool has_body = true) {
  Answer answer;
  answer.head = wire.until("\r\n\r\n");
  if (answer.head.size() < 12) return answer;
  answer.status = static_cast<int>(number_of(std::string_view(answer.head).substr(9, 3), 10));
  if (!has_body) return answer;
  if (field_of(answer, "Transfer-Encoding") == "chunked") {
    for (;;) {
      const std::size_t size = number_of(wire.until("\r\n"), 16);
      answer.body += wire.exactly(size);
      wire.exactly(2);
      if (size == 0) return answer;
    }
  }
  answer.body = wire.exactly(number_of(field_of(answer, "Content-Length"), 10));
  return answer;
}

constexpr std::string_view kHost = "Host: localhost\r\n";

std::string get(std::string_view path, std::string_view fields = {}) {
  return "GET " + std::string(path) + " HTTP/1.1\r\n" + std::string(kHost) + std::string(fields) + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view fields = {}) {
  return "POST " + std::string(path) + " HTTP/1.1\r\n" + std::string(kHost) + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

class Lines final : public core::Log {
 public:
  void write(core::LogLevel, std::string_view text) override {
    lines_.with([text](std::vector<std::string>& lines) { lines.emplace_back(text); });
  }
  std::vector<std::string> all() {
    return lines_.with([](std::vector<std::string>& lines) { return lines; });
  }

 private:
  core::Guarded<std::vector<std::string>> lines_{};
};

// `bytes` times 'x'.
class Letters final : public core::ByteSource {
 public:
  explicit Letters(std::size_t bytes) : left_(bytes) {}
  core::Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t count = std::min(buffer.size(), left_);
    std::fill_n(buffer.begin(), count, 'x');
    left_ -= count;
    return count;
  }

 private:
  std::size_t left_;
};

class FailingSource final : public core::ByteSource {
 public:
  core::Result<std::size_t> read(std::span<char> buffer) override {
    if (given_) return core::Error(core::ErrorCode::kCorrupt, "damaged");
    given_ = true;
    buffer[0] = 'x';
    return std::size_t{1};
  }

 private:
  bool given_ = false;
};

// What became of the bodies of a receiver route.
struct Received {
  std::atomic<std::size_t> bytes{0};
  std::atomic<std::size_t> largest{0};
  std::atomic<int> finished{0};
  std::promise<void> dropped{};
};

class CountingReceiver final : public BodyReceiver {
 public:
  explicit CountingReceiver(Received& received) : received_(received) {}
  ~CountingReceiver() override {
    if (!finished_) received_.dropped.set_value();
  }
  core::Result<void> write(std::string_view bytes) override {
    received_.bytes += bytes.size();
    received_.largest = std::max(received_.largest.load(), bytes.size());
    if (bytes.find("POISON") != std::string_view::npos) {
      return core::Error(core::ErrorCode::kInvalidInput, "poison in the body");
    }
    return {};
  }
  core::Result<Response> finish() override {
    finished_ = true;
    ++received_.finished;
    return text_response(200, std::to_string(received_.bytes));
  }

 private:
  Received& received_;
  bool finished_ = false;
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    add(Method::kGet, "/inline", Where::kInline, [](const Request&) { return text_response(200, "inline"); });
    add(Method::kGet, "/pool", Where::kPool, [](const Request&) { return text_response(200, "pool"); });
    add(Method::kGet, "/health", Where::kInline, [](const Request&) { return text_response(200, "OK"); });
    add(Method::kPost, "/echo", Where::kPool,
        [](const Request& request) { return text_response(200, request.body, "application/octet-stream"); });
    add(Method::kPost, "/echo-inline", Where::kInline,
        [](const Request& request) { return text_response(200, request.body, "application/octet-stream"); });
    const auto thread = [](const Request&) {
      return text_response(200, std::to_string(std::hash<std::thread::id>()(std::this_thread::get_id())));
    };
    add(Method::kGet, "/thread", Where::kInline, thread);
    add(Method::kPost, "/thread", Where::kBySize, thread);
    add(Method::kGet, "/throws", Where::kPool,
        [](const Request&) -> Response { throw std::runtime_error("secret"); });
    add(Method::kGet, "/large-text", Where::kPool,
        [](const Request&) { return text_response(200, std::string(100'000, 'a')); });
    add(Method::kGet, "/empty", Where::kInline, [](const Request&) {
      Response response;
      response.status = 204;
      return response;
    });
    add(Method::kGet, "/inject", Where::kInline, [](const Request&) {
      Response response = text_response(200, "x");
      response.headers.add("X-Name", "a\r\nX-Evil: 1");
      return response;
    });
    add(Method::kGet, "/stream", Where::kPool, [](const Request& request) {
      Response response;
      const std::size_t bytes = number_of(request.query_field("bytes").value_or("0"), 10);
      response.stream = std::make_unique<Letters>(bytes);
      if (request.query_field("known")) response.stream_bytes = bytes;
      return response;
    });
    add(Method::kGet, "/broken-stream", Where::kPool, [](const Request&) {
      Response response;
      response.stream = std::make_unique<FailingSource>();
      return response;
    });
    Route upload{Method::kPut, "/upload/{path...}", Permission::kEdit, Where::kPool, nullptr};
    upload.receiver = [this](const Request& request) -> core::Result<std::unique_ptr<BodyReceiver>> {
      if (request.parameter("path") == "refused") {
        return core::Error(core::ErrorCode::kPermissionDenied, "not here");
      }
      return std::unique_ptr<BodyReceiver>(std::make_unique<CountingReceiver>(received_));
    };
    upload.body_bytes_max = std::size_t{1} << 30;
    routes_.add(std::move(upload));
    Route json{Method::kPost, "/json", Permission::kEdit, Where::kPool,
               [](const Request&) -> core::Result<Response> { return text_response(200, "json"); }};
    json.json_body = true;
    json.body_bytes_max = 1'000;
    json.name = "sendJson";
    routes_.add(std::move(json));
    options_.browser.enabled = true;
  }

  void TearDown() override { server_.reset(); }

  void add(Method method, std::string pattern, Where where, std::function<Response(const Request&)> handler) {
    routes_.add(Route{method, std::move(pattern), Permission::kRead, where,
                      [handler = std::move(handler)](const Request& request) -> core::Result<Response> {
                        return handler(request);
                      }});
  }

  std::uint16_t start() {
    auto server = start_server(routes_, options_, core::system_clock(), log_);
    EXPECT_TRUE(server);
    server_ = std::move(server).value();
    return server_->port();
  }

  Answer ask(std::string_view request, bool has_body = true) {
    if (server_ == nullptr) start();
    Wire wire(server_->port());
    wire.send(request);
    return read_answer(wire, has_body);
  }

  Received received_{};
  RouteTable routes_{};
  ServerOptions options_{};
  Lines log_{};
  std::unique_ptr<Server> server_{};
};

TEST_F(ServerTest, AnswersInlineAndFromThePool) {
  const Answer inline_answer = ask(get("/inline"));
  const Answer pool_answer = ask(get("/pool"));

  EXPECT_EQ(inline_answer.status, 200);
  EXPECT_EQ(inline_answer.body, "inline");
  EXPECT_EQ(pool_answer.body, "pool");
}

TEST_F(ServerTest, KeepsTheConnection) {
  Wire wire(start());

  for (int i = 0; i < 3; ++i) {
    wire.send(get("/pool"));
    EXPECT_EQ(read_answer(wire).body, "pool");
  }
}

TEST_F(ServerTest, ClosesTheConnectionWhenAsked) {
  Wire wire(start());

  wire.send(get("/inline", "Connection: close\r\n"));
  const Answer answer = read_answer(wire);

  EXPECT_EQ(field_of(answer, "Connection"), "close");
  EXPECT_FALSE(wire.receive());
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
  Wire wire(start());

  wire.send(get("/pool") + get("/inline") + post("/echo", "three") + get("/pool"));

  EXPECT_EQ(read_answer(wire).body, "pool");
  EXPECT_EQ(read_answer(wire).body, "inline");
  EXPECT_EQ(read_answer(wire).body, "three");
  EXPECT_EQ(read_answer(wire).body, "pool");
}

TEST_F(ServerTest, TakesARequestByteByByte) {
  Wire wire(start());

  const std::string request = "\r\n" + post("/echo", "slow");
  for (const char& letter : request) wire.send(std::string_view(&letter, 1));

  EXPECT_EQ(read_answer(wire).body, "slow");
}

TEST_F(ServerTest, ReadsAChunkedBodyWithItsTrailer) {
  const Answer answer =
      ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
          "5;name=value\r\nhello\r\n6\r\n world\r\n0\r\nX-Trailer: 1\r\n\r\n");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "hello world");
}

TEST_F(ServerTest, ReadsBodiesLargerThanItsBuffers) {
  std::string body(3'000'000, '\0');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  Wire wire(start());

  for (int i = 0; i < 2; ++i) {
    wire.send(post("/echo", body));
    EXPECT_TRUE(read_answer(wire).body == body);
  }
}

TEST_F(ServerTest, SaysContinueBeforeTheBody) {
  Wire wire(start());

  wire.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  EXPECT_EQ(wire.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("body");

  EXPECT_EQ(read_answer(wire).body, "body");
}

TEST_F(ServerTest, RefusesBeforeTheBodyOfARequestThatExpectsContinue) {
  Wire wire(start());

  wire.send(
      "PUT /upload/refused HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 400\r\n\r\n");
  const Answer answer = read_answer(wire);

  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.body, "not here");
  EXPECT_FALSE(wire.receive());
}

TEST_F(ServerTest, KeepsSmallBodiesOnTheSocketsThreadWhereTheSizeDecides) {
  options_.io_threads = 1;
  const std::string socket_thread = ask(get("/thread")).body;

  EXPECT_EQ(ask(post("/thread", std::string(1'000, 'a'))).body, socket_thread);
  EXPECT_NE(ask(post("/thread", std::string(100'000, 'a'))).body, socket_thread);
}

TEST_F(ServerTest, UnpacksGzipBodies) {
  const std::string text(10'000, 'q');

  EXPECT_EQ(ask(post("/echo", gzipped(text), "Content-Encoding: gzip\r\n")).body, text);
  EXPECT_EQ(ask(post("/echo-inline", gzipped(text), "Content-Encoding: gzip\r\n")).body, text);
}

TEST_F(ServerTest, RefusesAGzipBombByItsUnpackedSize) {
  const std::string bomb = gzipped(std::string(std::size_t{20} << 20, '0'));
  ASSERT_LT(bomb.size(), std::size_t{1} << 20);

  EXPECT_EQ(ask(post("/echo", bomb, "Content-Encoding: gzip\r\n")).status, 413);
}

TEST_F(ServerTest, RefusesBrokenAndUnknownEncodings) {
  EXPECT_EQ(ask(post("/echo", "no gzip", "Content-Encoding: gzip\r\n")).status, 400);
  EXPECT_EQ(ask(post("/echo", gzipped("cut short").substr(0, 12), "Content-Encoding: gzip\r\n")).status, 400);
  EXPECT_EQ(ask(post("/echo", "x", "Content-Encoding: br\r\n")).status, 415);
}

TEST_F(ServerTest, PacksTextForWhoAcceptsIt) {
  const Answer packed = ask(get("/large-text", "Accept-Encoding: deflate, gzip;q=0.5\r\n"));
  const Answer plain = ask(get("/large-text", "Accept-Encoding: gzip;q=0\r\n"));

  EXPECT_EQ(field_of(packed, "Content-Encoding"), "gzip");
  EXPECT_EQ(unpacked(packed.body, 1'000'000).value(), std::string(100'000, 'a'));
  EXPECT_EQ(field_of(plain, "Content-Encoding"), "");
  EXPECT_EQ(plain.body.size(), 100'000U);
}

TEST_F(ServerTest, PacksNothingForThisMachineWhereToldSo) {
  options_.gzip_to_loopback = false;

  EXPECT_EQ(ask(get("/large-text", "Accept-Encoding: gzip\r\n")).body.size(), 100'000U);
}

TEST_F(ServerTest, AnswersHeadWithoutABody) {
  Wire wire(start());

  wire.send("HEAD /pool HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/inline"));
  const Answer head = read_answer(wire, false);

  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(field_of(head, "Content-Length"), "4");
  EXPECT_EQ(read_answer(wire).body, "inline");
}

TEST_F(ServerTest, AnswersHeadOfAStreamWithItsLength) {
  Wire wire(start());

  wire.send("HEAD /stream?bytes=777&known=1 HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/inline"));

  EXPECT_EQ(field_of(read_answer(wire, false), "Content-Length"), "777");
  EXPECT_EQ(read_answer(wire).body, "inline");
}

TEST_F(ServerTest, LeavesTheLengthOutOfAnEmptyAnswer) {
  Wire wire(start());

  wire.send(get("/empty") + get("/inline"));
  const Answer empty = read_answer(wire, false);

  EXPECT_EQ(empty.status, 204);
  EXPECT_EQ(field_of(empty, "Content-Length"), "");
  EXPECT_EQ(read_answer(wire).body, "inline");
}

TEST_F(ServerTest, NamesTheMethodsOfAKnownPath) {
  const Answer answer = ask("DELETE /inline HTTP/1.1\r\nHost: localhost\r\n\r\n");

  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(field_of(answer, "Allow"), "GET, HEAD, OPTIONS");
  EXPECT_EQ(ask("TRACE /inline HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 405);
}

TEST_F(ServerTest, AnswersUnknownPathsByTheErrorResponder) {
  options_.error_response = [](const core::Error& error, const Request& request) {
    return text_response(404, std::string(name_of(error.code())) + " " + request.path);
  };

  EXPECT_EQ(ask(get("/nothing?x=1")).body, "not_found /nothing");
}

TEST_F(ServerTest, KeepsTheConnectionAfterARefusedBodyThatIsSmall) {
  Wire wire(start());

  wire.send(post("/nothing", std::string(50'000, 'x')) + get("/inline"));

  EXPECT_EQ(read_answer(wire).status, 404);
  EXPECT_EQ(read_answer(wire).body, "inline");
}

TEST_F(ServerTest, AnswersOptionsWithTheMethods) {
  const Answer answer = ask("OPTIONS /inline HTTP/1.1\r\nHost: localhost\r\n\r\n", false);

  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(field_of(answer, "Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(ServerTest, RefusesABodyOverItsRoutesLimit) {
  const std::string large(1'001, 'x');

  EXPECT_EQ(ask(post("/json", large, "Content-Type: application/json\r\n")).status, 413);
  EXPECT_EQ(ask("POST /json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                "Transfer-Encoding: chunked\r\n\r\n3e9\r\n" +
                large + "\r\n0\r\n\r\n")
                .status,
            413);
  EXPECT_EQ(ask(post("/json", large.substr(1), "Content-Type: application/json; charset=utf-8\r\n")).status,
            200);
}

TEST_F(ServerTest, AnswersAnEndlessBodyAtOnce) {
  Wire wire(start());

  wire.send(
      "POST /json HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 99999999999\r\n\r\nxxxx");

  EXPECT_EQ(read_answer(wire).status, 413);
}

TEST_F(ServerTest, RefusesBodiesThatAreNotDeclaredJson) {
  const Answer form = ask(post("/json", "a=1", "Content-Type: application/x-www-form-urlencoded\r\n"));

  EXPECT_EQ(form.status, 400);
  EXPECT_NE(form.body.find("Content-Type must be one of ['application/json']"), std::string::npos);
  EXPECT_EQ(ask(post("/json", "{}", "Content-Type: text/plain\r\n")).status, 400);
  EXPECT_EQ(ask(post("/json", "{}")).status, 400);
}

TEST_F(ServerTest, RefusesWhatCouldBeReadTwoWays) {
  const std::string start_line = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
  for (const std::string_view fields : {
           "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
           "Content-Length: 4\r\nContent-Length: 5\r\n",
           "Content-Length: 4, 5\r\n",
           "Content-Length: +4\r\n",
           "Content-Length: 4x\r\n",
           "Transfer-Encoding: gzip\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding : chunked\r\n",
           "Host: other\r\n",
           "Bad Name: x\r\n",
       }) {
    if (server_ == nullptr) start();
    Wire wire(server_->port());
    wire.send(start_line + std::string(fields) + "\r\n0\r\n\r\n");
    const Answer answer = read_answer(wire);
    EXPECT_EQ(answer.status, 400) << fields;
    EXPECT_EQ(field_of(answer, "Connection"), "close") << fields;
    EXPECT_EQ(wire.rest(), "") << fields;
  }
}

TEST_F(ServerTest, RefusesMalformedRequests) {
  EXPECT_EQ(ask("GARBAGE\r\n\r\n").status, 400);
  EXPECT_EQ(ask("GET /inline HTTP/1.1\r\n\r\n").status, 400);
  EXPECT_EQ(ask("GET inline HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 400);
  EXPECT_EQ(ask("GET /inline HTTP/2.0\r\nHost: localhost\r\n\r\n").status, 400);
  EXPECT_EQ(ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").status,
            400);
  EXPECT_EQ(ask("\x16\x03\x01\x02").status, 400);
}

// Those before us may read it otherwise, so what follows it is not trusted.
TEST_F(ServerTest, RefusesAFoldedHeaderAndCloses) {
  const std::string next = get("/inline");
  for (const std::string_view fields : {"X: a\r\n b\r\n", "X:\r\n\ta\r\n", "Content-Length:\r\n 2\r\n",
                                        "Transfer-Encoding:\r\n chunked\r\n"}) {
    if (server_ == nullptr) start();
    Wire wire(server_->port());
    wire.send(get("/inline", std::string(fields)) + next);
    EXPECT_EQ(read_answer(wire).status, 400) << fields;
    EXPECT_EQ(wire.rest(), "") << fields;
  }
  EXPECT_EQ(ask(get("/inline", "X: a\r\nY: b \r\n")).status, 200);
}

TEST_F(ServerTest, TakesTheAbsoluteFormAsThePathAndItsHost) {
  EXPECT_EQ(ask("GET http://localhost:5000/inline HTTP/1.1\r\nHost: x\r\n\r\n").status, 200);
  EXPECT_EQ(ask("GET http://evil.com/inline HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 403);
}

TEST_F(ServerTest, RefusesALargeHeader) {
  options_.limits.header_bytes = 1'000;

  EXPECT_EQ(ask(get("/inline", "X: " + std::string(2'000, 'x') + "\r\n")).status, 431);
  EXPECT_EQ(ask(get("/" + std::string(2'000, 'x'))).status, 431);
  EXPECT_EQ(ask(get("/inline", "X: " + std::string(500, 'x') + "\r\n")).status, 200);
}

TEST_F(ServerTest, TakesHeadersUpToTheDefaultLimitAndNoMore) {
  EXPECT_EQ(ask(get("/inline", "X: " + std::string(60'000, 'x') + "\r\n")).status, 200);
  EXPECT_EQ(ask(get("/inline", "Authorization: " + std::string(1 << 20, 'x') + "\r\n")).status, 431);
}

TEST_F(ServerTest, GivesUpOnASlowHeader) {
  options_.limits.header = std::chrono::milliseconds(40);
  Wire wire(start());

  wire.send("GET /inline HT");

  EXPECT_EQ(read_answer(wire).status, 408);
  EXPECT_FALSE(wire.receive());
}

TEST_F(ServerTest, GivesUpOnASlowBody) {
  options_.limits.body_stall = std::chrono::milliseconds(40);
  Wire wire(start());

  wire.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc");

  EXPECT_EQ(read_answer(wire).status, 408);
}

TEST_F(ServerTest, GivesUpOnABodyThatTrickles) {
  options_.limits.body_stall = std::chrono::milliseconds(100);
  options_.limits.body_bytes_per_second = 100'000;
  Wire wire(start());
  wire.send("PUT /upload/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");

  for (int i = 0; i < 5'000 && !wire.has_input(2); ++i) wire.send("x");

  EXPECT_EQ(read_answer(wire).status, 408);
  received_.dropped.get_future().wait();
}

TEST_F(ServerTest, ClosesAClientThatTakesNoAnswer) {
  options_.limits.body_stall = std::chrono::milliseconds(40);
  Wire wire(start());

  wire.send(get("/stream?bytes=100000000"));
  server_->stop(std::chrono::seconds(10));

  EXPECT_LT(wire.rest().size(), 100'000'000U);
}

TEST_F(ServerTest, ClosesIdleConnections) {
  options_.limits.idle = std::chrono::milliseconds(40);
  Wire wire(start());

  wire.send(get("/inline"));
  EXPECT_EQ(read_answer(wire).status, 200);

  EXPECT_FALSE(wire.receive());
}

TEST_F(ServerTest, RefusesConnectionsOverTheLimit) {
  options_.limits.connections = 1;
  Wire first(start());
  first.send(get("/inline"));
  EXPECT_EQ(read_answer(first).status, 200);

  Wire second(server_->port());
  const Answer refused = read_answer(second);

  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(field_of(refused, "Retry-After"), "1");
  first.send(get("/inline"));
  EXPECT_EQ(read_answer(first).status, 200);
}

TEST_F(ServerTest, RefusesRequestsWhenTheQueueIsFull) {
  options_.limits.queue = 0;
  start();

  EXPECT_EQ(ask(get("/pool")).status, 503);
  EXPECT_EQ(ask(get("/inline")).status, 200);
}

TEST_F(ServerTest, AnswersAThrowingHandlerWithoutItsText) {
  const Answer answer = ask(get("/throws"));

  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body.find("secret"), std::string::npos);
}

TEST_F(ServerTest, KeepsControlCharactersOutOfTheHeader) {
  const Answer answer = ask(get("/inject"));

  EXPECT_EQ(field_of(answer, "X-Evil"), "");
  EXPECT_EQ(field_of(answer, "X-Name"), "a  X-Evil: 1");
}

TEST_F(ServerTest, CarriesSecurityFields) {
  const Answer answer = ask(get("/nothing"));

  EXPECT_EQ(field_of(answer, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(field_of(answer, "X-Frame-Options"), "SAMEORIGIN");
}

TEST_F(ServerTest, RefusesForeignHostsAndOrigins) {
  const Answer host = ask("GET /inline HTTP/1.1\r\nHost: evil.attacker.com\r\n\r\n");
  const Answer origin = ask(post("/echo", "x", "Origin: http://evil.com\r\n"));

  EXPECT_EQ(host.status, 403);
  EXPECT_EQ(host.body, "Invalid Host header - possible DNS rebinding attack detected");
  EXPECT_EQ(origin.status, 403);
  EXPECT_EQ(origin.body, "Cross-origin request blocked");
  EXPECT_EQ(ask("GET /health HTTP/1.1\r\nHost: evil.attacker.com\r\n\r\n").status, 200);
}

TEST_F(ServerTest, AnswersPreflights) {
  const std::string request =
      "OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\n"
      "Access-Control-Request-Method: POST\r\nOrigin: ";

  const Answer own = ask(request + "http://localhost:3000\r\n\r\n");
  const Answer foreign = ask(request + "http://evil.com\r\n\r\n", false);

  EXPECT_EQ(own.status, 200);
  EXPECT_EQ(field_of(own, "Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_EQ(foreign.status, 204);
  EXPECT_EQ(field_of(foreign, "Access-Control-Allow-Origin"), "");
}

TEST_F(ServerTest, StreamsFiftyMegabytesInChunks) {
  const Answer answer = ask(get("/stream?bytes=50000000"));

  EXPECT_EQ(field_of(answer, "Transfer-Encoding"), "chunked");
  EXPECT_EQ(answer.body.size(), 50'000'000U);
}

TEST_F(ServerTest, StreamsAKnownLengthAndKeepsTheConnection) {
  Wire wire(start());

  wire.send(get("/stream?bytes=1000000&known=1") + get("/inline"));
  const Answer answer = read_answer(wire);

  EXPECT_EQ(field_of(answer, "Content-Length"), "1000000");
  EXPECT_EQ(answer.body, std::string(1'000'000, 'x'));
  EXPECT_EQ(read_answer(wire).body, "inline");
}

TEST_F(ServerTest, StreamsToOldClientsUntilTheEnd) {
  Wire wire(start());

  wire.send("GET /stream?bytes=100000 HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
  const std::string head = wire.until("\r\n\r\n");

  EXPECT_NE(head.find("Connection: close"), std::string::npos);
  EXPECT_EQ(wire.rest(), std::string(100'000, 'x'));
}

TEST_F(ServerTest, CutsTheConnectionWhenAStreamFails) {
  Wire wire(start());

  wire.send(get("/broken-stream"));

  EXPECT_EQ(wire.rest().find("0\r\n\r\n"), std::string::npos);
}

TEST_F(ServerTest, HandsBodiesToReceiversInChunks) {
  const Answer answer = ask("PUT /upload/a/b HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n" +
                            std::string(1'000'000, 'x'));

  EXPECT_EQ(answer.body, "1000000");
  EXPECT_LE(received_.largest, std::size_t{320} << 10);
}

TEST_F(ServerTest, HandsPackedBodiesToReceiversUnpacked) {
  const std::string packed = gzipped(std::string(1'000'000, 'x'));

  const Answer answer =
      ask("PUT /upload/a HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\n"
          "Content-Length: " +
          std::to_string(packed.size()) + "\r\n\r\n" + packed);

  EXPECT_EQ(answer.body, "1000000");
  EXPECT_LE(received_.largest, std::size_t{64} << 10);
}

TEST_F(ServerTest, FinishesReceiversOfEmptyBodies) {
  EXPECT_EQ(ask("PUT /upload/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").body, "0");
}

TEST_F(ServerTest, DropsAReceiverWhoseClientIsGone) {
  Wire wire(start());

  wire.send("PUT /upload/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf");
  wire.hang_up();

  received_.dropped.get_future().wait();
  EXPECT_EQ(received_.finished, 0);
}

TEST_F(ServerTest, AnswersAReceiversErrorAndDropsIt) {
  const Answer answer =
      ask("PUT /upload/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\nPOISON");

  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, "poison in the body");
  received_.dropped.get_future().wait();
}

TEST_F(ServerTest, FinishesTheRequestThatRunsWhenItStops) {
  std::promise<void> entered, go;
  std::shared_future<void> gate = go.get_future().share();
  add(Method::kGet, "/wait", Where::kPool, [&entered, gate](const Request&) {
    entered.set_value();
    gate.wait();
    return text_response(200, "waited");
  });
  Wire idle(start());
  Wire busy(server_->port());
  busy.send(get("/wait"));
  entered.get_future().wait();

  std::jthread stopper([this] { server_->stop(std::chrono::seconds(10)); });
  EXPECT_FALSE(idle.receive());
  go.set_value();
  const Answer answer = read_answer(busy);

  EXPECT_EQ(answer.body, "waited");
  EXPECT_EQ(field_of(answer, "Connection"), "close");
}

TEST_F(ServerTest, StopsInSpiteOfAClientThatNeverReads) {
  Wire wire(start());
  wire.send(get("/stream?bytes=100000000"));
  EXPECT_TRUE(wire.receive());

  server_->stop(std::chrono::milliseconds(10));

  EXPECT_LT(wire.rest().size(), 100'000'000U);
}

TEST_F(ServerTest, CountsRequestsByRoute) {
  ask(post("/json", "{}", "Content-Type: application/json\r\n"));
  server_->stop(std::chrono::seconds(5));

  const std::string text = server_->metrics_text();

  EXPECT_NE(text.find("starcast_http_requests_total{route=\"sendJson\",method=\"POST\",status=\"2xx\"} 1\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("starcast_http_request_seconds_count{route=\"sendJson\",method=\"POST\"} 1\n"),
            std::string::npos);
}

TEST_F(ServerTest, WritesALineARequest) {
  ask(get("/inline?a=%0a"));
  server_.reset();

  const auto lines = log_.all();

  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("GET /inline?a=%0a 200 6 B ")) << lines[0];
  EXPECT_TRUE(lines[0].ends_with(" ms 127.0.0.1")) << lines[0];
}

TEST_F(ServerTest, NamesAFreePortWhenItsOwnIsTaken) {
  options_.port = start();

  const auto second = start_server(routes_, options_, core::system_clock(), log_);

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code(), core::ErrorCode::kAlreadyExists);
  EXPECT_NE(second.error().message().find("is free"), std::string::npos);
}

TEST_F(ServerTest, RefusesAnAddressThatIsNone) {
  options_.address = "nowhere";

  const auto server = start_server(routes_, options_, core::system_clock(), log_);

  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code(), core::ErrorCode::kInvalidInput);
}

}  // namespace
}  // namespace starcast::http
