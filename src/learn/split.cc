#include "learn/split.h"

#include <fmt/format.h>

#include <utility>

#include "codec/csv.h"
#include "core/random.h"

namespace starcast::learn {

using core::Error;
using core::ErrorCode;
using core::Result;

std::string_view name_of(Part part) {
  switch (part) {
    case Part::kTrain:
      return "train";
    case Part::kTest:
      return "test";
  }
  return "train";
}

Part part_of(std::string_view key, const SplitOptions& options) {
  const double place = static_cast<double>(core::stable_hash(key, options.seed) >> 11) * 0x1.0p-53;
  return place < options.test_share ? Part::kTest : Part::kTrain;
}

Result<void> write_split(core::ByteSink& sink, std::span<const listing::Listing> listings,
                         const SplitOptions& options) {
  if (!(options.test_share > 0 && options.test_share < 1)) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("params.yaml: split.test_share is {}; it has to lie between 0 and 1",
                             options.test_share));
  }
  codec::CsvWriter csv(sink);
  TRY(csv.write({"app", "part"}));
  for (const listing::Listing& listing : listings) {
    const std::string key = listing::key_of(listing);
    TRY(csv.write({key, name_of(part_of(key, options))}));
  }
  return csv.flush();
}

Result<std::map<std::string, Part>> read_split(core::ByteSource& source, const std::string& file_name) {
  codec::CsvReader csv(source, {});
  codec::CsvRecord record;
  std::map<std::string, Part> parts;
  bool header = true;
  while (TRY(csv.next(record), file_name) == codec::CsvRead::kRecord) {
    if (record.fields.size() != 2 || (header && (record.fields[0] != "app" || record.fields[1] != "part"))) {
      return Error(
          ErrorCode::kInvalidInput,
          fmt::format("{}:{}: two columns, app and part, were expected; 'starcast split' writes the file",
                      file_name, record.line));
    }
    if (std::exchange(header, false)) continue;
    const bool is_test = record.fields[1] == name_of(Part::kTest);
    if (!is_test && record.fields[1] != name_of(Part::kTrain)) {
      return Error(ErrorCode::kInvalidInput, fmt::format("{}:{}: the part is '{}', neither train nor test",
                                                         file_name, record.line, record.fields[1]));
    }
    if (!parts.emplace(std::string(record.fields[0]), is_test ? Part::kTest : Part::kTrain).second) {
      return Error(ErrorCode::kInvalidInput,
                   fmt::format("{}:{}: app '{}' is listed twice", file_name, record.line, record.fields[0]));
    }
  }
  if (header) return Error(ErrorCode::kInvalidInput, fmt::format("{}: the file is empty", file_name));
  return parts;
}

Result<SplitListings> apply_split(std::vector<listing::Listing> listings,
                                  const std::map<std::string, Part>& parts) {
  SplitListings split;
  for (listing::Listing& listing : listings) {
    const auto found = parts.find(listing::key_of(listing));
    if (found == parts.end()) {
      return Error(
          ErrorCode::kFailedPrecondition,
          fmt::format("app '{}' is in no part of the split; run 'starcast split' again", listing.app));
    }
    (found->second == Part::kTest ? split.test : split.train).push_back(std::move(listing));
  }
  return split;
}

std::vector<std::size_t> deal_folds(std::size_t count, std::size_t folds, std::uint64_t seed) {
  CHECK(folds > 0);
  core::Random random(seed);
  const std::vector<std::size_t> order = core::shuffled(count, random);
  std::vector<std::size_t> fold_of(count);
  for (std::size_t place = 0; place < count; ++place) fold_of[order[place]] = place % folds;
  return fold_of;
}

}  // namespace starcast::learn
