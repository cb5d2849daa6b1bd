// A blob as an HTTP answer: whole, a range of it, or "not modified".
#pragma once

#include <string>
#include <string_view>

#include "blob/blob_store.h"
#include "core/result.h"
#include "http/message.h"

namespace starcast::tracking::api {

// "attachment; filename=a.json"; names that are not ASCII also as filename*.
std::string content_disposition(std::string_view name);

// Seconds since 1970 as HTTP writes dates: "Tue, 24 Nov 2026 16:15:54 GMT".
std::string http_date(std::int64_t seconds);

// Honours Range (one range; several are answered with the whole), If-Range and If-None-Match. kNotFound "No
// such artifact: 'x'"; kInvalidInput for a folder.
core::Result<http::Response> file_response(const http::Request& request, const blob::BlobStore& store,
                                           const blob::BlobPath& path);

}  // namespace starcast::tracking::api
