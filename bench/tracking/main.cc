// Puts load on a tracking server over HTTP and prints what came back, as one line of JSON.
//
//   bench_tracking PORT CLIENTS SECONDS REQUESTS FIRST
//
// Each client is a thread with one kept connection; it sends the next request of the file as soon as it has
// the last answer, for SECONDS, and says what MLflow's Python client says about encodings. A line of REQUESTS
// is "METHOD<tab>PATH<tab>BODY<tab>TEXT<tab>TIMES": the answer must be 200 and hold TEXT that many times.
// "%N" in the body is the number of the request, counted from FIRST.
//
//   bench_tracking floor [FILE]
//
// A server that does nothing: one thread, epoll, the same short answer to every request, until its standard
// input ends; it prints its port first. With FILE it appends 4 KiB to it and syncs before each round's
// answers, which is the least that a durable answer takes. What the load reaches on it is what the machine
// allows.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace {

namespace core = starcast::core;
using core::Result;

// The real server needs minutes for a search when 16 ask.
constexpr int kTimeoutSeconds = 300;

core::Error failed(std::string message) {
  return core::Error(core::ErrorCode::kUnavailable, std::move(message));
}

struct Request {
  std::string method{};
  std::string path{};
  std::string body{};
  std::string expected{};
  std::size_t times = 0;
};

struct Options {
  std::uint16_t port = 0;
  std::size_t clients = 0;
  double seconds = 0;
};

std::optional<std::size_t> number_of(std::string_view text) {
  std::size_t value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<std::vector<Request>> read_requests(const std::string& path) {
  std::ifstream file(path);
  if (!file) return core::Error(core::ErrorCode::kNotFound, fmt::format("cannot read '{}'", path));
  std::vector<Request> requests;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> fields(1);
    for (const char c : line) {
      if (c == '\t') {
        fields.emplace_back();
      } else {
        fields.back() += c;
      }
    }
    const std::optional<std::size_t> times = fields.size() == 5 ? number_of(fields[4]) : std::nullopt;
    if (!times) {
      return core::Error(core::ErrorCode::kInvalidInput,
                         fmt::format("'{}', line {}: not five fields", path, requests.size() + 1));
    }
    requests.push_back({fields[0], fields[1], fields[2], fields[3], *times});
  }
  if (requests.empty()) {
    return core::Error(core::ErrorCode::kInvalidInput, fmt::format("'{}' has no request", path));
  }
  return requests;
}

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

