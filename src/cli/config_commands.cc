#include "cli/session.h"
#include "core/strings.h"
#include "os/path.h"
#include "pipeline/config.h"
#include "pipeline/workspace.h"

namespace starcast::cli {

using core::Error;
using core::ErrorCode;
using core::Result;
using pipeline::Config;
using pipeline::ConfigFiles;
using pipeline::ConfigLevel;
using pipeline::ConfigSection;
using pipeline::ConfigValue;

namespace {

// The four flags that choose a level; none chosen: what the command takes by itself.
struct LevelOptions {
  bool system = false;
  bool global = false;
  bool project = false;
  bool local = false;

  std::optional<ConfigLevel> level() const {
    if (system) return ConfigLevel::kSystem;
    if (global) return ConfigLevel::kGlobal;
    if (project) return ConfigLevel::kRepository;
    if (local) return ConfigLevel::kLocal;
    return std::nullopt;
  }
  ConfigLevel to_write() const { return level().value_or(ConfigLevel::kRepository); }
};

void add_level_options(CLI::App& command, LevelOptions& levels) {
  CLI::Option* const system = command.add_flag("--system", levels.system, "the machine's configuration");
  CLI::Option* const global = command.add_flag("--global", levels.global, "the user's configuration");
  CLI::Option* const project = command.add_flag("--project", levels.project, ".dvc/config (the default)");
  CLI::Option* const local = command.add_flag("--local", levels.local, ".dvc/config.local, not in git");
  system->excludes(global)->excludes(project)->excludes(local);
  global->excludes(project)->excludes(local);
  project->excludes(local);
}

Error config_error(std::string_view text) {
  return Error(ErrorCode::kInvalidInput, fmt::format("config file error: {}", text));
}

// Reads and writes the levels; every error is one of the configuration.
struct Levels {
  explicit Levels(Session& session)
      : root(pipeline::find_root(session.context().files)),
        files(session.context().files, session.context().environment, root) {
    session.failure_status = kDvcBadConfig;
  }

  Result<Config> read(std::optional<ConfigLevel> level) const {
    if (level) {
      TRY(check(*level));
      return files.read(*level);
    }
    Config merged = TRY(files.merged_below(ConfigLevel::kLocal));
    if (files.has(ConfigLevel::kLocal)) {
      const Config local = TRY(files.read(ConfigLevel::kLocal));
      merged.merge(local);
    }
    return merged;
  }
  Result<Config> below(ConfigLevel level, const Config& own) const {
    Config merged = TRY(files.merged_below(level));
    merged.merge(own);
    return merged;
  }
  Result<void> check(ConfigLevel level) const {
    if (files.has(level)) return {};
    return config_error("not inside a DVC repository");
  }

