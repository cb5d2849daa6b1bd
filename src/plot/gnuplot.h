// The script that makes gnuplot draw a figure.
#pragma once

#include <string>
#include <string_view>

#include "plot/figure.h"

namespace starcast::plot {

// Writes a PNG to standard output. Holds all data; reads no file.
std::string gnuplot_script(const Figure& figure);

// `text` as a gnuplot string of letters, spaces and octal escapes only: nothing in it can end the string,
// start a command substitution or expand a macro.
std::string gnuplot_string(std::string_view text);

}  // namespace starcast::plot
