// bench_serving: the anchor and the load of bench/serving/run, in one small program without our HTTP code.
//
//   bench_serving constant PORT THREADS ANSWER_BYTES
//     A bare epoll loop that reads whole requests and answers each with the same bytes: what the machine
//     allows.
//   bench_serving load PORT PATH BODIES CONNECTIONS SECONDS
//     Posts the lines of the file BODIES, another one at each request, over keep-alive connections; prints
//     one line of JSON: requests, seconds, requests_per_second, p50_us, p99_us, failed.
#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"

namespace {

using Moment = starcast::core::Ticks;

[[noreturn]] void fail(std::string_view what) {
  fmt::print(stderr, "bench_serving: {}: {}\n", what, std::strerror(errno));
  std::exit(1);
}

template <typename T>
T number_in(std::string_view text) {
  T number{};
  const std::from_chars_result read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size()) fail(text);
  return number;
}

sockaddr_in local_address(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// The length of the first whole message in `bytes`, 0 if it is not whole: head, then Content-Length bytes.
std::size_t message_bytes(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  constexpr std::string_view kName = "content-length:";
  std::size_t length = 0;
  for (std::size_t at = 0; at < head;) {
    std::size_t end = bytes.find("\r\n", at);
    const std::string_view line = bytes.substr(at, end - at);
    const bool is_length = line.size() > kName.size() &&
                           std::equal(kName.begin(), kName.end(), line.begin(), [](char a, char b) {
                             return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + 32) : b);
                           });
    if (is_length) {
      std::string_view value = line.substr(kName.size());
      while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
      std::from_chars(value.data(), value.data() + value.size(), length);
    }
    at = end + 2;
  }
  const std::size_t whole = head + 4 + length;
  return bytes.size() >= whole ? whole : 0;
}

void watch(int poll, int file, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = file;
  if (epoll_ctl(poll, EPOLL_CTL_ADD, file, &event) != 0) fail("epoll_ctl");
}

void set_option(int file, int level, int name) {
  const int on = 1;
  if (setsockopt(file, level, name, &on, sizeof on) != 0) fail("setsockopt");
}

// All of it, waiting where the socket is full: answers are small, clients read.
bool send_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(file, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) {
      std::this_thread::yield();
      continue;
    }
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// --- constant --------------------------------------------------------------------------------------------

void answer_constantly(std::uint16_t port, const std::string& answer) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (listener < 0) fail("socket");
  set_option(listener, SOL_SOCKET, SO_REUSEADDR);
  set_option(listener, SOL_SOCKET, SO_REUSEPORT);
  const sockaddr_in address = local_address(port);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("bind");
  if (listen(listener, 128) != 0) fail("listen");
  const int poll = epoll_create1(0);
  watch(poll, listener, EPOLLIN);
  std::vector<std::string> received(4096);  // by file
  std::vector<char> buffer(std::size_t{256} << 10);
  std::array<epoll_event, 64> events{};
  while (true) {
    const int count = epoll_wait(poll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int file = events[static_cast<std::size_t>(i)].data.fd;
      if (file == listener) {
        const int client = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (client < 0 || static_cast<std::size_t>(client) >= received.size()) continue;
        set_option(client, IPPROTO_TCP, TCP_NODELAY);
        received[static_cast<std::size_t>(client)].clear();
        watch(poll, client, EPOLLIN);
        continue;
      }
      std::string& bytes = received[static_cast<std::size_t>(file)];
      const ssize_t size = recv(file, buffer.data(), buffer.size(), 0);
      if (size < 0 && errno == EAGAIN) continue;
      if (size <= 0) {
        close(file);
        continue;
      }
      bytes.append(buffer.data(), static_cast<std::size_t>(size));
      for (std::size_t whole = message_bytes(bytes); whole > 0; whole = message_bytes(bytes)) {
        bytes.erase(0, whole);
        if (!send_all(file, answer)) break;
      }
    }
  }
}

int run_constant(std::uint16_t port, std::size_t threads, std::size_t answer_bytes) {
  const std::string answer =
      fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                  answer_bytes, std::string(answer_bytes, '1'));
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back([&] { answer_constantly(port, answer); });
  answer_constantly(port, answer);
  return 0;
}

