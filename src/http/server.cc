#include "http/server.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <condition_variable>
#include <exception>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>

#include "core/check.h"
#include "core/guarded.h"
#include "core/strings.h"
#include "http/access_log.h"
#include "http/answer.h"
#include "http/browser.h"
#include "http/gzip.h"
#include "http/pool.h"
#include "http/request_parser.h"
#include "http/server_metrics.h"

namespace starcast::http {
namespace {

namespace asio = boost::asio;
namespace beast_http = boost::beast::http;

using ErrorCode = boost::system::error_code;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock,
                                         asio::wait_traits<std::chrono::steady_clock>, Executor>;
template <typename T>
using Awaitable = asio::awaitable<T, Executor>;
constexpr asio::use_awaitable_t<Executor> kAwait{};

constexpr std::size_t kInputBytesIdle = std::size_t{8} << 10;  // while a connection waits
constexpr std::size_t kInputBytesMax = std::size_t{64} << 10;  // while a body comes
constexpr std::size_t kReceivedBytes = std::size_t{256}
                                       << 10;  // of a streamed body, for one job of its receiver
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;     // of a streamed answer
constexpr std::size_t kPiecePrefix = 16;                        // room for a chunk's size line
constexpr std::size_t kJoinBytesMax = std::size_t{16} << 10;    // bodies up to this go out with the head
constexpr std::size_t kDrainBytesMax = std::size_t{256} << 10;  // of a refused body, to keep the connection
constexpr std::size_t kInlineGzipBytesMax = std::size_t{256} << 10;  // more is no work for a socket's thread
constexpr std::size_t kRefusingMax = 64;  // connections over the limit that are told so
constexpr std::chrono::milliseconds kLingerTime{1'000};
constexpr std::chrono::milliseconds kSweep{250};
constexpr core::Ticks kNever = core::Ticks::max();

// Whether a header line goes on in the next one, as HTTP had it once. Proxies differ in how they read it.
bool holds_fold(std::string_view header) {
  for (std::size_t at = header.find('\n'); at != std::string_view::npos; at = header.find('\n', at + 1)) {
    if (at + 1 < header.size() && (header[at + 1] == ' ' || header[at + 1] == '\t')) return true;
  }
  return false;
}

// What came and is not parsed yet. Small while a connection is idle.
class Input {
 public:
  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool empty() const { return begin_ == end_; }
  void consume(std::size_t count) {
    begin_ += count;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void filled(std::size_t count) { end_ += count; }

  // Room behind what is there: at least a byte, unless `bytes_max` are there already.
  std::span<char> room(std::size_t bytes_wanted, std::size_t bytes_max) {
    std::size_t wanted = std::max({bytes_wanted, capacity_, kInputBytesIdle});
    if (end_ - begin_ == capacity_) wanted = std::max(wanted, capacity_ * 2);
    wanted = std::min(wanted, std::max(bytes_max, capacity_));
    if (wanted > capacity_) {
      auto larger = std::make_unique_for_overwrite<char[]>(wanted);
      std::copy(bytes_.get() + begin_, bytes_.get() + end_, larger.get());
      bytes_ = std::move(larger);
      capacity_ = wanted;
      end_ -= begin_;
      begin_ = 0;
    } else if (end_ == capacity_ && begin_ > 0) {
      std::copy(bytes_.get() + begin_, bytes_.get() + end_, bytes_.get());
      end_ -= begin_;
      begin_ = 0;
    }
    return {bytes_.get() + end_, capacity_ - end_};
  }
  void release_if_large() {
    if (!empty() || capacity_ <= kInputBytesIdle) return;
    bytes_.reset();
    capacity_ = 0;
  }

 private:
  std::unique_ptr<char[]> bytes_{};
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// One client. Only its worker's thread touches it.
struct Connection {
  explicit Connection(Socket accepted) : socket(std::move(accepted)) {}

  Socket socket;
  std::string peer{};
  Input input{};
  core::Ticks deadline = kNever;        // of the operation that runs
  core::Ticks total_deadline = kNever;  // of the request
  core::Ticks body_start = kNever;      // while a body comes
  std::uint64_t body_bytes = 0;
  bool idle = false;     // between two requests
  bool expired = false;  // a deadline passed, its operation was cancelled
  bool closed = false;   // by stop()
  bool counted = false;  // one of `limits.connections`
};

// One thread with its own context.
struct Worker {
  std::unordered_set<Connection*> connections{};  // before the context, whose end destroys connections
  std::string date{};
  std::int64_t date_second = -1;
  asio::io_context context{1};
  asio::executor_work_guard<Executor> work{context.get_executor()};
  Timer sweeper{context};
  bool sweeping = false;
  std::jthread thread{};
};

// What is known of the request that runs.
struct Exchange {
  explicit Exchange(std::size_t header_bytes) : parser(header_bytes) {}

  RequestParser parser;
  Request request{};
  const Route* route = nullptr;
  Coding coding = Coding::kIdentity;
  Framing framing{};
  bool expects_continue = false;
  core::Ticks start{0};
  std::size_t bytes_sent = 0;
  Response response{};
  std::unique_ptr<char[]> piece{};  // of a streamed answer, behind kPiecePrefix
  std::size_t piece_bytes = 0;
  bool stream_failed = false;
};

// One job at a time that runs on the pool while its connection reads or writes. Used on the worker's thread
// only; it is joined before what the job touches goes.
class Background {
 public:
  // `at_end` runs on the worker's thread when a job ends.
  Background(Worker& worker, Pool& pool, std::function<void()> at_end)
      : worker_(worker), pool_(pool), at_end_(std::move(at_end)), done_(worker.context) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  bool is_running() const { return running_; }

  void start(std::function<void()> work) {
    running_ = true;
    ran_ = false;
    pool_.add([ticket = std::make_shared<Ticket>(*this), job = std::move(work)] {
      job();
      ticket->ran = true;
    });
  }

  // False: the job was dropped by the pool's end.
  Awaitable<bool> join() {
    while (running_) {
      ErrorCode error;
      done_.expires_at(Timer::time_point::max());
      co_await done_.async_wait(asio::redirect_error(kAwait, error));
    }
    co_return ran_;
  }

 private:
  // Goes with the job, run or not.
  struct Ticket {
    explicit Ticket(Background& of) : owner(of) {}
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;
    ~Ticket() {
      asio::post(owner.worker_.context, [background = &owner, has_run = ran] {
        background->running_ = false;
        background->ran_ = has_run;
        background->at_end_();
        background->done_.cancel();
      });
    }
    Background& owner;
    bool ran = false;
  };

  Worker& worker_;
  Pool& pool_;
  std::function<void()> at_end_;
  Timer done_;
  bool running_ = false;
  bool ran_ = true;
};

enum class Next { kGoOn, kClose, kLinger };
enum class BodyEnd { kDone, kTooLarge, kMalformed, kTimeout, kGone, kRefused };

// A piece of a body on its way to its receiver.
struct ReceiverJob {
  Exchange& x;
  BodyReceiver& receiver;
  Inflater* unpacks = nullptr;
  std::string piece{};
  bool last = false;
  BodyEnd end = BodyEnd::kDone;  // kTooLarge, kRefused: with the answer in x.response
};

class Engine final : public Server {
 public:
  Engine(const RouteTable& routes, ServerOptions options, const core::Clock& clock, core::Log& log)
      : routes_(routes),
        options_(std::move(options)),
        clock_(clock),
        log_(log),
        guard_(options_.browser, options_.address),
        metrics_(routes),
        pool_(options_.pool_threads, options_.limits.queue) {
    if (options_.access_log) access_.emplace(log);
    for (std::size_t i = 0; i < std::max<std::size_t>(options_.io_threads, 1); ++i) {
      workers_.push_back(std::make_unique<Worker>());
    }
  }
  ~Engine() override { stop(std::chrono::milliseconds(0)); }

  core::Result<void> start();
  std::uint16_t port() const override { return port_; }
  void stop(std::chrono::milliseconds grace) override;
  std::string metrics_text() const override { return metrics_.text(); }

 private:
  // Counts a connection from its first to its last moment.
  class Presence {
   public:
    Presence(Engine& engine, Worker& worker, Connection& connection)
        : engine_(engine), worker_(worker), connection_(connection) {
      worker_.connections.insert(&connection_);
    }
    ~Presence() {
      worker_.connections.erase(&connection_);
      engine_.leave(connection_.counted);
    }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

   private:
    Engine& engine_;
    Worker& worker_;
    Connection& connection_;
  };

  core::Result<void> listen();
  core::Error in_use(const asio::ip::address& address) const;
  void spawn(asio::io_context& context, Awaitable<void> what);
  Awaitable<void> accept_all();
  Awaitable<void> accept_until_stopped();
  Awaitable<void> run(Worker& worker, Socket socket, bool counted);
  Awaitable<void> sweep_regularly(Worker& worker);
  void sweep(Worker& worker);
  void leave(bool counted);
  void one_gone();
  bool wait_for_all_gone(std::chrono::milliseconds grace);

  Awaitable<bool> read_some(Connection& connection, std::size_t bytes_wanted, std::size_t bytes_max);
  Awaitable<bool> write_all(Connection& connection, std::array<asio::const_buffer, 2> buffers);
  Awaitable<void> on_pool(Worker& worker, std::function<void()> work);
  Awaitable<Next> exchange(Worker& worker, Connection& connection);
  Awaitable<bool> read_header(Connection& connection, Exchange& x);
  Awaitable<Next> answer(Worker& worker, Connection& connection, Exchange& x);
  Awaitable<BodyEnd> read_body(Connection& connection, Exchange& x, bool drains);
  Awaitable<bool> receive(Worker& worker, Connection& connection, Exchange& x);
  Awaitable<BodyEnd> receive_chunks(Worker& worker, Connection& connection, Exchange& x,
                                    std::unique_ptr<BodyReceiver>& receiver);
  Awaitable<BodyEnd> gather(Connection& connection, Exchange& x, const Background& writing);
  Awaitable<BodyEnd> finish_job(Connection& connection, Background& writing, ReceiverJob& job);
  void give(ReceiverJob& job);
  Awaitable<bool> say_continue(Connection& connection, Exchange& x);
  Awaitable<bool> send(Worker& worker, Connection& connection, Exchange& x);
  Awaitable<bool> send_stream(Worker& worker, Connection& connection, Exchange& x);
  Awaitable<void> linger(Connection& connection);

  std::optional<Response> screen(Exchange& x);
  std::optional<Response> screen_route(Exchange& x);
  void perform(Exchange& x);
  core::Result<Response> handled(Exchange& x);
  void finish_response(Exchange& x, bool on_pool_thread);
  void pack(Exchange& x) const;
  void read_piece(Exchange& x);
  std::optional<Response> answer_to(BodyEnd end, Exchange& x);
  Response error_answer(const core::Error& error, const Request& request);
  Response refusal(int status, core::ErrorCode code, std::string message, const Request& request);
  Response queue_full(const Request& request);
  std::string_view date(Worker& worker);
  void await_for(Connection& connection, std::chrono::milliseconds time) {
    connection.deadline = clock_.elapsed() + time;
  }
  void record(const Connection& connection, const Exchange& x);

  // What a caller's function throws becomes an error here and nowhere else.
  template <typename Action>
  auto caught(const Request& request, Action&& action) -> decltype(action()) {
    try {
      return action();
    } catch (const std::exception& exception) {
      log_.error("{} {}: {}", name_of(request.method), request.path, exception.what());
      return core::Error(core::ErrorCode::kInternal, "an unexpected failure; the server's log names it");
    }
  }

  const RouteTable& routes_;
  const ServerOptions options_;
  const core::Clock& clock_;
  core::Log& log_;
  const BrowserGuard guard_;
  ServerMetrics metrics_;
  std::optional<AccessLog> access_{};
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> refusing_{0};
  core::Guarded<std::size_t> present_{0};  // connections, and the accepting itself
  std::condition_variable all_gone_{};
  std::vector<std::unique_ptr<Worker>> workers_{};
  std::unique_ptr<Acceptor> acceptor_{};
  Pool pool_;  // its queued jobs hold coroutines of the workers' contexts, so it goes first
};

// ---------------------------------------------------------------------------------------- start and stop

core::Error Engine::in_use(const asio::ip::address& address) const {
  asio::io_context context;
  for (unsigned offset = 1; offset <= 50; ++offset) {
    const unsigned port = options_.port + offset;
    if (port > 65535) break;
    ErrorCode error;
    asio::basic_socket_acceptor<asio::ip::tcp, Executor> probe(context);
    probe.open(address.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), error);
    if (!error) probe.bind({address, static_cast<std::uint16_t>(port)}, error);
    if (error) continue;
    return {core::ErrorCode::kAlreadyExists,
            fmt::format("port {} of {} is in use; port {} is free", options_.port, options_.address, port)};
  }
  return {core::ErrorCode::kAlreadyExists,
          fmt::format("port {} of {} is in use; port 0 takes any free one", options_.port, options_.address)};
}

core::Result<void> Engine::listen() {
  ErrorCode error;
  const std::string literal = options_.address == "localhost" ? "127.0.0.1" : options_.address;
  const auto address = asio::ip::make_address(literal, error);
  if (error) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("'{}' is no address to listen on, such as 127.0.0.1 or 0.0.0.0 or ::1",
                                   options_.address));
  }
  acceptor_ = std::make_unique<Acceptor>(workers_.front()->context);
  acceptor_->open(address.is_v6() ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), error);
  if (!error) acceptor_->set_option(asio::socket_base::reuse_address(true), error);
  if (!error && address.is_v6()) acceptor_->set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor_->bind({address, options_.port}, error);
  if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) return in_use(address);
  if (error == asio::error::access_denied) {
    return core::Error(core::ErrorCode::kPermissionDenied,
                       fmt::format("port {} of {} needs more rights; ports from 1024 on do not",
                                   options_.port, options_.address));
  }
  if (error) {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        fmt::format("cannot listen on {} port {}: {}", options_.address, options_.port, error.message()));
  }
  port_ = acceptor_->local_endpoint(error).port();
  return {};
}

