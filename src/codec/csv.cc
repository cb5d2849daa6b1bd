#include "codec/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "codec/csv_scan.h"

namespace starcast::codec {
namespace {

using core::Error;
using core::ErrorCode;
using core::Result;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kBufferBytesMin = 16;  // holds a byte order mark

enum class Mode {
  kUnquoted,       // in a field that did not begin with a quote, or before its first byte
  kQuoted,         // between the quotes
  kQuoteInQuoted,  // a quote was seen inside: the first half of "" or the closing one
  kAfterQuotes,    // after the closing quote: the rest of the field is plain text
};

}  // namespace

// The buffer holds the current record's bytes seen so far at [record, end). All places are offsets into it,
// except the finished fields of the record, which rebase() moves along when the bytes move.
struct CsvReader::State {
  State(core::ByteSource& byte_source, CsvOptions csv_options)
      : source(byte_source), options(csv_options), scanner(csv_options.separator) {
    buffer.resize(std::max(options.buffer_bytes, kBufferBytesMin) + kCsvBlockBytes);
  }

  // The last block is loaded whole, so the buffer has kCsvBlockBytes spare bytes at its end.
  std::size_t capacity() const { return buffer.size() - kCsvBlockBytes; }

  Error fail(ErrorCode code, std::string message) {
    failure.emplace(code, std::move(message));
    return *failure;
  }

  Error too_long() {
    return fail(ErrorCode::kTooLarge,
                fmt::format("line {}: the record is longer than {} bytes; is a quote missing?", record_line,
                            options.record_bytes_max));
  }

  // Moves the record to the front or into a larger buffer so that there is room to read.
  void make_room(std::vector<std::string_view>& fields) {
    if (end < capacity()) return;
    std::vector<char> larger;
    const std::size_t used = end - record;
    const char* from = buffer.data() + record;
    if (record < capacity() / 2) {
      larger.resize(capacity() * 2 + kCsvBlockBytes);
      std::memcpy(larger.data(), from, used);
    } else {
      std::memmove(buffer.data(), from, used);
    }
    const char* to = larger.empty() ? buffer.data() : larger.data();
    for (std::string_view& view : fields) view = std::string_view(to + (view.data() - from), view.size());
    if (!larger.empty()) buffer.swap(larger);
    field -= record;
    quote -= std::min(quote, record);
    scan -= record;
    block -= std::min(block, record);
    end = used;
    record = 0;
  }

  Result<void> refill(std::vector<std::string_view>& fields) {
    if (end - record > options.record_bytes_max) return too_long();
    make_room(fields);
    Result<std::size_t> count = source.read(std::span<char>(buffer.data() + end, capacity() - end));
    if (!count) {
      failure = count.error();
      return *failure;
    }
    end += *count;
    bytes_read += *count;
    if (*count == 0) at_end = true;
    return {};
  }

  Result<void> skip_byte_order_mark(std::vector<std::string_view>& fields) {
    started = true;
    while (!at_end && end < kByteOrderMark.size()) TRY(refill(fields));
    if (std::string_view(buffer.data(), end).starts_with(kByteOrderMark)) {
      record = field = scan = kByteOrderMark.size();
    }
    return {};
  }

  // The offset of the next special byte, or `end` if there is none in the buffer yet.
  std::size_t next_special() {
    while (mask == 0) {
      if (scan >= end) return end;
      block = scan;
      mask = scanner.special_mask(buffer.data() + block);
      const std::size_t valid = std::min(end - block, kCsvBlockBytes);
      if (valid < kCsvBlockBytes) mask &= (std::uint64_t{1} << valid) - 1;
      scan = block + valid;
    }
    const auto bit = static_cast<std::size_t>(std::countr_zero(mask));
    mask &= mask - 1;
    return block + bit;
  }

  // The field [field, field_end) begins with a quote; its quotes close at `quote`. Unescapes in place.
  std::string_view unquoted_field(std::size_t field_end) {
    char* text = buffer.data() + field + 1;
    std::size_t length = quote - field - 1;
    if (has_escapes) {
      char* to = text;
      const char* from = text;
      const char* stop = text + length;
      while (from < stop) {
        const auto* found =
            static_cast<const char*>(std::memchr(from, '"', static_cast<std::size_t>(stop - from)));
        const char* copied = found == nullptr ? stop : found + 1;
        const auto count = static_cast<std::size_t>(copied - from);
        std::memmove(to, from, count);
        to += count;
        from = found == nullptr ? stop : copied + 1;
      }
      length = static_cast<std::size_t>(to - text);
    }
    const std::size_t rest = field_end - quote - 1;
    if (rest > 0) {
      std::memmove(text + length, buffer.data() + quote + 1, rest);
      length += rest;
    }
    return std::string_view(text, length);
  }

  Result<void> finish_field(std::vector<std::string_view>& fields, std::size_t field_end) {
    if (fields.size() >= options.fields_max) [[unlikely]] {
      if (field_end - record > options.record_bytes_max) return too_long();
      return fail(ErrorCode::kTooLarge,
                  fmt::format("line {}: the record has more than {} fields; is '{}' the separator?",
                              record_line, options.fields_max, options.separator));
    }
    if (mode == Mode::kUnquoted) {
      fields.emplace_back(buffer.data() + field, field_end - field);
    } else {
      fields.push_back(unquoted_field(field_end));
      mode = Mode::kUnquoted;
      has_escapes = false;
    }
    field = field_end + 1;
    return {};
  }

  // At a CR or LF outside quotes.
  Result<CsvRead> finish_record(CsvRecord& out, std::size_t record_end) {
    TRY(finish_field(out.fields, record_end));
    if (record_end - record > options.record_bytes_max) return too_long();
    out.line = record_line;
    record = field;
    return CsvRead::kRecord;
  }

