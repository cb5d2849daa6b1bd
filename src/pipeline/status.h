// status: what differs from what is recorded, in DVC's words.
#pragma once

#include <vector>

#include "codec/json.h"
#include "core/result.h"
#include "pipeline/cache.h"
#include "pipeline/repository.h"

namespace starcast::pipeline {

// As `dvc status --json`: by the stage's address a list of {"changed deps": {path: state}},
// {"changed outs": ...}, "always changed", "changed command" and "changed checksum"; params are nested by
// file. Stages that are clean are left out. Every reason is looked for, not the first only. `frozen` collects
// the stages whose deps are not looked at for that they are frozen.
core::Result<codec::JsonObject> status_of(const Repository& repository, Cache& cache,
                                          const std::vector<Selected>& selected,
                                          std::vector<std::string>& frozen);

// The state of one out: "", "modified", "deleted" or "not in cache".
core::Result<std::string> out_state(Cache& cache, const TrackedOut& out);

// A value as Python's json.dumps writes it, in the order of its members.
std::string python_text(const codec::Json& value);

}  // namespace starcast::pipeline
