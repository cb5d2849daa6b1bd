#include "sql/sqlite_log.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace starcast::sql {
namespace {

constexpr std::size_t kGatheredMax = std::size_t{120}
                                     << 10;  // SQLite's own layer writes less than 128 KiB at once
constexpr const char* kName = "starcast";

sqlite3_vfs*& system_layer() {
  static sqlite3_vfs* layer = sqlite3_vfs_find(nullptr);
  return layer;
}

// One connection's log file. SQLite owns the memory, which also holds the system's own file behind it.
class LogFile {
 public:
  explicit LogFile(const sqlite3_io_methods* methods) { base_.pMethods = methods; }

  static LogFile& of(sqlite3_file* file) { return *reinterpret_cast<LogFile*>(file); }
  sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(this) + offset()); }
  const sqlite3_io_methods& inner_methods() { return *inner()->pMethods; }
  static constexpr std::size_t offset() { return (sizeof(LogFile) + 15) / 16 * 16; }

  int write(const char* bytes, std::size_t size, sqlite3_int64 offset) {
    if (size_ > 0 && (offset != begin_ + static_cast<sqlite3_int64>(size_) || size_ + size > kGatheredMax)) {
      if (const int code = flush(); code != SQLITE_OK) return code;
    }
    if (gathered_ == nullptr && size <= kGatheredMax) gathered_.reset(new (std::nothrow) char[kGatheredMax]);
    if (gathered_ == nullptr || size > kGatheredMax) {
      return inner_methods().xWrite(inner(), bytes, static_cast<int>(size), offset);
    }
    if (size_ == 0) begin_ = offset;
    std::copy(bytes, bytes + size, gathered_.get() + size_);
    size_ += size;
    return SQLITE_OK;
  }

  // What cannot be written is given up: SQLite ends the transaction that it belongs to.
  int flush() {
    if (size_ == 0) return SQLITE_OK;
    const int size = static_cast<int>(size_);
    size_ = 0;
    return inner_methods().xWrite(inner(), gathered_.get(), size, begin_);
  }

 private:
  sqlite3_file base_{};
  std::unique_ptr<char[]> gathered_{};  // only where something is written
  std::size_t size_ = 0;
  sqlite3_int64 begin_ = 0;  // where in the file
};

int close_log(sqlite3_file* file) {
  LogFile& log = LogFile::of(file);
  const int flushed = log.flush();
  const int closed = log.inner_methods().xClose(log.inner());
  log.~LogFile();
  file->pMethods = nullptr;
  return flushed == SQLITE_OK ? closed : flushed;
}

int read_log(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
  LogFile& log = LogFile::of(file);
  const int flushed = log.flush();
  return flushed == SQLITE_OK ? log.inner_methods().xRead(log.inner(), bytes, size, offset) : flushed;
}

int write_log(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
  return LogFile::of(file).write(static_cast<const char*>(bytes), static_cast<std::size_t>(size), offset);
}

int truncate_log(sqlite3_file* file, sqlite3_int64 size) {
  LogFile& log = LogFile::of(file);
  const int flushed = log.flush();
  return flushed == SQLITE_OK ? log.inner_methods().xTruncate(log.inner(), size) : flushed;
}

int sync_log(sqlite3_file* file, int flags) {
  LogFile& log = LogFile::of(file);
  const int flushed = log.flush();
  return flushed == SQLITE_OK ? log.inner_methods().xSync(log.inner(), flags) : flushed;
}

int size_of_log(sqlite3_file* file, sqlite3_int64* size) {
  LogFile& log = LogFile::of(file);
  const int flushed = log.flush();
  return flushed == SQLITE_OK ? log.inner_methods().xFileSize(log.inner(), size) : flushed;
}

int lock_log(sqlite3_file* file, int level) {
  LogFile& log = LogFile::of(file);
  return log.inner_methods().xLock(log.inner(), level);
}

int unlock_log(sqlite3_file* file, int level) {
  LogFile& log = LogFile::of(file);
  return log.inner_methods().xUnlock(log.inner(), level);
}

int is_log_reserved(sqlite3_file* file, int* reserved) {
  LogFile& log = LogFile::of(file);
  return log.inner_methods().xCheckReservedLock(log.inner(), reserved);
}

int control_log(sqlite3_file* file, int what, void* argument) {
  LogFile& log = LogFile::of(file);
  return log.inner_methods().xFileControl(log.inner(), what, argument);
}

int sector_of_log(sqlite3_file* file) {
  LogFile& log = LogFile::of(file);
  return log.inner_methods().xSectorSize(log.inner());
}

int traits_of_log(sqlite3_file* file) {
  LogFile& log = LogFile::of(file);
  return log.inner_methods().xDeviceCharacteristics(log.inner());
}

const sqlite3_io_methods kLogMethods{
    1,         &close_log,  &read_log,        &write_log,   &truncate_log,  &sync_log,      &size_of_log,
    &lock_log, &unlock_log, &is_log_reserved, &control_log, &sector_of_log, &traits_of_log, nullptr,
    nullptr,   nullptr,     nullptr,          nullptr,      nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* flags_out) {
  sqlite3_vfs* const system = system_layer();
  if ((flags & SQLITE_OPEN_WAL) == 0) return system->xOpen(system, name, file, flags, flags_out);
  LogFile* const log = new (file) LogFile(&kLogMethods);
  const int code = system->xOpen(system, name, log->inner(), flags, flags_out);
  if (code == SQLITE_OK) return code;
  log->~LogFile();
  file->pMethods = nullptr;  // SQLite does not close it
  return code;
}

const char* register_layer() {
  sqlite3_vfs* const system = system_layer();
  if (system == nullptr) return nullptr;
  static sqlite3_vfs layer = *system;
  layer.pNext = nullptr;
  layer.zName = kName;
  layer.szOsFile = system->szOsFile + static_cast<int>(LogFile::offset());
  layer.xOpen = &open_file;
  return sqlite3_vfs_register(&layer, 0) == SQLITE_OK ? kName : nullptr;
}

}  // namespace

const char* log_file_layer() {
  static const char* const name = register_layer();
  return name;
}

}  // namespace starcast::sql
