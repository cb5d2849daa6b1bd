// What this process sets up in SQLite once, before it opens a database.
#pragma once

namespace starcast::sql {

// A read that the disk fails (EIO, ENXIO) becomes an I/O error; SQLite calls it a corrupt database, though
// the next read may go well. Thread-safe.
void prepare_sqlite();

}  // namespace starcast::sql
