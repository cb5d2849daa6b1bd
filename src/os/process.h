// Child processes.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace starcast::os {

enum class Output {
  kInherit,  // goes where ours goes
  kCapture,  // collected (at most `capture_bytes_max`, the rest is dropped and `truncated` says so)
  kDiscard,
};

struct Command {
  std::vector<std::string> arguments;             // [0] is looked up in PATH when it has no '/'
  std::string folder;                             // working directory; empty = ours
  std::map<std::string, std::string> environment; // added to, or replacing, ours
  std::string input;                              // standard input; empty = /dev/null unless inherit_input
  bool inherit_input = false;
  Output standard_output = Output::kInherit;
  Output standard_error = Output::kInherit;
  std::size_t capture_bytes_max = std::size_t{16} << 20;
};

struct Exit {
  int status = 0;           // exit status; 128 + signal when a signal ended it
  std::string output;       // captured
  std::string error_output; // captured
  bool truncated = false;
  double seconds = 0;
  std::size_t memory_peak_bytes = 0;  // the child's resident set (its own children's maximum included)
};

// Thread-safe. While a child runs, SIGINT and SIGTERM sent to us are passed on to it and reported as kCancelled once it
// has ended. kNotFound: no such program (the message names it).
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  virtual core::Result<Exit> run(const Command& command) = 0;
};

ProcessRunner& real_processes();

// The running executable's own absolute path.
core::Result<std::string> own_executable();

}  // namespace starcast::os
