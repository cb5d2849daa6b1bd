// Reads CSV of the shape of the 2021 Play Store file from memory and prints MB/s beside two anchors of the
// same run: a memchr pass over the newlines, and a plain parser that looks at one byte at a time and builds
// strings.
//
//   bench_csv               200 MB of generated rows
//   bench_csv FILE [MB]     the file, repeated up to that many MB
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/csv.h"
#include "codec/number.h"
#include "core/bytes.h"
#include "core/clock.h"
#include "core/random.h"

namespace {

namespace core = starcast::core;
namespace codec = starcast::codec;

constexpr int kRuns = 7;
constexpr std::size_t kSumColumn = 4;  // "Rating Count"

struct Totals {
  std::size_t records = 0;
  std::size_t fields = 0;
  std::size_t field_bytes = 0;
  double sum = 0;
  bool operator==(const Totals&) const = default;
};

enum class WithSum { kNo, kYes };

template <typename Fields>
void add_record(Totals& totals, const Fields& fields, WithSum with_sum) {
  ++totals.records;
  totals.fields += fields.size();
  for (const auto& field : fields) totals.field_bytes += field.size();
  if (with_sum == WithSum::kNo || fields.size() <= kSumColumn) return;
  if (const auto value = codec::parse_double(fields[kSumColumn])) totals.sum += *value;
}

class MemorySource final : public core::ByteSource {
 public:
  explicit MemorySource(std::string_view text) : text_(text) {}
  core::Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t count = std::min(buffer.size(), text_.size());
    std::memcpy(buffer.data(), text_.data(), count);
    text_.remove_prefix(count);
    return count;
  }

 private:
  std::string_view text_;
};

core::Result<Totals> read_with_reader(std::string_view text, WithSum with_sum) {
  MemorySource source(text);
  codec::CsvReader reader(source, {});
  codec::CsvRecord record;
  Totals totals;
  for (;;) {
    const codec::CsvRead read = TRY(reader.next(record));
    if (read == codec::CsvRead::kEnd) return totals;
    add_record(totals, record.fields, with_sum);
  }
}

Totals read_naively(std::string_view text, WithSum with_sum) {
  Totals totals;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  bool any = false;
  bool at_field_start = true;
  const auto end_field = [&] {
    row.push_back(std::exchange(field, {}));
    at_field_start = true;
  };
  const auto end_record = [&] {
    if (!any) return;
    end_field();
    add_record(totals, row, with_sum);
    row.clear();
    any = false;
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
      end_record();
    } else {
      field += byte;
      any = true;
      at_field_start = false;
    }
  }
  end_record();
  return totals;
}

std::size_t count_newlines(std::string_view text) {
  std::size_t count = 0;
  const char* at = text.data();
  const char* end = at + text.size();
  while (at < end) {
    const auto* found = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (found == nullptr) break;
    ++count;
    at = found + 1;
  }
  return count;
}

std::string word(core::Random& random, std::size_t length_min, std::size_t length_max) {
  std::string text;
  for (std::size_t i = length_min + random.below(length_max - length_min + 1); i > 0; --i)
    text += static_cast<char>('a' + random.below(26));
  return text;
}

// Invented rows with the columns, lengths and quoting of the 2021 file.
std::string generated(std::size_t size_bytes) {
  core::Random random(1);
  std::string text =
      "App Name,App Id,Category,Rating,Rating Count,Installs,Minimum Installs,Maximum "
      "Installs,Free,Price,Currency,Size,"
      "Minimum Android,Developer Id,Developer Website,Developer Email,Released,Last Updated,Content "
      "Rating,Privacy Policy,"
      "Ad Supported,In App Purchases,Editors Choice,Scraped Time\n";
  while (text.size() < size_bytes) {
    std::string name = word(random, 3, 12);
    for (std::size_t i = random.below(4); i > 0; --i) name += ' ' + word(random, 2, 9);
    if (random.below(20) == 0) name = fmt::format("\"{}, the \"\"{}\"\"\"", name, word(random, 3, 8));
    const std::uint64_t installs = 1000 + random.below(9000);
    text += fmt::format(
        "{},com.{}.{},{},{}.{},{},\"{},{:03}+\",{},{},TRUE,0,USD,{}M,{}.0 and up,{} {},y,,\"Feb {}, "
        "2020\",\"Dec {}, 2020\","
        "Everyone,y,{},FALSE,FALSE,15-06-2021 20:19\n",
        name, word(random, 4, 12), word(random, 4, 14), word(random, 5, 14), 1 + random.below(5),
        random.below(10), random.below(100000), installs / 1000, installs % 1000, installs,
        installs + random.below(500), 1 + random.below(99), 2 + random.below(6), word(random, 4, 9),
        word(random, 4, 9), 1 + random.below(28), 1 + random.below(28),
        random.below(2) == 0 ? "TRUE" : "FALSE");
  }
  return text;
}