  std::optional<std::string> root;
  ConfigFiles files;
};

// ---- config ----

struct ConfigOptions {
  LevelOptions levels;
  std::string name;
  std::optional<std::string> value;
  bool unset = false;
  bool list = false;
  bool show_origin = false;
};

struct OptionName {
  std::string kind;
  std::string name;
  std::string option;
};

// "core.remote", "remote.origin.url", "db.x.url".
std::optional<OptionName> parse_name(const std::string& text) {
  const std::vector<std::string_view> parts = core::split(text, '.');
  const bool has_top = parts.size() == 3 && (parts[0] == "remote" || parts[0] == "db");
  if (has_top)
    return OptionName{std::string(parts[0]), core::ascii_lower(parts[1]), core::ascii_lower(parts[2])};
  if (parts.size() == 2) return OptionName{core::ascii_lower(parts[0]), "", core::ascii_lower(parts[1])};
  return std::nullopt;
}

std::string origin_of(const Levels& levels, ConfigLevel level) {
  const std::string path = levels.files.path(level);
  const bool is_repositorys = level == ConfigLevel::kRepository || level == ConfigLevel::kLocal;
  return is_repositorys ? os::relative_to(path, levels.root.value_or("")) : path;
}

Result<void> list_config(Session& session, const Levels& levels, const ConfigOptions& options) {
  for (const ConfigLevel level : pipeline::kConfigLevels) {
    const bool is_wanted =
        options.levels.level() ? *options.levels.level() == level : levels.files.has(level);
    if (!is_wanted) continue;
    const Config config = TRY(levels.read(level));
    for (const ConfigSection& section : config.sections()) {
      for (const auto& [key, value] : section.values) {
        const std::string title =
            section.name.empty() ? section.kind : fmt::format("{}.{}", section.kind, section.name);
        const std::string prefix =
            options.show_origin ? fmt::format("{}\t", origin_of(levels, level)) : std::string();
        session.print_line("{}{}.{}={}", prefix, title, key, value.text());
      }
    }
  }
  return {};
}

// Why the option is not there, or its value.
Result<const ConfigValue*> find_option(const Config& config, const OptionName& name) {
  const std::string kind = name.name.empty() ? "section" : name.kind;
  const std::string& section_name = name.name.empty() ? name.kind : name.name;
  const ConfigSection* const section = config.find(name.kind, name.name);
  if (section == nullptr) return config_error(fmt::format("{} '{}' doesn't exist", kind, section_name));
  const ConfigValue* const value = section->find(name.option);
  if (value == nullptr) {
    return config_error(fmt::format("option '{}' doesn't exist in {} '{}'", name.option, kind, section_name));
  }
  return value;
}

Result<void> get_config(Session& session, const Levels& levels, const ConfigOptions& options,
                        const OptionName& name) {
  for (auto level = pipeline::kConfigLevels.rbegin(); level != pipeline::kConfigLevels.rend(); ++level) {
    const bool is_wanted =
        options.levels.level() ? *options.levels.level() == *level : levels.files.has(*level);
    if (!is_wanted) continue;
    const Config config = TRY(levels.read(*level));
    const auto value = find_option(config, name);
    if (!value && options.levels.level()) return value.error();
    if (!value) continue;
    const std::string prefix =
        options.show_origin ? fmt::format("{}\t", origin_of(levels, *level)) : std::string();
    session.print_line("{}{}", prefix, value.value()->text());
    return {};
  }
  return {};
}

Result<void> run_config(Session& session, const ConfigOptions& options) {
  const auto misused = [&session](std::string_view text) {
    session.failure_status = 1;  // as DVC's
    return Error(ErrorCode::kInvalidInput, std::string(text));
  };
  Levels levels(session);
  if (options.show_origin && (options.value || options.unset))
    return misused("--show-origin cannot be used together with -u/--unset or a value");
  if (options.list) {
    if (!options.name.empty() || options.unset)
      return misused("-l/--list cannot be used together with -u/--unset, a name or a value");
    return list_config(session, levels, options);
  }
  if (options.name.empty()) return misused("which option? name it as section.option");
  const auto name = parse_name(options.name);
  if (!name) {
    session.failure_status = usage_status(Grammar::kDvc);
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("'{}' is no option's name: it looks like section.option or remote.NAME.option",
                             options.name));
  }
  if (!options.value && !options.unset) return get_config(session, levels, options, *name);

