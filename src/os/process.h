// Child processes.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace starcast::os {

enum class Output {
  kInherit,  // goes where ours goes
  kCapture,  // collected (at most `capture_bytes_max`, the rest is dropped and `truncated` says so)
  kDiscard,
  kStandardError,  // goes where our standard error goes
};

struct Command {
  std::vector<std::string> arguments{};  // [0] is looked up in PATH when it has no '/'
  std::string folder{};                  // working directory; empty = ours; a relative [0] starts there
  std::map<std::string, std::string> environment{};  // added to, or replacing, ours
  std::string input{};                               // standard input; empty = /dev/null unless inherit_input
  bool inherit_input = false;
  Output standard_output = Output::kInherit;
  Output standard_error = Output::kInherit;
  std::size_t capture_bytes_max = std::size_t{16} << 20;
};

struct Exit {
  int status = 0;              // exit status; 128 + signal when a signal ended it
  std::string output{};        // captured
  std::string error_output{};  // captured
  bool truncated = false;
  double seconds = 0;
  // The child's largest resident set, its own children included. Linux counts in the largest that this
  // process itself had before it started the child (also with vfork), so this is an upper bound when the
  // child is the smaller of the two.
  std::size_t memory_peak_bytes = 0;
};

// Thread-safe; at most 256 children at once (kExhausted). kNotFound: no such program, or no such folder to
// run it in (the message names it). A child that exits with a status other than 0 is not an error here.
//
// Output is collected until the child has ended and its output is closed or still for 0.2 s, so a grandchild
// that lives on in the background holds nobody up.
//
// Signals. The child stays in our process group, so Ctrl-C at a terminal reaches it without us. While a child
// runs, a SIGINT or SIGTERM does not end us: one that another process sent to us (kill) is passed on to the
// child, one that the terminal raised is not, as the child has it already; either is reported as kCancelled
// once the child has ended, however it ended. A signal that we were started with as ignored (nohup) stays
// ignored by both.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  virtual core::Result<Exit> run(const Command& command) = 0;
};

ProcessRunner& real_processes();

// The running executable's own absolute path.
core::Result<std::string> own_executable();

}  // namespace starcast::os
