// Any bytes as dvc.yaml: what loads has stages with a name, a command and paths; what does not says where it
// is wrong.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "os/testing/memory_files.h"
#include "pipeline/dvc_yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  starcast::os::MemoryFiles files;
  files.put("w/dvc.yaml", std::string_view(reinterpret_cast<const char*>(bytes), size));
  files.put("w/params.yaml", "a: 1\nb: {c: [x, 2.5, true], d: {e: it's}}\n");
  files.put("w/more.yaml", "tail: 2\n");

  const auto yaml = starcast::pipeline::load_dvc_yaml(files, "w/dvc.yaml", "dvc.yaml");
  if (!yaml) {
    CHECK(!yaml.error().message().empty());
    return 0;
  }
  for (const auto& stage : yaml.value().stages) {
    CHECK(!stage.name.empty() && stage.line > 0 && !stage.commands.empty());
    for (const std::string& call : starcast::pipeline::shell_calls(stage))
      CHECK(stage.command_is_list || call.find('\n') == std::string::npos);
    for (const std::string& dep : stage.deps)
      CHECK(!starcast::pipeline::path_from_folder(stage, dep).empty());
    for (const auto& out : stage.outs) CHECK(!out.path.empty() && out.line > 0);
  }
  return 0;
}
