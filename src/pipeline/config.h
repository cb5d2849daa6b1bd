// DVC's configuration: INI files in ConfigObj's dialect on four levels, read and written as DVC does.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "os/environment.h"
#include "os/file_system.h"

namespace starcast::pipeline {

// In the order in which later ones win.
enum class ConfigLevel { kSystem, kGlobal, kRepository, kLocal };
inline constexpr std::array<ConfigLevel, 4> kConfigLevels = {ConfigLevel::kSystem, ConfigLevel::kGlobal,
                                                             ConfigLevel::kRepository, ConfigLevel::kLocal};

struct ConfigValue {
  enum class Origin {
    kPlain,     // as given: a text, or a path seen from the working directory
    kRelative,  // a path that the file gave relative to its folder; `items` hold it absolute
    kHome,      // a path that starts with ~; `items` hold it expanded
  };

  std::vector<std::string> items;  // one, unless it is a list
  bool is_list = false;
  Origin origin = Origin::kPlain;
  std::string as_written{};  // kHome

  ConfigValue() = default;
  explicit ConfigValue(std::string text) : items{std::move(text)} {}

  // As Python's str() shows it: "x", or "['a', 'b']".
  std::string text() const;
  bool operator==(const ConfigValue&) const = default;
};

// One section: "core", or a named one: kind "remote", name "origin".
struct ConfigSection {
  std::string kind;
  std::string name;
  std::vector<std::pair<std::string, ConfigValue>> values;

  const ConfigValue* find(std::string_view key) const;
  void set(std::string_view key, ConfigValue value);
  bool erase(std::string_view key);
};

// The sections of one file, or of several merged: named ones in front, in DVC's order.
class Config {
 public:
  const std::vector<ConfigSection>& sections() const { return sections_; }
  const ConfigSection* find(std::string_view kind, std::string_view name = "") const;
  ConfigSection* find(std::string_view kind, std::string_view name = "");
  // The section, made where DVC would make it.
  ConfigSection& section(std::string_view kind, std::string_view name = "");
  void erase(std::string_view kind, std::string_view name);
  // The value's text, or absent.
  std::optional<std::string> value(std::string_view kind, std::string_view key) const;

  // `over` wins.
  void merge(const Config& over);

  // kInvalidInput, beginning "config file error: ": an unknown section or key, a value of the wrong kind, a
  // remote without url.
  core::Result<void> validate() const;

 private:
  std::vector<ConfigSection> sections_;
};

// kInvalidInput with file and line: a line that is neither section nor value, a duplicate section or key.
// kUnsupported: nested sections and values over several lines.
core::Result<Config> parse_config(std::string_view text, std::string_view shown_path);
// As ConfigObj writes what DVC gives it: without the comments of the file, empty sections left out.
std::string to_text(const Config& config);

bool is_true(std::string_view value);

// The four files. Borrows files and environment.
class ConfigFiles {
 public:
  // `root` is the workspace's folder; absent outside of one, where only system and global can be read.
  ConfigFiles(os::FileSystem& files, const os::Environment& environment, std::optional<std::string> root)
      : files_(files), environment_(environment), root_(std::move(root)) {}

  bool has(ConfigLevel level) const;
  std::string path(ConfigLevel level) const;

  // One level; an absent file is an empty config. Paths in it are made absolute.
  core::Result<Config> read(ConfigLevel level) const;
  // Every level up to and without `below`.
  core::Result<Config> merged_below(ConfigLevel below) const;
  // All levels, validated.
  core::Result<Config> merged() const;

  // Validates it over the levels below and writes it: paths that were relative stay so, and those that are
  // given relative to the working directory become relative to the file's folder.
  core::Result<void> write(ConfigLevel level, const Config& config);

 private:
  std::string home() const;

  os::FileSystem& files_;
  const os::Environment& environment_;
  std::optional<std::string> root_;
};

}  // namespace starcast::pipeline
