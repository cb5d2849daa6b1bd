#include "os/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>

#include "core/clock.h"
#include "core/strings.h"
#include "os/environment.h"
#include "os/file_system.h"
#include "os/path.h"
#include "os/posix.h"
#include "os/signal_relay.h"

namespace starcast::os {
namespace {

constexpr int kStillMs = 200;  // how long output may be still after the child has ended
constexpr int kPollMs = 10;    // between looks at the child on kernels without pidfd_open

struct Pipe {
  Descriptor reading;
  Descriptor writing;
};

// Numbers above 2, so that setting up the child's first three never hits one of ours.
core::Result<Descriptor> above_standard(int number) {
  Descriptor low(number);
  if (number > STDERR_FILENO) return low;
  Descriptor high(::fcntl(number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!high.is_open()) return errno_error(errno, "make", "a pipe");
  return high;
}

core::Result<Pipe> make_pipe() {
  std::array<int, 2> numbers;
  if (::pipe2(numbers.data(), O_CLOEXEC) != 0) return errno_error(errno, "make", "a pipe");
  Descriptor writing(numbers[1]);
  Pipe pipe;
  pipe.reading = TRY(above_standard(numbers[0]));
  pipe.writing = TRY(above_standard(writing.release()));
  return pipe;
}

void set_nonblocking(const Descriptor& descriptor) {
  ::fcntl(descriptor.number(), F_SETFL, ::fcntl(descriptor.number(), F_GETFL) | O_NONBLOCK);
}

// While it lives, a write to a closed pipe gives this thread EPIPE and no signal.
class PipeSignalHeld {
 public:
  PipeSignalHeld() {
    sigset_t pending;
    ::sigpending(&pending);
    was_pending_ = ::sigismember(&pending, SIGPIPE) == 1;
    sigemptyset(&only_);
    sigaddset(&only_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &only_, &before_);
  }
  ~PipeSignalHeld() {
    const timespec at_once{};
    while (!was_pending_ && ::sigtimedwait(&only_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  PipeSignalHeld(const PipeSignalHeld&) = delete;
  PipeSignalHeld& operator=(const PipeSignalHeld&) = delete;

 private:
  sigset_t only_;
  sigset_t before_;
  bool was_pending_ = false;
};

class FileActions {
 public:
  FileActions() { ::posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
  posix_spawn_file_actions_t* get() { return &actions_; }

  void put(int source, int target) { note(::posix_spawn_file_actions_adddup2(&actions_, source, target)); }
  void put_null(int target, int flags) {
    note(::posix_spawn_file_actions_addopen(&actions_, target, "/dev/null", flags, 0));
  }
  void change_folder(const std::string& folder) {
    note(::posix_spawn_file_actions_addchdir_np(&actions_, folder.c_str()));
  }
  void close_others() { note(::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1)); }
  int failure() const { return failure_; }

 private:
  void note(int failure) { failure_ = failure_ == 0 ? failure : failure_; }
  posix_spawn_file_actions_t actions_;
  int failure_ = 0;
};

// The child starts with no signal blocked, and with SIGPIPE as usual even where we ignore it.
class Attributes {
 public:
  Attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &usual);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

// Ours with the command's over it, as NAME=VALUE.
std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> lines;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) {
    const std::string_view text = *line;
    const std::string name(text.substr(0, text.find('=')));
    if (command.environment.count(name) == 0) lines.emplace_back(text);
  }
  for (const auto& [name, value] : command.environment) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

core::Result<std::string> program_path(const Command& command) {
  const std::string& name = command.arguments.front();
  if (name.find('/') != std::string::npos) return name;
  const auto given = command.environment.find("PATH");
  const std::string path = given != command.environment.end()
                               ? given->second
                               : real_environment().find("PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  bool is_denied = false;
  for (const std::string_view folder : core::split(path, ':')) {
    // The child may start in another folder, so an entry relative to ours is made absolute.
    const std::string candidate = joined(folder.empty() ? "./" : std::string(folder), name);
    struct stat found;
    if (::stat(candidate.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) continue;
    if (::access(candidate.c_str(), X_OK) != 0) {
      is_denied = true;
      continue;
    }
    if (is_absolute(candidate)) return candidate;
    char* const absolute = ::realpath(candidate.c_str(), nullptr);
    if (absolute == nullptr) continue;
    std::string result = absolute;
    ::free(absolute);
    return result;
  }
  if (is_denied) return errno_error(EACCES, "run", name);
  return core::Error(core::ErrorCode::kNotFound,
                     fmt::format("cannot run {}: no such program in PATH; is it installed?", name));
}

core::Result<void> check_command(const Command& command) {
  if (command.arguments.empty() || command.arguments.front().empty()) {
    return core::Error(core::ErrorCode::kInvalidInput, "cannot run an empty command");
  }
  for (const std::string& argument : command.arguments) TRY(check_path(argument));
  for (const auto& [name, value] : command.environment) {
    TRY(check_path(value));
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      return core::Error(core::ErrorCode::kInvalidInput,
                         fmt::format("'{}' cannot name an environment variable", name));
    }
  }
  TRY(check_path(command.folder));
  if (command.folder.empty()) return {};
  const FileStatus folder = TRY(real_files().status(command.folder), "the folder to run in");
  if (folder.kind != FileKind::kFolder) return errno_error(ENOTDIR, "run in", command.folder);
  return {};
}

std::string_view name_of_signal(int number) {
  return number == SIGINT ? "SIGINT (Ctrl-C)" : "SIGTERM";
}

// A started child, and our ends of its pipes.
class Child {
 public:
  static core::Result<Child> start(const Command& command);

  Child(Child&& other) noexcept = default;
  Child& operator=(Child&& other) = delete;
  ~Child() = default;

  core::Result<Exit> finish(const SignalRelay::Watch& signals);

 private:
  Child() = default;
  struct Stream {
    Descriptor descriptor;
    std::string text;
  };

  bool streams_are_open() const { return output_.descriptor.is_open() || errors_.descriptor.is_open(); }
  core::Result<void> poll_once(const SignalRelay::Watch& signals);
  void pass_on(RelayedSignal signal);
  void write_input();
  void read_output(Stream& stream);
  core::Result<void> look_for_end();

  const Command* command_ = nullptr;
  pid_t pid_ = 0;
  Descriptor pid_descriptor_;  // readable once the child has ended; closed on kernels that lack it
  Descriptor input_;
  std::size_t input_written_ = 0;
  Stream output_;
  Stream errors_;
  bool has_ended_ = false;
  bool is_still_ = false;  // ended, and nothing came for kStillMs
  int wait_status_ = 0;
  rusage usage_{};
  int signal_ = 0;
  bool truncated_ = false;
};

core::Result<Child> Child::start(const Command& command) {
  TRY(check_command(command));
  const std::string program = TRY(program_path(command));
  Child child;
  child.command_ = &command;
  FileActions actions;
  Descriptor child_input;
  Descriptor child_output;
  Descriptor child_errors;
  if (!command.input.empty()) {
    Pipe pipe = TRY(make_pipe());
    child_input = std::move(pipe.reading);
    child.input_ = std::move(pipe.writing);
    set_nonblocking(child.input_);
    actions.put(child_input.number(), STDIN_FILENO);
  } else if (!command.inherit_input) {
    actions.put_null(STDIN_FILENO, O_RDONLY);
  }
  const auto connect = [&actions](Output wanted, int target, Stream& stream,
                                  Descriptor& child_end) -> core::Result<void> {
    if (wanted == Output::kDiscard) actions.put_null(target, O_WRONLY);
    if (wanted == Output::kStandardError && target != STDERR_FILENO) actions.put(STDERR_FILENO, target);
    if (wanted != Output::kCapture) return {};
    Pipe pipe = TRY(make_pipe());
    stream.descriptor = std::move(pipe.reading);
    child_end = std::move(pipe.writing);
    set_nonblocking(stream.descriptor);
    actions.put(child_end.number(), target);
    return {};
  };
  // Standard output first: it may go to our own standard error, whatever becomes of the child's.
  TRY(connect(command.standard_output, STDOUT_FILENO, child.output_, child_output));
  TRY(connect(command.standard_error, STDERR_FILENO, child.errors_, child_errors));
  if (!command.folder.empty()) actions.change_folder(command.folder);
  actions.close_others();
  if (actions.failure() != 0) return errno_error(actions.failure(), "run", program);

  std::vector<std::string> arguments = command.arguments;
  std::vector<std::string> environment = environment_of(command);
  const std::vector<char*> argument_pointers = pointers_to(arguments);
  const std::vector<char*> environment_pointers = pointers_to(environment);
  const Attributes attributes;
  const int failure = ::posix_spawn(&child.pid_, program.c_str(), actions.get(), attributes.get(),
                                    argument_pointers.data(), environment_pointers.data());
  if (failure == ENOEXEC) {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        fmt::format("cannot run {}: it is neither a program nor a script with a #! line", program));
  }
  if (failure != 0) return errno_error(failure, "run", program);
  child.pid_descriptor_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
  return child;
}

core::Result<Exit> Child::finish(const SignalRelay::Watch& signals) {
  const core::Clock& clock = core::system_clock();
  const core::Ticks started = clock.elapsed();
  core::Ticks ended = started;
  const PipeSignalHeld held;
  while (!has_ended_ || (streams_are_open() && !is_still_)) {
    const bool had_ended = has_ended_;
    TRY(poll_once(signals));
    if (has_ended_ && !had_ended) ended = clock.elapsed();
  }
  pass_on(signals.take());
  if (signal_ != 0) {
    return core::Error(
        core::ErrorCode::kCancelled,
        fmt::format("{} was stopped by {}", command_->arguments.front(), name_of_signal(signal_)));
  }
  Exit exit;
  exit.status = WIFSIGNALED(wait_status_) ? 128 + WTERMSIG(wait_status_) : WEXITSTATUS(wait_status_);
  exit.output = std::move(output_.text);
  exit.error_output = std::move(errors_.text);
  exit.truncated = truncated_;
  exit.seconds = core::seconds_between(started, ended);
  exit.memory_peak_bytes = static_cast<std::size_t>(usage_.ru_maxrss) * 1024;
  return exit;
}

core::Result<void> Child::poll_once(const SignalRelay::Watch& signals) {
  // poll(2) passes over negative numbers.
  std::array<pollfd, 5> polled = {{{input_.number(), POLLOUT, 0},
                                   {output_.descriptor.number(), POLLIN, 0},
                                   {errors_.descriptor.number(), POLLIN, 0},
                                   {has_ended_ ? -1 : pid_descriptor_.number(), POLLIN, 0},
                                   {signals.descriptor(), POLLIN, 0}}};
  int timeout_ms = -1;
  if (!has_ended_ && !pid_descriptor_.is_open()) timeout_ms = kPollMs;
  if (has_ended_) timeout_ms = kStillMs;
  const int ready = ::poll(polled.data(), polled.size(), timeout_ms);
  if (ready < 0 && errno != EINTR) return errno_error(errno, "wait for", command_->arguments.front());
  if (ready == 0 && has_ended_) is_still_ = true;
  if (ready > 0) {
    if (polled[0].revents != 0) write_input();
    if (polled[1].revents != 0) read_output(output_);
    if (polled[2].revents != 0) read_output(errors_);
    if (polled[4].revents != 0) pass_on(signals.take());
  }
  if (has_ended_ || (pid_descriptor_.is_open() && (ready <= 0 || polled[3].revents == 0))) return {};
  return look_for_end();
}

void Child::pass_on(RelayedSignal signal) {
  if (signal.number == 0) return;
  signal_ = signal.number;
  // Only this thread reaps the child, so its number is still its own.
  if (signal.was_sent_to_us && !has_ended_) ::kill(pid_, signal.number);
}

void Child::write_input() {
  const std::string_view rest = std::string_view(command_->input).substr(input_written_);
  const ssize_t count = ::write(input_.number(), rest.data(), rest.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count > 0) input_written_ += static_cast<std::size_t>(count);
  // A child that does not want the rest has closed its end: that is its right.
  if (count < 0 || input_written_ == command_->input.size()) input_.close();
}

void Child::read_output(Stream& stream) {
  std::array<char, 65536> buffer;
  const ssize_t count = ::read(stream.descriptor.number(), buffer.data(), buffer.size());
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) {
    stream.descriptor.close();
    return;
  }
  const std::size_t fits =
      command_->capture_bytes_max - std::min(command_->capture_bytes_max, stream.text.size());
  const std::size_t kept = std::min(fits, static_cast<std::size_t>(count));
  stream.text.append(buffer.data(), kept);
  if (kept < static_cast<std::size_t>(count)) truncated_ = true;
}

core::Result<void> Child::look_for_end() {
  pid_t found = 0;
  do {
    found = ::wait4(pid_, &wait_status_, WNOHANG, &usage_);
  } while (found < 0 && errno == EINTR);
  if (found < 0) return errno_error(errno, "wait for", command_->arguments.front());
  if (found == pid_) {
    has_ended_ = true;
    input_.close();
  }
  return {};
}

class RealProcesses final : public ProcessRunner {
 public:
  core::Result<Exit> run(const Command& command) override {
    // Before the start, so that no signal falls between.
    const SignalRelay::Watch signals = TRY(SignalRelay::watch());
    Child child = TRY(Child::start(command));
    return child.finish(signals);
  }
};

}  // namespace

ProcessRunner& real_processes() {
  static RealProcesses processes;
  return processes;
}

core::Result<std::string> own_executable() {
  return real_files().read_link("/proc/self/exe");
}

}  // namespace starcast::os
