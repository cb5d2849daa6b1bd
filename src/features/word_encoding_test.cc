#include "features/word_encoding.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "features/testing/listings.h"

namespace starcast::features {
namespace {

using listing::Listing;

// The mean rating is 3; photo's share is (1 + 2) / (2 + 5), editor's 2 / (1 + 5), chess's -3 / (2 + 5), with
// weights of 1.
FittedEncoder fitted_words() {
  const std::vector<Listing> listings = {rated("Photo", "", 0, 4), rated("Photo Editor", "", 0, 5),
                                         rated("Chess", "", 0, 2), rated("Chess!", "", 0, 1)};
  return fitted_on(listings, std::vector<double>(4, 1.0));
}

double words_of(const FittedEncoder& fitted, const char* name) {
  return transformed(fitted.encoder, rated(name, "", 0, 1), "te_words");
}

TEST(WordEncoding, IsTheMeanShareOfTheNamesWords) {
  const FittedEncoder fitted = fitted_words();

  EXPECT_DOUBLE_EQ(words_of(fitted, "Photo"), 3.0 / 7);
  EXPECT_DOUBLE_EQ(words_of(fitted, "photo chess"), 0);
  EXPECT_DOUBLE_EQ(words_of(fitted, "chess-editor"), (2.0 / 6 - 3.0 / 7) / 2);
}

TEST(WordEncoding, WordsNeverSeenCountInTheDivisor) {
  EXPECT_DOUBLE_EQ(words_of(fitted_words(), "New photo app"), 3.0 / 7 / 3);
}

TEST(WordEncoding, AWordCountsOnce) {
  EXPECT_DOUBLE_EQ(words_of(fitted_words(), "Photo photo PHOTO chess"), 0);
}

TEST(WordEncoding, NamesWithoutWordsAreAtTheMean) {
  const FittedEncoder fitted = fitted_words();

  EXPECT_EQ(words_of(fitted, ""), 0);
  EXPECT_EQ(words_of(fitted, "!!! \U0001F600"), 0);
}

TEST(WordEncoding, TrainingRowsAreEncodedByTheOtherFolds) {
  const FittedEncoder fitted = fitted_words();  // a fold each

  // Without the first row the mean is 8 / 3, and photo stands in one name, rated 5.
  EXPECT_DOUBLE_EQ(cell_of(fitted.encoder, fitted.training_rows.row(0), "te_words"), (5 - 8.0 / 3) / (1 + 5));
}

}  // namespace
}  // namespace starcast::features
