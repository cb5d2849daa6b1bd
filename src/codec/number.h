// Numbers and their texts, without locale.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace starcast::codec {

// The whole text must be a number: no spaces, no leading '+', no hexadecimal; "nan" and "inf" are none. The
// nearest double, bit for bit; what is too small becomes a zero, what is too large is nothing.
std::optional<double> parse_double(std::string_view text);

// The whole text must be a decimal integer that fits.
std::optional<std::int64_t> parse_int(std::string_view text);

// The shortest text that reads back to the same bits: "0.1", "5", "1e+300"; "nan", "inf", "-inf".
std::string to_shortest(double value);

// Python's repr(float): "5.0", "1e-05", "1e+16", "nan", "inf".
std::string to_python(double value);

}  // namespace starcast::codec
