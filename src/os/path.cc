#include "os/path.h"

#include <vector>

#include "core/strings.h"

namespace starcast::os {
namespace {

// "a/b//" -> "a/b"; "//" -> "/".
std::string_view without_end_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  return path;
}

// The names in a path, with "." and ".." resolved; ".." is first only in relative paths.
std::vector<std::string> names_in(std::string_view path) {
  std::vector<std::string> names;
  for (const std::string_view part : core::split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      names.emplace_back(part);
    } else if (!names.empty() && names.back() != "..") {
      names.pop_back();
    } else if (!is_absolute(path)) {
      names.emplace_back(part);
    }
  }
  return names;
}

}  // namespace

bool is_absolute(std::string_view path) {
  return !path.empty() && path.front() == '/';
}

std::string joined(std::string_view folder, std::string_view path) {
  if (folder.empty() || folder == "." || is_absolute(path)) return std::string(path);
  if (path.empty()) return std::string(folder);
  std::string whole(folder);
  if (whole.back() != '/') whole += '/';
  return whole.append(path);
}

std::string folder_of(std::string_view path) {
  path = without_end_slashes(path);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return "";
  if (slash == 0) return "/";
  return std::string(without_end_slashes(path.substr(0, slash)));
}

std::string name_of(std::string_view path) {
  path = without_end_slashes(path);
  const std::size_t slash = path.rfind('/');
  return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}

std::string extension_of(std::string_view path) {
  const std::string name = name_of(path);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0 || name == "..") return "";
  return name.substr(dot);
}

std::string normalized(std::string_view path) {
  std::string names = core::join(names_in(path), "/");
  if (is_absolute(path)) names.insert(names.begin(), '/');
  return names.empty() ? "." : names;
}

bool stays_inside(std::string_view path) {
  if (is_absolute(path) || path.find('\0') != std::string_view::npos) return false;
  const std::vector<std::string> names = names_in(path);
  return !names.empty() && names.front() != "..";
}

std::string relative_to(std::string_view path, std::string_view base) {
  const std::vector<std::string> names = names_in(path);
  const std::vector<std::string> base_names = names_in(base);
  std::size_t common = 0;
  while (common < names.size() && common < base_names.size() && names[common] == base_names[common]) ++common;
  std::vector<std::string> parts;
  for (std::size_t i = common; i < base_names.size(); ++i) {
    if (base_names[i] == "..") return normalized(path);
    parts.emplace_back("..");
  }
  if (is_absolute(path) != is_absolute(base)) return normalized(path);
  parts.insert(parts.end(), names.begin() + static_cast<std::ptrdiff_t>(common), names.end());
  return parts.empty() ? "." : core::join(parts, "/");
}

}  // namespace starcast::os
