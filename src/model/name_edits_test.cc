#include "model/name_edits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "codec/utf8.h"

namespace starcast::model {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(NameEdits, AreNoneForAPlainName) {
  EXPECT_THAT(name_edits("Pocket Herbarium"), IsEmpty());
  EXPECT_THAT(name_edits("VPN"), IsEmpty());
  EXPECT_THAT(name_edits(""), IsEmpty());
}

TEST(NameEdits, DropWhatFollowsASeparator) {
  EXPECT_THAT(name_edits("Tidy Ledger: Budget"), ElementsAre("Tidy Ledger"));
  EXPECT_THAT(name_edits("Chess - Puzzles | Pro"), ElementsAre("Chess"));
  EXPECT_THAT(name_edits("Chess (Pro)"), ElementsAre("Chess"));
  EXPECT_THAT(name_edits("Clock \u2013 alarms"), ElementsAre("Clock"));
}

TEST(NameEdits, KeepAHeadThatIsNoName) {
  EXPECT_THAT(name_edits("A - B"), IsEmpty());
}

TEST(NameEdits, CutALongNameBetweenWords) {
  EXPECT_THAT(name_edits("Moonlit Chess Puzzles for all of the Family"),
              ElementsAre("Moonlit Chess Puzzles for all"));
}

TEST(NameEdits, CutTextWithoutSpacesWhereTheyHaveTo) {
  std::string name;
  for (int i = 0; i < 40; ++i) name += "\u6f22";

  const std::vector<std::string> edits = name_edits(name);

  ASSERT_EQ(edits.size(), 1U);
  EXPECT_EQ(codec::code_points(edits[0]).size(), kNameCharactersMax);
}

TEST(NameEdits, DropEmojiWithTheirJoiners) {
  EXPECT_THAT(name_edits("Chess \u2764\ufe0f Club"), ElementsAre("Chess Club"));
  EXPECT_THAT(name_edits("\U0001F600 Chess\u2122"), ElementsAre("Chess"));
}

TEST(NameEdits, LeaveNoEmptyName) {
  EXPECT_THAT(name_edits("\U0001F600\U0001F600"), IsEmpty());
}

TEST(NameEdits, WriteCapitalsAsWords) {
  EXPECT_THAT(name_edits("PUZZLE GAME 3D"), ElementsAre("Puzzle Game 3D"));
  EXPECT_THAT(name_edits("My PUZZLE for iOS"), ElementsAre("My Puzzle for iOS"));
  EXPECT_THAT(name_edits("Read PDFs"), IsEmpty());
}

TEST(NameEdits, KeepTextFromRightToLeft) {
  EXPECT_THAT(name_edits("\u05e9\u05dc\u05d5\u05dd: \u05e2\u05d5\u05dc\u05dd"),
              ElementsAre("\u05e9\u05dc\u05d5\u05dd"));
}

TEST(NameEdits, AlsoCombineThem) {
  EXPECT_THAT(name_edits("\u2605 CHESS PUZZLES: THE VERY BEST OF THEM"), Contains("Chess Puzzles"));
}

}  // namespace
}  // namespace starcast::model
