#include "cli/setting_options.h"

#include <fmt/format.h>

namespace starcast::cli {

void add_settings(CLI::App& command, std::span<const app::Setting> table,
                  const std::shared_ptr<Flags>& flags) {
  command.set_help_flag("--help", "print this help message and exit");
  for (const app::Setting& setting : table) {
    const std::string name(setting.name);
    std::string names = "--" + name;
    if (!setting.letter.empty()) names = fmt::format("-{},{}", setting.letter, names);
    std::string help(setting.help);
    if (!setting.fallback.empty() && setting.kind != app::SettingKind::kSwitch) {
      help += fmt::format(" (default: {})", setting.fallback);
    }
    if (!setting.environment.empty()) help += fmt::format(" [{}]", setting.environment);
    switch (setting.kind) {
      case app::SettingKind::kSwitch:
      case app::SettingKind::kIgnoredSwitch:
        command.add_flag_callback(names, [flags, name] { (*flags)[name] = "true"; }, help);
        break;
      case app::SettingKind::kChoice:
        command.add_flag_callback(names, [flags, name] { (*flags)[name] = "true"; }, help);
        command.add_flag_callback(
            "--no-" + name, [flags, name] { (*flags)[name] = "false"; }, fmt::format("not --{}", name));
        break;
      case app::SettingKind::kText:
      case app::SettingKind::kSeconds:
      case app::SettingKind::kInteger:
      case app::SettingKind::kIgnored:
        command
            .add_option_function<std::string>(
                names, [flags, name](const std::string& value) { (*flags)[name] = value; }, help)
            ->type_name(std::string(setting.type_name));
        break;
    }
  }
}

}  // namespace starcast::cli
