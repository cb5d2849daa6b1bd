// Whether files of a folder can share their blocks (FICLONE: btrfs, XFS and others).
#pragma once

#include <string>

namespace starcast::os {

// Tries it with two small files in the folder, which must exist; they are removed again.
bool can_reflink(const std::string& folder);

}  // namespace starcast::os
