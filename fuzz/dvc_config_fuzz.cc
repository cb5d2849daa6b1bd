// Any bytes as .dvc/config: a config or an error, and what is written is read back as the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "pipeline/config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace pipeline = starcast::pipeline;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = pipeline::parse_config(text, "config");
  if (!config) {
    CHECK(!config.error().message().empty());
    return 0;
  }
  static_cast<void>(config.value().validate().has_value());
  const std::string written = pipeline::to_text(config.value());
  // ConfigObj has no way to write some texts inside of lists; DVC fails there.
  const bool has_triples =
      written.find("\"\"\"") != std::string::npos || written.find("'''") != std::string::npos;
  if (has_triples) return 0;
  const auto again = pipeline::parse_config(written, "config");
  if (again) CHECK(pipeline::to_text(again.value()) == written);
  return 0;
}
