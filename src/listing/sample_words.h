// The generated sample's words: names out of syllables, and what the store offers to choose from.
#pragma once

#include <string>
#include <string_view>

#include "core/random.h"

namespace starcast::listing {

// One app's name: one to four made-up words, at times with a comma, quotes, an emoji or another script.
std::string made_up_name(core::Random& random);

// A category with the genre that goes with it, and what the sample's truth adds to the ratings of its apps.
struct SampleCategory {
  std::string_view name;
  std::string_view genres;
  double weight;  // how often
  double effect;  // stars
};
const SampleCategory& drawn_category(core::Random& random);

}  // namespace starcast::listing
