#include "listing/reader.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starcast::listing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kHeader2018 =
    "App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current "
    "Ver,Android Ver\r\n";
const std::string kHeader2019 =
    "App Name,Category,Rating,Reviews,Installs,Size,Price,Content Rating,Last Updated,Minimum Version,Latest "
    "Version\n";
const std::string kHeader2021 =
    "App Name,App Id,Category,Rating,Rating Count,Installs,Free,Price,Currency,Size,Minimum Android,Last "
    "Updated,"
    "Content Rating,Scraped Time\n";

const std::string kRow2018 =
    "Talo Mir,TOOLS,4.1,159,19M,\"10,000+\",Free,0,Everyone,Tools,\"January 7, 2018\",1.0.0,4.0.3 and up\r\n";

std::size_t at(Field field) {
  return static_cast<std::size_t>(field);
}

core::Result<ListingFile> read(const std::string& text, ReaderOptions options = {.file_name = "apps.csv"}) {
  core::StringSource source(text);
  return read_listings(source, std::move(options));
}

TEST(ListingReader, ReadsARowOf2018) {
  const ListingFile file = read(kHeader2018 + kRow2018).value();

  ASSERT_THAT(file.listings, SizeIs(1));
  const Listing& listing = file.listings[0];
  EXPECT_EQ(listing.app, "Talo Mir");
  EXPECT_EQ(listing.category, "TOOLS");
  EXPECT_EQ(listing.rating, 4.1);
  EXPECT_EQ(listing.reviews, 159);
  EXPECT_EQ(listing.size_mb, 19);
  EXPECT_EQ(listing.installs, 10000);
  EXPECT_EQ(listing.type, Type::kFree);
  EXPECT_EQ(listing.price_usd, 0);
  EXPECT_EQ(listing.android_version, "4.0.3 and up");
  EXPECT_THAT(file.report.notes, IsEmpty());
}

TEST(ListingReader, ReadsTheSameFromOneByteChunks) {
  core::StringSource source("\xEF\xBB\xBF" + kHeader2018 + kRow2018, 1);

  EXPECT_EQ(read_listings(source, {}).value().listings.at(0).last_updated,
            codec::date_from({.year = 2018, .month = 1, .day = 7}));
}

TEST(ListingReader, PutsAShiftedRowRightAndSaysSo) {
  const ListingFile file =
      read(kHeader2018 + kRow2018 +
           "Vexo,1.9,19,3.0M,\"1,000+\",Free,0,Everyone,,\"May 1, 2018\",1.0.19,4.0 and up\r\n")
          .value();

  ASSERT_THAT(file.listings, SizeIs(2));
  const Listing& listing = file.listings[1];
  EXPECT_EQ(listing.category, "");
  EXPECT_EQ(listing.rating, 1.9);
  EXPECT_EQ(listing.reviews, 19);
  EXPECT_EQ(listing.size_mb, 3);
  EXPECT_EQ(listing.genres, "");
  EXPECT_EQ(file.report.shifted_repaired, 1U);
  ASSERT_THAT(file.report.notes, SizeIs(1));
  EXPECT_EQ(file.report.notes[0].line, 3U);
  EXPECT_EQ(file.report.notes[0].app, "Vexo");
  EXPECT_THAT(file.report.notes[0].text, HasSubstr("Category"));
}

TEST(ListingReader, DropsRaggedRowsWithTheirLine) {
  const ListingFile file = read(kHeader2018 + kRow2018 + "Vexo,TOOLS,4.0\r\n" + kRow2018 +
                                "a,b,c,d,e,f,g,h,i,j,k,l,m,n\r\n" + kRow2018)
                               .value();

  EXPECT_THAT(file.rows, ElementsAre(0, 2, 4));
  EXPECT_EQ(file.report.rows, 5U);
  EXPECT_EQ(file.report.ragged, 2U);
  ASSERT_THAT(file.report.notes, SizeIs(2));
  EXPECT_EQ(file.report.notes[0].line, 3U);
  EXPECT_EQ(file.report.notes[0].text, "3 cells where the header has 13; the row was dropped");
}

TEST(ListingReader, DropsARowThatLacksAnotherCell) {
  const ListingFile file =
      read(kHeader2018 + kRow2018 +
           "Vexo,TOOLS,19,3.0M,\"1,000+\",Free,0,Everyone,,\"May 1, 2018\",1.0.19,4.0 and up\r\n")
          .value();

  EXPECT_EQ(file.report.ragged, 1U);
  EXPECT_EQ(file.report.shifted_repaired, 0U);
}

