#include "pipeline/config.h"

#include <fmt/format.h>

#include <algorithm>

#include "codec/number.h"
#include "core/strings.h"
#include "os/path.h"
#include "pipeline/fields.h"
#include "pipeline/workspace.h"

namespace starcast::pipeline {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::array<std::string_view, 3> kNamedKinds = {"remote", "machine", "db"};
// DVC adds what a file lacks in this order.
constexpr std::array<std::string_view, 10> kPlainKinds = {"core",  "cache", "state",   "index", "feature",
                                                          "plots", "exp",   "parsing", "hydra", "studio"};

// What DVC accepts, as "key:kind": s text, b bool, n number from 1, i integer, f number, l link types, p a
// path relative to the file's folder.
constexpr std::string_view kCommon = " url:p checksum_jobs:n jobs:n worktree:b no_traverse:b version_aware:b";
constexpr std::string_view kLocal = " type:l protected:b shared:g slow_link_warning:b verify:b";
constexpr std::string_view kHttp =
    " auth:s custom_auth_header:s user:s password:s ask_password:b ssl_verify:s method:s connect_timeout:f "
    "read_timeout:f verify:b";
constexpr std::string_view kWebdav =
    " user:s password:s ask_password:b token:s bearer_token_command:s custom_auth_header:s cert_path:p "
    "key_path:p timeout:i ssl_verify:s verify:b";

struct Table {
  std::string_view kind;
  std::string_view keys;
};

constexpr std::array<Table, 10> kPlainTables = {{
    {"core",
     "remote:s checksum_jobs:n interactive:b analytics:b hardlink_lock:b no_scm:b autostage:b experiments:b "
     "check_update:b site_cache_dir:s machine:s"},
    {"cache",
     "local:s s3:s gs:s hdfs:s webhdfs:s ssh:s azure:s dir:p type:l protected:b shared:g slow_link_warning:b "
     "verify:b"},
    {"state", "dir:s row_limit:n row_cleanup_quota:i"},
    {"index", "dir:s"},
    {"plots", "html_template:s auto_open:b out_dir:s"},
    {"exp", "code:s data:s models:s metrics:s params:s plots:s live:s auto_push:b git_remote:s"},
    {"parsing", "bool:s list:s"},
    {"hydra", "enabled:b config_dir:s config_module:s config_name:s plugins_path:s"},
    {"studio", "token:s url:s repo_url:s offline:b"},
    {"db", "url:s username:s password:s"},
}};

constexpr std::array<Table, 8> kRemoteTables = {{
    {"s3",
     "region:s profile:s credentialpath:p configpath:p endpointurl:s access_key_id:s secret_access_key:s "
     "session_token:s listobjects:b use_ssl:b allow_anonymous_login:b ssl_verify:s sse:s sse_kms_key_id:s "
     "sse_customer_algorithm:s sse_customer_key:s acl:s grant_read:s grant_read_acp:s grant_write_acp:s "
     "grant_full_control:s cache_regions:b read_timeout:i connect_timeout:i verify:b"},
    {"gs", "projectname:s credentialpath:p endpointurl:s verify:b allow_anonymous_login:b"},
    {"ssh",
     "type:l port:i user:s password:s ask_password:b passphrase:s ask_passphrase:b keyfile:p timeout:i "
     "gss_auth:b allow_agent:b max_sessions:i verify:b"},
    {"hdfs", "user:s kerb_ticket:s replication:i"},
    {"webhdfs",
     "kerberos:b kerberos_principal:s proxy_to:s ssl_verify:s token:s use_https:b user:s password:s "
     "data_proxy_target:s verify:b"},
    {"azure",
     "connection_string:s sas_token:s account_name:s account_key:s tenant_id:s client_id:s client_secret:s "
     "allow_anonymous_login:b exclude_environment_credential:b exclude_visual_studio_code_credential:b "
     "exclude_shared_token_cache_credential:b exclude_managed_identity_credential:b verify:b timeout:i "
     "read_timeout:i connection_timeout:i"},
    {"oss", "oss_key_id:s oss_key_secret:s oss_endpoint:s verify:b"},
    {"gdrive",
     "profile:s gdrive_use_service_account:b gdrive_client_id:s gdrive_client_secret:s "
     "gdrive_user_credentials_file:p gdrive_service_account_user_email:s "
     "gdrive_service_account_json_file_path:p gdrive_trash_only:b gdrive_acknowledge_abuse:b verify:b"},
}};

// A path in a remote's section, whatever its address.
constexpr std::array<std::string_view, 8> kRemotePaths = {"url",
                                                          "gdrive_user_credentials_file",
                                                          "gdrive_service_account_json_file_path",
                                                          "credentialpath",
                                                          "keyfile",
                                                          "configpath",
                                                          "cert_path",
                                                          "key_path"};

bool is_path(std::string_view kind, std::string_view key) {
  if (kind == "cache") return key == "dir";
  if (kind == "remote") return std::find(kRemotePaths.begin(), kRemotePaths.end(), key) != kRemotePaths.end();
  return kind == "machine" && (key == "startup_script" || key == "setup_script");
}

Error config_error(std::string_view text) {
  return Error(ErrorCode::kInvalidInput, fmt::format("config file error: {}", text));
}

std::string title_of(const ConfigSection& section) {
  return section.name.empty() ? section.kind : fmt::format("{}.{}", section.kind, section.name);
}

// The kind of a key in a table, or nothing.
std::optional<char> kind_of(std::string_view table, std::string_view key) {
  for (const std::string_view item : core::split(table, ' ')) {
    if (item.size() == key.size() + 2 && item.starts_with(key) && item[key.size()] == ':') return item.back();
  }
  return std::nullopt;
}

// "s3" of "s3://bucket/path"; empty for a path.
std::string_view scheme_of(std::string_view url) {
  const std::size_t at = url.find("://");
  if (at == std::string_view::npos || at + 3 == url.size() || url[at + 3] == '/') return {};
  return url.substr(0, at);
}

bool has_scheme(std::string_view path) {
  const std::size_t at = path.find("://");
  return at != std::string_view::npos && at > 0 &&
         std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(at), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Result<void> check_value(const ConfigSection& section, const std::string& key, const ConfigValue& value,
                         char kind) {
  const std::string where = fmt::format("{}.{}", title_of(section), key);
  if (kind == 'l') {
    std::vector<std::string> types = value.items;
    if (!value.is_list) {
      types.clear();
      const std::string text = value.text();
      for (const std::string_view type : core::split(text, ',')) types.emplace_back(type);
    }
    for (const std::string& type : types) {
      const std::string_view trimmed = core::trimmed(type);
      if (trimmed != "reflink" && trimmed != "hardlink" && trimmed != "symlink" && trimmed != "copy")
        return config_error(fmt::format("{}: unsupported cache type '{}'", where, trimmed));
    }
    return {};
  }
  if (value.is_list) return config_error(fmt::format("{}: expected one value, not a list", where));
  const std::string lower = core::ascii_lower(value.text());
  const auto number = codec::parse_int(core::trimmed(lower));
  switch (kind) {
    case 'b':
      if (lower != "true" && lower != "false")
        return config_error(fmt::format("{}: expected true or false, not '{}'", where, value.text()));
      return {};
    case 'n':
      if (!number || *number < 1)
        return config_error(fmt::format("{}: expected a number from 1, not '{}'", where, value.text()));
      return {};
    case 'i':
      if (!number) return config_error(fmt::format("{}: expected a number, not '{}'", where, value.text()));
      return {};
    case 'f':
      if (!codec::parse_double(core::trimmed(lower)))
        return config_error(fmt::format("{}: expected a number, not '{}'", where, value.text()));
      return {};
    case 'g':
      if (lower != "group")
        return config_error(fmt::format("{}: expected 'group', not '{}'", where, value.text()));
      return {};
    default:
      return {};
  }
}

Result<void> check_section(const ConfigSection& section, std::string_view table) {
  for (const auto& [key, value] : section.values) {
    const auto kind = kind_of(table, key);
    if (!kind) {
      std::vector<std::string_view> known;
      for (const std::string_view item : core::split(table, ' ')) {
        if (item.size() > 2) known.push_back(item.substr(0, item.size() - 2));
      }
      return config_error(
          fmt::format("there is no option '{}.{}'{}", title_of(section), key, did_you_mean(key, known)));
    }
    TRY(check_value(section, key, value, *kind));
  }
  return {};
}

Result<void> check_remote(const ConfigSection& section) {
  const ConfigValue* const url = section.find("url");
  if (url == nullptr) return config_error(fmt::format("remote '{}' has no url", section.name));
  const std::string text = url->text();
  const std::string_view scheme = scheme_of(text);
  if (scheme == "remote") return {};
  std::string table(kCommon);
  if (scheme.empty()) {
    table += kLocal;
  } else if (scheme == "http" || scheme == "https") {
    table += kHttp;
  } else if (scheme == "webdav" || scheme == "webdavs") {
    table += kWebdav;
  } else {
    const auto found = std::find_if(kRemoteTables.begin(), kRemoteTables.end(),
                                    [scheme](const Table& known) { return known.kind == scheme; });
    if (found == kRemoteTables.end()) {
      return config_error(fmt::format("remote '{}': unsupported URL type {}://", section.name, scheme));
    }
    table += ' ';
    table += found->keys;
  }
  return check_section(section, table);
}

// ---- text ----

std::string quoted(std::string_view value) {
  if (value.empty()) return "\"\"";
  constexpr std::string_view kSpecial = " \r\n\v\t'\"";
  const bool has_single = value.find('\'') != std::string_view::npos;
  const bool has_double = value.find('"') != std::string_view::npos;
  if (has_single && has_double) {
    const std::string_view mark = value.find("\"\"\"") == std::string_view::npos ? "\"\"\"" : "'''";
    return fmt::format("{}{}{}", mark, value, mark);
  }
  const bool is_plain = kSpecial.find(value.front()) == std::string_view::npos &&
                        kSpecial.find(value.back()) == std::string_view::npos &&
                        value.find_first_of(",#") == std::string_view::npos;
  if (is_plain) return std::string(value);
  return has_double ? fmt::format("'{}'", value) : fmt::format("\"{}\"", value);
}

std::string value_line(const ConfigValue& value) {
  if (!value.is_list) return quoted(value.items.at(0));
  if (value.items.empty()) return ",";
  std::vector<std::string> parts;
  for (const std::string& item : value.items) parts.push_back(quoted(item));
  return parts.size() == 1 ? fmt::format("{},", parts[0]) : core::join(parts, ", ");
}

// Reads one line's value: quoted, plain or a list; what follows a '#' is a comment.
Result<ConfigValue> read_value(std::string_view text, const std::string& where) {
  ConfigValue value;
  text = core::trimmed(text);
  if (text.starts_with("\"\"\"") || text.starts_with("'''")) {
    const std::size_t end = text.find(text.substr(0, 3), 3);
    if (end == std::string_view::npos)
      return Error(ErrorCode::kUnsupported,
                   fmt::format("{}: a value over several lines is not supported", where));
    value.items.emplace_back(text.substr(3, end - 3));
    return value;
  }
  while (true) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    if (text.empty() || text.front() == '#') break;
    if (text.front() == ',') {
      if (!value.items.empty() || value.is_list)
        return Error(ErrorCode::kInvalidInput, fmt::format("{}: a comma too many", where));
      value.is_list = true;
      text.remove_prefix(1);
      continue;
    }
    std::string item;
    if (text.front() == '"' || text.front() == '\'') {
      const std::size_t end = text.find(text.front(), 1);
      if (end == std::string_view::npos)
        return Error(ErrorCode::kInvalidInput, fmt::format("{}: a quote is not closed", where));
      item = text.substr(1, end - 1);
      text.remove_prefix(end + 1);
    } else {
      const std::size_t end = std::min(text.find_first_of(",#"), text.size());
      item = core::trimmed(text.substr(0, end));
      text.remove_prefix(end);
    }
    value.items.push_back(std::move(item));
    text = core::trimmed(text);
    if (text.empty() || text.front() == '#') break;
    if (text.front() != ',')
      return Error(ErrorCode::kInvalidInput, fmt::format("{}: something follows the closing quote", where));
    value.is_list = true;
    text.remove_prefix(1);
  }
  if (value.items.empty() && !value.is_list) value.items.emplace_back();
  return value;
}

std::string_view unquoted(std::string_view text) {
  text = core::trimmed(text);
  const bool is_quoted =
      text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return is_quoted ? text.substr(1, text.size() - 2) : text;
}

struct Title {
  std::string kind;
  std::string name;
};

// `remote "x"` -> remote, x.
Title split_title(const std::string& title) {
  for (const std::string_view kind : kNamedKinds) {
    if (!title.starts_with(kind)) continue;
    const std::string_view rest = core::trimmed(std::string_view(title).substr(kind.size()));
    if (rest.size() >= 2 && rest.front() == '"' && rest.back() == '"')
      return {std::string(kind), std::string(rest.substr(1, rest.size() - 2))};
  }
  return {title, ""};
}

bool is_named(std::string_view kind) {
  return std::find(kNamedKinds.begin(), kNamedKinds.end(), kind) != kNamedKinds.end();
}

std::size_t rank_of(const ConfigSection& section) {
  if (section.name.empty()) return kNamedKinds.size();
  const auto* const found = std::find(kNamedKinds.begin(), kNamedKinds.end(), section.kind);
  return static_cast<std::size_t>(found - kNamedKinds.begin());
}

}  // namespace

