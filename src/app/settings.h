// The settings table: what can be said by a flag or an environment variable, with its default and its help.
// The command line's options, the documentation and the values come from here.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "os/environment.h"

namespace starcast::app {

enum class SettingKind {
  kText,
  kInteger,
  kSwitch,   // on when given; in the environment true/false, 1/0, yes/no
  kChoice,   // --name and --no-name
  kSeconds,  // a number of seconds, 0 or more, with a fraction
  kIgnored,  // MLflow's, taken and without effect here: the help says why
  kIgnoredSwitch,
};

struct Setting {
  std::string_view name;         // of the flag, without "--"
  std::string_view letter;       // "p" for -p, or ""
  std::string_view environment;  // MLflow's name, or ours
  SettingKind kind;
  std::string_view fallback;   // the default, as text
  std::string_view type_name;  // "URI"
  std::string_view help;
};

// Of `starcast server` and `starcast up`: MLflow's flags and environment names.
std::span<const Setting> server_settings();
// How models are served, in `starcast models serve` and `starcast up`.
std::span<const Setting> serving_settings();
// What `starcast models serve` has besides: its port, its limits, and MLflow's flags.
std::span<const Setting> scoring_server_settings();

// What holds: the flag, else the environment, else the default. Reading a name that is not in the table is a
// failed CHECK.
class SettingValues {
 public:
  // `flags` by name: only those given. kInvalidInput names flag or variable.
  static core::Result<SettingValues> read(std::span<const Setting> table,
                                          const std::map<std::string, std::string>& flags,
                                          const os::Environment& environment);

  const std::string& text(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  double seconds(std::string_view name) const;
  bool on(std::string_view name) const;
  // Split at commas, without blanks.
  std::vector<std::string> list(std::string_view name) const;

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace starcast::app
