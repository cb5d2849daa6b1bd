#include <fmt/format.h>

#include "sql/database.h"

namespace starcast::sql {

core::Result<std::string> sqlite_path(std::string_view uri) {
  const std::size_t colon = uri.find("://");
  if (colon == std::string_view::npos) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("'{}' is no database address; write sqlite:///mlflow.db", uri));
  }
  const std::string_view scheme = uri.substr(0, uri.find_first_of("+:"));
  if (scheme != "sqlite") {
    return core::Error(core::ErrorCode::kUnsupported,
                       fmt::format("a '{}' database is not supported yet; use sqlite:///mlflow.db", scheme));
  }
  const std::string_view rest = uri.substr(colon + 3);
  if (rest.empty() || rest == "/" || rest == "/:memory:") return std::string(":memory:");
  if (rest.front() != '/') {
    return core::Error(
        core::ErrorCode::kInvalidInput,
        fmt::format("'{}' names a host; a SQLite address has three slashes before a relative path and "
                    "four before an absolute one",
                    uri));
  }
  if (rest.find('?') != std::string_view::npos) {
    return core::Error(
        core::ErrorCode::kUnsupported,
        fmt::format("'{}' has options after '?', which are not supported; leave them out", uri));
  }
  if (rest.find('\0') != std::string_view::npos) {
    return core::Error(core::ErrorCode::kInvalidInput, "a database path with a NUL byte is no path");
  }
  return std::string(rest.substr(1));
}

}  // namespace starcast::sql
