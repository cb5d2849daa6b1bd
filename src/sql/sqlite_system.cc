#include "sql/sqlite_system.h"

#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

namespace starcast::sql {
namespace {

// SQLite takes EIO, ENXIO and ERANGE, and nothing else, for a corrupt file system.
ssize_t with_plain_error(ssize_t count) {
  if (count < 0 && (errno == EIO || errno == ENXIO || errno == ERANGE)) errno = EBUSY;
  return count;
}

ssize_t read_file(int file, void* bytes, size_t size) {
  return with_plain_error(::read(file, bytes, size));
}
ssize_t read_at(int file, void* bytes, size_t size, off64_t offset) {
  return with_plain_error(::pread64(file, bytes, size, offset));
}

constexpr int kUndoBytes = 8 << 20;

// Which of the three SQLite reads by is settled where it was compiled.
bool replace_reads() {
  static_assert(sizeof(off_t) == sizeof(off64_t));
  sqlite3_vfs* const system = sqlite3_vfs_find("unix");
  if (system == nullptr || system->iVersion < 3) return false;
  const auto replace = [&](const char* name, sqlite3_syscall_ptr call) {
    if (system->xGetSystemCall(system, name) != nullptr) system->xSetSystemCall(system, name, call);
  };
  replace("read", reinterpret_cast<sqlite3_syscall_ptr>(&read_file));
  replace("pread", reinterpret_cast<sqlite3_syscall_ptr>(&read_at));
  replace("pread64", reinterpret_cast<sqlite3_syscall_ptr>(&read_at));
  return true;
}

bool prepare() {
  // What a savepoint may have to undo stays in memory, unless it is much. Before anything else of SQLite's;
  // if somebody was earlier, its own 64 KiB remain.
  static_cast<void>(sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, kUndoBytes) == SQLITE_OK);
  return replace_reads();
}

}  // namespace

void prepare_sqlite() {
  static const bool kPrepared = prepare();
  static_cast<void>(kPrepared);
}

}  // namespace starcast::sql
