#include "listing/sample_words.h"

#include <array>
#include <cstddef>
#include <numeric>

namespace starcast::listing {
namespace {

template <std::size_t count>
std::string_view drawn(const std::array<std::string_view, count>& choices, core::Random& random) {
  return choices[static_cast<std::size_t>(random.below(count))];
}

constexpr std::array<std::string_view, 48> kLatin = {
    "ba",  "ko",  "ri",  "tel", "mu",  "san", "vo",  "lin", "der", "pa",  "qui", "zor",
    "fen", "gal", "hu",  "ji",  "kra", "lo",  "mir", "ne",  "op",  "pli", "ras", "sto",
    "tu",  "ul",  "ven", "wix", "yo",  "zan", "bre", "cho", "dra", "el",  "fo",  "gri",
    "hep", "is",  "jun", "kel", "la",  "mo",  "nix", "or",  "pe",  "ra",  "so",  "ti"};
constexpr std::array<std::string_view, 16> kCyrillic = {
    "\u0431\u0430", "\u043A\u043E", "\u0440\u0438", "\u0442\u0435", "\u043C\u0443", "\u0441\u0430",
    "\u0432\u043E", "\u043B\u0438", "\u0434\u0435", "\u043F\u0430", "\u0437\u043E", "\u0444\u0435",
    "\u0433\u0430", "\u0445\u0443", "\u0436\u0438", "\u043D\u044F"};
constexpr std::array<std::string_view, 12> kHangul = {"\uAC00", "\uB098", "\uB2E4", "\uB77C",
                                                      "\uB9C8", "\uBC14", "\uC0AC", "\uC544",
                                                      "\uC790", "\uCC28", "\uCE74", "\uD0C0"};
constexpr std::array<std::string_view, 12> kKana = {"\u30AB", "\u30AD", "\u30AF", "\u30B1",
                                                    "\u30B3", "\u30B5", "\u30B7", "\u30B9",
                                                    "\u30BF", "\u30C1", "\u30C4", "\u30C6"};
constexpr std::array<std::string_view, 10> kArabic = {
    "\u0628\u0627", "\u0643\u0648", "\u0631\u064A", "\u062A\u0627", "\u0645\u0648",
    "\u0633\u0627", "\u0641\u064A", "\u0644\u0627", "\u062F\u0648", "\u0646\u064A"};
constexpr std::array<std::string_view, 6> kEmoji = {"\U0001F600", "\U0001F3AE",   "\U0001F4F7",
                                                    "\u2B50",     "\u2764\uFE0F", "\U0001F680"};
constexpr std::array<std::string_view, 6> kEndings = {" Pro", " Lite", " Free", " HD", " 2018", " (beta)"};

template <std::size_t count>
std::string word(const std::array<std::string_view, count>& syllables, core::Random& random) {
  std::string result;
  const std::uint64_t length = 2 + random.below(3);
  for (std::uint64_t i = 0; i < length; ++i) result.append(drawn(syllables, random));
  return result;
}

std::string latin_word(core::Random& random) {
  std::string result = word(kLatin, random);
  result.front() = static_cast<char>(result.front() - 'a' + 'A');
  return result;
}

std::string other_script(core::Random& random) {
  switch (random.below(4)) {
    case 0:
      return word(kCyrillic, random);
    case 1:
      return word(kHangul, random);
    case 2:
      return word(kKana, random);
    case 3:
      break;
  }
  return word(kArabic, random);
}

constexpr std::array<SampleCategory, 33> kCategories = {{
    {"ART_AND_DESIGN", "Art & Design;Creativity", 6, 0.14},
    {"AUTO_AND_VEHICLES", "Auto & Vehicles", 8, 0.02},
    {"BEAUTY", "Beauty", 5, 0.06},
    {"BOOKS_AND_REFERENCE", "Books & Reference", 23, 0.16},
    {"BUSINESS", "Business", 46, -0.04},
    {"COMICS", "Comics", 6, 0.04},
    {"COMMUNICATION", "Communication", 39, -0.02},
    {"DATING", "Dating", 23, -0.20},
    {"EDUCATION", "Education", 20, 0.20},
    {"ENTERTAINMENT", "Entertainment;Music & Video", 20, -0.06},
    {"EVENTS", "Events", 6, 0.20},
    {"FAMILY", "Casual;Pretend Play", 190, 0.02},
    {"FINANCE", "Finance", 37, -0.04},
    {"FOOD_AND_DRINK", "Food & Drink", 12, 0.00},
    {"GAME", "Action", 110, 0.10},
    {"HEALTH_AND_FITNESS", "Health & Fitness", 34, 0.12},
    {"HOUSE_AND_HOME", "House & Home", 8, -0.02},
    {"LIBRARIES_AND_DEMO", "Libraries & Demo", 8, 0.00},
    {"LIFESTYLE", "Lifestyle", 38, -0.06},
    {"MAPS_AND_NAVIGATION", "Maps & Navigation", 13, -0.14},
    {"MEDICAL", "Medical", 46, 0.02},
    {"NEWS_AND_MAGAZINES", "News & Magazines", 28, -0.06},
    {"PARENTING", "Parenting", 6, 0.12},
    {"PERSONALIZATION", "Personalization", 39, 0.16},
    {"PHOTOGRAPHY", "Photography", 33, 0.00},
    {"PRODUCTIVITY", "Productivity", 42, 0.02},
    {"SHOPPING", "Shopping", 26, 0.06},
    {"SOCIAL", "Social", 29, 0.06},
    {"SPORTS", "Sports", 38, 0.04},
    {"TOOLS", "Tools", 84, -0.14},
    {"TRAVEL_AND_LOCAL", "Travel & Local", 26, -0.08},
    {"VIDEO_PLAYERS", "Video Players & Editors", 17, -0.12},
    {"WEATHER", "Weather", 8, 0.08},
}};

}  // namespace

std::string made_up_name(core::Random& random) {
  std::string name = latin_word(random);
  const std::uint64_t more_words = random.below(4);
  for (std::uint64_t i = 0; i < more_words; ++i) name.append(" ").append(latin_word(random));

  const std::uint64_t kind = random.below(100);
  if (kind < 10) {
    name.append(", ").append(latin_word(random));
  } else if (kind < 13) {
    name.append(" \"").append(latin_word(random)).append("\"");
  } else if (kind < 17) {
    name.append(" ").append(drawn(kEmoji, random));
  } else if (kind < 21) {
    name = other_script(random);
    name.append(" ").append(other_script(random));
  } else if (kind < 25) {
    name.append(" - ").append(other_script(random));
  } else if (kind < 45) {
    name += drawn(kEndings, random);
  } else if (kind < 55) {
    name.append(": ").append(latin_word(random));
    name.append(" & ").append(latin_word(random));
  }
  return name;
}

const SampleCategory& drawn_category(core::Random& random) {
  const double total =
      std::accumulate(kCategories.begin(), kCategories.end(), 0.0,
                      [](double sum, const SampleCategory& category) { return sum + category.weight; });
  double left = random.uniform() * total;
  for (const SampleCategory& category : kCategories) {
    left -= category.weight;
    if (left < 0) return category;
  }
  return kCategories.back();
}

}  // namespace starcast::listing
