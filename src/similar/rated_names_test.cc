#include "similar/rated_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <fmt/format.h>

namespace starcast::similar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

RatedNames photo_apps() {
  return RatedNames({{"photo editor pro", 4.1, 0.5},
                     {"chess", 3.0, 1},
                     {"photo editor", 4.5, 0.9},
                     {"photo collage", 4.2, 0.8},
                     {"chess online", 3.5, 0.7}});
}

std::vector<std::size_t> items_of(const std::vector<NameNeighbour>& neighbours) {
  std::vector<std::size_t> items;
  for (const NameNeighbour& neighbour : neighbours) items.push_back(neighbour.item);
  return items;
}

// Some hundred names of a few words.
std::vector<RatedName> many_names() {
  const std::vector<std::string> words = {"photo", "editor", "chess", "map", "radio", "bus", "coach"};
  std::vector<RatedName> items;
  for (std::size_t i = 0; i < 300; ++i) {
    items.push_back({fmt::format("{} {} {}", words[i % 7], words[(i / 7) % 7], i % 50), 4, 1});
  }
  return items;
}

TEST(RatedNames, GivesTheMostSimilarFirst) {
  EXPECT_THAT(items_of(photo_apps().nearest("the photo editor", 2, {})), ElementsAre(2, 0));
}

TEST(RatedNames, KnownCosinesDoNotChangeTheNeighbours) {
  const RatedNames names(many_names());
  const NameIndex other(std::vector<std::string>{"bus", "bus map"});

  for (const char* const asked : {"photo map", "bus coach 7", "radio", "zyzzyva", ""}) {
    const NameCosines cosines(names.index(), asked);
    const NameCosines of_other(other, asked);
    EXPECT_EQ(names.nearest(asked, 15, {}, &cosines), names.nearest(asked, 15, {}));
    EXPECT_EQ(names.nearest(asked, 15, {}, &of_other), names.nearest(asked, 15, {}));
  }
}

TEST(RatedNames, AnAppIsNeverItsOwnNeighbour) {
  EXPECT_THAT(items_of(photo_apps().nearest("photo editor", 3, {})), ElementsAre(0, 3));
  EXPECT_THAT(RatedNames({{"chess", 4, 1}, {"chess", 3, 1}}).nearest("chess", 3, {}), IsEmpty());
}

TEST(RatedNames, LeavesOutWhatDoesNotCount) {
  const std::vector<std::uint8_t> counted = {1, 1, 0, 1, 1};

  EXPECT_THAT(items_of(photo_apps().nearest("the photo editor", 2, counted)), ElementsAre(0, 3));
}

TEST(RatedNames, ANameLikeNoOtherHasNoNeighbours) {
  EXPECT_THAT(photo_apps().nearest("\u82b1", 3, {}), IsEmpty());
  EXPECT_THAT(photo_apps().nearest("", 3, {}), IsEmpty());
  EXPECT_THAT(photo_apps().nearest("photo", 0, {}), IsEmpty());
  EXPECT_THAT(RatedNames({}).nearest("photo", 3, {}), IsEmpty());
}

TEST(RatedNames, FindsTheFirstItemOfAName) {
  const RatedNames names({{"b", 1, 1}, {"a", 2, 1}, {"b", 3, 1}});

  EXPECT_EQ(names.find("b"), 0U);
  EXPECT_EQ(names.find("a"), 1U);
  EXPECT_EQ(names.find("c"), std::nullopt);
  EXPECT_EQ(names.find(""), std::nullopt);
}

TEST(RatedNames, RemembersWhatASearchGives) {
  const RatedNames searching(many_names());
  RatedNames remembering(many_names());
  remembering.remember_nearest(3);
  // All, four of five, and so few that the remembered ones do not suffice.
  std::vector<std::uint8_t> most(searching.size(), 1);
  std::vector<std::uint8_t> few(searching.size(), 0);
  for (std::size_t i = 0; i < most.size(); i += 5) most[i] = 0;
  for (std::size_t i = 0; i < few.size(); i += 11) few[i] = 1;

  for (std::size_t item = 0; item < searching.size(); ++item) {
    const std::string& name = searching.name(item);
    for (const RatedNames::Mask mask : {RatedNames::Mask(), RatedNames::Mask(most), RatedNames::Mask(few)}) {
      ASSERT_EQ(remembering.nearest(name, 15, mask), searching.nearest(name, 15, mask)) << name;
    }
  }
  EXPECT_EQ(remembering.nearest("radio", 70, {}), searching.nearest("radio", 70, {}));
}

}  // namespace
}  // namespace starcast::similar
