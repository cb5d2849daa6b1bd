// The one error type of the house: a code that says what a caller can do, and a text for the user.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace starcast::core {

// Chosen by what a caller does with it (exit status, HTTP status, retry), not by what went wrong; the rest is
// text. Switches over it are exhaustive and have no default.
enum class ErrorCode {
  kInvalidInput,        // the user's text, flag or file is wrong; the same call fails again
  kNotFound,            // the thing named does not exist
  kAlreadyExists,       // the thing to be made is there already
  kFailedPrecondition,  // right request, wrong moment: another command has to come first
  kUnauthenticated,     // no or wrong credentials
  kPermissionDenied,    // known, but not allowed; also the operating system's EACCES
  kUnsupported,         // valid, but this program does not do it
  kTooLarge,            // over a named limit
  kExhausted,           // no room left: disk, memory, queue
  kUnavailable,         // a peer or resource does not answer now; may be tried again
  kDeadlineExceeded,    // the time given was not enough
  kCancelled,           // the user or the caller called it off
  kCorrupt,             // stored bytes do not match their checksum or format
  kInternal,            // a bug or an outside library's failure
};

// The code's name in snake_case, e.g. "not_found": for --json output and logs.
std::string_view name_of(ErrorCode code);

// A failure. The message starts in lower case, has no trailing stop, and says what failed, on which thing,
// and what to do; context is prepended outermost first: "dvc.yaml: stage 'train': deps[2]: no such file".
class [[nodiscard]] Error {
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }

  // The same error with "context: " in front of its message.
  Error with_context(std::string_view context) &&;

 private:
  ErrorCode code_;
  std::string message_;
};

}  // namespace starcast::core
