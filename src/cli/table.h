// Tables for people: columns as wide as their widest cell, numbers to the right.
#pragma once

#include <string>
#include <vector>

namespace starcast::cli {

enum class Align { kLeft, kRight };

class Table {
 public:
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells);
  // Lines with two spaces between columns and none at the end.
  std::string text() const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// As many columns of a terminal as the text takes (one a code point), cut with an ellipsis beyond
// `width_max`.
std::string fitted(const std::string& text, std::size_t width_max);

}  // namespace starcast::cli
