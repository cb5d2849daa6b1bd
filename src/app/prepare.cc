#include "app/prepare.h"

#include <fmt/format.h>

#include <utility>

#include "listing/reader.h"
#include "os/path.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;

Result<PrepareReport> prepare(const PrepareOptions& options, const Context& context) {
  if (!context.files.exists(options.raw)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("{}: no such file; 'starcast data fetch' brings the raw data", options.raw));
  }
  const std::unique_ptr<core::ByteSource> source = TRY(context.files.open(options.raw));
  listing::ReaderOptions reader_options;
  reader_options.file_name = options.raw;
  listing::ListingFile file = TRY(listing::read_listings(*source, reader_options));
  PrepareReport report;
  report.read = file.report;
  listing::CleanListings clean = listing::cleaned(std::move(file));
  report.clean = clean.report;
  if (clean.listings.empty()) {
    return Error(
        ErrorCode::kInvalidInput,
        fmt::format("{}: none of its {} rows has a name and a rating, so there is nothing to learn from",
                    options.raw, report.read.rows));
  }

  TRY(context.files.make_folders(os::folder_of(options.out)));
  TRY(context.files.make_folders(os::folder_of(options.report)));
  const std::unique_ptr<os::AtomicFile> out = TRY(context.files.create(options.out, {}));
  listing::ListingWriter writer(*out);
  for (const listing::Listing& listing : clean.listings) TRY(writer.write(listing), options.out);
  TRY(writer.flush(), options.out);
  const std::unique_ptr<os::AtomicFile> data_report = TRY(context.files.create(options.report, {}));
  const std::string text =
      codec::to_text(listing::to_json(report.read, report.clean), codec::JsonStyle::kPretty);
  TRY(data_report->write(text + "\n"), options.report);
  TRY(out->finish(), options.out);
  TRY(data_report->finish(), options.report);
  return report;
}

}  // namespace starcast::app
