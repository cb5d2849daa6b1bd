// The local blob store with a choice of how paths are walked, for tests of both ways.
#pragma once

#include <memory>
#include <string>

#include "blob/beneath.h"
#include "blob/blob_store.h"

namespace starcast::blob {

// The folder of unfinished blobs, in the root; no blob's path begins with it.
inline constexpr std::string_view kUnfinishedFolder = ".starcast-unfinished";

core::Result<std::unique_ptr<BlobStore>> open_local(const std::string& folder, Walk walk);

}  // namespace starcast::blob
