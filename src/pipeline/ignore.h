// .gitignore's pattern language, which .dvcignore shares.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace starcast::pipeline {

enum class PathKind { kFile, kFolder };

// Whether a glob matches a whole text: `*` and `?` stop at '/', `**` between slashes does not, [a-z] and
// [!a-z] are sets, a backslash takes the next character as it is.
bool glob_matches(std::string_view pattern, std::string_view text);

// The patterns of the ignore files of one tree. Thread-compatible.
class IgnorePatterns {
 public:
  // Lines of the ignore file that lies in `folder` ("" = the top). Files are added from the top down; later
  // lines win.
  void add(std::string_view text, std::string_view folder);

  // Whether a path (relative to the top) or one of the folders above it is ignored.
  bool ignores(std::string_view path, PathKind kind) const;

 private:
  struct Pattern {
    std::string folder;  // where it applies
    std::string glob;
    bool is_negated = false;
    bool is_folder_only = false;
    bool is_anchored = false;  // matched against the path below `folder`, else against names
  };

  bool ignores_itself(std::string_view path, PathKind kind) const;

  std::vector<Pattern> patterns_;
};

// A name as a line of an ignore file: the characters of the pattern language escaped.
std::string escaped_for_ignore(std::string_view name);

}  // namespace starcast::pipeline