TEST(ListingReader, RefusesAFileThatIsMostlyRagged) {
  const core::Result<ListingFile> file = read(kHeader2018 + kRow2018 + "a\nb\n");

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_THAT(file.error().message(), HasSubstr("apps.csv: 2 of 3 rows"));
}

TEST(ListingReader, CountsMissingRepairedAndDroppedCells) {
  const ListingFile file =
      read(kHeader2018 +
           "Vexo,TOOLS,NaN,3.0M,19M,\"10,000+\",NaN,0,Everyone,Tools,yesterday,,4.0 and up\n"
           "Zorli,TOOLS,7,1,19M,\"10,000+\",Free,0,Everyone,Tools,\"May 1, 2018\",1.0,NaN\n")
          .value();

  EXPECT_EQ(file.report.missing[at(Field::kRating)], 1U);
  EXPECT_EQ(file.report.missing[at(Field::kType)], 1U);
  EXPECT_EQ(file.report.missing[at(Field::kCurrentVersion)], 1U);
  EXPECT_EQ(file.report.missing[at(Field::kAndroidVersion)], 1U);
  EXPECT_EQ(file.report.repaired[at(Field::kReviews)], 1U);
  EXPECT_EQ(file.report.repaired[at(Field::kType)], 1U);
  EXPECT_EQ(file.report.dropped[at(Field::kRating)], 1U);
  EXPECT_EQ(file.report.dropped[at(Field::kLastUpdated)], 1U);
  EXPECT_EQ(file.report.missing[at(Field::kLastUpdated)], 0U);
  EXPECT_EQ(file.listings[0].type, Type::kFree);
}

TEST(ListingReader, MendsBrokenUtf8AndCountsTheRow) {
  const ListingFile file =
      read(kHeader2018 + "V\xFFxo,TO\xFFLS,4,1,19M,1+,Free,0,Everyone,Tools,2018-01-07,1,4.0 and up\n")
          .value();

  EXPECT_EQ(file.report.broken_utf8, 1U);
  EXPECT_EQ(file.listings[0].app, "V\uFFFDxo");
  ASSERT_THAT(file.report.notes, SizeIs(1));
}

TEST(ListingReader, KeepsNoMoreNotesThanAskedFor) {
  std::string text = kHeader2018;
  for (int i = 0; i < 10; ++i)
    text += "Vexo,TOOLS,9,1,19M,1+,Free,0,Everyone,Tools,2018-01-07,1,4.0 and up\n";

  const ListingFile file = read(text, {.notes_max = 3}).value();

  EXPECT_THAT(file.report.notes, SizeIs(3));
  EXPECT_EQ(file.report.notes_dropped, 7U);
  EXPECT_EQ(file.report.dropped[at(Field::kRating)], 10U);
}

TEST(ListingReader, KeepsNothingOfTheRowBefore) {
  const ListingFile file = read(kHeader2018 + kRow2018 + "Vexo,,,,,,,,,,,,\n").value();

  for (const Field field : all_fields()) {
    EXPECT_EQ(is_known(file.listings[1], field), field == Field::kApp) << name_of(field);
  }
}

TEST(ListingReader, ReadsAFileWithoutRatingsForScoring) {
  const std::string text =
      "App,Category,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current Ver,Android "
      "Ver\n"
      "Vexo,TOOLS,1,19M,1+,Free,0,Everyone,Tools,2018-01-07,1,4.0 and up\n";

  EXPECT_FALSE(read(text));
  const ListingFile file = read(text, {.rating_required = false}).value();
  EXPECT_TRUE(core::is_missing(file.listings.at(0).rating));
  EXPECT_EQ(file.report.missing[at(Field::kRating)], 0U);
}