// --- load ------------------------------------------------------------------------------------------------

struct Connection {
  int file = -1;
  std::string received;
  Moment sent{};
};

int connect_to(std::uint16_t port) {
  const int file = socket(AF_INET, SOCK_STREAM, 0);
  if (file < 0) fail("socket");
  const sockaddr_in address = local_address(port);
  if (connect(file, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) fail("connect");
  set_option(file, IPPROTO_TCP, TCP_NODELAY);
  return file;
}

int run_load(std::uint16_t port, std::string_view path, const char* bodies, std::size_t connections,
             double seconds) {
  std::vector<std::string> requests;
  std::ifstream lines(bodies);
  for (std::string body; std::getline(lines, body);) {
    requests.push_back(
        fmt::format("POST {} HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: "
                    "application/json\r\nContent-Length: {}\r\n\r\n{}",
                    path, port, body.size(), body));
  }
  if (requests.empty()) fail(bodies);
  const int poll = epoll_create1(0);
  std::vector<Connection> all(connections);
  std::vector<std::size_t> connection_of(4096);  // by file
  std::size_t next = 0;
  const auto ask = [&](Connection& connection) {
    connection.sent = starcast::core::system_clock().elapsed();
    if (!send_all(connection.file, requests[next++ % requests.size()])) fail("send");
  };
  const Moment began = starcast::core::system_clock().elapsed();
  const Moment end = began + std::chrono::duration_cast<Moment>(std::chrono::duration<double>(seconds));
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].file = connect_to(port);
    connection_of[static_cast<std::size_t>(all[i].file)] = i;
    watch(poll, all[i].file, EPOLLIN);
    ask(all[i]);
  }
  std::vector<double> micros;
  std::size_t failed = 0;
  std::vector<char> buffer(std::size_t{256} << 10);
  std::array<epoll_event, 64> events{};
  while (starcast::core::system_clock().elapsed() < end) {
    const int count = epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < count; ++i) {
      Connection& connection =
          all[connection_of[static_cast<std::size_t>(events[static_cast<std::size_t>(i)].data.fd)]];
      const ssize_t size = recv(connection.file, buffer.data(), buffer.size(), 0);
      if (size <= 0) fail("the server closed a connection");
      connection.received.append(buffer.data(), static_cast<std::size_t>(size));
      const std::size_t whole = message_bytes(connection.received);
      if (whole == 0) continue;
      if (!connection.received.starts_with("HTTP/1.1 200")) ++failed;
      connection.received.erase(0, whole);
      micros.push_back(std::chrono::duration<double, std::micro>(starcast::core::system_clock().elapsed() -
                                                                 connection.sent)
                           .count());
      ask(connection);
    }
  }
  const double taken =
      std::chrono::duration<double>(starcast::core::system_clock().elapsed() - began).count();
  if (micros.empty()) micros.push_back(taken * 1e6);
  std::sort(micros.begin(), micros.end());
  const auto quantile = [&micros](double share) {
    return micros[static_cast<std::size_t>(share * static_cast<double>(micros.size() - 1))];
  };
  fmt::print(
      "{{\"requests\": {}, \"seconds\": {:.3f}, \"requests_per_second\": {:.1f}, \"p50_us\": {:.1f}, "
      "\"p99_us\": "
      "{:.1f}, \"failed\": {}}}\n",
      micros.size(), taken, static_cast<double>(micros.size()) / taken, quantile(0.5), quantile(0.99),
      failed);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string_view> words(arguments + 1, arguments + count);
  if (words.size() == 4 && words[0] == "constant") {
    return run_constant(number_in<std::uint16_t>(words[1]), number_in<std::size_t>(words[2]),
                        number_in<std::size_t>(words[3]));
  }
  if (words.size() == 6 && words[0] == "load") {
    return run_load(number_in<std::uint16_t>(words[1]), words[2], arguments[4],
                    number_in<std::size_t>(words[4]), number_in<double>(words[5]));
  }
  fmt::print(
      stderr,
      "bench_serving constant PORT THREADS ANSWER_BYTES | load PORT PATH BODIES CONNECTIONS SECONDS\n");
  return 2;
}