  const ConfigLevel level = options.levels.to_write();
  TRY(levels.check(level));
  Config config = TRY(levels.files.read(level));
  if (options.unset) {
    TRY(find_option(config, *name));
    config.find(name->kind, name->name)->erase(name->option);
  } else {
    config.section(name->kind, name->name).set(name->option, ConfigValue(*options.value));
  }
  TRY(levels.files.write(level, config));
  if (name->kind == "cache" && name->option == "type") {
    session.context().log.warning(
        "cache.type changes no link that is there already: `starcast checkout --relink` does");
  }
  return {};
}

// ---- remote ----

struct RemoteOptions {
  LevelOptions levels;
  std::string name;
  std::string other;  // url, option or new name
  std::optional<std::string> value;
  bool default_remote = false;
  bool force = false;
  bool unset = false;
};

Error no_remote(const std::string& name) {
  return config_error(fmt::format("remote '{}' doesn't exist", name));
}

Result<void> run_remote_add(Session& session, const RemoteOptions& options) {
  Levels levels(session);
  const std::string name = core::ascii_lower(options.name);
  const ConfigLevel level = options.levels.to_write();
  TRY(levels.check(level));
  Config config = TRY(levels.files.read(level));
  if (config.find("remote", name) != nullptr && !options.force)
    return config_error(fmt::format("remote '{}' already exists; -f overwrites it", name));
  ConfigSection& section = config.section("remote", name);
  section.values.clear();
  section.set("url", ConfigValue(options.other));
  if (options.default_remote) config.section("core").set("remote", ConfigValue(name));
  TRY(levels.files.write(level, config));
  if (options.default_remote && !session.quiet) session.print_line("Setting '{}' as a default remote.", name);
  return {};
}

Result<void> run_remote_list(Session& session, const RemoteOptions& options) {
  const Levels levels(session);
  const Config config = TRY(levels.read(options.levels.level()));
  const std::string chosen = config.value("core", "remote").value_or("");
  for (const ConfigSection& section : config.sections()) {
    if (section.kind != "remote" || section.name.empty()) continue;
    const ConfigValue* const url = section.find("url");
    if (url == nullptr) return config_error(fmt::format("remote '{}' has no url", section.name));
    session.print_line("{}\t{}{}", section.name, url->text(), section.name == chosen ? "\t(default)" : "");
  }
  return {};
}

Result<void> run_remote_modify(Session& session, const RemoteOptions& options) {
  Levels levels(session);
  const std::string name = core::ascii_lower(options.name);
  const ConfigLevel level = options.levels.to_write();
  TRY(levels.check(level));
  Config config = TRY(levels.files.read(level));
  const Config merged = TRY(levels.below(level, config));
  if (merged.find("remote", name) == nullptr) return no_remote(name);
  ConfigSection& section = config.section("remote", name);
  if (options.unset) {
    section.erase(options.other);
  } else if (options.value) {
    section.set(options.other, ConfigValue(*options.value));
  } else {
    return config_error(fmt::format("which value for '{}'?", options.other));
  }
  return levels.files.write(level, config);
}

Result<void> run_remote_default(Session& session, const RemoteOptions& options) {
  Levels levels(session);
  const std::string name = core::ascii_lower(options.name);
  if (name.empty() && !options.unset) {
    const Config config = TRY(levels.read(options.levels.level()));
    const auto chosen = config.value("core", "remote");
    if (!chosen) {
      session.failure_status = 1;
      return Error(ErrorCode::kNotFound, "no default remote is set");
    }
    session.print_line("{}", *chosen);
    return {};
  }
  const ConfigLevel level = options.levels.to_write();
  TRY(levels.check(level));
  Config config = TRY(levels.files.read(level));
  if (options.unset) {
    config.section("core").erase("remote");
  } else {
    const Config merged = TRY(levels.below(level, config));
    if (merged.find("remote", name) == nullptr)
      return config_error("the default remote must be one of those that 'remote list' shows");
    config.section("core").set("remote", ConfigValue(name));
  }
  return levels.files.write(level, config);
}

// The levels from the last one down to the one that was written: a default named there would hang.
Result<void> change_defaults(Levels& levels, ConfigLevel last, const std::string& from,
                             const std::string& into) {
  for (auto level = pipeline::kConfigLevels.rbegin(); level != pipeline::kConfigLevels.rend(); ++level) {
    if (levels.files.has(*level)) {
      Config config = TRY(levels.files.read(*level));
      if (config.value("core", "remote") == from) {
        if (into.empty()) {
          config.section("core").erase("remote");
        } else {
          config.section("core").set("remote", ConfigValue(into));
        }
        TRY(levels.files.write(*level, config));
      }
    }
    if (*level == last) return {};
  }
  return {};
}

Result<void> run_remote_rename(Session& session, const RemoteOptions& options) {
  Levels levels(session);
  const std::string name = core::ascii_lower(options.name);
  const Config all = TRY(levels.read(std::nullopt));
  if (all.find("remote", options.other) != nullptr)
    return config_error(fmt::format("remote '{}' already exists", options.other));
  const ConfigLevel level = options.levels.to_write();
  TRY(levels.check(level));
  Config config = TRY(levels.files.read(level));
  const ConfigSection* const found = config.find("remote", name);
  if (found == nullptr) return no_remote(name);
  const auto values = found->values;
  config.erase("remote", name);
  config.section("remote", options.other).values = values;
  if (config.value("core", "remote") == name)
    config.section("core").set("remote", ConfigValue(options.other));
  TRY(levels.files.write(level, config));
  return change_defaults(levels, level, name, options.other);
}

Result<void> run_remote_remove(Session& session, const RemoteOptions& options) {
  Levels levels(session);
  const std::string name = core::ascii_lower(options.name);
  const ConfigLevel level = options.levels.to_write();
  TRY(levels.check(level));
  Config config = TRY(levels.files.read(level));
  if (config.find("remote", name) == nullptr) return no_remote(name);
  config.erase("remote", name);
  TRY(levels.files.write(level, config));
  return change_defaults(levels, level, name, "");
}

// ---- cache ----

Result<void> run_cache_dir(Session& session, const ConfigOptions& options) {
  Levels levels(session);
  if (!options.value && !options.unset) {
    const Config config = TRY(levels.read(options.levels.level()));
    if (const auto folder = config.value("cache", "dir")) {
      session.print_line("{}", *folder);
      return {};
    }
    if (options.levels.level() || !levels.root)
      return config_error("option 'dir' doesn't exist in section 'cache'");
    session.print_line(
        "{}", pipeline::absolute_folder(session.context().files, os::joined(*levels.root, ".dvc/cache")));
    return {};
  }
  const ConfigLevel level = options.levels.to_write();
  TRY(levels.check(level));
  Config config = TRY(levels.files.read(level));
  if (options.unset) {
    TRY(find_option(config, {"cache", "", "dir"}));
    config.section("cache").erase("dir");
  } else {
    config.section("cache").set("dir", ConfigValue(*options.value));
  }
  return levels.files.write(level, config);
}

CLI::App* add_remote_command(CLI::App& remote, Session& session, const std::string& name,
                             const std::string& help, const std::shared_ptr<RemoteOptions>& options,
                             Result<void> (*run)(Session&, const RemoteOptions&)) {
  CLI::App* const command = add_command(remote, session, name, help, Grammar::kDvc,
                                        [options, run](Session& current) { return run(current, *options); });
  add_level_options(*command, options->levels);
  return command;
}

void add_remote_commands(CLI::App& parent, Session& session) {
  CLI::App* const remote = parent.add_subcommand("remote", "where data is pushed to and pulled from");
  remote->fallthrough();
  remote->require_subcommand(1);

  const auto add = std::make_shared<RemoteOptions>();
  CLI::App* command = add_remote_command(*remote, session, "add", "add a remote", add, run_remote_add);
  command->add_option("name", add->name, "its name")->required()->type_name("NAME");
  command->add_option("url", add->other, "a folder or an address")->required()->type_name("URL");
  command->add_flag("-d,--default", add->default_remote, "make it the default remote");
  command->add_flag("-f,--force", add->force, "replace one of that name");

  const auto chosen = std::make_shared<RemoteOptions>();
  command = add_remote_command(*remote, session, "default", "show or set the default remote", chosen,
                               run_remote_default);
  command->add_option("name", chosen->name, "the remote (default: show which one it is)")->type_name("NAME");
  command->add_flag("-u,--unset", chosen->unset, "have no default remote");

  const auto modify = std::make_shared<RemoteOptions>();
  command =
      add_remote_command(*remote, session, "modify", "set an option of a remote", modify, run_remote_modify);
  command->add_option("name", modify->name, "the remote")->required()->type_name("NAME");
  command->add_option("option", modify->other, "the option")->required()->type_name("OPTION");
  command->add_option("value", modify->value, "its value")->type_name("VALUE");
  command->add_flag("-u,--unset", modify->unset, "take the option away");

  const auto list = std::make_shared<RemoteOptions>();
  add_remote_command(*remote, session, "list", "show the remotes", list, run_remote_list);

  const auto remove = std::make_shared<RemoteOptions>();
  command = add_remote_command(*remote, session, "remove", "remove a remote", remove, run_remote_remove);
  command->add_option("name", remove->name, "the remote")->required()->type_name("NAME");

  const auto rename = std::make_shared<RemoteOptions>();
  command = add_remote_command(*remote, session, "rename", "rename a remote", rename, run_remote_rename);
  command->add_option("name", rename->name, "the remote")->required()->type_name("NAME");
  command->add_option("new", rename->other, "its new name")->required()->type_name("NEW");
}

}  // namespace