TEST(ListingReader, ReadsTheLayoutOf2019) {
  const ListingFile file =
      read(kHeader2019 +
           "Vexo,FOOD_AND_DRINK,4.305555344,36,\"1,000+\",\"1,015k\",$0.99 ,Everyone,29-Mar-19,4.1 and "
           "up,1.2\n"
           "Zorli,GAME_PUZZLE,4,36,5+,2.4M,0,Teen,1-Apr-19,4.4W and up,Varies with device\n")
          .value();

  EXPECT_EQ(file.report.layout, Layout::kPlayStore2019);
  EXPECT_EQ(file.listings[0].category, "FOOD_AND_DRINK");
  EXPECT_EQ(file.listings[0].genres, "");
  EXPECT_EQ(file.listings[0].rating, 4.305555344);
  EXPECT_EQ(file.listings[0].size_mb, 1.015);
  EXPECT_EQ(file.listings[0].type, Type::kPaid);
  EXPECT_EQ(file.listings[0].android_version, "4.1 and up");
  EXPECT_EQ(file.listings[0].current_version, "1.2");
  EXPECT_EQ(file.listings[1].category, "GAME");
  EXPECT_EQ(file.listings[1].genres, "Puzzle");
  EXPECT_EQ(file.listings[1].type, Type::kFree);
  EXPECT_THAT(file.report.notes, IsEmpty());
  EXPECT_EQ(file.report.missing[at(Field::kGenres)], 0U);
}

TEST(ListingReader, JoinsANameOf2019ThatWasCutAtAComma) {
  const ListingFile file =
      read(kHeader2019 +
           "Vexo, the Zorli,GAME_STRATEGY,4,6,100+,2.4M,$0.99 ,Mature 17+,30-Dec-18,4.0.3 and up\n")
          .value();

  EXPECT_EQ(file.report.shifted_repaired, 1U);
  EXPECT_EQ(file.listings[0].app, "Vexo, the Zorli");
  EXPECT_EQ(file.listings[0].category, "GAME");
  EXPECT_EQ(file.listings[0].rating, 4);
  EXPECT_EQ(file.listings[0].android_version, "4.0.3 and up");
  EXPECT_EQ(file.listings[0].current_version, "");
}

TEST(ListingReader, MakesANameOf2019ThatLostItsLettersMissing) {
  const ListingFile file = read(kHeader2019 +
                                "??? - ????,TOOLS,4,36,5+,2.4M,0,Teen,1-Apr-19,4.4 and up,1\n"
                                "DELO ????,TOOLS,4,36,5+,2.4M,0,Teen,1-Apr-19,4.4 and up,1\n")
                               .value();

  EXPECT_EQ(file.listings[0].app, "");
  EXPECT_EQ(file.listings[1].app, "DELO ????");
  EXPECT_EQ(file.report.dropped[at(Field::kApp)], 1U);
}

TEST(ListingReader, ReadsTheLayoutOf2021) {
  const ListingFile file = read(kHeader2021 +
                                "Vexo,a.b,Music & Audio,4.4,64,10+,FALSE,1.99,USD,1.1G,7.1 and up,\"Feb 06, "
                                "2021\",Everyone,15-06-2021 20:19\n"
                                "Zorli,a.c,Role Playing,3.9,5,10+,TRUE,0,USD,2.9M,5.0 and up,\"Feb 6, "
                                "2021\",Teen,15-06-2021 20:19\n")
                               .value();

  EXPECT_EQ(file.report.layout, Layout::kPlayStore2021);
  EXPECT_EQ(file.listings[0].category, "MUSIC_AND_AUDIO");
  EXPECT_EQ(file.listings[0].reviews, 64);
  EXPECT_EQ(file.listings[0].type, Type::kPaid);
  EXPECT_EQ(file.listings[0].price_usd, 1.99);
  EXPECT_EQ(file.listings[0].size_mb, 1100);
  EXPECT_EQ(file.listings[0].android_version, "7.1 and up");
  EXPECT_EQ(file.listings[0].current_version, "");
  EXPECT_EQ(file.listings[0].last_updated, codec::date_from({.year = 2021, .month = 2, .day = 6}));
  EXPECT_EQ(file.listings[1].category, "GAME");
  EXPECT_EQ(file.listings[1].genres, "Role Playing");
  EXPECT_EQ(file.listings[1].type, Type::kFree);
  EXPECT_THAT(file.report.ignored_columns, ElementsAre("App Id", "Scraped Time"));
  EXPECT_THAT(file.report.notes, IsEmpty());
}

TEST(ListingReader, TakesTheZeroOfAnUnratedApp2021AsMissing) {
  const ListingFile file =
      read(kHeader2021 +
           "Vexo,a.b,Tools,0,0,10+,TRUE,0,USD,1M,7.1 and up,\"Feb 06, 2021\",Everyone,x\n"
           "Zorli,a.c,Tools,0.0,7,10+,TRUE,0,USD,1M,5.0 and up,\"Feb 6, 2021\",Teen,x\n")
          .value();

  EXPECT_TRUE(core::is_missing(file.listings[0].rating));
  EXPECT_EQ(file.report.unrated_as_zero, 1U);
  EXPECT_EQ(file.report.dropped[at(Field::kRating)], 1U);
  EXPECT_THAT(file.report.notes, SizeIs(1));
}