Result<std::string> inflated(const std::string& packed) {
  z_stream stream{};
  if (inflateInit2(&stream, 15 + 32) != Z_OK) return failed("zlib does not start");
  std::string text;
  std::array<char, std::size_t{1} << 16> block{};
  // zlib reads through a pointer to what it does not change.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  int code = Z_OK;
  while (code == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    code = inflate(&stream, Z_NO_FLUSH);
    text.append(block.data(), block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code != Z_STREAM_END) return failed("an answer is no gzip");
  return text;
}

// One kept connection.
class Connection {
 public:
  explicit Connection(std::uint16_t port) : port_(port) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { close_now(); }

  // Sends the request and checks its answer; how many bytes came.
  Result<std::size_t> ask(const Request& request, const std::string& body) {
    Result<std::size_t> answer = try_once(request, body);
    if (!answer || closing_) close_now();
    return answer;
  }

 private:
  Result<std::size_t> try_once(const Request& request, const std::string& body) {
    if (socket_ < 0) TRY(connect_now());
    closing_ = false;
    TRY(
        send_all(fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAccept: */*\r\nAccept-Encoding: gzip, "
                             "deflate\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                             request.method, request.path, port_, body.size(), body)));
    std::size_t head_end = std::string::npos;
    while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) TRY(receive());
    std::string head = buffer_.substr(0, head_end + 2);
    buffer_.erase(0, head_end + 4);
    for (char& c : head) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    closing_ = head.find("\r\nconnection: close") != std::string::npos;
    std::string answer = TRY(read_body(head));
    const std::size_t received = answer.size();
    if (head.find("\r\ncontent-encoding: gzip") != std::string::npos) answer = TRY(inflated(answer));
    if (!head.starts_with("http/1.1 200 ")) {
      return failed(fmt::format("{}: {}", head.substr(0, head.find('\r')), answer.substr(0, 200)));
    }
    if (!request.expected.empty() && count_of(answer, request.expected) != request.times) {
      return failed(fmt::format("'{}' comes {} times, not {}: {}", request.expected,
                                count_of(answer, request.expected), request.times, answer.substr(0, 200)));
    }
    return received;
  }

  Result<std::string> read_body(const std::string& head) {
    if (head.find("\r\ntransfer-encoding: chunked") != std::string::npos) return read_chunks();
    constexpr std::string_view kLength = "\r\ncontent-length: ";
    const std::size_t at = head.find(kLength);
    if (at == std::string::npos) return failed("an answer without a length");
    const std::size_t start = at + kLength.size();
    const std::optional<std::size_t> length =
        number_of(std::string_view(head).substr(start, head.find('\r', start) - start));
    if (!length) return failed("an answer with a bad length");
    return take(*length);
  }

  Result<std::string> read_chunks() {
    std::string body;
    while (true) {
      std::size_t end = std::string::npos;
      while ((end = buffer_.find("\r\n")) == std::string::npos) TRY(receive());
      std::size_t size = 0;
      if (std::from_chars(buffer_.data(), buffer_.data() + end, size, 16).ec != std::errc()) {
        return failed("a bad chunk");
      }
      buffer_.erase(0, end + 2);
      const std::string chunk = TRY(take(size + 2));
      if (size == 0) return body;
      body.append(chunk, 0, size);
    }
  }

  Result<std::string> take(std::size_t size) {
    while (buffer_.size() < size) TRY(receive());
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  Result<void> connect_now() {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) return failed("no socket");
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const timeval timeout{kTimeoutSeconds, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      return failed("cannot connect");
    }
    return {};
  }

  void close_now() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
    buffer_.clear();
  }

  Result<void> send_all(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return failed("the connection broke while sending");
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
  }

  Result<void> receive() {
    std::array<char, std::size_t{1} << 16> block{};
    const ssize_t received = recv(socket_, block.data(), block.size(), 0);
    if (received == 0) return failed("the server closed the connection");
    if (received < 0) return failed("no answer in time");
    buffer_.append(block.data(), static_cast<std::size_t>(received));
    return {};
  }

  std::uint16_t port_;
  int socket_ = -1;
  std::string buffer_{};
  bool closing_ = false;
};

struct Measured {
  std::vector<double> milliseconds{};
  std::size_t bytes = 0;
  std::size_t errors = 0;
  std::string first_error{};
};

using Duration = std::chrono::duration<double>;

void run_client(const Options& options, const std::vector<Request>& requests,
                std::atomic<std::size_t>& sequence, Measured& measured) {
  const core::Clock& clock = core::system_clock();
  const auto started = clock.elapsed();
  Connection connection(options.port);
  while (Duration(clock.elapsed() - started).count() < options.seconds) {
    const std::size_t turn = sequence.fetch_add(1);
    const Request& request = requests[turn % requests.size()];
    std::string body = request.body;
    replace_all(body, "%N", fmt::format("{}", turn));
    const auto asked = clock.elapsed();
    const Result<std::size_t> answer = connection.ask(request, body);
    if (answer) {
      measured.milliseconds.push_back(Duration(clock.elapsed() - asked).count() * 1000);
      measured.bytes += *answer;
    } else if (++measured.errors == 1) {
      measured.first_error = answer.error().message();
    }
  }
}

double quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c >= ' ' ? c : ' ';
  }
  return result + '"';
}

void print(const std::vector<Measured>& parts, double seconds) {
  Measured all;
  for (const Measured& part : parts) {
    all.milliseconds.insert(all.milliseconds.end(), part.milliseconds.begin(), part.milliseconds.end());
    all.bytes += part.bytes;
    all.errors += part.errors;
    if (all.first_error.empty()) all.first_error = part.first_error;
  }
  std::sort(all.milliseconds.begin(), all.milliseconds.end());
  const std::size_t answers = all.milliseconds.size();
  fmt::print(R"({{"answers":{},"errors":{},"seconds":{:.3f},"rate":{:.3f},"p50_ms":{:.3f},"p99_ms":{:.3f},)"
             R"("max_ms":{:.3f},"bytes":{},"first_error":{}}})"
             "\n",
             answers, all.errors, seconds, static_cast<double>(answers) / seconds,
             quantile(all.milliseconds, 0.5), quantile(all.milliseconds, 0.99), quantile(all.milliseconds, 1),
             all.bytes, quoted(all.first_error));
}

// The server that does nothing.
class Floor {
 public:
  explicit Floor(const std::string& path) {
    if (!path.empty()) file_ = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    is_durable_ = !path.empty();
  }
  Floor(const Floor&) = delete;
  Floor& operator=(const Floor&) = delete;
  ~Floor() {
    for (const auto& client : requests_) close(client.first);
    for (const int one : {file_, listener_, epoll_}) {
      if (one >= 0) close(one);
    }
  }

  Result<void> serve() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (listener_ < 0 || epoll_ < 0 || (is_durable_ && file_ < 0) || bind(listener_, plain, size) != 0 ||
        listen(listener_, 128) != 0 || getsockname(listener_, plain, &size) != 0) {
      return failed("the floor's server does not start");
    }
    fmt::print("{}\n", ntohs(address.sin_port));
    std::fflush(stdout);
    watch(listener_);
    watch(STDIN_FILENO);
    std::array<epoll_event, 128> events{};
    std::vector<int> answered;
    while (true) {
      const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      answered.clear();
      for (int i = 0; i < count; ++i) {
        const int socket_number = events[static_cast<std::size_t>(i)].data.fd;
        if (socket_number == STDIN_FILENO) return {};
        if (socket_number == listener_) {
          accept_one();
        } else if (receive(socket_number)) {
          answered.push_back(socket_number);
        }
      }
      if (answered.empty()) continue;
      if (is_durable_) TRY(sync());
      for (const int one : answered) {
        if (send(one, kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL) < 0)
          return failed("the floor cannot answer");
      }
    }
  }

 private:
  static constexpr std::string_view kAnswer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";

  void watch(int number) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = number;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, number, &event);
  }

  void accept_one() {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return;
    const int on = 1;
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    requests_[client];
    watch(client);
  }

  // Whether a whole request is there now.
  bool receive(int client) {
    std::array<char, std::size_t{1} << 16> block{};
    const ssize_t count = recv(client, block.data(), block.size(), 0);
    if (count <= 0) {
      requests_.erase(client);
      close(client);
      return false;
    }
    std::string& request = requests_[client];
    request.append(block.data(), static_cast<std::size_t>(count));
    const std::size_t head = request.find("\r\n\r\n");
    constexpr std::string_view kLength = "Content-Length: ";
    const std::size_t at = request.find(kLength);
    if (head == std::string::npos || at == std::string::npos) return false;
    const std::size_t start = at + kLength.size();
    const std::optional<std::size_t> length =
        number_of(std::string_view(request).substr(start, request.find('\r', start) - start));
    if (!length || request.size() < head + 4 + *length) return false;
    request.clear();
    return true;
  }

  Result<void> sync() {
    static const std::string page(4096, 'x');
    if (write(file_, page.data(), page.size()) < 0 || fdatasync(file_) != 0)
      return failed("the floor cannot write");
    return {};
  }

  int file_ = -1;
  int listener_ = -1;
  int epoll_ = -1;
  bool is_durable_ = false;
  std::map<int, std::string> requests_{};
};

Result<void> run(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.size() <= 2 && arguments[0] == "floor") {
    return Floor(arguments.size() == 2 ? arguments[1] : "").serve();
  }
  if (arguments.size() != 5) {
    return core::Error(core::ErrorCode::kInvalidInput, "bench_tracking PORT CLIENTS SECONDS REQUESTS FIRST");
  }
  const std::optional<std::size_t> port = number_of(arguments[0]);
  const std::optional<std::size_t> clients = number_of(arguments[1]);
  const std::optional<std::size_t> seconds = number_of(arguments[2]);
  const std::optional<std::size_t> first = number_of(arguments[4]);
  if (!port || *port == 0 || *port > 65535 || !clients || *clients == 0 || !seconds || !first) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       "PORT, CLIENTS, SECONDS and FIRST must be whole numbers");
  }
  const Options options{static_cast<std::uint16_t>(*port), *clients, static_cast<double>(*seconds)};
  const std::vector<Request> requests = TRY(read_requests(arguments[3]));
  std::vector<Measured> measured(options.clients);
  std::atomic<std::size_t> sequence{*first};
  const core::Clock& clock = core::system_clock();
  const auto started = clock.elapsed();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < options.clients; ++i) {
    threads.emplace_back([&, i] { run_client(options, requests, sequence, measured[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  print(measured, Duration(clock.elapsed() - started).count());
  return {};
}

}  // namespace

int main(int count, char** arguments) {
  const Result<void> done = run(std::vector<std::string>(arguments + 1, arguments + count));
  if (done) return 0;
  fmt::print(stderr, "bench_tracking: {}\n", done.error().message());
  return 1;
}
