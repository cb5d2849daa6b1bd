#include "tracking/names.h"

#include <gtest/gtest.h>

namespace starcast::tracking {
namespace {

std::string refusal_of(const core::Result<void>& result) {
  return result ? "" : result.error().message();
}

TEST(Names, TakeWhatMlflowTakes) {
  for (const char* name : {"a", "a/b", "a.b-c d:e_f", "metrics/größe", "指标", "x/..y"}) {
    EXPECT_EQ(refusal_of(check_metric_name(name, "name")), "") << name;
  }
}

TEST(Names, RefuseCharactersWithMlflowsText) {
  EXPECT_EQ(refusal_of(check_param_name("a$", "params[0].key")),
            "Invalid value \"a$\" for parameter 'params[0].key' supplied: Names may only contain "
            "alphanumerics, underscores "
            "(_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).");
  EXPECT_NE(refusal_of(check_tag_name(std::string_view("a\0b", 3), "key")), "");
  EXPECT_NE(refusal_of(check_tag_name("a\n", "key")), "");
}

TEST(Names, RefuseWhatResolvesToAnotherName) {
  EXPECT_EQ(refusal_of(check_metric_name("../a", "name")),
            "Invalid value \"../a\" for parameter 'name' supplied: Names may be treated as files in certain "
            "cases, and "
            "must not resolve to other names when treated as such. This name would resolve to '../a'");
  for (const char* name : {"", ".", "..", "/a", "a/", "a//b", "./a", "a/../b"}) {
    EXPECT_NE(refusal_of(check_metric_name(name, "name")), "") << name;
  }
}

TEST(Names, CountCharactersNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 250; ++i) umlauts += "ä";
  EXPECT_EQ(refusal_of(check_metric_name(umlauts, "name")), "");
  EXPECT_EQ(refusal_of(check_metric_name(umlauts + "ä", "name")),
            "'Metric name' exceeds the maximum length of 250 characters");
}

TEST(RunId, IsShortAndPlain) {
  EXPECT_EQ(refusal_of(check_run_id("d98dc1a6456f4602b9a9d2c28c7de3ff")), "");
  EXPECT_EQ(refusal_of(check_run_id(std::string(256, 'a'))), "");
  EXPECT_EQ(refusal_of(check_run_id("../x")), "Invalid value \"../x\" for parameter 'run_id' supplied.");
  EXPECT_NE(refusal_of(check_run_id(std::string(257, 'a'))), "");
  EXPECT_NE(refusal_of(check_run_id("")), "");
}

TEST(ExperimentId, IsAnInteger) {
  EXPECT_EQ(parse_experiment_id("12").value(), 12);
  EXPECT_EQ(parse_experiment_id("abc").error().message(),
            "Invalid experiment ID 'abc'. Experiment ID must be a valid integer.");
}

TEST(ModelName, HoldsNoSlashOrColon) {
  EXPECT_EQ(refusal_of(check_model_name("Rating model 2")), "");
  EXPECT_EQ(refusal_of(check_model_name("a/b")),
            "Invalid model name 'a/b'. Names cannot contain '/' or ':'.");
  EXPECT_EQ(refusal_of(check_model_name(" ")), "Missing value for required parameter 'name'.");
  EXPECT_NE(refusal_of(check_model_name("..")), "");
}

TEST(Alias, IsNoVersionAndNotLatest) {
  EXPECT_EQ(refusal_of(check_alias("champion")), "");
  EXPECT_EQ(refusal_of(check_alias("Latest")), "'latest' alias name (case insensitive) is reserved.");
  EXPECT_EQ(refusal_of(check_alias("v12")), "Version alias name 'v12' is reserved.");
  EXPECT_EQ(
      refusal_of(check_alias("a b")),
      "Invalid alias name: 'a b'. Names may only contain alphanumerics, underscores (_), and dashes (-).");
  EXPECT_EQ(refusal_of(check_alias("v")), "");
}

TEST(FitValue, CutsAtWholeCharacters) {
  EXPECT_EQ(fit_value("äöü", 2, true, "value").value(), "äö");
  EXPECT_EQ(fit_value("äöü", 3, true, "value").value(), "äöü");
  EXPECT_EQ(fit_value("abc", 2, false, "Param value").error().message(),
            "'Param value' exceeds the maximum length of 2 characters");
}

}  // namespace
}  // namespace starcast::tracking
