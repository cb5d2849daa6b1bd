// Result<T>: a value or an Error, and TRY, which passes the error on. No result can be dropped: the class is
// nodiscard.
//
//   Result<Pipeline> load(const FileSystem& files, const std::string& path) {
//     std::string text = TRY(files.read(path));
//     YamlNode root = TRY(parse_yaml(text), path);   // the second argument becomes context
//     return parse_pipeline(root);
//   }
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/check.h"
#include "core/error.h"

namespace starcast::core {

// Holds a T or an Error. Reading the absent side is a failed CHECK. Result<bool> is refused, as its
// conversion to bool means "has a value": return an enum or a std::optional.
template <typename T>
class [[nodiscard]] Result {
  static_assert(!std::is_reference_v<T>, "a Result holds a value; return a pointer or a reference_wrapper");
  static_assert(!std::is_same_v<T, Error>, "a Result<Error> cannot tell its two sides apart");
  static_assert(!std::is_same_v<T, bool>, "Result<bool> reads ambiguously; return an enum");

 public:
  using value_type = T;

  Result(T held) : state_(std::in_place_index<0>, std::move(held)) {}        // NOLINT: implicit on purpose
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  explicit operator bool() const { return state_.index() == 0; }
  bool has_value() const { return state_.index() == 0; }

  T& value() & {
    CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    CHECK(has_value());
    return *std::get_if<0>(&state_);
  }
  // By value, so that `for (x : make().value())` does not outlive what it walks over.
  T value() && {
    CHECK(has_value());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& {
    CHECK(!has_value());
    return *std::get_if<1>(&state_);
  }
  Error&& error() && {
    CHECK(!has_value());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, Error> state_;
};

// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit on purpose

  explicit operator bool() const { return !error_.has_value(); }
  bool has_value() const { return !error_.has_value(); }
  void value() const { CHECK(has_value()); }

  const Error& error() const& {
    CHECK(!has_value());
    return *error_;
  }
  Error&& error() && {
    CHECK(!has_value());
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace starcast::core

// Yields the value of a Result, or returns its error from the enclosing function; an optional second argument
// is put in front of the message. A TRY inside another TRY's argument is refused by -Wshadow.
#define TRY(expression, ...)                                             \
  __extension__({                                                        \
    auto core_try_result = (expression);                                 \
    if (!core_try_result) [[unlikely]] {                                 \
      return ::starcast::core::Error(std::move(core_try_result).error()) \
          __VA_OPT__(.with_context(__VA_ARGS__));                        \
    }                                                                    \
    std::move(core_try_result).value();                                  \
  })
