// CSV as a stream: RFC 4180 with quoted newlines, CRLF, LF, BOM; any length in constant memory.
//
//   CsvReader reader(source, {});
//   CsvRecord record;
//   while (TRY(reader.next(record)) == CsvRead::kRecord) use(record.fields, record.line);
//
// The reader knows nothing of headers: a record may have any number of fields, and the caller who knows how
// many there should be reports a ragged one with its `line`.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/result.h"

namespace starcast::codec {

struct CsvOptions {
  char separator = ',';
  std::size_t record_bytes_max = std::size_t{64} << 20;  // one record; more is kTooLarge, named with its line
  std::size_t fields_max = 4096;                         // in one record
  std::size_t buffer_bytes = std::size_t{256} << 10;  // the initial read buffer; grows up to record_bytes_max
};

struct CsvRecord {
  std::vector<std::string_view> fields;  // unescaped; valid until the next call of next()
  std::size_t line = 0;                  // of the record's first byte, from 1
};

enum class CsvRead { kRecord, kEnd };

// One thread. The source is borrowed.
//
// Rules: a field that begins with a quote ends at the next lone quote, "" inside it is one quote, and text
// after the closing quote is kept as it is (lenient, as Python's reader); a quote inside an unquoted field is
// text. Lines end with LF, CRLF or CR alone. Empty lines are skipped. A UTF-8 byte order mark at the start is
// dropped. Errors: kInvalidInput for a quote that never closes (names the line where it opened) and for a NUL
// byte (a binary file); kTooLarge for the limits above; the source's own errors. UTF-8 is not checked here.
// After an error next() gives the same error again.
class CsvReader {
 public:
  CsvReader(core::ByteSource& source, CsvOptions options);
  ~CsvReader();
  CsvReader(CsvReader&&) noexcept;
  CsvReader& operator=(CsvReader&&) noexcept;

  core::Result<CsvRead> next(CsvRecord& record);

  // Bytes taken from the source so far: for progress.
  std::size_t bytes_read() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One thread. Quotes a field only if it holds a separator, a quote, CR or LF, has a space at either end,
// begins with a byte order mark, or is the only field of its record and empty: so a CsvReader gives back the
// same fields.
class CsvWriter {
 public:
  // The sink is borrowed. Lines end with "\n".
  explicit CsvWriter(core::ByteSink& sink, char separator = ',');

  core::Result<void> write(const std::vector<std::string_view>& fields);

  // Hands what is buffered to the sink; does not finish the sink.
  core::Result<void> flush();

 private:
  core::ByteSink& sink_;
  char separator_;
  std::string buffer_;
};

}  // namespace starcast::codec
