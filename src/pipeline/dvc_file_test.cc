#include "pipeline/dvc_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace starcast::pipeline {
namespace {

using core::ErrorCode;
using testing::HasSubstr;

constexpr std::string_view kText =
    "outs:\n- md5: 46bbbe8aa98cc0714426e948474eaaf4\n  size: 18\n  isexec: true\n  hash: md5\n  path: "
    "run.sh\n";

TEST(DvcFile, WritesWhatDvcAddWrites) {
  DvcFile file;
  file.outs.push_back({"run.sh", "46bbbe8aa98cc0714426e948474eaaf4", 18, {}, true, false});

  EXPECT_EQ(to_text(file), kText);
}

TEST(DvcFile, ReadsBackAndKeepsItsBytes) {
  const auto file = parse_dvc_file(kText, "run.sh.dvc");

  ASSERT_TRUE(file);
  EXPECT_EQ(file.value().outs[0].path, "run.sh");
  EXPECT_TRUE(file.value().outs[0].isexec);
  EXPECT_EQ(to_text(file.value()), kText);
}

TEST(DvcFile, AnUpdateKeepsCommentsAndOrder) {
  auto file = parse_dvc_file(
                  "# why\nouts:\n- path: a  # here\n  md5: 46bbbe8aa98cc0714426e948474eaaf4\n  hash: md5\n  "
                  "size: 18\ndesc: d\n",
                  "a.dvc")
                  .value();
  file.outs[0].md5 = "057ab5ccf406880724b364efd2d96014";
  file.outs[0].size = 7;

  EXPECT_EQ(to_text(file),
            "# why\nouts:\n- path: a  # here\n  md5: 057ab5ccf406880724b364efd2d96014\n  hash: md5\n  size: "
            "7\ndesc: d\n");
}

TEST(DvcFile, AKeyThatComesGoesToTheEnd) {
  auto file =
      parse_dvc_file(
          "outs:\n- path: a\n  md5: 46bbbe8aa98cc0714426e948474eaaf4\n  size: 18\n  hash: md5\n  desc: d\n",
          "a.dvc")
          .value();
  file.outs[0].isexec = true;

  EXPECT_EQ(to_text(file),
            "outs:\n- path: a\n  md5: 46bbbe8aa98cc0714426e948474eaaf4\n  size: 18\n  hash: md5\n  desc: d\n "
            " isexec: true\n");
}

TEST(DvcFile, ADigitMd5IsQuotedWhenWritten) {
  auto file = parse_dvc_file(kText, "a.dvc").value();
  file.outs[0].md5 = "11111111111111111111111111111111";

  EXPECT_THAT(to_text(file), HasSubstr("md5: '11111111111111111111111111111111'\n"));
}

TEST(DvcFile, AnImportIsRecognised) {
  const auto file = parse_dvc_file(
      "md5: 4b6764c6b3e873918a8d5fa5fbd1327a\nfrozen: true\ndeps:\n- md5: 3e7d4585a1d42237fbbe16c6be1e1952\n "
      " size: 3\n  path: /x\nouts:\n- md5: 3e7d4585a1d42237fbbe16c6be1e1952\n  size: 3\n  path: x\n",
      "x.dvc");

  ASSERT_TRUE(file) << file.error().message();
  EXPECT_TRUE(file.value().is_import);
  EXPECT_TRUE(file.value().outs[0].legacy_hash);
}

TEST(DvcFile, UnknownKeysNameFileAndLine) {
  const auto file = parse_dvc_file("outs:\n- path: a\n  md: 1\n", "a.dvc");

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), ErrorCode::kInvalidInput);
  EXPECT_THAT(file.error().message(), HasSubstr("a.dvc:3: unknown key 'md'"));
}

TEST(DvcFile, OldPipelinesAndVersionedRemotesAreNamed) {
  EXPECT_EQ(parse_dvc_file("cmd: x\nouts: []\n", "a.dvc").error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(parse_dvc_file("outs:\n- path: a\n  cache: false\n", "a.dvc").error().code(),
            ErrorCode::kUnsupported);
  EXPECT_EQ(parse_dvc_file("outs:\n- path: a\n  files: []\n", "a.dvc").error().code(),
            ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace starcast::pipeline
