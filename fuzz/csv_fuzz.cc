// Any bytes as CSV: the sizes of chunks and buffers must not change the records, and what was read is written
// so that it reads back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/csv.h"
#include "core/bytes.h"
#include "core/check.h"

namespace {

using starcast::codec::CsvOptions;
using starcast::codec::CsvRead;
using starcast::codec::CsvReader;
using starcast::codec::CsvRecord;
using starcast::codec::CsvWriter;
namespace core = starcast::core;

struct Table {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> lines;
  std::string error;
  bool operator==(const Table&) const = default;
};

Table read_table(std::string_view text, CsvOptions options, std::size_t chunk_bytes) {
  core::StringSource source{std::string(text), chunk_bytes};
  CsvReader reader(source, options);
  Table table;
  CsvRecord record;
  for (;;) {
    const core::Result<CsvRead> read = reader.next(record);
    if (!read) table.error = read.error().message();
    if (!read || *read == CsvRead::kEnd) return table;
    table.rows.emplace_back(record.fields.begin(), record.fields.end());
    table.lines.push_back(record.line);
  }
}

std::string written(const Table& table) {
  core::StringSink sink;
  CsvWriter writer(sink);
  for (const auto& row : table.rows)
    CHECK(writer.write(std::vector<std::string_view>(row.begin(), row.end())).has_value());
  CHECK(writer.flush().has_value());
  return sink.text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t chunk_bytes = 1 + std::size_t{bytes[0]};
  const std::size_t buffer_bytes = bytes[1];
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 2, size - 2);
  const CsvOptions options{.record_bytes_max = 512, .fields_max = 64};
  CsvOptions small = options;
  small.buffer_bytes = buffer_bytes;

  const Table whole = read_table(text, options, static_cast<std::size_t>(-1));
  CHECK(whole == read_table(text, small, chunk_bytes));
  CHECK(whole == read_table(text, small, 1));

  const Table again = read_table(written(whole), {}, static_cast<std::size_t>(-1));
  CHECK(again.error.empty());
  CHECK(again.rows == whole.rows);
  return 0;
}
