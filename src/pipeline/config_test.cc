#include "pipeline/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "os/testing/memory_files.h"

namespace starcast::pipeline {
namespace {

using core::ErrorCode;
using testing::HasSubstr;

const os::MapEnvironment kEnvironment({{"HOME", "/users-ada"}, {"DVC_SYSTEM_CONFIG_DIR", "/etc/dvc"}});

std::string again(std::string_view text) {
  return to_text(parse_config(text, "config").value());
}

TEST(Config, ReadsSectionsValuesAndComments) {
  const Config config =
      parse_config("# top\n[core]\n    Remote = a # why\n['remote \"a\"']\n    url = /x\n", "c").value();
  EXPECT_EQ(config.value("core", "remote"), "a");
  EXPECT_EQ(config.find("remote", "a")->find("url")->text(), "/x");
}

TEST(Config, WritesNamedSectionsLastAndEmptyOnesNotAtAll) {
  EXPECT_EQ(again("['remote \"a\"']\nurl = /x\n[cache]\n[core]\nremote = a\n"),
            "[core]\n    remote = a\n['remote \"a\"']\n    url = /x\n");
}

TEST(Config, QuotesAsConfigObjDoes) {
  EXPECT_EQ(again("[core]\nremote = \"a,b\"\n"), "[core]\n    remote = \"a,b\"\n");
  EXPECT_EQ(again("[core]\nremote = ''\n"), "[core]\n    remote = \"\"\n");
  EXPECT_EQ(again("[core]\nremote = 'say \"x\"'\n"), "[core]\n    remote = 'say \"x\"'\n");
  EXPECT_EQ(again("[core]\nremote = '#x'\n"), "[core]\n    remote = \"#x\"\n");
}

TEST(Config, KeepsLists) {
  EXPECT_EQ(again("[cache]\ntype = hardlink,copy\n"), "[cache]\n    type = hardlink, copy\n");
  EXPECT_EQ(again("[cache]\ntype = copy,\n"), "[cache]\n    type = copy,\n");
}

TEST(Config, SaysWhereALineIsWrong) {
  EXPECT_THAT(parse_config("[core]\nnonsense\n", "c").error().message(),
              HasSubstr("c:2: expected 'key = value'"));
  EXPECT_THAT(parse_config("[core\n", "c").error().message(), HasSubstr("c:1: a section is"));
  EXPECT_THAT(parse_config("a = b\n", "c").error().message(), HasSubstr("outside of any section"));
  EXPECT_THAT(parse_config("[core]\na = 1\na = 2\n", "c").error().message(),
              HasSubstr("c:3: 'a' is there twice"));
  EXPECT_THAT(parse_config("[core]\na = \"x\n", "c").error().message(), HasSubstr("not closed"));
}

TEST(Config, RefusesWhatDvcRefuses) {
  const auto message = [](std::string_view text) {
    return parse_config(text, "c").value().validate().error().message();
  };
  EXPECT_THAT(message("[core]\nremot = a\n"), HasSubstr("no option 'core.remot'; did you mean 'remote'?"));
  EXPECT_THAT(message("[foo]\nbar = a\n"), HasSubstr("no section 'foo'"));
  EXPECT_THAT(message("[core]\nno_scm = maybe\n"), HasSubstr("expected true or false"));
  EXPECT_THAT(message("[core]\nchecksum_jobs = 0\n"), HasSubstr("a number from 1"));
  EXPECT_THAT(message("[cache]\ntype = glue\n"), HasSubstr("unsupported cache type 'glue'"));
  EXPECT_THAT(message("[cache]\ntype = \"reflink,hardlink,symlink,copy,a-longer-name\"\n"),
              HasSubstr("unsupported cache type 'a-longer-name'"));
  EXPECT_THAT(message("['remote \"a\"']\njobs = 4\n"), HasSubstr("remote 'a' has no url"));
  EXPECT_THAT(message("['remote \"a\"']\nurl = ftp://x\n"), HasSubstr("unsupported URL type ftp://"));
  EXPECT_THAT(message("['remote \"a\"']\nurl = s3://x\nkeyfile = y\n"),
              HasSubstr("no option 'remote.a.keyfile'"));
}

TEST(Config, AcceptsEachRemotesOwnOptions) {
  EXPECT_TRUE(
      parse_config("['remote \"a\"']\nurl = s3://b\nendpointurl = http://h\n", "c").value().validate());
  EXPECT_TRUE(parse_config("[feature]\nanything = x\n", "c").value().validate());
}

TEST(ConfigFiles, LaterLevelsWin) {
  os::MemoryFiles files;
  files.put("/etc/dvc/config", "[core]\nremote = system\nanalytics = false\n");
  files.put("/w/.dvc/config", "[core]\nremote = repo\n");
  files.put("/w/.dvc/config.local", "[core]\nremote = local\n");
  const ConfigFiles config(files, kEnvironment, "/w");
  EXPECT_EQ(config.merged().value().value("core", "remote"), "local");
  EXPECT_EQ(config.merged().value().value("core", "analytics"), "false");
}

TEST(ConfigFiles, PathsAreRelativeToTheFilesFolder) {
  os::MemoryFiles files;
  files.put("/w/.dvc/config", "['remote \"a\"']\n    url = ../../store\n");
  ConfigFiles config(files, kEnvironment, "/w");
  Config repo = config.read(ConfigLevel::kRepository).value();
  EXPECT_EQ(repo.find("remote", "a")->find("url")->text(), "/store");
  ASSERT_TRUE(config.write(ConfigLevel::kRepository, repo));
  EXPECT_EQ(files.read("/w/.dvc/config").value(), "['remote \"a\"']\n    url = ../../store\n");
}

TEST(ConfigFiles, AbsolutePathsAndAddressesAndTheHomeStayAsGiven) {
  os::MemoryFiles files;
  const std::string text =
      "['remote \"a\"']\n    url = /store\n['remote \"b\"']\n    url = s3://b/c\n['remote \"c\"']\n    url = "
      "~/x\n";
  files.put("/w/.dvc/config", text);
  ConfigFiles config(files, kEnvironment, "/w");
  const Config repo = config.read(ConfigLevel::kRepository).value();
  EXPECT_EQ(repo.find("remote", "c")->find("url")->text(), "/users-ada/x");
  ASSERT_TRUE(config.write(ConfigLevel::kRepository, repo));
  EXPECT_EQ(files.read("/w/.dvc/config").value(), text);
}

TEST(ConfigFiles, WritesNothingThatIsInvalid) {
  os::MemoryFiles files;
  files.put("/w/.dvc/config", "");
  ConfigFiles config(files, kEnvironment, "/w");
  Config repo = config.read(ConfigLevel::kRepository).value();
  repo.section("core").set("nonsense", ConfigValue("x"));
  EXPECT_EQ(config.write(ConfigLevel::kRepository, repo).error().code(), ErrorCode::kInvalidInput);
  EXPECT_EQ(files.read("/w/.dvc/config").value(), "");
}

TEST(ConfigFiles, ARemoteOfALowerLevelMayBeExtended) {
  os::MemoryFiles files;
  files.put("/w/.dvc/config", "['remote \"a\"']\n    url = /store\n");
  ConfigFiles config(files, kEnvironment, "/w");
  Config local = config.read(ConfigLevel::kLocal).value();
  local.section("remote", "a").set("jobs", ConfigValue("3"));
  EXPECT_TRUE(config.write(ConfigLevel::kLocal, local));
}

TEST(ConfigFiles, OutsideOfARepositoryThereAreTwoLevels) {
  os::MemoryFiles files;
  ConfigFiles config(files, kEnvironment, std::nullopt);
  EXPECT_FALSE(config.has(ConfigLevel::kLocal));
  EXPECT_THAT(config.write(ConfigLevel::kRepository, Config()).error().message(),
              HasSubstr("not inside a DVC repository"));
}

}  // namespace
}  // namespace starcast::pipeline
