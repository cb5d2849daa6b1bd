// Params: files of named values, and Python's idea of when two of them are equal.
#pragma once

#include <string>
#include <string_view>

#include "codec/json.h"
#include "core/result.h"
#include "os/file_system.h"

namespace starcast::pipeline {

// Reads a params file by its suffix: .json, else YAML. An empty file is an empty object. kUnsupported for
// .toml and .py; kInvalidInput with the file's name for a syntax error or a file that is no mapping.
core::Result<codec::Json> read_params_file(const os::FileSystem& files, const std::string& path,
                                           std::string_view shown_path);

// The value at a dotted path ("train.layers.0"), or nullptr.
const codec::Json* find_param(const codec::Json& params, std::string_view dotted);

// Python's ==: 1, 1.0 and True are equal, NaN is not equal to itself, the order of a mapping's keys does not
// count.
bool python_equal(const codec::Json& a, const codec::Json& b);

// One value for a message, cut when long.
std::string value_text(const codec::Json& value);

}  // namespace starcast::pipeline