void Engine::spawn(asio::io_context& context, Awaitable<void> what) {
  asio::co_spawn(context, std::move(what), [this](const std::exception_ptr& thrown) {
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& exception) {
      log_.error("a connection was dropped: {}", exception.what());
    }
  });
}

core::Result<void> Engine::start() {
  TRY(listen());
  present_.with([](std::size_t& present) { ++present; });
  spawn(workers_.front()->context, accept_all());
  for (const auto& worker : workers_) {
    asio::io_context* context = &worker->context;
    worker->thread = std::jthread([context] { context->run(); });
  }
  return {};
}

void Engine::leave(bool counted) {
  if (counted) {
    metrics_.connections_open.fetch_sub(1, std::memory_order_relaxed);
  } else {
    refusing_.fetch_sub(1);
  }
  one_gone();
}

void Engine::one_gone() {
  const bool last = present_.with([](std::size_t& present) { return --present == 0; });
  if (last) all_gone_.notify_all();
}

bool Engine::wait_for_all_gone(std::chrono::milliseconds grace) {
  auto present = present_.lock();
  return all_gone_.wait_for(present.mutex_lock(), grace, [&present] { return *present == 0; });
}

void Engine::stop(std::chrono::milliseconds grace) {
  if (stopping_.exchange(true) || acceptor_ == nullptr) return;
  asio::post(workers_.front()->context, [this] {
    ErrorCode ignored;
    acceptor_->close(ignored);
  });
  for (const auto& worker : workers_) {
    Worker* its = worker.get();
    asio::post(its->context, [its] {
      ErrorCode ignored;
      for (Connection* connection : its->connections) {
        if (connection->idle) connection->socket.cancel(ignored);
      }
    });
  }
  if (!wait_for_all_gone(grace)) {
    for (const auto& worker : workers_) {
      Worker* its = worker.get();
      asio::post(its->context, [its] {
        ErrorCode ignored;
        for (Connection* connection : its->connections) {
          connection->closed = true;
          connection->socket.close(ignored);
        }
      });
    }
  }
  pool_.stop();
  wait_for_all_gone(kLingerTime);
  for (const auto& worker : workers_) worker->context.stop();
  for (const auto& worker : workers_) {
    if (worker->thread.joinable()) worker->thread.join();
  }
}