// ---- sections ----

std::string ConfigValue::text() const {
  if (!is_list) return items.empty() ? std::string() : items[0];
  std::vector<std::string> parts;
  for (const std::string& item : items) parts.push_back(fmt::format("'{}'", item));
  return fmt::format("[{}]", core::join(parts, ", "));
}

const ConfigValue* ConfigSection::find(std::string_view key) const {
  const auto found =
      std::find_if(values.begin(), values.end(), [key](const auto& value) { return value.first == key; });
  return found == values.end() ? nullptr : &found->second;
}

void ConfigSection::set(std::string_view key, ConfigValue value) {
  for (auto& [known, present] : values) {
    if (known != key) continue;
    present = std::move(value);
    return;
  }
  values.emplace_back(key, std::move(value));
}

bool ConfigSection::erase(std::string_view key) {
  return std::erase_if(values, [key](const auto& value) { return value.first == key; }) > 0;
}

const ConfigSection* Config::find(std::string_view kind, std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(), [&](const ConfigSection& section) {
    return section.kind == kind && section.name == name;
  });
  return found == sections_.end() ? nullptr : &*found;
}

ConfigSection* Config::find(std::string_view kind, std::string_view name) {
  return const_cast<ConfigSection*>(std::as_const(*this).find(kind, name));  // NOLINT: same lookup
}

