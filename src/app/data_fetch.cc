#include "app/data_fetch.h"

#include <fmt/format.h>

#include <utility>

#include "codec/digest.h"
#include "codec/json.h"
#include "core/strings.h"
#include "os/path.h"
#include "pipeline/cache.h"
#include "pipeline/dvc_file.h"
#include "pipeline/workspace.h"

namespace starcast::app {

using core::Error;
using core::ErrorCode;
using core::Result;
using pipeline::LockedPath;

namespace {

constexpr const char* kKaggleDataset = "https://www.kaggle.com/api/v1/datasets/download/lava18/google-play-store-apps";
constexpr std::size_t kRawBytesMax = std::size_t{1} << 30;
constexpr std::string_view kZipMagic = "PK\x03\x04";

bool is_url(std::string_view text) {
  return text.starts_with("http://") || text.starts_with("https://") || text.starts_with("file://");
}

// The bytes of the declared file, found somewhere.
struct Found {
  std::string bytes;
  std::string source;
  bool carriage_returns_restored = false;
};

class Fetcher {
 public:
  Fetcher(const DataFetchOptions& options, const Context& context, LockedPath declared)
      : options_(options), context_(context), declared_(std::move(declared)) {}

  // The places in order; every one that did not do is remembered with its reason.
  Result<Found> find() {
    std::string from = options_.from;
    if (from.empty()) from = context_.environment.find("STARCAST_RAW").value_or("");
    if (!from.empty()) return is_url(from) ? from_url(from, {}) : from_path(from);
    for (const char* const folder : {kExternalFolder, kSharedDataFolder}) {
      Result<Found> found = from_path(os::joined(options_.root, folder));
      if (found) return found;
      tried(folder, found.error());
    }
    Result<Found> cached = from_cache();
    if (cached) return cached;
    tried("DVC's cache", cached.error());
    Result<Found> downloaded = from_kaggle();
    if (downloaded) return downloaded;
    tried("Kaggle", downloaded.error());
    return Error(ErrorCode::kUnavailable,
                 fmt::format("{} can be had nowhere: {}; give a copy by --from FILE or STARCAST_RAW, or put one into {}",
                             kRawFile, fmt::join(tried_, "; "), kExternalFolder));
  }

  // The bytes when they are the declared file's, if need be with their CRs back.
  Result<Found> checked(std::string bytes, const std::string& source) const {
    const std::string md5 = codec::md5_hex(bytes);
    if (options_.accept == Accept::kAny || md5 == declared_.md5) return Found{std::move(bytes), source, false};
    if (bytes.find('\r') == std::string::npos) {
      std::string restored = core::replaced(bytes, "\n", "\r\n");
      if (codec::md5_hex(restored) == declared_.md5) return Found{std::move(restored), source, true};
    }
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{} has md5 {}, and {}.dvc declares {}; --accept declares this file instead", source, md5,
                             kRawFile, declared_.md5));
  }

 private:
  void tried(std::string_view place, const Error& error) { tried_.push_back(fmt::format("{} ({})", place, error.message())); }

  Result<Found> from_path(const std::string& path) const {
    std::string file = path;
    if (context_.files.is_folder(path)) file = os::joined(path, os::name_of(kRawFile));
    if (!context_.files.exists(file)) return Error(ErrorCode::kNotFound, fmt::format("no {}", file));
    std::string bytes = TRY(context_.files.read(file, kRawBytesMax));
    if (bytes.starts_with(kZipMagic)) {
      std::string unpacked = TRY(unzipped(file));
      return checked(std::move(unpacked), file);
    }
    return checked(std::move(bytes), file);
  }

  Result<Found> from_cache() const {
    pipeline::Cache cache(context_.files, options_.root);
    if (!cache.holds(declared_)) return Error(ErrorCode::kNotFound, "not in it");
    const std::string object = fmt::format(".dvc/cache/files/md5/{}/{}", declared_.md5.substr(0, 2), declared_.md5.substr(2));
    std::string bytes = TRY(context_.files.read(os::joined(options_.root, object), kRawBytesMax));
    return checked(std::move(bytes), object);
  }

  Result<Found> from_kaggle() const {
    const std::string url = context_.environment.find("STARCAST_KAGGLE_URL").value_or(kKaggleDataset);
    const std::string credentials = TRY(kaggle_credentials());
    return from_url(url, credentials);
  }

  // "user:key", or nothing: the data set is public.
  Result<std::string> kaggle_credentials() const {
    const auto user = context_.environment.find("KAGGLE_USERNAME");
    const auto key = context_.environment.find("KAGGLE_KEY");
    if (user && key) return *user + ":" + *key;
    const auto folder = context_.environment.find("KAGGLE_CONFIG_DIR");
    const auto home = context_.environment.find("HOME");
    if (!folder && !home) return std::string();
    const std::string path = os::joined(folder ? *folder : os::joined(*home, ".kaggle"), "kaggle.json");
    if (!context_.files.exists(path)) return std::string();
    const std::string text = TRY(context_.files.read(path, 1 << 16));
    const codec::Json token = TRY(codec::parse_json(text), path);
    const std::string token_user = TRY(token.string_at("username"), path);
    const std::string token_key = TRY(token.string_at("key"), path);
    return token_user + ":" + token_key;
  }

