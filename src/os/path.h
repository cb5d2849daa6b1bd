// Paths as text: joining and taking apart, without touching a disk. The empty path is the working directory.
#pragma once

#include <string>
#include <string_view>

namespace starcast::os {

// "a" + "b/c" = "a/b/c"; an absolute second part wins; an empty or "." first part is left out.
std::string joined(std::string_view folder, std::string_view path);
// "a/b/c.txt" -> "a/b"; "c.txt" -> ""; "/c" -> "/". Slashes at the end do not count: "a/b/" -> "a".
std::string folder_of(std::string_view path);
// "a/b/c.txt" -> "c.txt"; "a/b/" -> "b"; "/" -> "".
std::string name_of(std::string_view path);
// ".txt", or "" when the name has no dot after its first character.
std::string extension_of(std::string_view path);
// Removes "." and doubled slashes and resolves ".." as text: "a/./b/../c" -> "a/c"; ".." at the front of a
// relative path stays; what comes to nothing is ".".
std::string normalized(std::string_view path);
bool is_absolute(std::string_view path);
// True for a relative path that normalizes to something inside its base; the base itself (".") is not inside,
// nor is anything with a NUL byte.
bool stays_inside(std::string_view path);
// `path` as seen from `base`, both absolute or both relative to the same folder: ("a/b", "a/c") -> "../b".
// Where text alone cannot tell (one absolute, one not; a base above the common folder) it is `path`,
// normalized.
std::string relative_to(std::string_view path, std::string_view base);

}  // namespace starcast::os
