// The page for publishers: a form, and what the model says of what was filled in. Needs no script.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"
#include "http/message.h"
#include "serve/api_errors.h"
#include "serve/page.h"
#include "serve/service.h"
#include "serve/upload.h"

namespace starcast::serve {

// The query holds the form: a field a column by its name, and _model, _level, _target and _names of the
// page's own. So an answer's address can be kept and sent on.
http::Response try_page(const http::Request& request, const Service& service);

// An uploaded file's first rows as a table. Errors as those of a file's predictions; then `place` says where.
core::Result<http::Response> try_file_page(const http::Request& request, const Service& service,
                                           UploadedFile file, Place& place);

// The page with only a message.
http::Response try_error_page(const core::Error& error);

}  // namespace starcast::serve
