#include "http/client.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "codec/percent.h"
#include "core/check.h"
#include "core/strings.h"
#include "http/channel.h"
#include "http/gzip.h"

namespace starcast::http {
namespace {

namespace beast_http = boost::beast::http;

constexpr std::size_t kAnswerBytesMax = std::size_t{256} << 20;
constexpr std::size_t kHeaderBytesMax = std::size_t{64} << 10;
constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
constexpr std::size_t kKeptMax = 8;  // connections kept alive, one an origin

struct Url {
  bool tls = false;
  std::string credentials{};  // "user:password", decoded
  std::string host{};         // without brackets
  std::string port{};
  std::string target{};  // path and query

  std::string authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : "[" + host + "]";
    return port == (tls ? "443" : "80") ? name : name + ":" + port;
  }
};

core::Result<Url> parse_url(std::string_view text) {
  const core::Error refused(core::ErrorCode::kInvalidInput,
                            fmt::format("'{}' is no address such as http://127.0.0.1:5000/path", text));
  const auto is_odd = [](char letter) { return letter <= ' ' || letter == '\x7f'; };
  if (std::any_of(text.begin(), text.end(), is_odd)) return refused;
  Url url;
  if (text.starts_with("https://")) {
    url.tls = true;
    text.remove_prefix(8);
  } else if (text.starts_with("http://")) {
    text.remove_prefix(7);
  } else {
    return refused;
  }
  const std::size_t end = std::min(text.find_first_of("/?#"), text.size());
  std::string_view authority = text.substr(0, end);
  const std::string_view rest = text.substr(end);
  url.target = rest.substr(0, rest.find('#'));
  if (!url.target.starts_with('/')) url.target.insert(0, "/");
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    url.credentials =
        codec::percent_decode(authority.substr(0, at)).value_or(std::string(authority.substr(0, at)));
    authority.remove_prefix(at + 1);
  }
  url.port = url.tls ? "443" : "80";
  const std::size_t bracket = authority.starts_with('[') ? authority.find(']') : std::string_view::npos;
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon != std::string_view::npos) {
    url.port = authority.substr(colon + 1);
    authority = authority.substr(0, colon);
    if (url.port.empty() || url.port.find_first_not_of("0123456789") != std::string::npos) return refused;
  }
  if (bracket != std::string_view::npos) {
    if (bracket + 1 != authority.size()) return refused;
    authority = authority.substr(1, bracket - 1);
  }
  if (authority.empty()) return refused;
  url.host = authority;
  return url;
}

