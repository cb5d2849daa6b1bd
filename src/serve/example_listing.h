// A row that shows what a model takes.
#pragma once

#include <cstddef>
#include <string>

#include "codec/json.h"
#include "model/signature.h"
#include "serve/slots.h"

namespace starcast::serve {

// A column's name, or its number where it has none.
std::string name_of_column(const model::Signature& signature, std::size_t index);

// The first row of the model's input example, as an object; of a model without one made up by its signature.
codec::Json example_listing(const Version& version);

}  // namespace starcast::serve