TEST(ListingReader, DropsAPriceInAnotherCurrency) {
  const ListingFile file =
      read(kHeader2021 + "Vexo,a.b,Tools,4,9,10+,FALSE,3.5,EUR,1M,7.1 and up,\"Feb 06, 2021\",Everyone,x\n")
          .value();

  EXPECT_TRUE(core::is_missing(file.listings[0].price_usd));
  EXPECT_EQ(file.listings[0].type, Type::kPaid);
  ASSERT_THAT(file.report.notes, SizeIs(1));
  EXPECT_EQ(file.report.notes[0].text, "Price: 3.5 is in 'EUR', not in US dollars; treated as missing");
}

TEST(ListingReader, RefusesAnEmptyFile) {
  const core::Result<ListingFile> file = read("");

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), core::ErrorCode::kInvalidInput);
  EXPECT_THAT(file.error().message(), HasSubstr("apps.csv: the file is empty"));
}

TEST(ListingReader, RefusesAWrongHeaderWithFileAndLine) {
  const core::Result<ListingFile> file = read("\n\nid,name\n1,2\n");

  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message(), HasSubstr("apps.csv: line 3: the header 'id,name'"));
}

TEST(ListingReader, RefusesABinaryFile) {
  const core::Result<ListingFile> file = read(std::string("\x89PNG\0\0\r\n", 8));

  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code(), core::ErrorCode::kInvalidInput);
}

TEST(ListingReader, NamesTheLineOfAQuoteThatNeverCloses) {
  const core::Result<ListingFile> file = read(kHeader2018 + kRow2018 + "\"Vexo,TOOLS\n");

  ASSERT_FALSE(file);
  EXPECT_THAT(file.error().message(), HasSubstr("apps.csv"));
  EXPECT_THAT(file.error().message(), HasSubstr("line 3"));
}

TEST(ListingReader, TakesAHeaderAloneAsNoListings) {
  const ListingFile file = read(kHeader2018).value();

  EXPECT_THAT(file.listings, IsEmpty());
  EXPECT_EQ(file.report.rows, 0U);
}

TEST(ListingReader, KeepsAHugeNameWhole) {
  const std::string name(10000, 'n');

  EXPECT_EQ(read(kHeader2018 + name + kRow2018.substr(kRow2018.find(','))).value().listings.at(0).app, name);
}

TEST(ListingWriter, WritesWhatTheReaderReadsBackTheSame) {
  Listing full;
  full.app = "He, \"quoted\" \U0001F600";
  full.category = "ART_AND_DESIGN";
  full.rating = 4.3999998569488525;
  full.reviews = 78158306;
  full.size_mb = 0.1 + 0.2;
  full.installs = 1e9;
  full.type = Type::kPaid;
  full.price_usd = 0.1 + 0.7;
  full.content_rating = "Teen";
  full.genres = "Art & Design;Pretend Play";
  full.last_updated = codec::date_from({.year = 2018, .month = 1, .day = 7});
  full.current_version = "1,01";
  full.android_version = "2.2 - 7.1.1";
  Listing varies;
  varies.size_varies = true;
  const std::vector<Listing> listings = {full, varies, Listing{}};

  core::StringSink sink;
  ListingWriter writer(sink);
  for (const Listing& listing : listings) ASSERT_TRUE(writer.write(listing));
  ASSERT_TRUE(writer.flush());
  const ListingFile file = read(sink.text()).value();

  ASSERT_THAT(file.listings, SizeIs(3));
  for (std::size_t i = 0; i < listings.size(); ++i) {
    for (const Field field : all_fields())
      EXPECT_EQ(text_of(file.listings[i], field), text_of(listings[i], field));
  }
  EXPECT_EQ(file.listings[0].rating, full.rating);
  EXPECT_EQ(file.listings[0].size_mb, full.size_mb);
  EXPECT_EQ(file.listings[0].price_usd, full.price_usd);
  EXPECT_THAT(file.report.notes, IsEmpty());
}

TEST(ListingWriter, WritesTheHeaderOfAnEmptyFile) {
  core::StringSink sink;
  ListingWriter writer(sink);

  ASSERT_TRUE(writer.flush());

  EXPECT_EQ(read(sink.text()).value().report.layout, Layout::kPlayStore2018);
}

}  // namespace
}  // namespace starcast::listing
