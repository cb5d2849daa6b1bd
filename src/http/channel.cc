#include "http/channel.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <utility>

#include "core/check.h"

namespace starcast::http {
namespace {

core::Error unavailable(std::string message) {
  return {core::ErrorCode::kUnavailable, std::move(message)};
}

std::string error_text(int number) {
  std::array<char, 128> text{};
  return strerror_r(number, text.data(), text.size());
}

std::string tls_error_text() {
  const unsigned long code = ERR_get_error();
  if (code == 0) return "the connection broke off";
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? std::string(text.data()) : std::string(reason);
}

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};
struct FreeAddresses {
  void operator()(addrinfo* addresses) const { freeaddrinfo(addresses); }
};

class OpensslTrust final : public Trust {
 public:
  std::unique_ptr<SSL_CTX, FreeContext> context{};
};

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> bits{};
  return inet_pton(AF_INET, host.c_str(), bits.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), bits.data()) == 1;
}

class SocketChannel final : public Channel {
 public:
  SocketChannel(int socket, std::string where, std::chrono::milliseconds stall_timeout)
      : socket_(socket), where_(std::move(where)), stall_timeout_(stall_timeout) {}
  ~SocketChannel() override { ::close(socket_); }
  SocketChannel(const SocketChannel&) = delete;
  SocketChannel& operator=(const SocketChannel&) = delete;

  core::Result<void> start_tls(const Trust& trust, const std::string& host, bool verify) override;
  core::Result<void> write(std::string_view bytes) override;
  core::Result<std::size_t> read(std::span<char> buffer) override;
  bool has_input() const override {
    pollfd wanted{socket_, POLLIN, 0};
    return (session_ != nullptr && SSL_pending(session_.get()) > 0) || ::poll(&wanted, 1, 0) != 0;
  }

 private:
  core::Result<void> wait_for(short events) const;
  core::Result<void> write_plain(std::string_view bytes);
  core::Result<std::size_t> read_plain(std::span<char> buffer);
  // What TLS wants to send goes out; then, if it wants more, bytes come in. 0: the other side's end.
  core::Result<void> flush_tls();
  core::Result<std::size_t> fill_tls();

  int socket_;
  std::string where_;
  std::chrono::milliseconds stall_timeout_;
  std::unique_ptr<SSL, FreeSession> session_{};
  BIO* incoming_ = nullptr;  // both belong to the session
  BIO* outgoing_ = nullptr;
};

core::Result<void> SocketChannel::wait_for(short events) const {
  pollfd wanted{socket_, events, 0};
  int ready = 0;
  do {
    ready = ::poll(&wanted, 1, static_cast<int>(stall_timeout_.count()));
  } while (ready < 0 && errno == EINTR);
  if (ready > 0) return {};
  if (ready == 0) {
    return core::Error(core::ErrorCode::kDeadlineExceeded,
                       fmt::format("{} did not answer for {} ms", where_, stall_timeout_.count()));
  }
  return unavailable(fmt::format("{}: {}", where_, error_text(errno)));
}

core::Result<void> SocketChannel::write_plain(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      TRY(wait_for(POLLOUT));
    } else if (errno != EINTR) {
      return unavailable(fmt::format("the connection to {} broke off: {}", where_, error_text(errno)));
    }
  }
  return {};
}

core::Result<std::size_t> SocketChannel::read_plain(std::span<char> buffer) {
  for (;;) {
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      TRY(wait_for(POLLIN));
    } else if (errno != EINTR) {
      return unavailable(fmt::format("the connection to {} broke off: {}", where_, error_text(errno)));
    }
  }
}

core::Result<void> SocketChannel::flush_tls() {
  std::array<char, 16'384> buffer{};
  for (;;) {
    const int count = BIO_read(outgoing_, buffer.data(), static_cast<int>(buffer.size()));
    if (count <= 0) return {};
    TRY(write_plain(std::string_view(buffer.data(), static_cast<std::size_t>(count))));
  }
}

core::Result<std::size_t> SocketChannel::fill_tls() {
  std::array<char, 16'384> buffer{};
  const std::size_t count = TRY(read_plain(buffer));
  if (count > 0)
    CHECK(BIO_write(incoming_, buffer.data(), static_cast<int>(count)) == static_cast<int>(count));
  return count;
}

core::Result<void> SocketChannel::start_tls(const Trust& trust, const std::string& host, bool verify) {
  const auto& openssl = static_cast<const OpensslTrust&>(trust);
  ERR_clear_error();
  session_.reset(SSL_new(openssl.context.get()));
  CHECK(session_ != nullptr);
  incoming_ = BIO_new(BIO_s_mem());
  outgoing_ = BIO_new(BIO_s_mem());
  SSL_set_bio(session_.get(), incoming_, outgoing_);
  SSL_set_connect_state(session_.get());
  SSL_set_verify(session_.get(), verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (is_address(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_.get()), host.c_str());
  } else {
    SSL_set1_host(session_.get(), host.c_str());
    SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));
  }
  for (;;) {
    const int status = SSL_do_handshake(session_.get());
    const int wish = SSL_get_error(session_.get(), status);
    TRY(flush_tls());
    if (status == 1) return {};
    if (wish == SSL_ERROR_WANT_READ) {
      const std::size_t count = TRY(fill_tls());
      if (count > 0) continue;
    }
    const long verdict = SSL_get_verify_result(session_.get());
    if (verify && verdict != X509_V_OK) {
      return unavailable(fmt::format(
          "the certificate of {} is not trusted: {}; a private authority's certificate is named by "
          "MLFLOW_TRACKING_SERVER_CERT_PATH",
          host, X509_verify_cert_error_string(verdict)));
    }
    return unavailable(fmt::format("no TLS connection to {}: {}", where_, tls_error_text()));
  }
}

