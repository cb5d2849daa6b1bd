#include "pipeline/template.h"

#include <fmt/format.h>

#include <optional>
#include <variant>
#include <vector>

#include "codec/number.h"
#include "core/strings.h"
#include "os/path.h"
#include "pipeline/fields.h"
#include "pipeline/params.h"

namespace starcast::pipeline {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using codec::YamlNode;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

struct Match {
  std::size_t start = 0;
  std::size_t end = 0;  // past the '}'
  std::string_view inner;
};

// DVC's expression (?<!\\)\${(.*?)}: the first '}' closes, and no newline lies between.
std::vector<Match> matches_of(std::string_view text) {
  std::vector<Match> matches;
  std::size_t at = 0;
  while ((at = text.find("${", at)) != std::string_view::npos) {
    const std::size_t close = text.find_first_of("}\n", at + 2);
    const bool is_escaped = at > 0 && text[at - 1] == '\\';
    if (is_escaped || close == std::string_view::npos || text[close] == '\n') {
      ++at;
      continue;
    }
    matches.push_back({at, close + 1, text.substr(at + 2, close - at - 2)});
    at = close + 1;
  }
  return matches;
}

Error bad_template(std::string_view inner, std::string_view why) {
  return Error(ErrorCode::kInvalidInput, fmt::format("cannot fill '${{{}}}': {}", inner, why));
}

// word (".word" | "[word]")*
Result<std::vector<std::string>> words_of(std::string_view inner) {
  std::vector<std::string> words;
  std::size_t at = 0;
  bool in_brackets = false;
  while (true) {
    const std::size_t stop = std::min(inner.find_first_of(".[]", at), inner.size());
    const std::string_view word = core::trimmed(inner.substr(at, stop - at));
    if (stop == at || word.empty()) return bad_template(inner, "a name is missing");
    words.emplace_back(word);
    at = stop;
    if (in_brackets) {
      if (at == inner.size() || inner[at] != ']') return bad_template(inner, "a ']' is missing");
      ++at;
      in_brackets = false;
    }
    if (at == inner.size()) return words;
    if (inner[at] == ']') return bad_template(inner, "a ']' without its '['");
    in_brackets = inner[at] == '[';
    ++at;
  }
}

// Python's shlex.quote.
std::string shell_quoted(const std::string& text) {
  constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (text.empty()) return "''";
  if (text.find_first_not_of(kSafe) == std::string::npos) return text;
  return fmt::format("'{}'", core::replaced(text, "'", "'\"'\"'"));
}

// Python's str() of a plain value, but true and false.
std::string plain_text(const Json& value) {
  struct Visitor {
    std::string operator()(std::nullptr_t) const { return "None"; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("{}", number); }
    std::string operator()(const codec::JsonBigInteger& number) const { return number.digits; }
    std::string operator()(double number) const { return codec::to_python(number); }
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(const JsonArray&) const { return {}; }
    std::string operator()(const JsonObject&) const { return {}; }
  };
  return std::visit(Visitor{}, value.value());
}

bool is_plain(const Json& value) {
  return !value.is_object() && !value.is_array();
}

// A value among command-line options: DVC formats a bool there as Python does.
std::string option_text(const Json& value) {
  if (value.is_string()) return shell_quoted(std::get<std::string>(value.value()));
  if (const auto* const flag = std::get_if<bool>(&value.value())) return *flag ? "True" : "False";
  return plain_text(value);
}

// A mapping as options: --key value, nested keys joined by dots, true -> --key, false -> nothing, list ->
// --key a b.
Result<void> append_options(const JsonObject& members, const std::string& prefix, std::string& out) {
  for (const auto& [name, value] : members) {
    const std::string key = prefix + name;
    if (const auto* const nested = std::get_if<JsonObject>(&value.value())) {
      TRY(append_options(*nested, key + ".", out));
    } else if (const auto* const flag = std::get_if<bool>(&value.value())) {
      if (*flag) out += fmt::format("--{} ", key);
    } else if (const auto* const items = std::get_if<JsonArray>(&value.value())) {
      bool is_first = true;
      for (const Json& item : *items) {
        if (!is_plain(item))
          return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is a list of lists or mappings", key));
        out += is_first ? fmt::format("--{} {} ", key, option_text(item)) : option_text(item) + " ";
        is_first = false;
      }
    } else {
      out += fmt::format("--{} {} ", key, option_text(value));
    }
  }
  return {};
}

Result<std::string> text_of(const Json& value, std::string_view inner, bool is_command) {
  if (is_plain(value)) return plain_text(value);
  if (!value.is_object() || !is_command)
    return bad_template(inner, "it is a list or a mapping, not one value");
  std::string options;
  TRY(append_options(std::get<JsonObject>(value.value()), "", options));
  while (!options.empty() && options.back() == ' ') options.pop_back();
  return options;
}

}  // namespace

