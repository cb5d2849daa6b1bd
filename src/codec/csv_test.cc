#include "codec/csv.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/csv_scan.h"
#include "core/bytes.h"
#include "core/random.h"

namespace starcast::codec {
namespace {

using Row = std::vector<std::string>;

struct Read {
  std::vector<Row> rows;
  std::vector<std::size_t> lines;
  std::string error;  // empty if all went well
  core::ErrorCode code = core::ErrorCode::kInternal;
  bool operator==(const Read&) const = default;
};

Read read_all_rows(std::string_view text, CsvOptions options = {}, std::size_t chunk_bytes = 1 << 20) {
  core::StringSource source{std::string(text), chunk_bytes};
  CsvReader reader(source, options);
  Read read;
  CsvRecord record;
  for (;;) {
    const core::Result<CsvRead> result = reader.next(record);
    if (!result) {
      read.error = result.error().message();
      read.code = result.error().code();
      return read;
    }
    if (*result == CsvRead::kEnd) return read;
    read.rows.emplace_back(record.fields.begin(), record.fields.end());
    read.lines.push_back(record.line);
  }
}

// One byte at a time, no blocks, nothing in place: slow and plain.
std::vector<Row> naive_rows(std::string_view text) {
  std::vector<Row> rows;
  Row row;
  std::string field;
  bool quoted = false;
  bool any = false;
  bool at_field_start = true;
  const auto end_field = [&] {
    row.push_back(field);
    field.clear();
    at_field_start = true;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char byte = text[i];
    if (quoted) {
      if (byte != '"') {
        field += byte;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (byte == '"' && at_field_start) {
      quoted = any = true;
      at_field_start = false;
    } else if (byte == ',') {
      any = true;
      end_field();
    } else if (byte == '\n' || byte == '\r') {
      if (any) {
        end_field();
        rows.push_back(std::exchange(row, {}));
      }
      any = false;
    } else {
      field += byte;
      any = true;
      at_field_start = false;
    }
  }
  if (any) {
    end_field();
    rows.push_back(row);
  }
  return rows;
}

TEST(CsvReader, SplitsRecordsAndFields) {
  const Read read = read_all_rows("a,b,c\n1,,3\n");

  EXPECT_EQ(read.rows, (std::vector<Row>{{"a", "b", "c"}, {"1", "", "3"}}));
  EXPECT_EQ(read.lines, (std::vector<std::size_t>{1, 2}));
}

TEST(CsvReader, NeedsNoNewlineAtTheEnd) {
  EXPECT_EQ(read_all_rows("a,b\n1,2").rows, (std::vector<Row>{{"a", "b"}, {"1", "2"}}));
  EXPECT_EQ(read_all_rows("a,").rows, (std::vector<Row>{{"a", ""}}));
  EXPECT_EQ(read_all_rows("\"a\"").rows, (std::vector<Row>{{"a"}}));
}

TEST(CsvReader, AnEmptyTextHasNoRecords) {
  EXPECT_EQ(read_all_rows("").rows, std::vector<Row>{});
  EXPECT_EQ(read_all_rows("\n\r\n\r\r").rows, std::vector<Row>{});
  EXPECT_EQ(read_all_rows("\xEF\xBB\xBF").rows, std::vector<Row>{});
}

TEST(CsvReader, UnescapesDoubledQuotes) {
  EXPECT_EQ(read_all_rows("\"say \"\"hi\"\"\",\"\"\"\",\"\"\n").rows,
            (std::vector<Row>{{"say \"hi\"", "\"", ""}}));
}

TEST(CsvReader, KeepsSeparatorsAndNewlinesInsideQuotes) {
  EXPECT_EQ(read_all_rows("\"a,b\",\"c\nd\",\"e\r\nf\"\n").rows,
            (std::vector<Row>{{"a,b", "c\nd", "e\r\nf"}}));
}

TEST(CsvReader, CountsTheLinesInsideQuotes) {
  EXPECT_EQ(read_all_rows("a\n\"b\nc\r\nd\re\"\nf\n").lines, (std::vector<std::size_t>{1, 2, 6}));
}

TEST(CsvReader, KeepsTextAfterTheClosingQuote) {
  EXPECT_EQ(read_all_rows("\"ab\"cd,\"e\"\"f\"g\"h\n").rows, (std::vector<Row>{{"abcd", "e\"fg\"h"}}));
}

TEST(CsvReader, AQuoteInsideAnUnquotedFieldIsText) {
  EXPECT_EQ(read_all_rows("5\" screen,a\"b\"\n").rows, (std::vector<Row>{{"5\" screen", "a\"b\""}}));
}

TEST(CsvReader, EndsLinesWithLfCrLfOrCr) {
  const Read read = read_all_rows("a\nb\r\nc\rd\r\n\r\ne\n\nf");

  EXPECT_EQ(read.rows, (std::vector<Row>{{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}}));
  EXPECT_EQ(read.lines, (std::vector<std::size_t>{1, 2, 3, 4, 6, 8}));
}

TEST(CsvReader, DropsAByteOrderMarkAtTheStartOnly) {
  for (const std::size_t chunk : {1UL, 2UL, 100UL})
    EXPECT_EQ(read_all_rows("\xEF\xBB\xBF\"a\"\n\xEF\xBB\xBF", {}, chunk).rows,
              (std::vector<Row>{{"a"}, {"\xEF\xBB\xBF"}}));
}

TEST(CsvReader, TakesAnotherSeparator) {
  EXPECT_EQ(read_all_rows("a;b,c;d\n", {.separator = ';'}).rows, (std::vector<Row>{{"a", "b,c", "d"}}));
}

TEST(CsvReader, RaggedRecordsKeepTheirFields) {
  EXPECT_EQ(read_all_rows("a,b\n1\n1,2,3\n").rows, (std::vector<Row>{{"a", "b"}, {"1"}, {"1", "2", "3"}}));
}

TEST(CsvReader, NamesTheLineOfAQuoteThatNeverCloses) {
  const Read read = read_all_rows("a,b\n1,\"2\n3,4\n");

  EXPECT_EQ(read.rows.size(), 1U);
  EXPECT_EQ(read.code, core::ErrorCode::kInvalidInput);
  EXPECT_EQ(read.error, "line 2: a quote opens here and never closes; add the closing quote");
}

TEST(CsvReader, RefusesANulByte) {
  const Read read = read_all_rows(std::string_view("a,b\n1,\0002\n", 9));

  EXPECT_EQ(read.code, core::ErrorCode::kInvalidInput);
  EXPECT_NE(read.error.find("line 2: a NUL byte"), std::string::npos) << read.error;
}

TEST(CsvReader, RefusesARecordOverTheLimit) {
  const Read read = read_all_rows("ab\n" + std::string(20, 'x') + "\n", {.record_bytes_max = 19}, 3);

  EXPECT_EQ(read.code, core::ErrorCode::kTooLarge);
  EXPECT_NE(read.error.find("line 2: the record is longer than 19 bytes"), std::string::npos) << read.error;
  EXPECT_EQ(read_all_rows("ab\n" + std::string(19, 'x') + "\n", {.record_bytes_max = 19}, 3).error, "");
}

TEST(CsvReader, RefusesTooManyFields) {
  EXPECT_EQ(read_all_rows("a,b,c\n", {.fields_max = 3}).error, "");
  EXPECT_EQ(read_all_rows("a,b,c\n1,2,3,4\n", {.fields_max = 3}).code, core::ErrorCode::kTooLarge);
}

TEST(CsvReader, GivesTheSameErrorAgain) {
  core::StringSource source("\"a");
  CsvReader reader(source, {});
  CsvRecord record;

  const auto first = reader.next(record);
  const auto second = reader.next(record);

  ASSERT_FALSE(first);
  ASSERT_FALSE(second);
  EXPECT_EQ(first.error().message(), second.error().message());
}

class FailingSource final : public core::ByteSource {
 public:
  core::Result<std::size_t> read(std::span<char> buffer) override {
    if (reads_++ > 0) return core::Error(core::ErrorCode::kUnavailable, "the disk is gone");
    buffer[0] = 'a';
    return std::size_t{1};
  }

 private:
  int reads_ = 0;
};

TEST(CsvReader, PassesOnTheErrorOfItsSource) {
  FailingSource source;
  CsvReader reader(source, {});
  CsvRecord record;

  const auto result = reader.next(record);

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), core::ErrorCode::kUnavailable);
}

TEST(CsvReader, StaysAtTheEnd) {
  core::StringSource source("a\n");
  CsvReader reader(source, {});
  CsvRecord record;
  ASSERT_EQ(reader.next(record).value(), CsvRead::kRecord);

  EXPECT_EQ(reader.next(record).value(), CsvRead::kEnd);
  EXPECT_EQ(reader.next(record).value(), CsvRead::kEnd);
  EXPECT_EQ(reader.bytes_read(), 2U);
}

TEST(CsvReader, ReadsAFieldLargerThanItsBuffer) {
  const std::string large(100000, 'x');

  const Read read = read_all_rows("a,\"" + large + "\"\"\",b\nc\n", {.buffer_bytes = 16}, 7);

  EXPECT_EQ(read.rows, (std::vector<Row>{{"a", large + "\"", "b"}, {"c"}}));
}

std::string random_text(core::Random& random, std::size_t length) {
  constexpr std::string_view kAlphabet = "abcdef  ,,,\"\"\n\r";
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += kAlphabet[random.below(kAlphabet.size())];
  return text;
}

TEST(CsvReader, AgreesWithANaiveParserOnRandomText) {
  core::Random random(1);
  for (int i = 0; i < 3000; ++i) {
    std::string text = random_text(random, random.below(200));
    Read read = read_all_rows(text);
    if (!read.error.empty()) {
      text += '"';
      read = read_all_rows(text);
    }

    ASSERT_EQ(read.error, "") << text;
    ASSERT_EQ(read.rows, naive_rows(text)) << text;
  }
}

TEST(CsvReader, ChunksAndBuffersDoNotChangeTheRecords) {
  core::Random random(2);
  for (int i = 0; i < 1000; ++i) {
    const std::string text = random_text(random, random.below(300));
    const CsvOptions options{.record_bytes_max = 150};
    CsvOptions small = options;
    small.buffer_bytes = 1;

    const Read whole = read_all_rows(text, options);

    ASSERT_EQ(whole, read_all_rows(text, options, 1)) << text;
    ASSERT_EQ(whole, read_all_rows(text, small, 1 + random.below(70))) << text;
  }
}

TEST(CsvScan, BothMasksAgreeOnEveryByte) {
  core::Random random(3);
  for (int i = 0; i < 2000; ++i) {
    char block[kCsvBlockBytes];
    for (char& byte : block) byte = static_cast<char>(random.below(i % 2 == 0 ? 256 : 48));

    ASSERT_EQ(CsvScanner(',').special_mask(block), csv_special_mask_portable(block, ','));
    ASSERT_EQ(CsvScanner('\t').special_mask(block), csv_special_mask_portable(block, '\t'));
  }
}

std::string written(const std::vector<Row>& rows, char separator = ',') {
  core::StringSink sink;
  CsvWriter writer(sink, separator);
  for (const Row& row : rows) {
    const core::Result<void> result = writer.write(std::vector<std::string_view>(row.begin(), row.end()));
    EXPECT_TRUE(result);
  }
  EXPECT_TRUE(writer.flush());
  return sink.text();
}

TEST(CsvWriter, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(written({{"a", "b c", "d,e", "say \"hi\"", "x\ny", "x\ry", " lead", "trail ", ""}}),
            "a,b c,\"d,e\",\"say \"\"hi\"\"\",\"x\ny\",\"x\ry\",\" lead\",\"trail \",\n");
}

TEST(CsvWriter, QuotesItsOwnSeparator) {
  EXPECT_EQ(written({{"a,b", "c;d"}}, ';'), "a,b;\"c;d\"\n");
}

TEST(CsvWriter, WhatItWritesReadsBack) {
  core::Random random(4);
  for (int i = 0; i < 500; ++i) {
    std::vector<Row> rows;
    for (std::size_t row = random.below(5); row > 0; --row) {
      rows.emplace_back();
      for (std::size_t field = 1 + random.below(4); field > 0; --field)
        rows.back().push_back(random_text(random, random.below(8)));
    }
    if (!rows.empty()) rows.front().front().insert(0, "\xEF\xBB\xBF");

    ASSERT_EQ(read_all_rows(written(rows)).rows, rows);
  }
}

class FullSink final : public core::ByteSink {
 public:
  core::Result<void> write(std::string_view) override {
    return core::Error(core::ErrorCode::kExhausted, "no space left");
  }
};

TEST(CsvWriter, PassesOnTheErrorOfItsSink) {
  FullSink sink;
  CsvWriter writer(sink);
  ASSERT_TRUE(writer.write({"a"}));

  const core::Result<void> result = writer.flush();

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code(), core::ErrorCode::kExhausted);
}

}  // namespace
}  // namespace starcast::codec