void add_config_commands(CLI::App& parent, Session& session) {
  const auto options = std::make_shared<ConfigOptions>();
  CLI::App* const config =
      add_command(parent, session, "config", "show or set an option of DVC's configuration", Grammar::kDvc,
                  [options](Session& current) { return run_config(current, *options); });
  add_level_options(*config, options->levels);
  config->add_option("name", options->name, "section.option or remote.NAME.option")->type_name("NAME");
  config->add_option("value", options->value, "its value")->type_name("VALUE");
  config->add_flag("-u,--unset", options->unset, "take the option away");
  config->add_flag("-l,--list", options->list, "show all options");
  config->add_flag("--show-origin", options->show_origin, "with the file that each comes from");

  add_remote_commands(parent, session);

  CLI::App* const cache = parent.add_subcommand("cache", "the cache's settings: dir");
  cache->fallthrough();
  cache->require_subcommand(1);
  const auto dir = std::make_shared<ConfigOptions>();
  CLI::App* const dir_command =
      add_command(*cache, session, "dir", "show or set the cache's folder", Grammar::kDvc,
                  [dir](Session& current) { return run_cache_dir(current, *dir); });
  add_level_options(*dir_command, dir->levels);
  dir_command->add_option("value", dir->value, "the folder")->type_name("DIR");
  dir_command->add_flag("-u,--unset", dir->unset, "use .dvc/cache again");
}

}  // namespace starcast::cli
