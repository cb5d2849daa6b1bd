#include "os/posix.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace starcast::os {
namespace {

core::ErrorCode code_of(int number) {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
      return core::ErrorCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return core::ErrorCode::kPermissionDenied;
    case EEXIST:
    case ENOTEMPTY:
      return core::ErrorCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return core::ErrorCode::kExhausted;
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case E2BIG:
    case EILSEQ:
      return core::ErrorCode::kInvalidInput;
    case EXDEV:
    case EMLINK:
    case EOPNOTSUPP:
    case ENOSYS:
      return core::ErrorCode::kUnsupported;
    case EAGAIN:
    case EBUSY:
    case ETXTBSY:
      return core::ErrorCode::kUnavailable;
    default:
      return core::ErrorCode::kInternal;
  }
}

std::string words_of(int number) {
  const char* const description = strerrordesc_np(number);
  if (description == nullptr) return fmt::format("error {}", number);
  std::string words(description);
  if (words.size() > 1 && words[0] >= 'A' && words[0] <= 'Z' && words[1] >= 'a' && words[1] <= 'z') {
    words[0] = static_cast<char>(words[0] - 'A' + 'a');
  }
  return words;
}

}  // namespace

core::Error errno_error(int number, std::string_view doing, std::string_view on) {
  const std::string_view thing = on.empty() ? std::string_view(".") : on;
  std::string text = fmt::format("cannot {} {}: {}", doing, thing, words_of(number));
  if (number == ENOSPC || number == EDQUOT) text += "; free some space and run the command again";
  return core::Error(code_of(number), std::move(text));
}

core::Result<void> check_path(const std::string& path) {
  if (path.find('\0') == std::string::npos) return {};
  return core::Error(core::ErrorCode::kInvalidInput,
                     fmt::format("{}...: a path cannot hold a NUL byte", path.substr(0, path.find('\0'))));
}

void Descriptor::close() {
  // Not repeated on EINTR: Linux has closed it by then.
  if (number_ >= 0) ::close(std::exchange(number_, -1));
}

Descriptor open_descriptor(const char* path, int flags, unsigned mode) {
  while (true) {
    const int number = ::open(path, flags | O_CLOEXEC, mode);
    if (number >= 0 || errno != EINTR) return Descriptor(number);
  }
}

Descriptor open_descriptor_at(int folder, const char* name, int flags) {
  while (true) {
    const int number = ::openat(folder, name, flags | O_CLOEXEC);
    if (number >= 0 || errno != EINTR) return Descriptor(number);
  }
}

}  // namespace starcast::os