// -------------------------------------------------------------------------------------------- connections

Awaitable<void> Engine::accept_all() {
  co_await accept_until_stopped();
  one_gone();
}

Awaitable<void> Engine::accept_until_stopped() {
  std::size_t turn = 0;
  Timer pause(workers_.front()->context);
  while (!stopping_) {
    Worker& worker = *workers_[turn++ % workers_.size()];
    Socket socket(worker.context);
    ErrorCode error;
    co_await acceptor_->async_accept(socket, asio::redirect_error(kAwait, error));
    if (stopping_) co_return;
    if (error) {
      // Out of descriptors, or the client was gone at once: what is open goes on.
      pause.expires_after(std::chrono::milliseconds(50));
      co_await pause.async_wait(asio::redirect_error(kAwait, error));
      continue;
    }
    metrics_.connections_accepted.fetch_add(1, std::memory_order_relaxed);
    socket.set_option(asio::ip::tcp::no_delay(true), error);
    const bool counted =
        metrics_.connections_open.load(std::memory_order_relaxed) < options_.limits.connections;
    if (counted) {
      metrics_.connections_open.fetch_add(1, std::memory_order_relaxed);
    } else {
      metrics_.count(Refusal::kConnections);
      if (refusing_.load() >= kRefusingMax) continue;
      refusing_.fetch_add(1);
    }
    present_.with([](std::size_t& present) { ++present; });
    spawn(worker.context, run(worker, std::move(socket), counted));
  }
}

