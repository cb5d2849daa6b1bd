#include "tracking/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "codec/json.h"
#include "codec/number.h"
#include "codec/utf8.h"
#include "core/strings.h"

namespace starcast::tracking {
namespace {

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

core::Error invalid_value(std::string_view path, std::string_view value, std::string_view reason) {
  const std::string quoted = codec::to_text(codec::Json(value), codec::JsonStyle::kPythonSorted);
  if (reason.empty())
    return invalid(fmt::format("Invalid value {} for parameter '{}' supplied.", quoted, path));
  return invalid(fmt::format("Invalid value {} for parameter '{}' supplied: {}", quoted, path, reason));
}

core::Error too_long(std::string_view what, std::size_t chars_max) {
  return invalid(fmt::format("'{}' exceeds the maximum length of {} characters", what, chars_max));
}

// Python's \w: letters and digits of any script, and the underscore.
bool is_word(char32_t point) {
  if (point == U'_') return true;
  switch (codec::kind_of(point)) {
    case codec::CharacterKind::kLetterUpper:
    case codec::CharacterKind::kLetterLower:
    case codec::CharacterKind::kLetterOther:
    case codec::CharacterKind::kDigit:
      return true;
    case codec::CharacterKind::kSpace:
    case codec::CharacterKind::kPunctuation:
    case codec::CharacterKind::kSymbol:
    case codec::CharacterKind::kOther:
      return false;
  }
  return false;
}

// posixpath.normpath.
std::string normalised(std::string_view path) {
  if (path.empty()) return ".";
  const bool absolute = path.front() == '/';
  const bool two_slashes = path.substr(0, 2) == "//" && path.substr(0, 3) != "///";
  std::vector<std::string_view> kept;
  for (const std::string_view part : core::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != ".." || (!absolute && kept.empty()) || (!kept.empty() && kept.back() == "..")) {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string joined = absolute ? (two_slashes ? "//" : "/") : "";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) joined += '/';
    joined += kept[i];
  }
  return joined.empty() ? "." : joined;
}

std::string bad_path_message(std::string_view resolved) {
  return fmt::format(
      "Names may be treated as files in certain cases, and must not resolve to other names when treated as "
      "such. This "
      "name would resolve to '{}'",
      resolved);
}

core::Result<void> check_key(std::string_view name, std::string_view path, std::string_view length_name) {
  const bool ascii =
      std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  std::size_t chars = name.size();
  bool allowed = true;
  const auto is_allowed = [](char32_t point) {
    return is_word(point) || point == U'/' || point == U'.' || point == U'-' || point == U' ' ||
           point == U':';
  };
  if (ascii) {
    for (const char c : name) {
      const bool word =
          (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
      allowed = allowed && (word || c == '/' || c == '.' || c == '-' || c == ' ' || c == ':');
    }
  } else {
    const std::vector<char32_t> points = codec::code_points(name);
    chars = points.size();
    allowed = std::all_of(points.begin(), points.end(), is_allowed);
  }
  if (!allowed) {
    return invalid_value(
        path, name,
        "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), "
        "colon(:) and slashes (/).");
  }
  const bool is_one_part = name.find('/') == std::string_view::npos && !name.empty() && name != ".";
  if (!is_one_part || name.starts_with("..")) {
    const std::string resolved = normalised(name);
    if (resolved != name || resolved == "." || resolved.starts_with("..") || resolved.starts_with("/")) {
      return invalid_value(path, name, bad_path_message(resolved));
    }
  }
  if (chars > kKeyChars) return too_long(length_name, kKeyChars);
  return {};
}

bool is_identifier(std::string_view text, std::size_t chars_max) {
  const auto alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !text.empty() && text.size() <= chars_max && alphanumeric(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return alphanumeric(c) || c == '_' || c == '-'; });
}

}  // namespace

core::Result<void> check_metric_name(std::string_view name, std::string_view path) {
  return check_key(name, path, "Metric name");
}

core::Result<void> check_param_name(std::string_view name, std::string_view path) {
  return check_key(name, path, "Param key");
}

core::Result<void> check_tag_name(std::string_view name, std::string_view path) {
  return check_key(name, path, path);
}

core::Result<void> check_run_id(std::string_view run_id) {
  if (!is_identifier(run_id, 256)) return invalid_value("run_id", run_id, "");
  return {};
}

core::Result<std::int64_t> parse_experiment_id(std::string_view id) {
  const std::optional<std::int64_t> parsed = codec::parse_int(id);
  if (!parsed) {
    return invalid(fmt::format("Invalid experiment ID '{}'. Experiment ID must be a valid integer.", id));
  }
  return *parsed;
}

core::Result<void> check_experiment_name(std::string_view name) {
  if (name.empty()) return invalid("Invalid experiment name: ''");
  if (name.find('\0') != std::string_view::npos)
    return invalid("Invalid experiment name: it holds a NUL character");
  if (codec::code_points(name).size() > kExperimentNameChars) return too_long("name", kExperimentNameChars);
  return {};
}

core::Result<void> check_model_name(std::string_view name) {
  if (core::trimmed(name).empty()) return invalid("Missing value for required parameter 'name'.");
  if (name.find_first_of("/:") != std::string_view::npos) {
    return invalid(fmt::format("Invalid model name '{}'. Names cannot contain '/' or ':'.", name));
  }
  if (name.find('\0') != std::string_view::npos)
    return invalid_value("name", name, "a name holds no NUL character");
  const std::string resolved = normalised(name);
  if (resolved != name || resolved == "." || resolved.starts_with("..")) {
    return invalid_value("name", name, bad_path_message(resolved));
  }
  if (codec::code_points(name).size() > 256) return too_long("name", 256);
  return {};
}

core::Result<void> check_alias(std::string_view alias) {
  if (alias.empty()) return invalid("Registered model alias name cannot be empty.");
  const std::vector<char32_t> points = codec::code_points(alias);
  if (!std::all_of(points.begin(), points.end(),
                   [](char32_t point) { return is_word(point) || point == U'-'; })) {
    return invalid(
        fmt::format("Invalid alias name: '{}'. Names may only contain alphanumerics, underscores (_), and "
                    "dashes (-).",
                    core::replaced(alias, std::string_view("\0", 1), "\\0")));
  }
  if (points.size() > 255) return too_long("Registered model alias name", 255);
  const std::string lower = core::ascii_lower(alias);
  if (lower == "latest") return invalid("'latest' alias name (case insensitive) is reserved.");
  if (lower.size() > 1 && lower[0] == 'v' && lower.find_first_not_of("0123456789", 1) == std::string::npos) {
    return invalid(fmt::format("Version alias name '{}' is reserved.", alias));
  }
  return {};
}

core::Result<std::int64_t> parse_model_version(std::string_view version) {
  const std::optional<std::int64_t> parsed = codec::parse_int(version);
  if (!parsed) return invalid(fmt::format("Parameter 'version' must be an integer, got '{}'.", version));
  return *parsed;
}

core::Result<std::string> fit_value(std::string value, std::size_t chars_max, bool truncate,
                                    std::string_view what) {
  if (value.size() <= chars_max) return value;
  std::size_t chars = 0;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if ((static_cast<unsigned char>(value[i]) & 0xC0) == 0x80) continue;  // not the start of a character
    if (chars == chars_max) {
      if (!truncate) return too_long(what, chars_max);
      value.resize(i);
      return value;
    }
    ++chars;
  }
  return value;
}

}  // namespace starcast::tracking