std::string basic_authorization(const std::string& credentials) {
  std::string encoded(4 * ((credentials.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                   reinterpret_cast<const unsigned char*>(credentials.data()),
                                   static_cast<int>(credentials.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return "Basic " + encoded;
}

bool goes_direct(const std::vector<std::string>& no_proxy, const Url& url) {
  const std::string host = core::ascii_lower(url.host);
  return std::any_of(no_proxy.begin(), no_proxy.end(), [&](const std::string& entry) {
    std::string name = core::ascii_lower(core::trimmed(entry));
    if (name == "*") return true;
    if (name == host + ":" + url.port) return true;
    if (name.starts_with('.')) name.erase(0, 1);
    if (name.empty()) return false;
    return host == name || host.ends_with("." + name);
  });
}

// Where an answer's body goes.
class AnswerParser final : public beast_http::basic_parser<false> {
 public:
  explicit AnswerParser(core::ByteSink* sink) : sink_(sink) {
    header_limit(static_cast<std::uint32_t>(kHeaderBytesMax));
    body_limit(boost::none);
  }

  Response response{};
  std::optional<core::Error> failure{};  // of the sink, or the answer's size

 private:
  using View = boost::beast::string_view;
  using ErrorCode = boost::system::error_code;
  void on_request_impl(beast_http::verb, View, View, int, ErrorCode&) override {}
  void on_response_impl(int status, View, int, ErrorCode&) override { response.status = status; }
  void on_field_impl(beast_http::field, View name, View value, ErrorCode&) override {
    if (!header_done_) {
      response.headers.add(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
    }
  }
  void on_header_impl(ErrorCode&) override { header_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) override {}
  std::size_t on_body_impl(View bytes, ErrorCode& error) override {
    const std::string_view text(bytes.data(), bytes.size());
    if (sink_ != nullptr && response.status / 100 == 2) {
      if (auto written = sink_->write(text); !written) failure = std::move(written).error();
    } else if (response.body.size() + text.size() > kAnswerBytesMax) {
      failure = core::Error(core::ErrorCode::kTooLarge,
                            fmt::format("the answer is larger than {} bytes", kAnswerBytesMax));
    } else {
      response.body.append(text);
    }
    if (failure) error = make_error_code(beast_http::error::body_limit);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, View, ErrorCode&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, View bytes, ErrorCode& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(ErrorCode&) override {}

  core::ByteSink* sink_;
  bool header_done_ = false;
};

// How far a request came, for the decision to try again.
struct Progress {
  bool sent_any = false;
  bool answered_any = false;
  bool stream_touched = false;
};

class ChannelClient final : public Client {
 public:
  explicit ChannelClient(ClientOptions options) : options_(std::move(options)) {}

  core::Result<Response> send(const ClientRequest& request, core::ByteSink* sink) override;

 private:
  struct Sent {
    bool whole = true;  // the body went out to its end
  };
  core::Result<std::unique_ptr<Channel>> open(const Url& url, const std::string& proxy);
  core::Result<void> tunnel(Channel& channel, const Url& url, const Url& proxy) const;
  core::Result<const Trust*> trust();
  core::Result<std::string> head_of(const ClientRequest& request, const Url& url, bool asks_gzip,
                                    const std::string& proxy) const;
  core::Result<Response> exchange(Channel& channel, const ClientRequest& request, const std::string& head,
                                  core::ByteSink* sink, Progress& progress, bool& reusable) const;
  static core::Result<Sent> send_body(Channel& channel, const ClientRequest& request, Progress& progress);
  core::Result<Response> read_answer(Channel& channel, const ClientRequest& request, core::ByteSink* sink,
                                     Progress& progress, bool& reusable) const;

  ClientOptions options_;
  std::unique_ptr<Trust> trust_{};
  std::map<std::string, std::unique_ptr<Channel>> kept_{};  // by scheme and authority
};

core::Result<const Trust*> ChannelClient::trust() {
  if (trust_ == nullptr) trust_ = TRY(Trust::load(options_.ca_file));
  return static_cast<const Trust*>(trust_.get());
}

core::Result<void> ChannelClient::tunnel(Channel& channel, const Url& url, const Url& proxy) const {
  const std::string host = url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  std::string head = fmt::format("CONNECT {0}:{1} HTTP/1.1\r\nHost: {0}:{1}\r\n", host, url.port);
  if (!proxy.credentials.empty()) {
    head += fmt::format("Proxy-Authorization: {}\r\n", basic_authorization(proxy.credentials));
  }
  TRY(channel.write(head + "\r\n"));
  AnswerParser parser(nullptr);
  parser.skip(true);
  std::string received;
  std::array<char, 4'096> buffer{};
  while (!parser.is_header_done()) {
    const std::size_t count = TRY(channel.read(buffer));
    if (count == 0) break;
    received.append(buffer.data(), count);
    boost::system::error_code error;
    received.erase(0, parser.put(boost::asio::const_buffer(received.data(), received.size()), error));
    if (error && error != beast_http::error::need_more) break;
  }
  if (parser.is_header_done() && parser.response.status / 100 == 2) return {};
  return core::Error(core::ErrorCode::kUnavailable,
                     fmt::format("the proxy {} does not connect to {}: status {}", proxy.authority(),
                                 url.authority(), parser.response.status));
}

core::Result<std::unique_ptr<Channel>> ChannelClient::open(const Url& url, const std::string& proxy) {
  const ChannelOptions limits{options_.connect_timeout, options_.stall_timeout};
  Url first = url;
  if (!proxy.empty()) {
    first = TRY(parse_url(proxy.find("://") == std::string::npos ? "http://" + proxy : proxy), "proxy");
    if (first.tls) {
      return core::Error(core::ErrorCode::kUnsupported,
                         fmt::format("proxy '{}': a proxy is spoken to by http://", first.authority()));
    }
  }
  std::unique_ptr<Channel> channel = TRY(Channel::connect(first.host, first.port, limits));
  if (url.tls) {
    if (!proxy.empty()) TRY(tunnel(*channel, url, first));
    const Trust* certificates = TRY(trust());
    TRY(channel->start_tls(*certificates, url.host, options_.verify_tls));
  }
  return channel;
}

core::Result<std::string> ChannelClient::head_of(const ClientRequest& request, const Url& url, bool asks_gzip,
                                                 const std::string& proxy) const {
  const bool absolute = !proxy.empty() && !url.tls;
  std::string head = fmt::format("{} {}{} HTTP/1.1\r\n", name_of(request.method),
                                 absolute ? "http://" + url.authority() : std::string(), url.target);
  const auto add = [&head](std::string_view name, std::string_view value) {
    head.append(name).append(": ").append(value).append("\r\n");
  };
  const auto add_if_absent = [&](std::string_view name, std::string_view value) {
    if (!request.headers.find(name)) add(name, value);
  };
  add_if_absent("Host", url.authority());
  add_if_absent("Accept", "*/*");
  add_if_absent("User-Agent", "starcast");
  if (asks_gzip) add("Accept-Encoding", "gzip");
  if (!url.credentials.empty()) add_if_absent("Authorization", basic_authorization(url.credentials));
  if (absolute) {
    const Url server =
        TRY(parse_url(proxy.find("://") == std::string::npos ? "http://" + proxy : proxy), "proxy");
    if (!server.credentials.empty()) add("Proxy-Authorization", basic_authorization(server.credentials));
  }
  for (const auto& [name, value] : request.headers.all()) {
    const auto is_control = [](char letter) {
      return (static_cast<unsigned char>(letter) < 0x20 && letter != '\t') || letter == '\x7f';
    };
    if (name.empty() || std::any_of(name.begin(), name.end(), is_control) ||
        std::any_of(value.begin(), value.end(), is_control)) {
      return core::Error(core::ErrorCode::kInvalidInput,
                         fmt::format("the header field '{}' has a control character", name));
    }
    add(name, value);
  }
  if (request.stream != nullptr && !request.stream_bytes) {
    add("Transfer-Encoding", "chunked");
  } else if (request.stream != nullptr) {
    add("Content-Length", std::to_string(*request.stream_bytes));
  } else if (!request.body.empty() || (request.method != Method::kGet && request.method != Method::kHead)) {
    add("Content-Length", std::to_string(request.body.size()));
  }
  head.append("\r\n");
  return head;
}

core::Result<ChannelClient::Sent> ChannelClient::send_body(Channel& channel, const ClientRequest& request,
                                                           Progress& progress) {
  if (request.stream == nullptr) {
    std::string_view body = request.body;
    while (!body.empty()) {
      if (channel.has_input()) return Sent{false};
      const std::string_view piece = body.substr(0, kPieceBytes);
      TRY(channel.write(piece));
      body.remove_prefix(piece.size());
    }
    return Sent{};
  }
  progress.stream_touched = true;
  std::string piece(kPieceBytes, '\0');
  std::uint64_t sent = 0;
  for (;;) {
    const std::size_t count = TRY(request.stream->read(piece));
    const std::string_view bytes(piece.data(), count);
    if (request.stream_bytes) {
      sent += count;
      if (sent > *request.stream_bytes || (count == 0 && sent < *request.stream_bytes)) {
        return core::Error(
            core::ErrorCode::kInvalidInput,
            fmt::format("the body has not the {} bytes that were announced", *request.stream_bytes));
      }
      if (count == 0) return Sent{};
      if (channel.has_input()) return Sent{false};
      TRY(channel.write(bytes));
      continue;
    }
    if (channel.has_input()) return Sent{false};
    TRY(channel.write(fmt::format("{:x}\r\n", count)));
    if (count > 0) TRY(channel.write(bytes));
    TRY(channel.write("\r\n"));
    if (count == 0) return Sent{};
  }
}

core::Result<Response> ChannelClient::read_answer(Channel& channel, const ClientRequest& request,
                                                  core::ByteSink* sink, Progress& progress,
                                                  bool& reusable) const {
  std::string buffer(kPieceBytes, '\0');
  std::string received;
  for (;;) {  // past 100 Continue and its like
    AnswerParser parser(sink);
    parser.eager(true);
    parser.skip(request.method == Method::kHead);
    bool at_end = false;
    while (!parser.is_done()) {
      boost::system::error_code error;
      if (!received.empty()) {
        received.erase(0, parser.put(boost::asio::const_buffer(received.data(), received.size()), error));
      } else if (at_end && !parser.got_some()) {
        error = make_error_code(beast_http::error::end_of_stream);
      } else if (at_end) {
        parser.put_eof(error);
        if (!error && !parser.is_done()) error = make_error_code(beast_http::error::end_of_stream);
      } else {
        error = make_error_code(beast_http::error::need_more);
      }
      if (parser.failure) return *std::move(parser.failure);
      if (parser.is_done()) break;
      if (error && (error != beast_http::error::need_more || at_end)) {
        return core::Error(
            core::ErrorCode::kUnavailable,
            fmt::format("{} broke off or is no HTTP: {}",
                        progress.answered_any ? "the answer" : "the connection", error.message()));
      }
      if (!error) continue;
      const std::size_t count = TRY(channel.read(buffer));
      at_end = count == 0;
      progress.answered_any = progress.answered_any || count > 0;
      received.append(buffer.data(), count);
    }
    if (parser.response.status / 100 == 1 && parser.response.status != 101) continue;
    reusable = reusable && !at_end && received.empty() && parser.keep_alive();
    return std::move(parser.response);
  }
}

core::Result<Response> ChannelClient::exchange(Channel& channel, const ClientRequest& request,
                                               const std::string& head, core::ByteSink* sink,
                                               Progress& progress, bool& reusable) const {
  // Small bodies go out with the head, in one packet.
  const bool joined = request.stream == nullptr && request.body.size() <= kPieceBytes;
  TRY(channel.write(joined ? head + request.body : head));
  progress.sent_any = true;
  if (!joined) {
    auto sent = send_body(channel, request, progress);
    if (!sent) {
      // The server may have answered and closed while we sent: its word is better than "broken off".
      if (sent.error().code() != core::ErrorCode::kUnavailable || !channel.has_input()) {
        return std::move(sent).error();
      }
      auto early = read_answer(channel, request, sink, progress, reusable);
      reusable = false;
      if (!early) return std::move(sent).error();
      return early;
    }
    if (!sent->whole) reusable = false;
  }
  return read_answer(channel, request, sink, progress, reusable);
}

core::Result<Response> ChannelClient::send(const ClientRequest& request, core::ByteSink* sink) {
  const Url url = TRY(parse_url(request.url));
  const std::string& wanted_proxy = url.tls ? options_.proxy : options_.plain_proxy;
  const std::string proxy = goes_direct(options_.no_proxy, url) ? std::string() : wanted_proxy;
  const bool asks_gzip = sink == nullptr && !request.headers.find("Accept-Encoding");
  const std::string head = TRY(head_of(request, url, asks_gzip, proxy));
  const std::string origin = (url.tls ? "https://" : "http://") + url.authority();

  for (;;) {
    std::unique_ptr<Channel> channel;
    if (const auto kept = kept_.find(origin); kept != kept_.end()) {
      channel = std::move(kept->second);
      kept_.erase(kept);
      if (channel->has_input()) channel.reset();  // the server closed it, or speaks out of turn
    }
    const bool was_kept = channel != nullptr;
    if (!was_kept) channel = TRY(open(url, proxy));
    Progress progress;
    bool reusable = true;
    auto answer = exchange(*channel, request, head, sink, progress, reusable);
    if (answer) {
      if (reusable) {
        if (kept_.size() >= kKeptMax) kept_.erase(kept_.begin());
        kept_[origin] = std::move(channel);
      }
      Response response = std::move(answer).value();
      if (asks_gzip && request.method != Method::kHead) {
        const auto coding = response.headers.find("Content-Encoding");
        if (coding && coding_of(*coding) == Coding::kGzip) {
          response.body = TRY(unpacked(response.body, kAnswerBytesMax), "the answer");
          response.headers.remove("Content-Encoding");
          response.headers.remove("Content-Length");
        }
      }
      return response;
    }
    const bool changes_nothing_twice = request.method != Method::kPost && request.method != Method::kPatch;
    const bool again = was_kept && answer.error().code() == core::ErrorCode::kUnavailable &&
                       !progress.answered_any && !progress.stream_touched &&
                       (changes_nothing_twice || !progress.sent_any);
    if (!again)
      return std::move(answer).error().with_context(fmt::format("{} {}", name_of(request.method), origin));
  }
}

std::string first_set(const os::Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = environment.find(name); value && !value->empty()) return *std::move(value);
  }
  return {};
}

}  // namespace

ClientOptions client_options(const os::Environment& environment) {
  ClientOptions options;
  options.proxy = first_set(environment, {"https_proxy", "HTTPS_PROXY"});
  options.plain_proxy = first_set(environment, {"http_proxy", "HTTP_PROXY"});
  const std::string no_proxy = first_set(environment, {"no_proxy", "NO_PROXY"});
  for (const std::string_view part : core::split(no_proxy, ',')) {
    const std::string_view entry = core::trimmed(part);
    if (!entry.empty()) options.no_proxy.emplace_back(entry);
  }
  options.ca_file = first_set(environment, {"MLFLOW_TRACKING_SERVER_CERT_PATH"});
  const std::string insecure = core::ascii_lower(first_set(environment, {"MLFLOW_TRACKING_INSECURE_TLS"}));
  options.verify_tls = insecure != "true" && insecure != "1";
  return options;
}

std::unique_ptr<Client> make_client(ClientOptions options) {
  return std::make_unique<ChannelClient>(std::move(options));
}

}  // namespace starcast::http
