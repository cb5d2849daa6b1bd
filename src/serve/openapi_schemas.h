// The schemas of the OpenAPI document: those of each model's signature, and those that every model shares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "serve/slots.h"

namespace starcast::serve {

// {"$ref": "#/components/schemas/NAME"}.
codec::Json reference(std::string_view name);
// {"type": TYPE}.
codec::Json typed(std::string_view type);
codec::Json list_of(codec::Json items);
codec::Json object_of(codec::JsonObject properties, std::vector<std::string_view> required = {});

// A name that fits into "#/components/schemas/": "Listing" of slot "rating" is "Listing_rating".
std::string schema_name(std::string_view kind, std::string_view slot);

// What a model takes and what it answers, by its signature.
codec::Json listing_schema(const Version& version);
codec::Json prediction_schema(const Version& version);

// Interval, Reason, Error, Tensor and so on, by name.
codec::JsonObject fixed_schemas();

}  // namespace starcast::serve