Awaitable<void> Engine::run(Worker& worker, Socket socket, bool counted) {
  Connection connection(std::move(socket));
  connection.counted = counted;
  const Presence presence(*this, worker, connection);
  if (!worker.sweeping) {
    worker.sweeping = true;
    spawn(worker.context, sweep_regularly(worker));
  }
  ErrorCode error;
  const auto remote = connection.socket.remote_endpoint(error);
  if (!error) connection.peer = remote.address().to_string();

  Next next = Next::kGoOn;
  if (!counted) {
    Exchange x(options_.limits.header_bytes);
    x.framing.keep_alive = false;
    x.start = clock_.elapsed();
    x.response = refusal(
        503, core::ErrorCode::kUnavailable,
        fmt::format("all {} connections of this server are in use", options_.limits.connections), x.request);
    x.response.headers.set("Retry-After", "1");
    const bool sent = co_await send(worker, connection, x);
    next = sent ? Next::kLinger : Next::kClose;
  }
  while (next == Next::kGoOn) next = co_await exchange(worker, connection);
  if (next == Next::kLinger) co_await linger(connection);
}

// A socket that is closed while unread bytes wait resets the connection, and the client may never see the
// answer.
Awaitable<void> Engine::linger(Connection& connection) {
  ErrorCode ignored;
  connection.socket.shutdown(asio::socket_base::shutdown_send, ignored);
  connection.expired = false;
  connection.total_deadline = kNever;
  connection.body_start = kNever;
  await_for(connection, kLingerTime);
  for (std::size_t bytes = 0; bytes < (std::size_t{16} << 20);) {
    connection.input.consume(connection.input.view().size());
    const bool more = co_await read_some(connection, kInputBytesMax, kInputBytesMax);
    if (!more) co_return;
    bytes += connection.input.view().size();
  }
}

Awaitable<void> Engine::sweep_regularly(Worker& worker) {
  const ServerLimits& limits = options_.limits;
  const auto period = std::clamp(std::min({limits.idle, limits.header, limits.body_stall, limits.total}) / 4,
                                 std::chrono::milliseconds(5), kSweep);
  while (!worker.connections.empty()) {
    ErrorCode error;
    worker.sweeper.expires_after(period);
    co_await worker.sweeper.async_wait(asio::redirect_error(kAwait, error));
    sweep(worker);
  }
  worker.sweeping = false;
}

void Engine::sweep(Worker& worker) {
  const core::Ticks now = clock_.elapsed();
  for (Connection* connection : worker.connections) {
    bool late = now >= std::min(connection->deadline, connection->total_deadline);
    if (connection->body_start != kNever && now - connection->body_start > options_.limits.body_stall) {
      const double seconds = core::seconds_between(connection->body_start, now);
      late = late || static_cast<double>(connection->body_bytes) <
                         seconds * static_cast<double>(options_.limits.body_bytes_per_second);
    }
    if (!late || connection->expired) continue;
    connection->expired = true;
    ErrorCode ignored;
    connection->socket.cancel(ignored);
  }
}

Awaitable<bool> Engine::read_some(Connection& connection, std::size_t bytes_wanted, std::size_t bytes_max) {
  if (connection.expired || connection.closed) co_return false;
  const std::span<char> room = connection.input.room(bytes_wanted, bytes_max);
  if (room.empty()) co_return false;
  ErrorCode error;
  const std::size_t count = co_await connection.socket.async_read_some(
      asio::mutable_buffer(room.data(), room.size()), asio::redirect_error(kAwait, error));
  if (error || count == 0) co_return false;
  connection.input.filled(count);
  metrics_.bytes_received.fetch_add(count, std::memory_order_relaxed);
  co_return true;
}

Awaitable<bool> Engine::write_all(Connection& connection, std::array<asio::const_buffer, 2> buffers) {
  while (buffers[0].size() + buffers[1].size() > 0) {
    if (connection.expired || connection.closed) co_return false;
    await_for(connection, options_.limits.body_stall);
    ErrorCode error;
    const std::size_t count =
        co_await connection.socket.async_write_some(buffers, asio::redirect_error(kAwait, error));
    if (error) co_return false;
    metrics_.bytes_sent.fetch_add(count, std::memory_order_relaxed);
    const std::size_t of_first = std::min(count, buffers[0].size());
    buffers[0] += of_first;
    buffers[1] += count - of_first;
  }
  connection.deadline = kNever;
  co_return true;
}

