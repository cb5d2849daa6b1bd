#include "cli/exit_status.h"

namespace starcast::cli {

using core::ErrorCode;

int exit_status_of(ErrorCode code, Grammar grammar) {
  if (grammar == Grammar::kDvc) return code == ErrorCode::kCancelled ? 252 : 255;
  switch (code) {
    case ErrorCode::kInvalidInput:
    case ErrorCode::kTooLarge:
    case ErrorCode::kCorrupt:
      return 65;  // EX_DATAERR
    case ErrorCode::kNotFound:
      return 66;  // EX_NOINPUT
    case ErrorCode::kUnsupported:
    case ErrorCode::kUnavailable:
      return 69;  // EX_UNAVAILABLE
    case ErrorCode::kInternal:
      return 70;  // EX_SOFTWARE
    case ErrorCode::kAlreadyExists:
      return 73;  // EX_CANTCREAT
    case ErrorCode::kExhausted:
      return 74;  // EX_IOERR
    case ErrorCode::kDeadlineExceeded:
      return 75;  // EX_TEMPFAIL
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
      return 77;  // EX_NOPERM
    case ErrorCode::kFailedPrecondition:
      return 78;  // EX_CONFIG
    case ErrorCode::kCancelled:
      return 130;  // as a shell reports SIGINT
  }
  return 70;
}

int usage_status(Grammar grammar) {
  return grammar == Grammar::kDvc ? 254 : 64;
}

}  // namespace starcast::cli
