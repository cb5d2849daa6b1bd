#include "app/settings.h"

#include <gtest/gtest.h>

#include <set>

namespace starcast::app {
namespace {

SettingValues values_of(std::map<std::string, std::string> flags,
                        std::map<std::string, std::string> environment) {
  return SettingValues::read(server_settings(), flags, os::MapEnvironment(std::move(environment))).value();
}

TEST(Settings, FlagWinsOverEnvironmentOverDefault) {
  EXPECT_EQ(values_of({}, {}).integer("port"), 5000);
  EXPECT_EQ(values_of({}, {{"MLFLOW_PORT", "6000"}}).integer("port"), 6000);
  EXPECT_EQ(values_of({{"port", "7000"}}, {{"MLFLOW_PORT", "6000"}}).integer("port"), 7000);
}

TEST(Settings, SwitchesTakeTheUsualWords) {
  EXPECT_TRUE(values_of({}, {}).on("serve-artifacts"));
  EXPECT_FALSE(values_of({}, {{"MLFLOW_SERVE_ARTIFACTS", "False"}}).on("serve-artifacts"));
  EXPECT_TRUE(values_of({{"artifacts-only", "true"}}, {}).on("artifacts-only"));
}

TEST(Settings, ListsAreSplitAtCommas) {
  EXPECT_EQ(values_of({{"allowed-hosts", "a, b.c,,*.d"}}, {}).list("allowed-hosts"),
            (std::vector<std::string>{"a", "b.c", "*.d"}));
}

TEST(Settings, ErrorsNameWhereAValueCameFrom) {
  const os::MapEnvironment environment(std::map<std::string, std::string>{{"MLFLOW_PORT", "many"}});
  EXPECT_EQ(SettingValues::read(server_settings(), {}, environment).error().message(),
            "MLFLOW_PORT: 'many' is not a whole number");
  EXPECT_EQ(SettingValues::read(server_settings(), {{"serve-artifacts", "maybe"}},
                                os::MapEnvironment(std::map<std::string, std::string>()))
                .error()
                .message(),
            "--serve-artifacts: 'maybe' is neither true nor false");
}

TEST(Settings, NamesAreGivenOnce) {
  std::set<std::string_view> names;
  for (const Setting& setting : server_settings())
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
}

}  // namespace
}  // namespace starcast::app