ConfigSection& Config::section(std::string_view kind, std::string_view name) {
  if (ConfigSection* const found = find(kind, name)) return *found;
  ConfigSection made{std::string(kind), std::string(name), {}};
  const std::size_t rank = rank_of(made);
  const auto place = std::find_if(sections_.begin(), sections_.end(),
                                  [rank](const ConfigSection& section) { return rank_of(section) > rank; });
  return *sections_.insert(place, std::move(made));
}

void Config::erase(std::string_view kind, std::string_view name) {
  std::erase_if(sections_,
                [&](const ConfigSection& section) { return section.kind == kind && section.name == name; });
}

std::optional<std::string> Config::value(std::string_view kind, std::string_view key) const {
  const ConfigSection* const found = find(kind);
  const ConfigValue* const value = found == nullptr ? nullptr : found->find(key);
  if (value == nullptr) return std::nullopt;
  return value->text();
}

void Config::merge(const Config& over) {
  for (const ConfigSection& update : over.sections_) {
    ConfigSection& into = section(update.kind, update.name);
    for (const auto& [key, value] : update.values) into.set(key, value);
  }
}

Result<void> Config::validate() const {
  for (const ConfigSection& section : sections_) {
    if (section.values.empty() && section.kind != "remote") continue;
    if (section.kind == "feature" || section.kind == "machine") continue;
    if (section.kind == "remote" && !section.name.empty()) {
      TRY(check_remote(section));
      continue;
    }
    const auto table = std::find_if(kPlainTables.begin(), kPlainTables.end(),
                                    [&section](const Table& known) { return known.kind == section.kind; });
    const bool is_known = table != kPlainTables.end() && is_named(section.kind) == !section.name.empty();
    if (is_known) {
      TRY(check_section(section, table->keys));
    } else if (!section.values.empty()) {
      return config_error(fmt::format(
          "there is no section '{}'{}", title_of(section),
          did_you_mean(section.kind, std::vector<std::string_view>(kPlainKinds.begin(), kPlainKinds.end()))));
    }
  }
  return {};
}

