#include "cli/listing_input.h"

#include <cstdio>
#include <span>

namespace starcast::cli {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

// Standard input as a source.
class InputSource final : public core::ByteSource {
 public:
  Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), stdin);
    if (count == 0 && std::ferror(stdin) != 0)
      return Error(ErrorCode::kInternal, "standard input could not be read");
    return count;
  }
};

}  // namespace

Result<std::unique_ptr<core::ByteSource>> open_input(const app::Context& context, const std::string& file) {
  if (file == "-") return standard_input();
  return context.files.open(file);
}

std::unique_ptr<core::ByteSource> standard_input() {
  return std::make_unique<InputSource>();
}

std::string input_name(const std::string& file) {
  return file == "-" ? "standard input" : file;
}

void warn_of_notes(core::Log& log, const listing::ReadReport& read, const std::string& file_name) {
  constexpr std::size_t kShown = 5;
  for (std::size_t i = 0; i < read.notes.size() && i < kShown; ++i) {
    log.warning("{}:{}: {}", file_name, read.notes[i].line, read.notes[i].text);
  }
  const std::size_t total = read.notes.size() + read.notes_dropped;
  if (total > kShown) log.warning("{}: {} notes more", file_name, total - kShown);
}

void warn_of_sample(core::Log& log, const model::RatingScorer& scorer) {
  if (scorer.trained_on().generated)
    log.warning("THE MODEL WAS TRAINED ON A GENERATED SAMPLE: ITS ANSWERS MEAN NOTHING");
}

}  // namespace starcast::cli