bool has_template(std::string_view text) {
  return !matches_of(text).empty();
}

Result<const Json*> TemplateContext::select(std::string_view expression) const {
  const std::vector<std::string> words = TRY(words_of(expression));
  const Json* at = &values_;
  for (const std::string& word : words) {
    const Json* const next = find_param(*at, word);
    if (next == nullptr)
      return bad_template(expression, fmt::format("there is no '{}' in params.yaml or vars", word));
    at = next;
  }
  return at;
}

Result<Json> TemplateContext::filled(std::string_view text, bool is_command) const {
  const std::vector<Match> matches = matches_of(text);
  if (matches.size() == 1 && matches[0].start == 0 && matches[0].end == text.size()) {
    const Json* const value = TRY(select(matches[0].inner));
    if (is_plain(*value)) return *value;
    std::string options = TRY(text_of(*value, matches[0].inner, is_command));
    return Json(std::move(options));
  }
  std::string out;
  std::size_t at = 0;
  for (const Match& match : matches) {
    const Json* const value = TRY(select(match.inner));
    const std::string part = TRY(text_of(*value, match.inner, is_command));
    out += text.substr(at, match.start - at);
    out += part;
    at = match.end;
  }
  out += text.substr(at);
  return Json(core::replaced(out, "\\${", "${"));
}

Result<void> TemplateContext::add_default_params() {
  if (!files_->exists(os::joined(folder_, "params.yaml"))) return {};
  return add_file(folder_, "params.yaml");
}

Result<void> TemplateContext::add_vars(const YamlNode& vars, const std::string& folder) {
  TRY(check_sequence(file_, vars, "vars"));
  std::size_t index = 0;
  for (const YamlNode& item : vars.items) {
    const std::string source = fmt::format("vars[{}]", index++);
    if (item.kind == YamlNode::Kind::kMapping) {
      const auto merged = merge(values_, item.to_json(), source, "");
      if (!merged) return field_error(file_, item, merged.error().message());
      continue;
    }
    const std::string text = TRY(string_field(file_, item, "each entry of vars"));
    if (has_template(text)) return field_error(file_, item, "templates are not allowed inside vars");
    const auto added = add_file(folder, text);
    if (!added) return Error(added.error()).with_context(fmt::format("{}:{}", file_, item.start.line));
  }
  return {};
}

Result<void> TemplateContext::add_file(const std::string& folder, std::string_view item) {
  const std::size_t colon = item.find(':');
  const std::string name(item.substr(0, colon));
  const std::string keys(colon == std::string_view::npos ? std::string_view() : item.substr(colon + 1));
  const std::string path = os::normalized(os::joined(folder, name));
  const auto loaded = files_loaded_.find(path);
  if (loaded != files_loaded_.end() && loaded->second == keys) return {};

  const Json params = TRY(read_params_file(*files_, path, name));
  if (keys.empty()) {
    TRY(merge(values_, params, name, ""));
  } else {
    for (const std::string_view key : core::split(keys, ',')) {
      if (key.empty()) continue;
      const Json* const value = params.find(key);
      if (value == nullptr)
        return Error(ErrorCode::kInvalidInput, fmt::format("there is no '{}' in '{}'", key, name));
      Json single;
      single.set(key, *value);
      TRY(merge(values_, single, name, ""));
    }
  }
  files_loaded_.emplace(path, keys);
  return {};
}

Result<void> TemplateContext::merge(Json& into, const Json& update, const std::string& source,
                                    const std::string& prefix) {
  const JsonObject* const members = std::get_if<JsonObject>(&update.value());
  if (members == nullptr) return {};
  for (const auto& [name, value] : *members) {
    const std::string path = prefix + name;
    const Json* const present = into.find(name);
    if (present == nullptr) {
      into.set(name, value);
      sources_[path] = source;
      continue;
    }
    if (!present->is_object() || !value.is_object()) {
      std::string origin = source;
      for (std::string at = path; !at.empty();
           at = at.substr(0, at.rfind('.') == std::string::npos ? 0 : at.rfind('.'))) {
        const auto found = sources_.find(at);
        if (found == sources_.end()) continue;
        origin = found->second;
        break;
      }
      return Error(
          ErrorCode::kInvalidInput,
          fmt::format("cannot redefine '{}' from '{}': it is already defined in '{}'", path, source, origin));
    }
    Json merged = *present;
    TRY(merge(merged, value, source, path + "."));
    into.set(name, std::move(merged));
  }
  return {};
}

}  // namespace starcast::pipeline