bool is_true(std::string_view value) {
  const std::string lower = core::ascii_lower(value);
  return lower == "true" || lower == "yes" || lower == "on" || lower == "1";
}

Result<Config> parse_config(std::string_view text, std::string_view shown_path) {
  Config config;
  ConfigSection* section = nullptr;
  std::size_t number = 0;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (const std::string_view raw : core::split(text, '\n')) {
    ++number;
    const std::string where = fmt::format("{}:{}", shown_path, number);
    std::string_view line = core::trimmed(raw);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[') {
      if (line.starts_with("[["))
        return Error(ErrorCode::kUnsupported, fmt::format("{}: nested sections are not supported", where));
      const std::size_t end = line.rfind(']');
      const std::string_view rest = end == std::string_view::npos ? "" : core::trimmed(line.substr(end + 1));
      const std::string_view title = end == std::string_view::npos ? "" : unquoted(line.substr(1, end - 1));
      if (title.empty() || (!rest.empty() && rest.front() != '#'))
        return Error(ErrorCode::kInvalidInput, fmt::format("{}: a section is '[name]'", where));
      const Title parts = split_title(core::ascii_lower(title));
      if (fmt::format("{}{}", parts.kind, parts.name).find_first_of("'\"[]") != std::string::npos)
        return Error(ErrorCode::kInvalidInput, fmt::format("{}: '{}' is no section's name", where, title));
      if (config.find(parts.kind, parts.name) != nullptr)
        return Error(ErrorCode::kInvalidInput, fmt::format("{}: section '{}' is there twice", where, title));
      section = &config.section(parts.kind, parts.name);
      continue;
    }
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return Error(ErrorCode::kInvalidInput, fmt::format("{}: expected 'key = value'", where));
    if (section == nullptr)
      return Error(ErrorCode::kInvalidInput, fmt::format("{}: a value outside of any section", where));
    const std::string key = core::ascii_lower(unquoted(line.substr(0, equals)));
    if (key.empty() || key.find_first_of("'\"") != std::string::npos)
      return Error(ErrorCode::kInvalidInput, fmt::format("{}: '{}' is no option's name", where, key));
    if (section->find(key) != nullptr)
      return Error(ErrorCode::kInvalidInput, fmt::format("{}: '{}' is there twice", where, key));
    ConfigValue value = TRY(read_value(line.substr(equals + 1), where));
    section->values.emplace_back(key, std::move(value));
  }
  for (const std::string_view kind : kPlainKinds) config.section(kind);
  return config;
}

