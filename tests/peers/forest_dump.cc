// Writes what our forests predict, for a comparison with LightGBM's: forest_dump PACKAGE LISTINGS OUT
//
// For each encoder of the package OUT/PREFIXrows.f64 has feature rows (PREFIX is "" or "before-launch-", as
// in the names of its forests): each listing as the encoder gives it, then rows made to be hard (missing,
// zero, infinite and tiny cells, and cells that equal a threshold of a tree). OUT/NAME.f64 has forest NAME's
// prediction of each of its rows. All are doubles in this machine's byte order, row after row.
#include <fmt/format.h>

#include <cstdio>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "core/random.h"
#include "features/encoder.h"
#include "features/matrix.h"
#include "forest/forest.h"
#include "listing/reader.h"
#include "model/package.h"
#include "os/file_system.h"
#include "os/path.h"

namespace starcast {
namespace {

using core::Result;

struct NamedForest {
  std::string name;
  forest::Forest forest;
};

constexpr std::string_view kPrefixes[] = {"", "before-launch-"};

std::string encoder_path(const std::string& package, std::string_view prefix) {
  return os::joined(package, fmt::format("starcast/{}encoder.json", prefix));
}

// The forests of one prefix.
Result<std::vector<NamedForest>> load_forests(const os::FileSystem& files, const std::string& package,
                                              std::string_view prefix) {
  std::vector<NamedForest> forests;
  const std::string folder = os::joined(package, "forests");
  for (const os::FolderEntry& entry : TRY(files.list(folder))) {
    if (entry.name.starts_with(kPrefixes[1]) != (prefix == kPrefixes[1])) continue;
    const std::string path = os::joined(os::joined(folder, entry.name), "model.lgb");
    const std::string text = TRY(files.read(path));
    forest::Forest forest = TRY(forest::parse_lightgbm(text), path);
    forests.push_back({entry.name, std::move(forest)});
  }
  return forests;
}

Result<features::Matrix> encoded(const os::FileSystem& files, const std::string& package,
                                 std::string_view prefix, const std::string& listings) {
  const std::string encoder_file = encoder_path(package, prefix);
  const std::string encoder_text = TRY(files.read(encoder_file));
  const codec::Json encoder_json = TRY(codec::parse_json(encoder_text), encoder_file);
  const auto apps = TRY(model::load_training_apps(files, package));
  const features::Encoder encoder =
      TRY(features::Encoder::from_json(encoder_json, model::names_of(apps)), encoder_file);
  const std::unique_ptr<core::ByteSource> source = TRY(files.open(listings));
  listing::ReaderOptions options;
  options.file_name = listings;
  const listing::ListingFile file = TRY(listing::read_listings(*source, options));
  features::Matrix rows(file.listings.size(), encoder.columns().size());
  for (std::size_t i = 0; i < rows.rows; ++i) encoder.transform(file.listings[i], rows.row(i));
  return rows;
}

// Copies of the rows in which one cell in four is replaced by a value on which tree walks may differ.
features::Matrix hardened(const features::Matrix& rows, const std::vector<NamedForest>& forests) {
  std::vector<std::vector<double>> thresholds(rows.columns);
  for (const NamedForest& named : forests) {
    for (const forest::Tree& tree : named.forest.trees()) {
      for (std::size_t node = 0; node < tree.feature.size(); ++node) {
        thresholds[static_cast<std::size_t>(tree.feature[node])].push_back(tree.threshold[node]);
      }
    }
  }
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<double> specials = {core::kMissing, 0.0,    -0.0,  kInfinity, -kInfinity,
                                        1e-36,          -1e-36, 1e-34, 1e300};
  core::Random random(1);
  features::Matrix hard = rows;
  for (std::size_t i = 0; i < hard.values.size(); ++i) {
    const std::vector<double>& equal_to = thresholds[i % hard.columns];
    const std::uint64_t choice = random.below(8);
    if (choice == 0) hard.values[i] = specials[random.below(specials.size())];
    if (choice == 1 && !equal_to.empty()) hard.values[i] = equal_to[random.below(equal_to.size())];
  }
  return hard;
}

Result<void> write_doubles(os::FileSystem& files, const std::string& path,
                           const std::vector<double>& values) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(values));
  std::string text(bytes.size(), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) text[i] = static_cast<char>(bytes[i]);
  return files.write(path, text);
}

Result<void> dump(const std::string& package, const std::string& listings, const std::string& out) {
  os::FileSystem& files = os::real_files();
  TRY(files.make_folders(out));
  for (const std::string_view prefix : kPrefixes) {
    const std::string encoder_file = encoder_path(package, prefix);
    if (!files.exists(encoder_file)) continue;
    const std::vector<NamedForest> forests = TRY(load_forests(files, package, prefix));
    features::Matrix rows = TRY(encoded(files, package, prefix, listings));
    const features::Matrix hard = hardened(rows, forests);
    rows.values.insert(rows.values.end(), hard.values.begin(), hard.values.end());
    rows.rows += hard.rows;
    TRY(write_doubles(files, os::joined(out, fmt::format("{}rows.f64", prefix)), rows.values));
    for (const NamedForest& named : forests) {
      std::vector<double> predictions;
      predictions.reserve(rows.rows);
      for (std::size_t i = 0; i < rows.rows; ++i) predictions.push_back(named.forest.predict(rows.row(i)));
      TRY(write_doubles(files, os::joined(out, named.name + ".f64"), predictions));
    }
  }
  return {};
}

}  // namespace
}  // namespace starcast

int main(int argc, char** argv) {
  if (argc != 4) {
    fmt::print(stderr, "usage: forest_dump PACKAGE LISTINGS OUT\n");
    return 2;
  }
  const auto dumped = starcast::dump(argv[1], argv[2], argv[3]);
  if (!dumped) {
    fmt::print(stderr, "forest_dump: {}\n", dumped.error().message());
    return 1;
  }
  return 0;
}
