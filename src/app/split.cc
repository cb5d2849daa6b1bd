#include "app/split.h"

#include <fmt/format.h>

#include <utility>

#include "app/params.h"
#include "listing/reader.h"
#include "os/path.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;

Result<std::vector<listing::Listing>> load_listings(const std::string& path, const Context& context) {
  if (!context.files.exists(path)) {
    return Error(ErrorCode::kNotFound, fmt::format("{}: no such file; 'starcast prepare' makes it", path));
  }
  const std::unique_ptr<core::ByteSource> source = TRY(context.files.open(path));
  listing::ReaderOptions options;
  options.file_name = path;
  listing::ListingFile file = TRY(listing::read_listings(*source, options));
  for (std::size_t i = 0; i < file.listings.size(); ++i) {
    if (!core::is_missing(file.listings[i].rating)) continue;
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}: data row {} has no rating; 'starcast prepare' keeps rated apps only", path,
                             file.rows[i] + 1));
  }
  return std::move(file.listings);
}

Result<SplitReport> split(const SplitOptions& options, const Context& context) {
  const Params params = TRY(load_params(context.files, options.params));
  const std::vector<listing::Listing> listings = TRY(load_listings(options.listings, context));
  SplitReport report;
  for (const listing::Listing& listing : listings) {
    (learn::part_of(listing::key_of(listing), params.split) == learn::Part::kTest ? report.test
                                                                                  : report.train) += 1;
  }
  if (report.train == 0 || report.test == 0) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}: its {} apps give {} to train on and {} to test on; both parts need some",
                             options.listings, listings.size(), report.train, report.test));
  }
  TRY(context.files.make_folders(os::folder_of(options.out)));
  const std::unique_ptr<os::AtomicFile> out = TRY(context.files.create(options.out, {}));
  TRY(learn::write_split(*out, listings, params.split), options.out);
  TRY(out->finish(), options.out);
  return report;
}

Result<learn::SplitListings> load_split_listings(const std::string& listings_path,
                                                 const std::string& split_path, const Context& context) {
  std::vector<listing::Listing> listings = TRY(load_listings(listings_path, context));
  if (!context.files.exists(split_path)) {
    return Error(ErrorCode::kNotFound,
                 fmt::format("{}: no such file; 'starcast split' makes it", split_path));
  }
  const std::unique_ptr<core::ByteSource> source = TRY(context.files.open(split_path));
  const std::map<std::string, learn::Part> parts = TRY(learn::read_split(*source, split_path));
  return learn::apply_split(std::move(listings), parts);
}

}  // namespace starcast::app
