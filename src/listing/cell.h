// One cell's text to one value: the spellings that the stores and their scrapers use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace starcast::listing {

// "", "NaN", "nan", "null", "None".
bool says_nothing(std::string_view text);

// "Varies with device", in any case.
bool says_varies(std::string_view text);

// "12", "1,234,567", "4.5": a finite number, whose commas, if any, stand between groups of three digits.
std::optional<double> parse_grouped(std::string_view text);

// A whole number from 0 to 10^15. `exact` is false for "3.0M" and the like, which are read but deserve a
// note.
struct Count {
  double value;
  bool exact;
};
std::optional<Count> parse_count(std::string_view text);

// Megabytes: "19M", "201k", "1.1G", "1,015k", "19 MB". `has_unit` is false for a plain number, taken as
// megabytes.
struct Size {
  double megabytes;
  bool has_unit;
};
std::optional<Size> parse_size(std::string_view text);

// "201k" below a megabyte where that is exact, else "19M": parse_size reads the same bits.
std::string size_text(double megabytes);

// "$4.99", "4.99", "USD 4.99", "4.99 USD", "Free".
std::optional<double> parse_price(std::string_view text);

// "Art & Design" -> "ART_AND_DESIGN"; its own results stay as they are. Nothing for a text without letters.
std::optional<std::string> canonical_category(std::string_view text);

// "Art & Design ;Pretend Play" -> "Art & Design;Pretend Play"; "" when no part says anything.
std::string canonical_genres(std::string_view text);

// The store's own spelling of "everyone 10+"; other texts with a letter as they are; nothing for a text
// without one.
std::optional<std::string> canonical_content_rating(std::string_view text);

// For a message: the text in single quotes, cut to some 60 bytes between characters.
std::string shown_text(std::string_view text);

}  // namespace starcast::listing
