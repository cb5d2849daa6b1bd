// A shared library that is opened on first use, so that programs which do not need it never pay for loading
// it.
#pragma once

#include <string>
#include <utility>

#include "core/result.h"

namespace starcast::os {

// Stays loaded until the process ends (OpenMP's threads do not survive an unload). Thread-safe.
class DynamicLibrary {
 public:
  // A path, or a name that the loader searches for ("libpq.so.5"). kNotFound when there is no such file,
  // kInternal with the loader's words when it does not load, e.g. as a library that it needs is missing.
  static core::Result<DynamicLibrary> open(const std::string& path);

  // The address of a function, as the pointer type given. kInternal when the library lacks it.
  template <typename Function>
  core::Result<Function> function(const std::string& name) const {
    void* const address = TRY(find(name));
    return reinterpret_cast<Function>(address);
  }

 private:
  explicit DynamicLibrary(void* handle, std::string path) : handle_(handle), path_(std::move(path)) {}
  core::Result<void*> find(const std::string& name) const;

  void* handle_;
  std::string path_;
};

}  // namespace starcast::os
