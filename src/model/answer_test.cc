#include "model/answer.h"

#include <gtest/gtest.h>

namespace starcast::model {
namespace {

TrainedOn trained_on() {
  TrainedOn result;
  result.data_md5 = "0123";
  result.date_last = "2018-08-08";
  result.apps = 6545;
  return result;
}

TEST(TrainedOnText, NamesAppsDateAndSum) {
  EXPECT_EQ(trained_on_text(trained_on()),
            "trained on 6,545 apps, last updated up to 2018-08-08; md5 of their file 0123");
}

TEST(TrainedOnText, LeavesOutADateThatNoAppHas) {
  TrainedOn undated = trained_on();
  undated.date_last.clear();

  EXPECT_EQ(trained_on_text(undated), "trained on 6,545 apps; md5 of their file 0123");
}

TEST(TrainedOnText, SaysThatTheAppsDoNotExist) {
  TrainedOn generated = trained_on();
  generated.generated = true;

  EXPECT_EQ(trained_on_text(generated),
            "trained on 6,545 GENERATED apps, last updated up to 2018-08-08; md5 of their file 0123");
}

TEST(TrainedOnJson, HoldsWhatTheTextSays) {
  EXPECT_EQ(codec::to_text(trained_on_json(trained_on()), codec::JsonStyle::kCompact),
            R"({"data_md5":"0123","date_last":"2018-08-08","apps":6545,"generated":false})");
}

TEST(WarningsJson, IsAnArrayAlsoWithoutWarnings) {
  EXPECT_EQ(codec::to_text(warnings_json({}), codec::JsonStyle::kCompact), "[]");
  EXPECT_EQ(codec::to_text(warnings_json({"a", "b"}), codec::JsonStyle::kCompact), R"(["a","b"])");
}

}  // namespace
}  // namespace starcast::model
