#include "tracking/api/mime_types.h"

#include <algorithm>
#include <array>
#include <string>

#include "core/strings.h"

namespace starcast::tracking::api {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kText{"MLmodel"sv, "MLproject"sv, "cf"sv,         "cfg"sv,   "cnf"sv, "conf"sv, "csv"sv,
                           "err"sv,     "hocon"sv,     "ini"sv,        "ipynb"sv, "js"sv,  "json"sv, "log"sv,
                           "md"sv,      "prop"sv,      "properties"sv, "py"sv,    "py3"sv, "rst"sv,  "toml"sv,
                           "tsv"sv,     "txt"sv,       "xml"sv,        "yaml"sv,  "yml"sv};

struct Known {
  std::string_view extension;
  std::string_view type;
};

// By extension.
constexpr std::array kKnown{
    Known{"aac", "audio/aac"},
    Known{"avi", "video/x-msvideo"},
    Known{"avif", "image/avif"},
    Known{"bmp", "image/bmp"},
    Known{"c", "text/plain"},
    Known{"css", "text/css"},
    Known{"csv", "text/csv"},
    Known{"doc", "application/msword"},
    Known{"eps", "application/postscript"},
    Known{"gif", "image/gif"},
    Known{"h", "text/plain"},
    Known{"h5", "application/x-hdf5"},
    Known{"heic", "image/heic"},
    Known{"heif", "image/heif"},
    Known{"htm", "text/html"},
    Known{"html", "text/html"},
    Known{"ico", "image/vnd.microsoft.icon"},
    Known{"jpeg", "image/jpeg"},
    Known{"jpg", "image/jpeg"},
    Known{"js", "application/javascript"},
    Known{"json", "application/json"},
    Known{"latex", "application/x-latex"},
    Known{"m3u8", "application/vnd.apple.mpegurl"},
    Known{"man", "application/x-troff-man"},
    Known{"mjs", "application/javascript"},
    Known{"mov", "video/quicktime"},
    Known{"mp3", "audio/mpeg"},
    Known{"mp4", "video/mp4"},
    Known{"mpeg", "video/mpeg"},
    Known{"mpg", "video/mpeg"},
    Known{"n3", "text/n3"},
    Known{"nc", "application/x-netcdf"},
    Known{"nt", "application/n-triples"},
    Known{"opus", "audio/opus"},
    Known{"pbm", "image/x-portable-bitmap"},
    Known{"pdf", "application/pdf"},
    Known{"pgm", "image/x-portable-graymap"},
    Known{"pl", "text/plain"},
    Known{"png", "image/png"},
    Known{"ppm", "image/x-portable-pixmap"},
    Known{"ppt", "application/vnd.ms-powerpoint"},
    Known{"ps", "application/postscript"},
    Known{"py", "text/x-python"},
    Known{"rdf", "application/xml"},
    Known{"sh", "application/x-sh"},
    Known{"srt", "text/plain"},
    Known{"svg", "image/svg+xml"},
    Known{"tar", "application/x-tar"},
    Known{"tex", "application/x-tex"},
    Known{"tif", "image/tiff"},
    Known{"tiff", "image/tiff"},
    Known{"tsv", "text/tab-separated-values"},
    Known{"txt", "text/plain"},
    Known{"vtt", "text/vtt"},
    Known{"wasm", "application/wasm"},
    Known{"wav", "audio/x-wav"},
    Known{"webm", "video/webm"},
    Known{"webmanifest", "application/manifest+json"},
    Known{"xls", "application/vnd.ms-excel"},
    Known{"xml", "text/xml"},
    Known{"xsl", "application/xml"},
    Known{"zip", "application/zip"},
};

std::string_view known_type(std::string_view extension) {
  const auto* found =
      std::lower_bound(kKnown.begin(), kKnown.end(), extension,
                       [](const Known& known, std::string_view wanted) { return known.extension < wanted; });
  return found != kKnown.end() && found->extension == extension ? found->type : std::string_view();
}

// Python's: a name that begins with its only dot has no extension.
std::string_view extension_of(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || name.substr(0, dot).find_first_not_of('.') == std::string_view::npos)
    return {};
  return name.substr(dot + 1);
}

}  // namespace

std::string_view mime_type_of(std::string_view name) {
  std::string_view extension = extension_of(name);
  const std::string_view tested = extension.empty() ? name : extension;
  if (std::binary_search(kText.begin(), kText.end(), tested)) return "text/plain";
  // "a.tar.gz" is a tar file, compressed.
  if (extension == "gz" || extension == "bz2" || extension == "xz" || extension == "Z" || extension == "br") {
    extension = extension_of(name.substr(0, name.rfind('.')));
  } else if (extension == "tgz") {
    extension = "tar";
  }
  const std::string_view type = known_type(core::ascii_lower(extension));
  return type.empty() ? "application/octet-stream" : type;
}

}  // namespace starcast::tracking::api
