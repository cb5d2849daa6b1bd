// Simple edits of an app's name that its publisher might make.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace starcast::model {

// Google Play's own limit since 2021.
inline constexpr std::size_t kNameCharactersMax = 30;

// Other names, none of them empty or the name itself, each once: without what follows the first separator
// (": ", " - ", " | ", a bracket); cut between words to 30 characters; without emoji and other symbols beyond
// ASCII; words in capitals as words ("PUZZLE GAME" -> "Puzzle Game"; up to three letters stay, they may be an
// abbreviation); and all of these together.
std::vector<std::string> name_edits(std::string_view name);

}  // namespace starcast::model
