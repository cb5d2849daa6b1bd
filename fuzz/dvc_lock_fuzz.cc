// Any bytes as dvc.lock, and as a .dvc file: what is read is written so that it reads back the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "pipeline/dvc_file.h"
#include "pipeline/dvc_lock.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto lock = starcast::pipeline::parse_dvc_lock(text, "dvc.lock");
  if (lock) {
    const std::string written = to_text(lock.value());
    const auto again = starcast::pipeline::parse_dvc_lock(written, "dvc.lock");
    CHECK(again.has_value());
    CHECK(to_text(again.value()) == written);
  } else {
    CHECK(lock.error().message().starts_with("dvc.lock"));
  }

  const auto file = starcast::pipeline::parse_dvc_file(text, "x.dvc");
  if (!file) return 0;
  auto changed = file.value();
  for (auto& out : changed.outs) {
    out.md5 = "057ab5ccf406880724b364efd2d96014";
    out.size += 1;
    out.nfiles.reset();
    out.legacy_hash = false;
  }
  const auto again = starcast::pipeline::parse_dvc_file(to_text(changed), "x.dvc");
  CHECK(again.has_value());
  CHECK(again.value().outs == changed.outs);
  return 0;
}
