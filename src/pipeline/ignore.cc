#include "pipeline/ignore.h"

#include <algorithm>

#include "core/strings.h"
#include "os/path.h"

namespace starcast::pipeline {

namespace {

// A set "[...]" at the pattern's front: its length and whether it takes `character`; length 0 when it is not
// closed.
struct SetMatch {
  std::size_t length = 0;
  bool takes = false;
};

SetMatch match_set(std::string_view pattern, char character) {
  std::size_t at = 1;
  const bool is_negated = at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^');
  if (is_negated) ++at;
  bool takes = false;
  bool is_first = true;
  while (at < pattern.size() && (pattern[at] != ']' || is_first)) {
    is_first = false;
    if (pattern[at] == '\\' && at + 1 < pattern.size()) ++at;
    const char low = pattern[at];
    char high = low;
    if (at + 2 < pattern.size() && pattern[at + 1] == '-' && pattern[at + 2] != ']') {
      high = pattern[at + 2];
      at += 2;
    }
    takes = takes || (low <= character && character <= high);
    ++at;
  }
  if (at >= pattern.size()) return {};
  return {at + 1, takes != is_negated && character != '/'};
}

std::string_view without_trailing_spaces(std::string_view line) {
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r' || line.back() == '\t')) {
    if (line.size() >= 2 && line[line.size() - 2] == '\\') break;
    line.remove_suffix(1);
  }
  return line;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  // Where to go on when a later part fails: after the last `*` (stops at '/') and after the last `**`.
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = kNone;
  std::size_t star_text = 0;
  std::size_t deep = kNone;
  std::size_t deep_text = 0;
  while (true) {
    if (p < pattern.size() && pattern[p] == '*') {
      const bool starts_part = p == 0 || pattern[p - 1] == '/';
      if (starts_part && pattern.substr(p, 3) == "**/") {
        deep = p + 3;
        deep_text = t;
        star = kNone;
        p += 3;
        continue;
      }
      if (starts_part && pattern.substr(p) == "**") return t < text.size();
      while (p < pattern.size() && pattern[p] == '*') ++p;
      star = p;
      star_text = t;
      continue;
    }
    if (t == text.size() && p == pattern.size()) return true;
    std::size_t taken = 0;
    if (t < text.size() && p < pattern.size()) {
      if (pattern[p] == '?') {
        taken = text[t] != '/' ? 1 : 0;
      } else if (pattern[p] == '[' && match_set(pattern.substr(p), text[t]).length > 0) {
        const SetMatch set = match_set(pattern.substr(p), text[t]);
        taken = set.takes ? set.length : 0;
      } else {
        const std::size_t escape = pattern[p] == '\\' && p + 1 < pattern.size() ? 1 : 0;
        taken = pattern[p + escape] == text[t] ? 1 + escape : 0;
      }
    }
    if (taken > 0) {
      p += taken;
      ++t;
      continue;
    }
    if (star != kNone && star_text < text.size() && text[star_text] != '/') {
      t = ++star_text;
      p = star;
      continue;
    }
    if (deep == kNone) return false;
    const std::size_t slash = text.find('/', deep_text);
    if (slash == kNone) return false;
    deep_text = slash + 1;
    t = deep_text;
    p = deep;
    star = kNone;
  }
}

void IgnorePatterns::add(std::string_view text, std::string_view folder) {
  for (std::string_view line : core::split(text, '\n')) {
    line = without_trailing_spaces(line);
    if (line.empty() || line.front() == '#') continue;
    Pattern pattern;
    pattern.folder = folder;
    if (line.front() == '!') {
      pattern.is_negated = true;
      line.remove_prefix(1);
    }
    if (!line.empty() && line.back() == '/') {
      pattern.is_folder_only = true;
      line.remove_suffix(1);
    }
    pattern.is_anchored = line.find('/') != std::string_view::npos;
    if (!line.empty() && line.front() == '/') line.remove_prefix(1);
    if (line.empty()) continue;
    pattern.glob = line;
    patterns_.push_back(std::move(pattern));
  }
}

bool IgnorePatterns::ignores_itself(std::string_view path, PathKind kind) const {
  for (auto at = patterns_.rbegin(); at != patterns_.rend(); ++at) {
    const Pattern& pattern = *at;
    if (pattern.is_folder_only && kind != PathKind::kFolder) continue;
    std::string_view below = path;
    if (!pattern.folder.empty()) {
      const bool is_below = path.size() > pattern.folder.size() + 1 && path.starts_with(pattern.folder) &&
                            path[pattern.folder.size()] == '/';
      if (!is_below) continue;
      below.remove_prefix(pattern.folder.size() + 1);
    }
    const std::string name = os::name_of(below);
    if (glob_matches(pattern.glob, pattern.is_anchored ? below : std::string_view(name)))
      return !pattern.is_negated;
  }
  return false;
}

bool IgnorePatterns::ignores(std::string_view path, PathKind kind) const {
  if (patterns_.empty()) return false;
  // Nothing below an ignored folder can be taken back.
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    if (ignores_itself(path.substr(0, slash), PathKind::kFolder)) return true;
  }
  return ignores_itself(path, kind);
}

std::string escaped_for_ignore(std::string_view name) {
  std::string out;
  for (const char character : name) {
    if (std::string_view("\\[]!*#?").find(character) != std::string_view::npos) out += '\\';
    out += character;
  }
  return out;
}

}  // namespace starcast::pipeline