std::optional<std::string> repeated_file(const char* path, std::size_t size_bytes) {
  std::FILE* file = std::fopen(path, "rb");
  if (file == nullptr) return std::nullopt;
  std::string once;
  char buffer[65536];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, file)) once.append(buffer, count);
  const bool failed = std::ferror(file) != 0;
  std::fclose(file);
  if (failed || once.empty()) return std::nullopt;
  if (once.back() != '\n') once += '\n';
  std::string text;
  do {
    text += once;
  } while (text.size() < size_bytes);
  return text;
}

// MB/s of the median run.
template <typename Work>
double rate_of(std::size_t bytes, const Work& work) {
  std::vector<double> seconds;
  for (int run = 0; run < kRuns; ++run) {
    const core::Ticks start = core::system_clock().elapsed();
    work();
    seconds.push_back(core::seconds_between(start, core::system_clock().elapsed()));
  }
  std::sort(seconds.begin(), seconds.end());
  return static_cast<double>(bytes) / 1e6 / seconds[kRuns / 2];
}

int run(std::string_view text) {
  const core::Result<Totals> ours = read_with_reader(text, WithSum::kYes);
  if (!ours) {
    fmt::print(stderr, "{}\n", ours.error().message());
    return 1;
  }
  const Totals naive = read_naively(text, WithSum::kYes);
  if (!(*ours == naive)) {
    fmt::print(stderr,
               "the readers disagree: {} records, {} fields, sum {} against {} records, {} fields, sum {}\n",
               ours->records, ours->fields, ours->sum, naive.records, naive.fields, naive.sum);
    return 1;
  }
  fmt::print("{} MB, {} records, {} fields; sum of column {} is {} by both readers\n", text.size() / 1000000,
             naive.records, naive.fields, kSumColumn + 1, naive.sum);

  std::size_t checksum = 0;  // printed, so that no pass can be left out
  const double reader_rate = rate_of(text.size(), [&] {
    const core::Result<Totals> totals = read_with_reader(text, WithSum::kNo);
    checksum += totals ? totals->field_bytes : 0;
  });
  const double memchr_rate = rate_of(text.size(), [&] { checksum += count_newlines(text); });
  const double naive_rate =
      rate_of(text.size(), [&] { checksum += read_naively(text, WithSum::kNo).field_bytes; });
  fmt::print("{:<28}{:>8.0f} MB/s\n", "CsvReader", reader_rate);
  fmt::print("{:<28}{:>8.0f} MB/s\n", "anchor: memchr of newlines", memchr_rate);
  fmt::print("{:<28}{:>8.0f} MB/s\n", "anchor: byte by byte", naive_rate);
  fmt::print("median of {} runs; {:.1f} times the byte-by-byte parser (checksum {})\n", kRuns,
             reader_rate / naive_rate, checksum);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  constexpr std::size_t kMegabyte = 1'000'000;
  if (argc < 2) return run(generated(200 * kMegabyte));
  const auto megabytes = argc > 2 ? codec::parse_int(argv[2]) : std::optional<std::int64_t>(200);
  if (!megabytes || *megabytes < 1 || *megabytes > 100000) {
    fmt::print(stderr, "usage: bench_csv [FILE [MB]]\n");
    return 1;
  }
  const auto text = repeated_file(argv[1], static_cast<std::size_t>(*megabytes) * kMegabyte);
  if (!text) {
    fmt::print(stderr, "cannot read {}\n", argv[1]);
    return 1;
  }
  return run(*text);
}
