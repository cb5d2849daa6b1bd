#include "listing/layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/strings.h"

namespace starcast::listing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::string_view kHeader2018 =
    "App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current "
    "Ver,Android Ver";
constexpr std::string_view kHeader2019 =
    "App Name,Category,Rating,Reviews,Installs,Size,Price,Content Rating,Last Updated,Minimum Version,Latest "
    "Version";
constexpr std::string_view kHeader2021 =
    "App Name,App Id,Category,Rating,Rating Count,Installs,Free,Price,Currency,Size,Minimum Android,Last "
    "Updated,"
    "Content Rating,Scraped Time";

core::Result<ColumnMap> recognised(std::string_view header, LayoutOptions options = {}) {
  return recognise_layout(core::split(header, ','), options);
}

TEST(RecogniseLayout, KnowsTheThreeHeaders) {
  EXPECT_EQ(recognised(kHeader2018).value().layout, Layout::kPlayStore2018);
  EXPECT_EQ(recognised(kHeader2019).value().layout, Layout::kPlayStore2019);
  EXPECT_EQ(recognised(kHeader2021).value().layout, Layout::kPlayStore2021);
}

TEST(RecogniseLayout, FindsColumnsInAnyOrderAndCase) {
  const ColumnMap map = recognised(
                            "rating,App,Category,Reviews,Size,Installs,Type,Price,CONTENT RATING,Genres,Last "
                            "Updated,Current Ver,Android Ver")
                            .value();

  EXPECT_EQ(map.at(Field::kRating), 0U);
  EXPECT_EQ(map.at(Field::kContentRating), 8U);
}

TEST(RecogniseLayout, NamesTheColumnsThatItIgnores) {
  EXPECT_THAT(recognised("," + std::string(kHeader2018) + ",Mood").value().ignored,
              ElementsAre("(column 1, without a name)", "Mood"));
  EXPECT_THAT(recognised(kHeader2021).value().ignored, ElementsAre("App Id", "Scraped Time"));
}

TEST(RecogniseLayout, NamesWhatTheNearestLayoutLacks) {
  const core::Result<ColumnMap> map =
      recognised("App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Updated");

  ASSERT_FALSE(map);
  EXPECT_EQ(map.error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_THAT(map.error().message(),
              HasSubstr("lacks Last Updated, Current Ver, Android Ver of the play-store-2018 layout"));
}

TEST(RecogniseLayout, ShowsTheHeaderItWantsToAFileOfAnotherKind) {
  const core::Result<ColumnMap> map = recognised("id,name,value");

  ASSERT_FALSE(map);
  EXPECT_THAT(map.error().message(), HasSubstr("'id,name,value'"));
  EXPECT_THAT(map.error().message(), HasSubstr("App,Category,Rating"));
}

TEST(RecogniseLayout, WantsTheRatingOnlyForLearning) {
  const std::string header = core::replaced(kHeader2018, "Rating,Reviews", "Reviews");

  EXPECT_FALSE(recognised(header));
  EXPECT_TRUE(recognised(header, {.rating_required = false}));
}

TEST(RecogniseLayout, RefusesAColumnThatIsThereTwice) {
  const core::Result<ColumnMap> map = recognised(std::string(kHeader2018) + ",size");

  ASSERT_FALSE(map);
  EXPECT_THAT(map.error().message(), HasSubstr("'Size' 2 times"));
}

TEST(GameGenre, SplitsTheCodesOf2019) {
  EXPECT_EQ(game_genre(Layout::kPlayStore2019, "GAME_ROLE_PLAYING"), "Role Playing");
  EXPECT_FALSE(game_genre(Layout::kPlayStore2019, "TOOLS"));
}

TEST(GameGenre, KnowsTheBareNamesOf2021) {
  EXPECT_EQ(game_genre(Layout::kPlayStore2021, "PUZZLE"), "Puzzle");
  EXPECT_FALSE(game_genre(Layout::kPlayStore2021, "EDUCATION"));
}

TEST(GameGenre, LeavesSportsAsTheAppsOfThatName) {
  EXPECT_FALSE(game_genre(Layout::kPlayStore2021, "SPORTS"));
}

}  // namespace
}  // namespace starcast::listing
