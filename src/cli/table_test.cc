#include "cli/table.h"

#include <gtest/gtest.h>

namespace starcast::cli {
namespace {

TEST(Table, AlignsByTheWidestCell) {
  Table table({Align::kLeft, Align::kRight});
  table.add({"a", "1"});
  table.add({"long\u00e9", "22"});

  EXPECT_EQ(table.text(), "a       1\nlong\u00e9  22\n");
}

TEST(Fitted, CutsLongTextByCodePoints) {
  EXPECT_EQ(fitted("\u00e9\u00e9\u00e9", 3), "\u00e9\u00e9\u00e9");
  EXPECT_EQ(fitted("abcdef", 4), "abc\u2026");
}

}  // namespace
}  // namespace starcast::cli
