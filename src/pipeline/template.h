// DVC's templating: ${name.field[0]} in dvc.yaml, filled from params.yaml and `vars`.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "codec/json.h"
#include "codec/yaml.h"
#include "core/result.h"
#include "os/file_system.h"

namespace starcast::pipeline {

// Whether the text holds a ${...} that is to be filled ("\${" is an escape for a literal "${").
bool has_template(std::string_view text);

// The names that a template may use. Thread-compatible.
class TemplateContext {
 public:
  // `folder` is where `vars` files are looked for; `file` is dvc.yaml's name in messages.
  TemplateContext(const os::FileSystem& files, std::string folder, std::string file)
      : files_(&files), folder_(std::move(folder)), file_(std::move(file)) {}

  // params.yaml of the folder, if there is one.
  core::Result<void> add_default_params();
  // The entries of a `vars` list: "file", "file:key1,key2" or a mapping. Redefining a value is kInvalidInput.
  core::Result<void> add_vars(const codec::YamlNode& vars, const std::string& folder);

  // The text with its templates filled: a text that is exactly one ${x} keeps the value's type. `is_command`:
  // a mapping becomes command-line options. Errors carry no place.
  core::Result<codec::Json> filled(std::string_view text, bool is_command) const;

 private:
  core::Result<const codec::Json*> select(std::string_view expression) const;
  core::Result<void> add_file(const std::string& folder, std::string_view item);
  core::Result<void> merge(codec::Json& into, const codec::Json& update, const std::string& source,
                           const std::string& prefix);

  const os::FileSystem* files_;
  std::string folder_;
  std::string file_;
  codec::Json values_{codec::JsonObject{}};
  std::map<std::string, std::string> sources_;       // dotted path -> where it was defined
  std::map<std::string, std::string> files_loaded_;  // path -> selected keys, "" = all
};

}  // namespace starcast::pipeline
