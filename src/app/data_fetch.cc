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

constexpr const char* kKaggleDataset =
    "https://www.kaggle.com/api/v1/datasets/download/lava18/google-play-store-apps";
constexpr std::size_t kRawBytesMax = std::size_t{1} << 30;
constexpr int kDownloadTriesMax = 20;
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
    return Error(
        ErrorCode::kUnavailable,
        fmt::format(
            "{} can be had nowhere: {}; give a copy by --from FILE or STARCAST_RAW, or put one into {}",
            kRawFile, fmt::join(tried_, "; "), kExternalFolder));
  }

  // The bytes when they are the declared file's, if need be with their CRs back.
  Result<Found> checked(std::string bytes, const std::string& source) const {
    const std::string md5 = codec::md5_hex(bytes);
    if (options_.accept == Accept::kAny || md5 == declared_.md5)
      return Found{std::move(bytes), source, false};
    if (bytes.find('\r') == std::string::npos) {
      std::string restored = core::replaced(bytes, "\n", "\r\n");
      if (codec::md5_hex(restored) == declared_.md5) return Found{std::move(restored), source, true};
    }
    return Error(ErrorCode::kCorrupt,
                 fmt::format("{} has md5 {}, and {}.dvc declares {}; --accept declares this file instead",
                             source, md5, kRawFile, declared_.md5));
  }

 private:
  void tried(std::string_view place, const Error& error) {
    tried_.push_back(fmt::format("{} ({})", place, error.message()));
  }

  Result<Found> from_path(const std::string& path) const {
    std::string file = path;
    if (context_.files.is_folder(path)) file = os::joined(path, os::name_of(kRawFile));
    if (!context_.files.exists(file))
      return Error(ErrorCode::kNotFound, fmt::format("{}: no such file", file));
    std::string bytes = TRY(context_.files.read(file, kRawBytesMax));
    if (bytes.starts_with(kZipMagic)) {
      std::string unpacked = TRY(unzipped(file));
      return checked(std::move(unpacked), file);
    }
    return checked(std::move(bytes), file);
  }

  Result<Found> from_cache() const {
    const pipeline::WorkspaceConfig config = TRY(pipeline::load_config(context_.files, options_.root));
    pipeline::Cache cache(context_.files, options_.root, config.cache_folder, context_.clock);
    if (!cache.holds(declared_)) return Error(ErrorCode::kNotFound, "not in it");
    const std::string object =
        os::joined(config.cache_folder,
                   fmt::format("files/md5/{}/{}", declared_.md5.substr(0, 2), declared_.md5.substr(2)));
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
    // Named by its address, so that no download is gone on with from another place.
    const std::string part = os::joined(
        options_.root, fmt::format(".dvc/tmp/starcast/download-{}.part", codec::md5_hex(url).substr(0, 8)));
    TRY(context_.files.make_folders(os::folder_of(part)));
    TRY(download(url, credentials, part), url);
    Result<std::string> bytes = context_.files.read(part, kRawBytesMax);
    if (bytes && bytes.value().starts_with(kZipMagic)) bytes = unzipped(part);
    TRY(context_.files.remove(part));
    if (!bytes) return std::move(bytes).error().with_context(url);
    return checked(std::move(bytes).value(), url);
  }

  // Goes on with what an earlier command left, and again where the connection breaks off, as long as more
  // comes.
  Result<void> download(const std::string& url, const std::string& credentials,
                        const std::string& part) const {
    std::uint64_t size = size_of(part);
    bool began_anew = false;
    for (int tries = 0; tries < kDownloadTriesMax; ++tries) {
      const os::Exit exit = TRY(run_curl(url, credentials, part));
      if (exit.status == 0) return {};
      const std::uint64_t size_now = size_of(part);
      if (broke_off(exit) && size_now > size) {
        size = size_now;
        continue;
      }
      if (began_anew || size_now == 0 || !cannot_go_on(exit)) return download_error(exit, credentials);
      TRY(context_.files.remove(part));
      size = 0;
      began_anew = true;
    }
    return Error(ErrorCode::kUnavailable,
                 fmt::format("the connection broke off {} times; call again to go on", kDownloadTriesMax));
  }

  Result<os::Exit> run_curl(const std::string& url, const std::string& credentials,
                            const std::string& part) const {
    os::Command curl;
    curl.arguments = {"curl",
                      "--fail",
                      "--location",
                      "--show-error",
                      "--retry",
                      "2",
                      "--continue-at",
                      "-",
                      "--connect-timeout",
                      "20",
                      "--speed-limit",
                      "1",
                      "--speed-time",
                      "60",
                      "--output",
                      part,
                      "--write-out",
                      "%{response_code}",
                      options_.terminal ? "--progress-bar" : "--silent",
                      "--config",
                      "-",
                      url};
    // The key goes through standard input, where other users of the machine cannot see it.
    if (!credentials.empty()) curl.input = fmt::format("user = \"{}\"\n", escaped(credentials));
    curl.standard_output = os::Output::kCapture;
    curl.standard_error = options_.terminal ? os::Output::kInherit : os::Output::kCapture;
    return context_.processes.run(curl);
  }

  std::uint64_t size_of(const std::string& path) const {
    const Result<os::FileStatus> status = context_.files.status(path);
    return status ? status.value().size_bytes : 0;
  }

  // curl's exit statuses: a partial file, a timeout, no answer, a broken connection, a broken HTTP/2 stream.
  static bool broke_off(const os::Exit& exit) {
    return exit.status == 18 || exit.status == 28 || exit.status == 52 || exit.status == 56 ||
           exit.status == 92;
  }

  // The server serves no ranges, or has none behind what is there.
  static bool cannot_go_on(const os::Exit& exit) {
    return exit.status == 33 || exit.status == 36 || exit.output == "416";
  }

  static Error download_error(const os::Exit& exit, const std::string& credentials) {
    const std::string_view errors = core::trimmed(exit.error_output);
    const std::string_view last = errors.substr(errors.rfind('\n') + 1);
    const std::string message =
        last.empty() ? fmt::format("curl ended with status {}", exit.status) : std::string(last);
    if (exit.output == "404") return Error(ErrorCode::kNotFound, message);
    if (exit.output == "401" || exit.output == "403") {
      return Error(ErrorCode::kUnauthenticated,
                   message + (credentials.empty() ? "; set KAGGLE_USERNAME and KAGGLE_KEY"
                                                  : "; is the Kaggle token still valid?"));
    }
    return Error(ErrorCode::kUnavailable, message);
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
      return Error(ErrorCode::kCorrupt, fmt::format("{}: unzip ended with status {}: {}", archive,
                                                    exit.status, core::trimmed(exit.error_output)));
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
    return Error(ErrorCode::kNotFound,
                 fmt::format("{}: no such file, so no raw data is declared here; 'starcast new DIR' "
                             "makes a workspace",
                             declaration));
  }
  TRY(pipeline::load_config(context.files, options.root));
  const pipeline::DvcFile dvc_file = TRY(pipeline::load_dvc_file(context.files, declaration));
  if (dvc_file.outs.size() != 1) {
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("{}: one out was expected, {} are there", declaration, dvc_file.outs.size()));
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
      TRY(pipeline::track(context.files, options.root, kRawFile, context.environment, context.clock));
      return report;
    }
    return Error(ErrorCode::kFailedPrecondition,
                 fmt::format("{} is there with md5 {}, but {}.dvc declares {}; remove it, or declare it by "
                             "'starcast data fetch --accept --from {}'",
                             target, md5, kRawFile, declared.md5, target));
  }
  Found found = TRY(Fetcher(options, context, declared).find());
  TRY(context.files.write(target, found.bytes));
  TRY(pipeline::track(context.files, options.root, kRawFile, context.environment, context.clock));
  report.source = found.source;
  report.md5 = codec::md5_hex(found.bytes);
  report.carriage_returns_restored = found.carriage_returns_restored;
  return report;
}

}  // namespace starcast::app
