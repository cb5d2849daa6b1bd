// What is served, as text and as JSON, and the word to the service manager that it is.
#pragma once

#include <string>
#include <string_view>

#include "app/workspace.h"
#include "codec/json.h"
#include "serve/slots.h"

namespace starcast::cli {

// "rating version 3, other version 1" of what answers now; "no model yet".
std::string served_text(const serve::Slots& slots);
codec::JsonArray served_json(const serve::Slots& slots);

// To systemd, if it asked for it; that it could not be told is a warning.
void notify_manager(std::string_view state, const app::Context& context);

}  // namespace starcast::cli
