#include "blob/local_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "os/file_system.h"
#include "os/testing/temporary_folder.h"

namespace starcast::blob {
namespace {

using core::ErrorCode;

BlobPath at(std::string_view text) {
  return BlobPath::parse(text).value();
}

// Every claim holds for both ways to walk a path.
class LocalStore : public testing::TestWithParam<Walk> {
 protected:
  LocalStore() : store_(open_local(folder_.at("root"), GetParam()).value()) {}

  void put(std::string_view path, std::string_view bytes) {
    auto writer = store_->create(at(path)).value();
    ASSERT_TRUE(writer->write(bytes));
    ASSERT_TRUE(writer->finish());
  }
  std::string get(std::string_view path) {
    const BlobStatus status = store_->status(at(path)).value();
    const auto source = store_->open(at(path), 0, status.size_bytes).value();
    return core::read_all(*source, 1 << 20).value();
  }
  std::string names(std::string_view path) {
    std::string text;
    for (const BlobEntry& entry : store_->list(at(path)).value()) {
      text += entry.is_folder ? fmt::format("{}/ ", entry.name)
                              : fmt::format("{}:{} ", entry.name, entry.size_bytes);
    }
    return text;
  }
  std::string on_disk(std::string_view path) { return folder_.at("root") + "/" + std::string(path); }

