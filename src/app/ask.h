// ask: a listing from a person, one question a field.
#pragma once

#include <functional>
#include <string_view>

#include "core/bytes.h"
#include "core/result.h"
#include "listing/listing.h"
#include "model/rating_scorer.h"

namespace starcast::app {

// One line longer than this is no answer.
inline constexpr std::size_t kAnswerBytesMax = 1 << 20;

// Asks for name, category, size, price, content rating, last update, Android version, reviews and installs.
// An empty answer means that it is not known, as does the end of `answers` for all further questions. What
// makes no sense is asked again, with the reason; what the model never saw is said and taken. The genre is
// that of the category's name, if there is one. `say` shows text as it is, without a new line after it. Reads
// byte by byte, so that a terminal's answer counts at its Enter. kTooLarge: a line without end; and the
// source's own errors.
core::Result<listing::Listing> ask_listing(core::ByteSource& answers, const model::RatingScorer& scorer,
                                           const std::function<void(std::string_view)>& say);

}  // namespace starcast::app
