// Out files: what a command writes at its end, all of it or nothing.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"
#include "os/file_system.h"

namespace starcast::app {

struct OutFile {
  std::string path;
  std::string bytes;
};

// Makes the folders that are missing, writes every file under a temporary name, and renames them only once
// all are written, so that a full disk leaves what was there. The error holds the path.
core::Result<void> write_all(const std::vector<OutFile>& outs, os::FileSystem& files);

}  // namespace starcast::app
