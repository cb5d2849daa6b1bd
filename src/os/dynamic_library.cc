#include "os/dynamic_library.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include "os/posix.h"

namespace starcast::os {

core::Result<DynamicLibrary> DynamicLibrary::open(const std::string& path) {
  TRY(check_path(path));
  if (path.empty()) return core::Error(core::ErrorCode::kInvalidInput, "a shared library needs a path");
  void* const handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle != nullptr) return DynamicLibrary(handle, path);
  const char* const words = ::dlerror();
  const std::string text = words == nullptr ? "unknown reason" : words;
  // A missing library that this one needs is worded alike, but with the other's name.
  const bool is_absent = text.starts_with(path + ": cannot open shared object file: No such file");
  return core::Error(is_absent ? core::ErrorCode::kNotFound : core::ErrorCode::kInternal,
                     fmt::format("cannot load the shared library {}: {}", path, text));
}

core::Result<void*> DynamicLibrary::find(const std::string& name) const {
  void* const address = ::dlsym(handle_, name.c_str());
  if (address != nullptr) return address;
  return core::Error(
      core::ErrorCode::kInternal,
      fmt::format("the shared library {} has no function '{}'; is it the right version?", path_, name));
}

}  // namespace starcast::os