  Result<Found> from_url(const std::string& url, const std::string& credentials) const {
    const std::string part = os::joined(options_.root, ".dvc/tmp/starcast/download.part");
    TRY(context_.files.make_folders(os::folder_of(part)));
    os::Command curl;
    curl.arguments = {"curl", "--fail", "--location", "--show-error", "--retry", "3", "--retry-connrefused", "--continue-at",
                      "-", "--connect-timeout", "20", "--speed-limit", "1", "--speed-time", "60", "--output", part,
                      options_.terminal ? "--progress-bar" : "--silent", "--config", "-", url};
    // The key goes through standard input, where other users of the machine cannot see it.
    if (!credentials.empty()) curl.input = fmt::format("user = \"{}\"\n", escaped(credentials));
    curl.standard_output = os::Output::kDiscard;
    curl.standard_error = options_.terminal ? os::Output::kInherit : os::Output::kCapture;
    const os::Exit exit = TRY(context_.processes.run(curl));
    if (exit.status != 0) {
      return Error(ErrorCode::kUnavailable, fmt::format("{}: {}", url,
                                                        exit.error_output.empty()
                                                            ? fmt::format("curl ended with status {}", exit.status)
                                                            : std::string(core::trimmed(exit.error_output))));
    }
    std::string bytes = TRY(context_.files.read(part, kRawBytesMax));
    if (bytes.starts_with(kZipMagic)) bytes = TRY(unzipped(part));
    TRY(context_.files.remove(part));
    return checked(std::move(bytes), url);
  }

  static std::string escaped(std::string_view text) {
    return core::replaced(core::replaced(text, "\\", "\\\\"), "\"", "\\\"");
  }

  Result<std::string> unzipped(const std::string& archive) const {
    os::Command unzip;
    unzip.arguments = {"unzip", "-p", archive, os::name_of(kRawFile)};
    unzip.standard_output = os::Output::kCapture;
    unzip.standard_error = os::Output::kCapture;
    unzip.capture_bytes_max = kRawBytesMax;
    os::Exit exit = TRY(context_.processes.run(unzip));
    if (exit.status != 0) {
      return Error(ErrorCode::kCorrupt, fmt::format("{}: unzip ended with status {}: {}", archive, exit.status,
                                                    core::trimmed(exit.error_output)));
    }
    return std::move(exit.output);
  }

  const DataFetchOptions& options_;
  const Context& context_;
  LockedPath declared_;
  std::vector<std::string> tried_;
};

}  // namespace

Result<DataFetchReport> fetch_data(const DataFetchOptions& options, const Context& context) {
  const std::string target = os::joined(options.root, kRawFile);
  const std::string declaration = target + ".dvc";
  if (!context.files.exists(declaration)) {
    return Error(ErrorCode::kNotFound, fmt::format("{}: no such file, so no raw data is declared here; 'starcast new DIR' "
                                                   "makes a workspace",
                                                   declaration));
  }
  const pipeline::DvcFile dvc_file = TRY(pipeline::load_dvc_file(context.files, declaration));
  if (dvc_file.outs.size() != 1) {
    return Error(ErrorCode::kInvalidInput, fmt::format("{}: one out was expected, {} are there", declaration, dvc_file.outs.size()));
  }
  LockedPath declared = dvc_file.outs.front();
  declared.path = kRawFile;

  DataFetchReport report;
  report.path = kRawFile;
  report.md5 = declared.md5;
  if (options.from.empty() && options.accept == Accept::kDeclared && context.files.exists(target)) {
    const std::unique_ptr<core::ByteSource> source = TRY(context.files.open(target));
    const std::string md5 = TRY(codec::digest_of(*source, codec::DigestKind::kMd5), target);
    if (md5 == declared.md5) {
      TRY(pipeline::track(context.files, options.root, kRawFile));
      return report;
    }
    return Error(ErrorCode::kFailedPrecondition,
                 fmt::format("{} is there with md5 {}, but {}.dvc declares {}; remove it, or declare it by "
                             "'starcast data fetch --accept --from {}'",
                             target, md5, kRawFile, declared.md5, target));
  }
  Found found = TRY(Fetcher(options, context, declared).find());
  if (const std::string md5 = codec::md5_hex(found.bytes); md5 != declared.md5) TRY(context.files.remove(declaration));
  TRY(context.files.write(target, found.bytes));
  TRY(pipeline::track(context.files, options.root, kRawFile));
  report.source = found.source;
  report.md5 = codec::md5_hex(found.bytes);
  report.carriage_returns_restored = found.carriage_returns_restored;
  return report;
}

}  // namespace starcast::app
