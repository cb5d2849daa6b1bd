#include "os/testing/memory_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/guarded.h"
#include "os/path.h"

namespace starcast::os {
namespace {

constexpr int kLinksMax = 40;
constexpr std::int64_t kFirstTimeNs = 1'000'000'000'000'000'000;

// What hard links share.
struct Content {
  std::string bytes;
  std::uint32_t mode = 0644;
  std::int64_t modified_ns = 0;
  std::uint64_t inode = 0;
};

struct Node {
  FileKind kind = FileKind::kFile;
  std::shared_ptr<Content> content;  // bytes: of a file, or a link's target
};

struct Tree {
  std::map<std::string, Node> nodes;  // by normalized path; "." and "/" always exist
  std::int64_t now_ns = kFirstTimeNs;
  std::uint64_t next_inode = 1;
  std::size_t writable_bytes = std::numeric_limits<std::size_t>::max();

  Node made(FileKind kind, std::string bytes, std::uint32_t mode) {
    auto content = std::make_shared<Content>();
    content->bytes = std::move(bytes);
    content->mode = mode;
    content->modified_ns = now_ns;
    content->inode = next_inode++;
    return Node{kind, std::move(content)};
  }

  const Node* find(const std::string& path) const {
    const auto found = nodes.find(path);
    return found == nodes.end() ? nullptr : &found->second;
  }

  // The path with the links in its folders followed.
  std::string with_folder_links(const std::string& path, int links_left) const {
    const std::string clean = normalized(path);
    const std::string folder = folder_of(clean);
    if (folder.empty() || folder == clean) return clean;
    return normalized(joined(followed(folder, links_left), name_of(clean)));
  }

  // The path with all links followed, as far as there is anything.
  std::string followed(const std::string& path, int links_left = kLinksMax) const {
    const std::string clean = with_folder_links(path, links_left);
    const Node* const node = find(clean);
    if (node == nullptr || node->kind != FileKind::kLink || links_left == 0) return clean;
    return followed(joined(folder_of(clean), node->content->bytes), links_left - 1);
  }

  std::string not_followed(const std::string& path) const { return with_folder_links(path, kLinksMax); }

  bool has_folder(const std::string& path) const {
    const Node* const node = find(path);
    return node != nullptr && node->kind == FileKind::kFolder;
  }

  bool has_parent(const std::string& path) const {
    const std::string folder = folder_of(path);
    return has_folder(folder.empty() ? "." : folder);
  }

  // The path itself and all that lies below it.
  std::vector<std::string> all_below(const std::string& path) const {
    std::vector<std::string> paths;
    for (const auto& [name, node] : nodes) {
      if (name == path || (name.starts_with(path) && name[path.size()] == '/')) paths.push_back(name);
    }
    return paths;
  }
};

core::Error not_found(std::string_view doing, const std::string& path) {
  return core::Error(core::ErrorCode::kNotFound,
                     fmt::format("cannot {} {}: no such file or directory", doing, path));
}

core::Error invalid(std::string_view doing, const std::string& path, std::string_view why) {
  return core::Error(core::ErrorCode::kInvalidInput, fmt::format("cannot {} {}: {}", doing, path, why));
}

core::Error already_exists(std::string_view doing, const std::string& path) {
  return core::Error(core::ErrorCode::kAlreadyExists, fmt::format("cannot {} {}: file exists", doing, path));
}

FileStatus status_of(const Node& node) {
  FileStatus status;
  status.kind = node.kind;
  status.size_bytes = node.content->bytes.size();
  status.modified_ns = node.content->modified_ns;
  status.inode = node.content->inode;
  status.mode = node.content->mode;
  return status;
}

core::Result<void> make_folders_in(Tree& tree, const std::string& path) {
  const std::string clean = tree.followed(path);
  const Node* const node = tree.find(clean);
  if (node != nullptr && node->kind == FileKind::kFolder) return {};
  if (node != nullptr) return already_exists("make the folder", path);
  const std::string folder = folder_of(clean);
  if (!folder.empty() && name_of(clean) != "..") TRY(make_folders_in(tree, folder));
  tree.nodes[clean] = tree.made(FileKind::kFolder, "", 0755);
  return {};
}

class MemoryAtomicFile final : public AtomicFile {
 public:
  MemoryAtomicFile(core::Guarded<Tree>& tree, std::string path, std::string clean, std::uint32_t mode)
      : tree_(tree), path_(std::move(path)), clean_(std::move(clean)), mode_(mode) {}

