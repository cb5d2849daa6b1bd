#include "gbm/parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace starcast::gbm {
namespace {

using testing::HasSubstr;

TEST(ParameterText, PutsWhatMakesTrainingReproducibleFirst) {
  const auto text = parameter_text(
      {.parameters = {{"objective", "regression"}, {"num_leaves", "31"}}, .rounds = 7, .seed = 42});

  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "deterministic=true force_row_wise=true num_threads=1 verbosity=-1 seed=42 num_iterations=7 "
            "objective=regression num_leaves=31");
}

TEST(ParameterText, FoldsSeedsThatAreNoInt) {
  const auto text = parameter_text({.parameters = {}, .seed = 2147483647ULL + 5});

  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("seed=5 "));
}

TEST(ParameterText, RefusesWhatItSetsItself) {
  for (const char* const name :
       {"seed", "n_jobs", "verbose", "num_trees", "force_col_wise", "deterministic"}) {
    const auto text = parameter_text({.parameters = {{name, "1"}}});
    ASSERT_FALSE(text) << name;
    EXPECT_EQ(text.error().code(), core::ErrorCode::kInvalidInput);
    EXPECT_THAT(text.error().message(), HasSubstr(name));
  }
}

TEST(ParameterText, RefusesWhatItCannotWriteDown) {
  for (const char* const value : {"", "1 seed=2", "a=b", "1\n", "#1", "'1'"}) {
    EXPECT_FALSE(parameter_text({.parameters = {{"num_leaves", value}}})) << value;
    EXPECT_FALSE(parameter_text({.parameters = {{value, "1"}}})) << value;
  }
}

TEST(ParameterText, RefusesAParameterGivenTwice) {
  EXPECT_FALSE(parameter_text({.parameters = {{"num_leaves", "3"}, {"num_leaves", "4"}}}));
}

TEST(ParameterText, RefusesNoRounds) {
  EXPECT_FALSE(parameter_text({.parameters = {}, .rounds = 0}));
}

}  // namespace
}  // namespace starcast::gbm
