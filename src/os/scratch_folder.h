// A folder for files that only this process needs for a while.
#pragma once

#include <string>

#include "core/result.h"
#include "os/environment.h"

namespace starcast::os {

// Makes a folder that nobody else can enter, below $TMPDIR or /tmp, and returns its path; the caller removes
// it. `purpose` is part of its name.
core::Result<std::string> make_scratch_folder(const std::string& purpose, const Environment& environment);

}  // namespace starcast::os