  core::Result<void> write(std::string_view bytes) override {
    auto tree = tree_.lock();
    if (bytes.size() > tree->writable_bytes) {
      tree->writable_bytes = 0;
      return core::Error(core::ErrorCode::kExhausted,
                         fmt::format("cannot write {}: no space left on device", path_));
    }
    if (tree->writable_bytes != std::numeric_limits<std::size_t>::max()) tree->writable_bytes -= bytes.size();
    bytes_.append(bytes);
    return {};
  }

  core::Result<void> finish() override {
    auto tree = tree_.lock();
    if (!tree->has_parent(clean_)) return not_found("write", path_);
    if (tree->has_folder(clean_)) return invalid("write", path_, "it is a folder, not a file");
    tree->nodes[clean_] = tree->made(FileKind::kFile, std::move(bytes_), mode_);
    return {};
  }

 private:
  core::Guarded<Tree>& tree_;
  std::string path_;
  std::string clean_;
  std::uint32_t mode_;
  std::string bytes_;
};

}  // namespace

struct MemoryFiles::State {
  mutable core::Guarded<Tree> tree;
};

MemoryFiles::MemoryFiles() : state_(std::make_unique<State>()) {
  auto tree = state_->tree.lock();
  tree->nodes["."] = tree->made(FileKind::kFolder, "", 0755);
  tree->nodes["/"] = tree->made(FileKind::kFolder, "", 0755);
}

MemoryFiles::~MemoryFiles() = default;

void MemoryFiles::put(const std::string& path, std::string_view bytes) {
  auto tree = state_->tree.lock();
  const std::string clean = tree->not_followed(path);
  CHECK(make_folders_in(*tree, folder_of(clean)).has_value());
  CHECK(!tree->has_folder(clean));
  tree->nodes[clean] = tree->made(FileKind::kFile, std::string(bytes), 0644);
}

void MemoryFiles::tick(std::int64_t nanoseconds) {
  auto tree = state_->tree.lock();
  tree->now_ns += nanoseconds;
}

void MemoryFiles::fail_writes_after(std::size_t bytes) {
  auto tree = state_->tree.lock();
  tree->writable_bytes = bytes;
}

std::map<std::string, std::string> MemoryFiles::files() const {
  auto tree = state_->tree.lock();
  std::map<std::string, std::string> files;
  for (const auto& [path, node] : tree->nodes) {
    if (node.kind == FileKind::kFile) files[path] = node.content->bytes;
  }
  return files;
}

core::Result<std::unique_ptr<core::ByteSource>> MemoryFiles::open(const std::string& path) const {
  auto tree = state_->tree.lock();
  const Node* const node = tree->find(tree->followed(path));
  if (node == nullptr) return not_found("open", path);
  if (node->kind != FileKind::kFile) return invalid("read", path, "it is a folder, not a file");
  return std::unique_ptr<core::ByteSource>(std::make_unique<core::StringSource>(node->content->bytes));
}

core::Result<std::unique_ptr<AtomicFile>> MemoryFiles::create(const std::string& path, WriteOptions options) {
  auto tree = state_->tree.lock();
  const std::string clean = tree->not_followed(path);
  if (tree->has_folder(tree->followed(path))) return invalid("write", path, "it is a folder, not a file");
  if (!tree->has_parent(clean)) return not_found("write", path);
  return std::unique_ptr<AtomicFile>(
      std::make_unique<MemoryAtomicFile>(state_->tree, path, clean, options.mode));
}

core::Result<FileStatus> MemoryFiles::status(const std::string& path) const {
  auto tree = state_->tree.lock();
  const Node* const node = tree->find(tree->followed(path));
  if (node == nullptr) return not_found("read", path);
  return status_of(*node);
}

core::Result<FileStatus> MemoryFiles::link_status(const std::string& path) const {
  auto tree = state_->tree.lock();
  const Node* const node = tree->find(tree->not_followed(path));
  if (node == nullptr) return not_found("read", path);
  return status_of(*node);
}

core::Result<std::vector<FolderEntry>> MemoryFiles::list(const std::string& folder) const {
  auto tree = state_->tree.lock();
  const std::string clean = tree->followed(folder);
  const Node* const node = tree->find(clean);
  if (node == nullptr) return not_found("list", folder);
  if (node->kind != FileKind::kFolder) return invalid("list", folder, "it is not a folder");
  const std::string parent = clean == "." ? "" : clean;
  std::vector<FolderEntry> entries;
  for (const auto& [path, child] : tree->nodes) {
    if (path != "." && path != "/" && folder_of(path) == parent)
      entries.push_back({name_of(path), child.kind});
  }
  std::sort(entries.begin(), entries.end(),
            [](const FolderEntry& a, const FolderEntry& b) { return a.name < b.name; });
  return entries;
}

core::Result<void> MemoryFiles::make_folders(const std::string& path) {
  auto tree = state_->tree.lock();
  return make_folders_in(*tree, path);
}

core::Result<void> MemoryFiles::rename(const std::string& from, const std::string& to) {
  auto tree = state_->tree.lock();
  const std::string source = tree->not_followed(from);
  const std::string target = tree->not_followed(to);
  const Node* const node = tree->find(source);
  if (node == nullptr || !tree->has_parent(target)) return not_found("rename", from);
  if (source == target) return {};
  if (target.starts_with(source + "/")) return invalid("rename", from, "it cannot move into itself");
  const bool moves_folder = node->kind == FileKind::kFolder;
  if (const Node* const replaced = tree->find(target); replaced != nullptr) {
    const bool onto_folder = replaced->kind == FileKind::kFolder;
    if (moves_folder != onto_folder)
      return invalid("rename", from, "a folder and a file cannot take each other's place");
    if (onto_folder && tree->all_below(target).size() > 1) return already_exists("rename", from);
    tree->nodes.erase(target);
  }
  for (const std::string& path : tree->all_below(source)) {
    auto moved = tree->nodes.extract(path);
    moved.key() = target + path.substr(source.size());
    tree->nodes.insert(std::move(moved));
  }
  return {};
}

core::Result<void> MemoryFiles::remove(const std::string& path) {
  auto tree = state_->tree.lock();
  const std::string name = name_of(path);
  if (name.empty() || name == "." || name == "..") return invalid("remove", path, "name the folder itself");
  for (const std::string& below : tree->all_below(tree->not_followed(path))) tree->nodes.erase(below);
  return {};
}

core::Result<void> MemoryFiles::set_mode(const std::string& path, std::uint32_t mode) {
  auto tree = state_->tree.lock();
  const Node* const node = tree->find(tree->followed(path));
  if (node == nullptr) return not_found("change the mode of", path);
  node->content->mode = mode;
  return {};
}

core::Result<void> MemoryFiles::copy(const std::string& from, const std::string& to, WriteOptions options) {
  const std::string bytes = TRY(read(from));
  return write(to, bytes, options);
}

core::Result<void> MemoryFiles::hard_link(const std::string& from, const std::string& to) {
  auto tree = state_->tree.lock();
  const std::string target = tree->not_followed(to);
  const Node* const node = tree->find(tree->not_followed(from));
  if (node == nullptr || !tree->has_parent(target)) return not_found("link", from);
  if (node->kind == FileKind::kFolder) {
    return core::Error(core::ErrorCode::kPermissionDenied,
                       fmt::format("cannot link {}: it is a folder", from));
  }
  if (tree->find(target) != nullptr) return already_exists("link", to);
  const Node shared = *node;
  tree->nodes[target] = shared;
  return {};
}

core::Result<void> MemoryFiles::symbolic_link(const std::string& target, const std::string& path) {
  auto tree = state_->tree.lock();
  const std::string clean = tree->not_followed(path);
  if (!tree->has_parent(clean)) return not_found("make the link", path);
  if (tree->find(clean) != nullptr) return already_exists("make the link", path);
  tree->nodes[clean] = tree->made(FileKind::kLink, target, 0777);
  return {};
}

core::Result<std::string> MemoryFiles::read_link(const std::string& path) const {
  auto tree = state_->tree.lock();
  const Node* const node = tree->find(tree->not_followed(path));
  if (node == nullptr) return not_found("read the link", path);
  if (node->kind != FileKind::kLink) return invalid("read the link", path, "it is not a link");
  return node->content->bytes;
}

}  // namespace starcast::os
