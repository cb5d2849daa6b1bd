#include "os/dynamic_library.h"

#include <gtest/gtest.h>

namespace starcast::os {
namespace {

TEST(DynamicLibrary, CallsAFunctionOfAnotherLibrary) {
  const DynamicLibrary library = DynamicLibrary::open("libm.so.6").value();

  const auto cube_root = library.function<double (*)(double)>("cbrt").value();

  EXPECT_DOUBLE_EQ(cube_root(27.0), 3.0);
}

TEST(DynamicLibrary, SaysWhichFileIsMissing) {
  for (const char* path : {"/nowhere/libabsent.so", "libabsent-starcast.so.1"}) {
    const core::Error error = DynamicLibrary::open(path).error();

    EXPECT_EQ(error.code(), core::ErrorCode::kNotFound);
    EXPECT_NE(error.message().find(path), std::string::npos);
  }
}

TEST(DynamicLibrary, RefusesAFileThatIsNoLibrary) {
  EXPECT_EQ(DynamicLibrary::open("/proc/self/status").error().code(), core::ErrorCode::kInternal);
}

TEST(DynamicLibrary, RefusesAnEmptyPath) {
  EXPECT_EQ(DynamicLibrary::open("").error().code(), core::ErrorCode::kInvalidInput);
}

TEST(DynamicLibrary, SaysWhichFunctionIsMissing) {
  const DynamicLibrary library = DynamicLibrary::open("libm.so.6").value();

  const core::Error error = library.function<void (*)()>("no_such_function").error();

  EXPECT_EQ(error.code(), core::ErrorCode::kInternal);
  EXPECT_NE(error.message().find("'no_such_function'"), std::string::npos);
}

}  // namespace
}  // namespace starcast::os