  os::TemporaryFolder folder_{};
  std::unique_ptr<BlobStore> store_;
};

INSTANTIATE_TEST_SUITE_P(BothWalks, LocalStore, testing::Values(Walk::kKernel, Walk::kByParts));

TEST_P(LocalStore, GivesBackWhatItWasGiven) {
  put("a/b/c.txt", "hello");

  EXPECT_EQ(get("a/b/c.txt"), "hello");
  EXPECT_EQ(os::real_files().read(on_disk("a/b/c.txt")).value(), "hello");
}

TEST_P(LocalStore, ReplacesABlob) {
  put("a", "old and long");
  put("a", "new");

  EXPECT_EQ(get("a"), "new");
}

TEST_P(LocalStore, KeepsABlobThatIsBeingReadWhileItIsReplaced) {
  put("a", "old");
  const auto source = store_->open(at("a"), 0, 3).value();
  put("a", "new");

  EXPECT_EQ(core::read_all(*source, 10).value(), "old");
}

TEST_P(LocalStore, ReadsRanges) {
  put("a", "0123456789");

  EXPECT_EQ(core::read_all(*store_->open(at("a"), 3, 4).value(), 10).value(), "3456");
  EXPECT_EQ(core::read_all(*store_->open(at("a"), 10, 0).value(), 10).value(), "");
  EXPECT_EQ(store_->open(at("a"), 3, 8).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(store_->open(at("a"), 11, 0).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(store_->open(at("a"), ~std::uint64_t{0}, 2).error().code(), ErrorCode::kInvalidInput);
}

TEST_P(LocalStore, ListsOneFolderByName) {
  put("b/x", "1");
  put("a", "22");
  put("b/y/z", "");

  EXPECT_EQ(names(""), "a:2 b/ ");
  EXPECT_EQ(names("b"), "x:1 y/ ");
}

TEST_P(LocalStore, LeavesNothingOfWhatWasNotFinished) {
  {
    auto writer = store_->create(at("new/a")).value();
    ASSERT_TRUE(writer->write("half"));
    EXPECT_EQ(names(""), "");
  }

  EXPECT_FALSE(store_->status(at("new")));
  EXPECT_TRUE(os::real_files().list(on_disk(kUnfinishedFolder)).value().empty());
}

TEST_P(LocalStore, HidesItsFolderOfUnfinishedBlobs) {
  put("a", "1");
  const std::string name(kUnfinishedFolder);

  EXPECT_EQ(names(""), "a:1 ");
  EXPECT_EQ(store_->status(at(name)).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_->list(at(name)).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_->remove(at(name)).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_->create(at(name + "/x")).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(os::real_files().status(on_disk(name)).value().mode, 0700U);
}

TEST_P(LocalStore, TellsAFolderFromABlob) {
  put("folder/a", "1");

  EXPECT_TRUE(store_->status(at("folder")).value().is_folder);
  EXPECT_EQ(store_->open(at("folder"), 0, 0).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(store_->create(at("folder")).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(store_->create(at("folder/a/b")).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(store_->create(at("folder/a/b/c")).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(store_->list(at("folder/a")).error().code(), ErrorCode::kNotFound);
}

TEST_P(LocalStore, SaysWhatIsAbsent) {
  EXPECT_EQ(store_->status(at("x")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_->open(at("x/y"), 0, 0).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_->list(at("x")).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(store_->remove(at("x")).error().code(), ErrorCode::kNotFound);
}

TEST_P(LocalStore, RemovesABlobOrAFolder) {
  put("a/b/c", "1");
  put("a/d", "2");
  put("e", "3");

  ASSERT_TRUE(store_->remove(at("a/b")));
  EXPECT_EQ(names("a"), "d:1 ");
  ASSERT_TRUE(store_->remove(at("e")));
  ASSERT_TRUE(store_->remove(at("a")));
  EXPECT_EQ(names(""), "");
  EXPECT_TRUE(os::real_files().list(on_disk(kUnfinishedFolder)).value().empty());
  put("a/b/c", "again");
  EXPECT_EQ(get("a/b/c"), "again");
}

TEST_P(LocalStore, NeverRemovesItsRoot) {
  EXPECT_EQ(store_->remove(at("")).error().code(), ErrorCode::kInvalidInput);
  EXPECT_TRUE(os::real_files().is_folder(folder_.at("root")));
}

TEST_P(LocalStore, FollowsNoLink) {
  os::FileSystem& files = os::real_files();
  ASSERT_TRUE(files.make_folders(folder_.at("outside")));
  ASSERT_TRUE(files.write(folder_.at("outside/secret.txt"), "secret"));
  put("inside/a", "1");
  ASSERT_TRUE(files.symbolic_link(folder_.at("outside"), on_disk("leak")));
  ASSERT_TRUE(files.symbolic_link("../outside/secret.txt", on_disk("file_leak")));
  ASSERT_TRUE(files.symbolic_link("inside", on_disk("inner")));

  EXPECT_EQ(names(""), "inside/ ");
  for (const std::string path : {"leak", "leak/secret.txt", "file_leak", "inner", "inner/a"}) {
    EXPECT_EQ(store_->status(at(path)).error().code(), ErrorCode::kNotFound) << path;
    EXPECT_EQ(store_->open(at(path), 0, 0).error().code(), ErrorCode::kNotFound) << path;
    EXPECT_EQ(store_->list(at(path)).error().code(), ErrorCode::kNotFound) << path;
    EXPECT_EQ(store_->remove(at(path)).error().code(), ErrorCode::kNotFound) << path;
  }
  EXPECT_EQ(store_->create(at("leak/new")).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(files.read(folder_.at("outside/secret.txt")).value(), "secret");
  EXPECT_EQ(files.list(folder_.at("outside")).value().size(), 1U);
  EXPECT_EQ(get("inside/a"), "1");
}

TEST_P(LocalStore, ReplacesALinkInsteadOfWritingThroughIt) {
  ASSERT_TRUE(os::real_files().write(folder_.at("secret"), "secret"));
  ASSERT_TRUE(os::real_files().symbolic_link(folder_.at("secret"), on_disk("link")));

  put("link", "mine");

  EXPECT_EQ(os::real_files().read(folder_.at("secret")).value(), "secret");
  EXPECT_EQ(get("link"), "mine");
}

TEST_P(LocalStore, RemovesAFolderOfLinksButNotWhatTheyName) {
  os::FileSystem& files = os::real_files();
  put("loop/a", "1");
  put("kept/b", "2");
  ASSERT_TRUE(files.symbolic_link("../loop", on_disk("loop/again")));
  ASSERT_TRUE(files.symbolic_link("../kept", on_disk("loop/kept")));

  EXPECT_EQ(names("loop"), "a:1 ");
  ASSERT_TRUE(store_->remove(at("loop")));

  EXPECT_EQ(names(""), "kept/ ");
  EXPECT_EQ(get("kept/b"), "2");
}

TEST_P(LocalStore, TakesWritersOfTheSameFolderAtOnce) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 5; ++i)
        put("x/y/z/" + std::to_string(i) + "-" + std::to_string(t), std::to_string(t));
    });
  }
  threads.clear();

  EXPECT_EQ(store_->list(at("x/y/z")).value().size(), 40U);
}

TEST(OpenLocal, MakesItsFolder) {
  const os::TemporaryFolder folder;

  const auto store = open_local(folder.at("new/root")).value();

  EXPECT_EQ(store->uri(), folder.at("new/root"));
  EXPECT_TRUE(os::real_files().is_folder(folder.at("new/root")));
}

TEST(OpenLocal, RefusesAFile) {
  const os::TemporaryFolder folder;
  ASSERT_TRUE(os::real_files().write(folder.at("file"), "x"));

  EXPECT_FALSE(open_local(folder.at("file")));
}

}  // namespace
}  // namespace starcast::blob
