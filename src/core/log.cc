#include "core/log.h"

#include <cstdio>
#include <string>

namespace starcast::core {

void StderrLog::write(LogLevel level, std::string_view text) {
  if (level < minimum_) return;
  std::string line;
  switch (level) {
    case LogLevel::kDebug:
    case LogLevel::kInfo:
      break;
    case LogLevel::kWarning:
      line = "warning: ";
      break;
    case LogLevel::kError:
      line = "error: ";
      break;
  }
  line.append(text).push_back('\n');
  // One call, so that lines of several threads never mix; a closed stderr is nobody's business.
  static_cast<void>(std::fwrite(line.data(), 1, line.size(), stderr));
}

}  // namespace starcast::core