// Runs `work` on the pool and goes on here when it is done. After stop() it is dropped, and this connection
// with it.
Awaitable<void> Engine::on_pool(Worker& worker, std::function<void()> work) {
  auto initiate = [this, &worker](auto handler, std::function<void()> job) {
    auto held = std::make_shared<decltype(handler)>(std::move(handler));
    pool_.add([&worker, held = std::move(held), job = std::move(job)]() mutable {
      job();
      job = nullptr;
      asio::post(worker.context, [held = std::move(held)] { std::move (*held)(); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<Executor>, void()>(std::move(initiate), kAwait,
                                                                               std::move(work));
}

// ----------------------------------------------------------------------------------------------- exchanges

Awaitable<Next> Engine::exchange(Worker& worker, Connection& connection) {
  connection.total_deadline = kNever;
  if (connection.input.empty()) {
    if (stopping_) co_return Next::kClose;
    connection.input.release_if_large();
    await_for(connection, options_.limits.idle);
    connection.idle = true;
    const bool came = co_await read_some(connection, kInputBytesIdle, kInputBytesIdle);
    connection.idle = false;
    if (!came) co_return Next::kClose;
  }
  Exchange x(options_.limits.header_bytes);
  x.start = clock_.elapsed();
  connection.total_deadline = x.start + options_.limits.total;
  await_for(connection, options_.limits.header);
  const bool readable = co_await read_header(connection, x);
  Next next = Next::kClose;
  if (readable) {
    next = co_await answer(worker, connection, x);
  } else if (x.response.status >= 400) {
    connection.expired = false;
    x.framing.keep_alive = false;
    const bool sent = co_await send(worker, connection, x);
    next = sent ? Next::kLinger : Next::kClose;
  }
  co_return next;
}

// False: no request; with a status of 400 or more in x.response if the client is still to be told why.
Awaitable<bool> Engine::read_header(Connection& connection, Exchange& x) {
  const std::size_t bytes_max = std::max(options_.limits.header_bytes, kInputBytesMax);
  while (!x.parser.is_header_done()) {
    std::string_view bytes = connection.input.view();
    while (!x.parser.got_some() && (bytes.starts_with('\r') || bytes.starts_with('\n'))) {
      connection.input.consume(1);
      bytes = connection.input.view();
    }
    ErrorCode error;
    const std::size_t taken = x.parser.put(asio::const_buffer(bytes.data(), bytes.size()), error);
    if (holds_fold(bytes.substr(0, taken))) x.parser.objection = "a line of its header is folded";
    connection.input.consume(taken);
    if (!error) continue;
    bool full = error == beast_http::error::header_limit;
    if (error == beast_http::error::need_more) {
      const std::size_t before = connection.input.view().size();
      const bool more = co_await read_some(connection, kInputBytesIdle, bytes_max);
      if (more) continue;
      if (connection.expired) {
        metrics_.count(Refusal::kHeaderTime);
        x.response = refusal(408, core::ErrorCode::kDeadlineExceeded, "the request's header came too slowly",
                             x.request);
        co_return false;
      }
      full = before >= bytes_max;
      if (!full) co_return false;
    }
    metrics_.count(full ? Refusal::kHeaderBytes : Refusal::kMalformed);
    if (full) {
      x.response =
          refusal(431, core::ErrorCode::kTooLarge,
                  fmt::format("the request's header is larger than {} bytes", options_.limits.header_bytes),
                  x.request);
    } else {
      x.response = refusal(400, core::ErrorCode::kInvalidInput,
                           fmt::format("the request cannot be read: {}", error.message()), x.request);
    }
    co_return false;
  }
  connection.deadline = kNever;
  co_return true;
}

Awaitable<Next> Engine::answer(Worker& worker, Connection& connection, Exchange& x) {
  x.request = std::move(x.parser.request);
  x.request.peer = connection.peer;
  x.framing.http_10 = x.parser.version < 11;
  x.framing.is_head = x.request.method == Method::kHead;
  x.framing.keep_alive = x.parser.keep_alive();

  std::optional<Response> early = screen(x);
  bool alive = true;
  if (early) {
    x.response = *std::move(early);
  } else if (x.route->receiver) {
    alive = co_await receive(worker, connection, x);
  } else {
    BodyEnd end = BodyEnd::kDone;
    if (!x.parser.is_done()) {
      const bool told = co_await say_continue(connection, x);
      end = told ? co_await read_body(connection, x, false) : BodyEnd::kGone;
    }
    if (end == BodyEnd::kGone) co_return Next::kClose;
    if (std::optional<Response> refused = answer_to(end, x)) {
      x.response = *std::move(refused);
    } else {
      x.request.body = x.parser.take_body();
      const bool is_large =
          x.route->where == Where::kBySize && x.request.body.size() > x.route->inline_body_bytes;
      const bool on_pool_thread = x.route->where == Where::kPool || is_large || x.coding != Coding::kIdentity;
      if (is_large && !pool_.has_room()) {
        metrics_.count(Refusal::kQueue);
        x.response = queue_full(x.request);
      } else if (on_pool_thread) {
        Exchange* exchange = &x;
        co_await on_pool(worker, [this, exchange] {
          perform(*exchange);
          finish_response(*exchange, true);
        });
      } else {
        perform(x);
      }
    }
  }
  if (!alive) co_return Next::kClose;

  // What is left of a refused body is read, if it is little, so that the connection can be kept.
  if (!x.parser.is_done() && x.framing.keep_alive) {
    bool drained = false;
    const auto length = x.parser.content_length();
    if (!x.expects_continue && !connection.expired && x.parser.objection == nullptr &&
        (!length || *length <= kDrainBytesMax)) {
      const BodyEnd end = co_await read_body(connection, x, true);
      drained = end == BodyEnd::kDone;
    }
    if (!drained) x.framing.keep_alive = false;
  }
  connection.body_start = kNever;
  if (connection.expired) {
    connection.expired = false;
    connection.total_deadline = kNever;
    x.framing.keep_alive = false;
  }
  if (stopping_) x.framing.keep_alive = false;
  const bool whole_request = x.parser.is_done();
  const bool sent = co_await send(worker, connection, x);
  if (!sent) co_return Next::kClose;
  if (!whole_request) co_return Next::kLinger;
  co_return x.framing.keep_alive ? Next::kGoOn : Next::kClose;
}

std::optional<Response> Engine::screen(Exchange& x) {
  Request& request = x.request;
  const auto split = split_target(request);
  const char* objection = x.parser.objection;
  if (objection == nullptr && !split) objection = "its target is not a path";
  if (objection != nullptr) {
    x.parser.objection = objection;
    x.framing.keep_alive = false;
    metrics_.count(Refusal::kMalformed);
    return refusal(400, core::ErrorCode::kInvalidInput, fmt::format("the request is refused: {}", objection),
                   request);
  }
  const BrowserVerdict verdict = guard_.judge(request);
  if (verdict == BrowserVerdict::kForeignHost) {
    metrics_.count(Refusal::kForeignHost);
    return text_response(403, "Invalid Host header - possible DNS rebinding attack detected", "text/plain");
  }
  if (verdict == BrowserVerdict::kForeignOrigin) {
    metrics_.count(Refusal::kForeignOrigin);
    return text_response(403, "Cross-origin request blocked", "text/plain");
  }
  if (auto preflight = guard_.preflight(request)) return preflight;
  auto found = routes_.find(request.method, request.path);
  if (!x.parser.known_method) {
    if (found.route != nullptr) found.methods = {found.route->method};
    return method_not_allowed(found.methods);
  }
  if (found.route == nullptr) {
    if (request.method == Method::kOptions && (found.path_known || request.path == "*")) {
      Response options;
      options.status = 204;
      if (found.path_known) options.headers.add("Allow", allow_value(found.methods));
      return options;
    }
    if (found.path_known) return method_not_allowed(found.methods);
    return error_answer(
        core::Error(core::ErrorCode::kNotFound, fmt::format("no such path: {}", request.path)), request);
  }
  x.route = found.route;
  request.parameters = std::move(found.parameters);
  return screen_route(x);
}

std::optional<Response> Engine::screen_route(Exchange& x) {
  const Request& request = x.request;
  if (x.route->json_body) {
    if (const auto objection = objection_to_type(request)) return error_answer(*objection, request);
  }
  const auto encoding = request.headers.find("Content-Encoding");
  const auto coding = coding_of(encoding.value_or(std::string_view()));
  if (!coding) {
    return refusal(415, core::ErrorCode::kInvalidInput,
                   "the body's Content-Encoding is not known; gzip and deflate are", request);
  }
  x.coding = *coding;
  const auto length = x.parser.content_length();
  if (length && *length > x.route->body_bytes_max) return answer_to(BodyEnd::kTooLarge, x);
  if (const auto expect = request.headers.find("Expect")) {
    if (core::ascii_lower(*expect) != "100-continue") {
      return refusal(417, core::ErrorCode::kInvalidInput, "the request expects what this server does not do",
                     request);
    }
    x.expects_continue = !x.parser.is_done() && !x.framing.http_10;
  }
  const bool needs_pool =
      x.route->where == Where::kPool || x.route->receiver != nullptr || x.coding != Coding::kIdentity;
  if (needs_pool && !pool_.has_room()) {
    metrics_.count(Refusal::kQueue);
    return queue_full(request);
  }
  x.parser.limit_body(x.route->body_bytes_max);
  return std::nullopt;
}

Awaitable<bool> Engine::say_continue(Connection& connection, Exchange& x) {
  if (!x.expects_continue) co_return true;
  x.expects_continue = false;
  if (!connection.input.empty()) co_return true;
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const std::array<asio::const_buffer, 2> buffers{asio::const_buffer(kContinue.data(), kContinue.size()),
                                                  asio::const_buffer()};
  co_return co_await write_all(connection, buffers);
}

// The whole body into the parser; with `drains` little of it, into nothing.
Awaitable<BodyEnd> Engine::read_body(Connection& connection, Exchange& x, bool drains) {
  if (drains) {
    x.parser.discard_body();
    x.parser.limit_body(x.parser.body_bytes() + kDrainBytesMax);
  }
  x.parser.eager(true);
  connection.body_start = clock_.elapsed();
  connection.body_bytes = 0;
  const auto length = x.parser.content_length();
  const std::size_t wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(length.value_or(0), kInputBytesMax));
  if (!drains && length)
    x.parser.expect_body(static_cast<std::size_t>(std::min<std::uint64_t>(*length, 1U << 20)));
  for (;;) {
    if (!connection.input.empty()) {
      const std::string_view bytes = connection.input.view();
      ErrorCode error;
      const std::size_t taken = x.parser.put(asio::const_buffer(bytes.data(), bytes.size()), error);
      connection.input.consume(taken);
      if (error == beast_http::error::body_limit) co_return BodyEnd::kTooLarge;
      if (error && error != beast_http::error::need_more) co_return BodyEnd::kMalformed;
      if (x.parser.is_done()) break;
      if (!error && taken > 0) continue;
    }
    await_for(connection, options_.limits.body_stall);
    const std::size_t before = connection.input.view().size();
    const bool more = co_await read_some(connection, wanted, kInputBytesMax);
    if (!more) {
      if (connection.expired) co_return BodyEnd::kTimeout;
      co_return before >= kInputBytesMax ? BodyEnd::kMalformed : BodyEnd::kGone;
    }
    connection.body_bytes += connection.input.view().size() - before;
  }
  connection.deadline = kNever;
  connection.body_start = kNever;
  co_return BodyEnd::kDone;
}

std::optional<Response> Engine::answer_to(BodyEnd end, Exchange& x) {
  switch (end) {
    case BodyEnd::kDone:
    case BodyEnd::kGone:
    case BodyEnd::kRefused:
      return std::nullopt;
    case BodyEnd::kTooLarge:
      metrics_.count(Refusal::kBodyBytes);
      return refusal(413, core::ErrorCode::kTooLarge,
                     fmt::format("the body is larger than {} bytes", x.route->body_bytes_max), x.request);
    case BodyEnd::kMalformed:
      metrics_.count(Refusal::kMalformed);
      x.parser.objection = "its body cannot be read";
      x.framing.keep_alive = false;
      return refusal(400, core::ErrorCode::kInvalidInput, "the request's body cannot be read", x.request);
    case BodyEnd::kTimeout:
      metrics_.count(Refusal::kBodyTime);
      return refusal(408, core::ErrorCode::kDeadlineExceeded, "the request's body came too slowly",
                     x.request);
  }
  return std::nullopt;
}

// A route that takes its body in chunks: each is a job of its own. False: the client is gone.
Awaitable<bool> Engine::receive(Worker& worker, Connection& connection, Exchange& x) {
  std::unique_ptr<BodyReceiver> receiver;
  Exchange* exchange = &x;
  std::unique_ptr<BodyReceiver>* target = &receiver;
  co_await on_pool(worker, [this, exchange, target] {
    auto made =
        caught(exchange->request, [exchange] { return exchange->route->receiver(exchange->request); });
    if (made) {
      *target = std::move(made).value();
    } else {
      exchange->response = error_answer(made.error(), exchange->request);
    }
    if (*target == nullptr) finish_response(*exchange, true);
  });
  if (receiver == nullptr) co_return true;

  const BodyEnd end = co_await receive_chunks(worker, connection, x, receiver);
  std::optional<Response> refused = answer_to(end, x);
  if (refused) x.response = *std::move(refused);
  const bool done = end == BodyEnd::kDone;
  co_await on_pool(worker, [this, exchange, target, done] {
    if (done) {
      auto finished = caught(exchange->request, [target] { return (*target)->finish(); });
      exchange->response =
          finished ? std::move(finished).value() : error_answer(finished.error(), exchange->request);
    }
    target->reset();
    finish_response(*exchange, true);
  });
  co_return end != BodyEnd::kGone;
}

// The receiver takes a piece while the next one comes.
Awaitable<BodyEnd> Engine::receive_chunks(Worker& worker, Connection& connection, Exchange& x,
                                          std::unique_ptr<BodyReceiver>& receiver) {
  if (x.parser.is_done()) co_return BodyEnd::kDone;
  const bool told = co_await say_continue(connection, x);
  if (!told) co_return BodyEnd::kGone;
  x.parser.eager(true);
  connection.body_start = clock_.elapsed();
  connection.body_bytes = 0;
  std::optional<Inflater> inflater;
  if (x.coding != Coding::kIdentity) inflater.emplace(x.route->body_bytes_max);
  ReceiverJob job{x, *receiver, inflater ? &*inflater : nullptr};
  Background writing(worker, pool_, [&job, &connection] {
    ErrorCode ignored;
    // A client that is refused is told so at once, also when it sends nothing more.
    if (job.end != BodyEnd::kDone) connection.socket.cancel(ignored);
  });
  BodyEnd end = BodyEnd::kDone;
  while (!job.last) {
    end = co_await gather(connection, x, writing);
    if (end != BodyEnd::kDone) break;
    end = co_await finish_job(connection, writing, job);
    if (end != BodyEnd::kDone) break;
    job.piece = x.parser.take_body();
    job.last = x.parser.is_done();
    writing.start([this, &job] { give(job); });
  }
  const BodyEnd given = co_await finish_job(connection, writing, job);
  if (given != BodyEnd::kDone) end = given;
  connection.deadline = kNever;
  if (end == BodyEnd::kDone) connection.body_start = kNever;
  co_return end;
}

// Reads until the parser holds a whole piece, or the body's end, or something while nothing else is to do.
Awaitable<BodyEnd> Engine::gather(Connection& connection, Exchange& x, const Background& writing) {
  const std::uint64_t length = x.parser.content_length().value_or(kReceivedBytes);
  x.parser.expect_body(static_cast<std::size_t>(std::min<std::uint64_t>(length, kReceivedBytes)) +
                       (length < kReceivedBytes ? 0 : kInputBytesMax));
  while (!x.parser.is_done() && x.parser.held_bytes() < kReceivedBytes) {
    if (!connection.input.empty()) {
      const std::string_view bytes = connection.input.view().substr(0, kInputBytesMax);
      ErrorCode error;
      const std::size_t taken = x.parser.put(asio::const_buffer(bytes.data(), bytes.size()), error);
      connection.input.consume(taken);
      if (error == beast_http::error::body_limit) co_return BodyEnd::kTooLarge;
      if (error && error != beast_http::error::need_more) co_return BodyEnd::kMalformed;
      if (taken > 0 || x.parser.is_done()) continue;
    }
    if (x.parser.held_bytes() > 0 && !writing.is_running()) break;
    await_for(connection, options_.limits.body_stall);
    const std::size_t before = connection.input.view().size();
    const bool more = co_await read_some(connection, kInputBytesMax, kInputBytesMax);
    if (!more) {
      if (connection.expired) co_return BodyEnd::kTimeout;
      co_return before >= kInputBytesMax ? BodyEnd::kMalformed : BodyEnd::kGone;
    }
    connection.body_bytes += connection.input.view().size() - before;
  }
  co_return BodyEnd::kDone;
}

// Waits for the job that runs, if any. Its own time is not the client's.
Awaitable<BodyEnd> Engine::finish_job(Connection& connection, Background& writing, ReceiverJob& job) {
  connection.deadline = kNever;
  const core::Ticks start = std::exchange(connection.body_start, kNever);
  const core::Ticks paused = clock_.elapsed();
  const bool ran = co_await writing.join();
  connection.body_start = start + (clock_.elapsed() - paused);
  if (!ran) co_return BodyEnd::kGone;
  co_return job.end;
}

// On the pool's thread: a piece to its receiver.
void Engine::give(ReceiverJob& job) {
  const auto done = caught(job.x.request, [&job]() -> core::Result<void> {
    if (job.unpacks == nullptr) {
      if (!job.piece.empty()) TRY(job.receiver.write(job.piece));
      return {};
    }
    TRY(job.unpacks->write(job.piece, [&job](std::string_view piece) { return job.receiver.write(piece); }));
    if (job.last) TRY(job.unpacks->finish());
    return {};
  });
  if (done) return;
  job.end = job.unpacks != nullptr && done.error().code() == core::ErrorCode::kTooLarge ? BodyEnd::kTooLarge
                                                                                        : BodyEnd::kRefused;
  job.x.response = error_answer(done.error(), job.x.request);
}

// ----------------------------------------------------------------------------------------------- handlers

core::Result<Response> Engine::handled(Exchange& x) {
  if (x.coding != Coding::kIdentity) {
    x.request.body = TRY(unpacked(x.request.body, x.route->body_bytes_max));
    x.request.headers.remove("Content-Encoding");
  }
  return x.route->handler(x.request);
}

void Engine::perform(Exchange& x) {
  const bool was_packed = x.coding != Coding::kIdentity;
  auto result = caught(x.request, [this, &x] { return handled(x); });
  if (result) {
    x.response = std::move(result).value();
    return;
  }
  const core::Error& error = result.error();
  // Only unpacking leaves the field in place.
  if (was_packed && x.request.headers.find("Content-Encoding")) {
    const bool large = error.code() == core::ErrorCode::kTooLarge;
    metrics_.count(large ? Refusal::kBodyBytes : Refusal::kMalformed);
    x.response = refusal(large ? 413 : 400, error.code(), error.message(), x.request);
    return;
  }
  x.response = error_answer(error, x.request);
}

void Engine::pack(Exchange& x) const {
  const std::string& peer = x.request.peer;
  const bool is_near = peer.starts_with("127.") || peer == "::1" || peer.starts_with("::ffff:127.");
  if (options_.gzip_to_loopback || !is_near) compress(x.request, x.response, options_.gzip_bytes_min);
}

// The rest of a response that may take time or block.
void Engine::finish_response(Exchange& x, bool on_pool_thread) {
  if (on_pool_thread || x.response.body.size() <= kInlineGzipBytesMax) {
    pack(x);
  }
  if (x.response.stream != nullptr && !x.framing.is_head) read_piece(x);
}

void Engine::read_piece(Exchange& x) {
  if (x.piece == nullptr) x.piece = std::make_unique_for_overwrite<char[]>(kPiecePrefix + kPieceBytes + 2);
  const std::span<char> room(x.piece.get() + kPiecePrefix, kPieceBytes);
  const auto read = caught(x.request, [&x, room] { return x.response.stream->read(room); });
  if (read) {
    x.piece_bytes = *read;
    return;
  }
  log_.error("{} {}: {}", name_of(x.request.method), x.request.path, read.error().message());
  x.piece_bytes = 0;
  x.stream_failed = true;
}

Response Engine::error_answer(const core::Error& error, const Request& request) {
  if (options_.error_response) {
    try {
      return options_.error_response(error, request);
    } catch (const std::exception& exception) {
      log_.error("{} {}: {}", name_of(request.method), request.path, exception.what());
      return text_response(500, "an unexpected failure; the server's log names it");
    }
  }
  return text_response(status_of(error.code()), error.message());
}

Response Engine::refusal(int status, core::ErrorCode code, std::string message, const Request& request) {
  Response response = error_answer(core::Error(code, std::move(message)), request);
  response.status = status;
  return response;
}

Response Engine::queue_full(const Request& request) {
  Response response = refusal(503, core::ErrorCode::kUnavailable,
                              fmt::format("{} requests wait already", options_.limits.queue), request);
  response.headers.set("Retry-After", "1");
  return response;
}

// ------------------------------------------------------------------------------------------------- answers

std::string_view Engine::date(Worker& worker) {
  const core::TimePoint now = clock_.now();
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second != worker.date_second) {
    worker.date = http_date(now);
    worker.date_second = second;
  }
  return worker.date;
}

void Engine::record(const Connection& connection, const Exchange& x) {
  const double seconds = core::seconds_between(x.start, clock_.elapsed());
  metrics_.count(x.route, x.response.status, seconds);
  if (!access_) return;
  const std::string_view method = x.parser.known_method ? name_of(x.request.method) : std::string_view("-");
  access_->add(
      access_text({method, x.request.target, x.response.status, x.bytes_sent, seconds, connection.peer}));
}

// Head and body; false when the connection is of no more use.
Awaitable<bool> Engine::send(Worker& worker, Connection& connection, Exchange& x) {
  Response& response = x.response;
  const bool is_stream = response.stream != nullptr && !x.framing.is_head &&
                         framing_of(response, x.framing) != BodyFraming::kNone;
  if (response.stream == nullptr) {
    if (response.body.size() <= kInlineGzipBytesMax) pack(x);
  } else if (is_stream && x.piece == nullptr) {
    Exchange* exchange = &x;
    co_await on_pool(worker, [this, exchange] { read_piece(*exchange); });
  }
  if (x.stream_failed) {
    response = error_answer(core::Error(core::ErrorCode::kInternal, "the answer cannot be read"), x.request);
    x.stream_failed = false;
  }
  guard_.dress(x.request, response);
  std::string head = head_of(response, x.framing, date(worker));
  bool sent = false;
  if (response.stream != nullptr && is_stream) {
    const std::array<asio::const_buffer, 2> buffers{asio::const_buffer(head.data(), head.size()),
                                                    asio::const_buffer()};
    sent = co_await write_all(connection, buffers);
    if (sent) sent = co_await send_stream(worker, connection, x);
  } else {
    std::string_view body;
    if (!x.framing.is_head && framing_of(response, x.framing) == BodyFraming::kLength) body = response.body;
    x.bytes_sent = body.size();
    if (body.size() <= kJoinBytesMax) {
      head.append(body);
      body = {};
    }
    const std::array<asio::const_buffer, 2> buffers{asio::const_buffer(head.data(), head.size()),
                                                    asio::const_buffer(body.data(), body.size())};
    sent = co_await write_all(connection, buffers);
  }
  record(connection, x);
  co_return sent;
}

Awaitable<bool> Engine::send_stream(Worker& worker, Connection& connection, Exchange& x) {
  const BodyFraming framing = framing_of(x.response, x.framing);
  std::uint64_t left = x.response.stream_bytes.value_or(std::numeric_limits<std::uint64_t>::max());
  Exchange* exchange = &x;
  Background reading(worker, pool_, [] {});  // the next piece, while this one goes out
  std::unique_ptr<char[]> piece;
  while (x.piece_bytes > 0 && left > 0) {
    const std::size_t bytes = static_cast<std::size_t>(std::min<std::uint64_t>(x.piece_bytes, left));
    left -= bytes;
    x.bytes_sent += bytes;
    std::swap(piece, x.piece);
    if (left > 0) reading.start([this, exchange] { read_piece(*exchange); });
    char* begin = piece.get() + kPiecePrefix;
    std::size_t length = bytes;
    if (framing == BodyFraming::kChunked) {
      const std::string size_line = fmt::format("{:x}\r\n", bytes);
      begin -= size_line.size();
      std::copy(size_line.begin(), size_line.end(), begin);
      length += size_line.size() + 2;
      begin[length - 2] = '\r';
      begin[length - 1] = '\n';
    }
    const std::array<asio::const_buffer, 2> buffers{asio::const_buffer(begin, length), asio::const_buffer()};
    const bool sent = co_await write_all(connection, buffers);
    const bool ran = co_await reading.join();
    if (!sent || !ran) co_return false;
  }
  if (x.stream_failed) co_return false;  // the client sees that it is cut short
  switch (framing) {
    case BodyFraming::kChunked: {
      static constexpr std::string_view kEnd = "0\r\n\r\n";
      const std::array<asio::const_buffer, 2> buffers{asio::const_buffer(kEnd.data(), kEnd.size()),
                                                      asio::const_buffer()};
      co_return co_await write_all(connection, buffers);
    }
    case BodyFraming::kLength:
      co_return left == 0;
    case BodyFraming::kUntilClose:
    case BodyFraming::kNone:
      co_return false;
  }
  co_return false;
}

}  // namespace

core::Result<std::unique_ptr<Server>> start_server(const RouteTable& routes, ServerOptions options,
                                                   const core::Clock& clock, core::Log& log) {
  auto engine = std::make_unique<Engine>(routes, std::move(options), clock, log);
  TRY(engine->start());
  return std::unique_ptr<Server>(std::move(engine));
}

}  // namespace starcast::http