std::string to_text(const Config& config) {
  std::string plain;
  std::string named;
  for (const ConfigSection& section : config.sections()) {
    if (section.name.empty() && section.values.empty()) continue;
    std::string& out = section.name.empty() ? plain : named;
    out += section.name.empty() ? fmt::format("[{}]\n", quoted(section.kind))
                                : fmt::format("['{} \"{}\"']\n", section.kind, section.name);
    for (const auto& [key, value] : section.values)
      out += fmt::format("    {} = {}\n", quoted(key), value_line(value));
  }
  return plain + named;
}

// ---- files ----

bool ConfigFiles::has(ConfigLevel level) const {
  return root_.has_value() || level == ConfigLevel::kSystem || level == ConfigLevel::kGlobal;
}

std::string ConfigFiles::home() const {
  return environment_.find("HOME").value_or("");
}

std::string ConfigFiles::path(ConfigLevel level) const {
  const auto folder_in = [this](const std::string& name) {
    return environment_.find(name).value_or(std::string());
  };
  switch (level) {
    case ConfigLevel::kSystem: {
      if (const std::string folder = folder_in("DVC_SYSTEM_CONFIG_DIR"); !folder.empty())
        return os::joined(folder, "config");
      const std::string folders = folder_in("XDG_CONFIG_DIRS");
      const std::string first = folders.substr(0, folders.find(':'));
      return os::joined(first.empty() ? "/etc/xdg" : first, "dvc/config");
    }
    case ConfigLevel::kGlobal: {
      if (const std::string folder = folder_in("DVC_GLOBAL_CONFIG_DIR"); !folder.empty())
        return os::joined(folder, "config");
      const std::string base = folder_in("XDG_CONFIG_HOME");
      return os::joined(base.empty() ? os::joined(home(), ".config") : base, "dvc/config");
    }
    case ConfigLevel::kRepository:
      return os::joined(root_.value_or(""), ".dvc/config");
    case ConfigLevel::kLocal:
      return os::joined(root_.value_or(""), ".dvc/config.local");
  }
  return {};
}

