#include "sql/sqlite_errors.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

namespace starcast::sql {
namespace {

using core::ErrorCode;

ErrorCode code_of_constraint(int code) {
  switch (code) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_ROWID:
      return ErrorCode::kAlreadyExists;
    default:
      return ErrorCode::kFailedPrecondition;  // SQLite's codes are an open list
  }
}

ErrorCode code_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_CONSTRAINT:
      return code_of_constraint(code);
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorCode::kExhausted;
    case SQLITE_IOERR:
      return code == SQLITE_IOERR_NOMEM ? ErrorCode::kExhausted : ErrorCode::kUnavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_CANTOPEN:
      return ErrorCode::kUnavailable;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorCode::kPermissionDenied;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kCorrupt;
    case SQLITE_TOOBIG:
      return ErrorCode::kTooLarge;
    case SQLITE_INTERRUPT:
      return ErrorCode::kCancelled;
    default:
      return ErrorCode::kInternal;  // SQLite's codes are an open list
  }
}

}  // namespace

core::Error sqlite_error(int code, std::string_view detail) {
  return {code_of(code), fmt::format("the database answers: {}", detail)};
}

ErrorCode code_of_cannot_open(int number) {
  switch (number) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::kExhausted;
    case EIO:
    case ENXIO:
    case EBUSY:
    case EINTR:
    case ETXTBSY:
      return ErrorCode::kUnavailable;
    default:
      return ErrorCode::kPermissionDenied;  // errno is an open list
  }
}

bool is_network_file_system(std::int64_t type) {
  switch (static_cast<std::uint32_t>(type)) {
    case 0x6969U:      // NFS
    case 0x517BU:      // SMB
    case 0xFE534D42U:  // SMB 2
    case 0xFF534D42U:  // CIFS
    case 0x564CU:      // NCP
    case 0x5346414FU:  // AFS
    case 0x6B414653U:  // kAFS
    case 0x73757245U:  // Coda
    case 0x00C36400U:  // Ceph
    case 0x0BD00BD0U:  // Lustre
      return true;
    default:
      return false;
  }
}

}  // namespace starcast::sql
