// SQLite's write-ahead log, written in large pieces.
#pragma once

namespace starcast::sql {

// The name of the file layer that connections open their database with: the system's own, but what goes into
// the log is gathered until the log is synced or read. SQLite writes each page there as two small pieces,
// which is most of a commit's time. Nothing is lost by it: a commit counts only when its sync is done.
// nullptr when SQLite has no memory for it, which leaves the system's own. Thread-safe.
const char* log_file_layer();

}  // namespace starcast::sql