Result<Config> ConfigFiles::read(ConfigLevel level) const {
  const std::string file = path(level);
  Config config;
  const auto text = files_.read(file);
  if (!text && text.error().code() != ErrorCode::kNotFound) return text.error();
  auto parsed = parse_config(text ? text.value() : std::string(), file);
  if (!parsed) return std::move(parsed).error().with_context("config file error");
  config = std::move(parsed).value();
  const std::string folder = absolute_folder(files_, os::folder_of(file));
  Config resolved = config;
  for (const ConfigSection& section : config.sections()) {
    for (const auto& [key, value] : section.values) {
      if (!is_path(section.kind, key) || value.is_list) continue;
      const std::string& given = value.items[0];
      if (has_scheme(given) || os::is_absolute(given)) continue;
      ConfigValue changed = value;
      if (given == "~" || given.starts_with("~/")) {
        changed.origin = ConfigValue::Origin::kHome;
        changed.as_written = given;
        changed.items[0] = fmt::format("{}{}", home(), given.substr(1));
      } else {
        changed.origin = ConfigValue::Origin::kRelative;
        changed.items[0] = os::normalized(os::joined(folder, given));
      }
      resolved.section(section.kind, section.name).set(key, std::move(changed));
    }
  }
  return resolved;
}

Result<Config> ConfigFiles::merged_below(ConfigLevel below) const {
  Config merged;
  for (const ConfigLevel level : kConfigLevels) {
    if (level == below) break;
    if (!has(level)) continue;
    const Config one = TRY(read(level));
    merged.merge(one);
  }
  return merged;
}

Result<Config> ConfigFiles::merged() const {
  Config merged = TRY(merged_below(ConfigLevel::kLocal));
  if (has(ConfigLevel::kLocal)) {
    const Config last = TRY(read(ConfigLevel::kLocal));
    merged.merge(last);
  }
  TRY(merged.validate());
  return merged;
}

Result<void> ConfigFiles::write(ConfigLevel level, const Config& config) {
  if (!has(level)) return config_error("not inside a DVC repository");
  const std::string file = path(level);
  const std::string folder = absolute_folder(files_, os::folder_of(file));
  Config saved = config;
  for (const ConfigSection& section : config.sections()) {
    for (const auto& [key, value] : section.values) {
      if (!is_path(section.kind, key) || value.is_list) continue;
      const std::string& given = value.items[0];
      if (has_scheme(given)) continue;
      ConfigValue changed = value;
      if (value.origin == ConfigValue::Origin::kHome) {
        changed.items[0] = value.as_written;
      } else if (given == "~" || given.starts_with("~/")) {
        continue;
      } else if (value.origin == ConfigValue::Origin::kRelative || !os::is_absolute(given)) {
        changed.items[0] = os::relative_to(absolute_folder(files_, given), folder);
      }
      saved.section(section.kind, section.name).set(key, std::move(changed));
    }
  }
  Config merged = TRY(merged_below(level));
  merged.merge(saved);
  TRY(merged.validate());
  TRY(files_.make_folders(os::folder_of(file)));
  os::WriteOptions options;
  options.mode = 0666;
  const std::string text = to_text(saved);
  return files_.write(file, text.empty() ? "\n" : text, options);  // as ConfigObj writes nothing
}

}  // namespace starcast::pipeline
