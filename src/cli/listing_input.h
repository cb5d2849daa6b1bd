// What commands that take a file of listings have in common: opening it, and saying what was wrong with it.
#pragma once

#include <memory>
#include <string>

#include "app/workspace.h"
#include "core/bytes.h"
#include "core/log.h"
#include "core/result.h"
#include "listing/reader.h"
#include "model/rating_scorer.h"

namespace starcast::cli {

// The file, or standard input for "-".
core::Result<std::unique_ptr<core::ByteSource>> open_input(const app::Context& context,
                                                           const std::string& file);

// Standard input, as an unbroken stream.
std::unique_ptr<core::ByteSource> standard_input();

// The file's name in messages.
std::string input_name(const std::string& file);

// What could not be used as it stood; the rows count all the same, but for ragged ones.
void warn_of_notes(core::Log& log, const listing::ReadReport& read, const std::string& file_name);

// Warns when the model learnt from apps that do not exist.
void warn_of_sample(core::Log& log, const model::RatingScorer& scorer);

}  // namespace starcast::cli
