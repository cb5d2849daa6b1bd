// SQLite's result codes as our errors, and the file systems that a database must not lie on.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/error.h"

namespace starcast::sql {

// `code` is an extended result code; `detail` SQLite's own text.
core::Error sqlite_error(int code, std::string_view detail);

// Why a database file could not be opened, by its errno.
core::ErrorCode code_of_cannot_open(int number);

// `type` as statfs(2) gives it: NFS, SMB, AFS, Ceph, Lustre and the like, whose locks or shared memory do not
// hold between machines.
bool is_network_file_system(std::int64_t type);

}  // namespace starcast::sql
