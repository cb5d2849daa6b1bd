#include "app/out_files.h"

#include <memory>
#include <utility>

#include "os/path.h"

namespace starcast::app {

core::Result<void> write_all(const std::vector<OutFile>& outs, os::FileSystem& files) {
  std::vector<std::unique_ptr<os::AtomicFile>> written;
  for (const OutFile& out : outs) {
    if (const std::string folder = os::folder_of(out.path); !folder.empty()) TRY(files.make_folders(folder));
    std::unique_ptr<os::AtomicFile> file = TRY(files.create(out.path, {}));
    TRY(file->write(out.bytes), out.path);
    written.push_back(std::move(file));
  }
  for (std::size_t i = 0; i < outs.size(); ++i) TRY(written[i]->finish(), outs[i].path);
  return {};
}

}  // namespace starcast::app