core::Result<void> SocketChannel::write(std::string_view bytes) {
  if (session_ == nullptr) return write_plain(bytes);
  while (!bytes.empty()) {
    ERR_clear_error();
    const std::size_t piece = std::min(bytes.size(), std::size_t{16'384});
    const int count = SSL_write(session_.get(), bytes.data(), static_cast<int>(piece));
    const int wish = SSL_get_error(session_.get(), count);
    TRY(flush_tls());
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (wish == SSL_ERROR_WANT_READ) {
      const std::size_t filled = TRY(fill_tls());
      if (filled == 0) return unavailable(fmt::format("{} closed the connection", where_));
    } else {
      return unavailable(fmt::format("the connection to {} broke off: {}", where_, tls_error_text()));
    }
  }
  return {};
}

core::Result<std::size_t> SocketChannel::read(std::span<char> buffer) {
  if (session_ == nullptr) return read_plain(buffer);
  for (;;) {
    ERR_clear_error();
    const std::size_t piece = std::min(buffer.size(), std::size_t{std::numeric_limits<int>::max()});
    const int count = SSL_read(session_.get(), buffer.data(), static_cast<int>(piece));
    const int wish = SSL_get_error(session_.get(), count);
    TRY(flush_tls());
    if (count > 0) return static_cast<std::size_t>(count);
    if (wish == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    if (wish != SSL_ERROR_WANT_READ) {
      return unavailable(fmt::format("the connection to {} broke off: {}", where_, tls_error_text()));
    }
    const std::size_t filled = TRY(fill_tls());
    if (filled == 0) return std::size_t{0};
  }
}

// A non-blocking socket, connected.
core::Result<int> connected(const addrinfo& address, const std::string& where,
                            std::chrono::milliseconds limit) {
  const int socket = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return unavailable(fmt::format("{}: {}", where, error_text(errno)));
  int failure = 0;
  if (::connect(socket, address.ai_addr, address.ai_addrlen) != 0) {
    failure = errno;
    if (failure == EINPROGRESS) {
      pollfd wanted{socket, POLLOUT, 0};
      const int ready = ::poll(&wanted, 1, static_cast<int>(limit.count()));
      socklen_t size = sizeof failure;
      if (ready == 0) {
        failure = ETIMEDOUT;
      } else if (ready < 0 || getsockopt(socket, SOL_SOCKET, SO_ERROR, &failure, &size) != 0) {
        failure = errno;
      }
    }
  }
  if (failure == 0) {
    const int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return socket;
  }
  ::close(socket);
  if (failure == ETIMEDOUT) {
    return core::Error(core::ErrorCode::kDeadlineExceeded,
                       fmt::format("no connection to {} within {} ms", where, limit.count()));
  }
  return unavailable(fmt::format("no connection to {}: {}", where, error_text(failure)));
}

}  // namespace

core::Result<std::unique_ptr<Trust>> Trust::load(const std::string& ca_file) {
  auto trust = std::make_unique<OpensslTrust>();
  ERR_clear_error();
  trust->context.reset(SSL_CTX_new(TLS_client_method()));
  CHECK(trust->context != nullptr);
  SSL_CTX_set_min_proto_version(trust->context.get(), TLS1_2_VERSION);
  SSL_CTX_set_default_verify_paths(trust->context.get());
  if (!ca_file.empty() &&
      SSL_CTX_load_verify_locations(trust->context.get(), ca_file.c_str(), nullptr) != 1) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("{}: no certificates can be read from it: {}", ca_file, tls_error_text()));
  }
  return std::unique_ptr<Trust>(std::move(trust));
}

core::Result<std::unique_ptr<Channel>> Channel::connect(const std::string& host, const std::string& port,
                                                        ChannelOptions options) {
  const std::string where = host + ":" + port;
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int status = getaddrinfo(host.c_str(), port.c_str(), &wanted, &found); status != 0) {
    return unavailable(fmt::format("'{}' cannot be resolved: {}", host, gai_strerror(status)));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(found);
  core::Error last = unavailable(fmt::format("'{}' has no address", host));
  for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
    auto socket = connected(*address, where, options.connect_timeout);
    if (socket) {
      return std::unique_ptr<Channel>(std::make_unique<SocketChannel>(*socket, where, options.stall_timeout));
    }
    last = std::move(socket).error();
  }
  return last;
}

}  // namespace starcast::http