  Result<CsvRead> finish_input(CsvRecord& out) {
    const std::size_t length = end - record;
    if (length > options.record_bytes_max) return too_long();
    if (mode == Mode::kQuoted) {
      return fail(
          ErrorCode::kInvalidInput,
          fmt::format("line {}: a quote opens here and never closes; add the closing quote", quote_line));
    }
    if (length == 0) return CsvRead::kEnd;
    TRY(finish_record(out, end));
    record = field = end;
    return CsvRead::kRecord;
  }

  core::ByteSource& source;
  CsvOptions options;
  CsvScanner scanner;
  std::vector<char> buffer;
  std::size_t record = 0;  // first byte of the current record
  std::size_t field = 0;   // first byte of the current field
  std::size_t quote = 0;   // the last quote seen in the current quoted field
  std::size_t block = 0;   // where bit 0 of `mask` lies
  std::size_t scan = 0;    // first byte not yet in a block
  std::size_t end = 0;     // of the valid bytes
  std::uint64_t mask = 0;  // special bytes of the block that are still to be handled
  std::size_t bytes_read = 0;
  std::size_t line = 1;
  std::size_t record_line = 1;
  std::size_t quote_line = 1;
  Mode mode = Mode::kUnquoted;
  bool has_escapes = false;
  bool last_was_return = false;  // the byte before the current record is a CR: an LF there belongs to it
  bool started = false;
  bool at_end = false;
  std::optional<Error> failure;
};

CsvReader::CsvReader(core::ByteSource& source, CsvOptions options)
    : state_(std::make_unique<State>(source, options)) {}
CsvReader::~CsvReader() = default;
CsvReader::CsvReader(CsvReader&&) noexcept = default;
CsvReader& CsvReader::operator=(CsvReader&&) noexcept = default;

std::size_t CsvReader::bytes_read() const {
  return state_->bytes_read;
}

Result<CsvRead> CsvReader::next(CsvRecord& record) {
  State& s = *state_;
  std::vector<std::string_view>& fields = record.fields;
  fields.clear();
  if (s.failure) return *s.failure;
  if (!s.started) TRY(s.skip_byte_order_mark(fields));
  s.record_line = s.line;

  for (;;) {
    const std::size_t at = s.next_special();
    if (at == s.end) {
      if (s.at_end) return s.finish_input(record);
      TRY(s.refill(fields));
      continue;
    }
    const char byte = s.buffer[at];
    if (byte == '\0') {
      if (at - s.record > s.options.record_bytes_max) return s.too_long();
      return s.fail(ErrorCode::kInvalidInput,
                    fmt::format("line {}: a NUL byte; this is no text file (or it is in UTF-16)", s.line));
    }

    if (s.mode == Mode::kQuoteInQuoted) {
      if (byte == '"' && at == s.quote + 1) {
        s.has_escapes = true;
        s.mode = Mode::kQuoted;
        continue;
      }
      s.mode = Mode::kAfterQuotes;
    }
    if (s.mode == Mode::kQuoted) {
      if (byte == '"') {
        s.quote = at;
        s.mode = Mode::kQuoteInQuoted;
      } else if (byte == '\r' || (byte == '\n' && s.buffer[at - 1] != '\r')) {
        ++s.line;
      }
      continue;
    }

    if (byte == s.options.separator) {
      if (s.mode == Mode::kUnquoted && fields.size() < s.options.fields_max) [[likely]] {
        fields.emplace_back(s.buffer.data() + s.field, at - s.field);
        s.field = at + 1;
      } else {
        TRY(s.finish_field(fields, at));
      }
    } else if (byte == '"') {
      if (at == s.field && s.mode == Mode::kUnquoted) {
        s.mode = Mode::kQuoted;
        s.quote_line = s.line;
      }
    } else {
      const bool is_second_half = byte == '\n' && s.last_was_return && at == s.record;
      const bool is_empty_line = at == s.record;
      if (!is_second_half) ++s.line;
      s.last_was_return = byte == '\r';
      if (!is_empty_line) return s.finish_record(record, at);
      s.record = s.field = at + 1;
      s.record_line = s.line;
    }
  }
}

CsvWriter::CsvWriter(core::ByteSink& sink, char separator) : sink_(sink), separator_(separator) {}

Result<void> CsvWriter::write(const std::vector<std::string_view>& fields) {
  constexpr std::size_t kFlushBytes = std::size_t{64} << 10;
  const char special[] = {separator_, '"', '\r', '\n'};
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::string_view text = fields[i];
    if (i > 0) buffer_ += separator_;
    const bool is_lone_empty = text.empty() && fields.size() == 1;
    const bool has_outer_space = !text.empty() && (text.front() == ' ' || text.back() == ' ');
    const bool has_special =
        text.find_first_of(std::string_view(special, sizeof special)) != std::string_view::npos;
    if (!is_lone_empty && !has_outer_space && !has_special && !text.starts_with(kByteOrderMark)) {
      buffer_ += text;
      continue;
    }
    buffer_ += '"';
    for (const char byte : text) {
      if (byte == '"') buffer_ += '"';
      buffer_ += byte;
    }
    buffer_ += '"';
  }
  buffer_ += '\n';
  if (buffer_.size() >= kFlushBytes) TRY(flush());
  return {};
}

Result<void> CsvWriter::flush() {
  if (buffer_.empty()) return {};
  TRY(sink_.write(buffer_));
  buffer_.clear();
  return {};
}

}  // namespace starcast::codec
