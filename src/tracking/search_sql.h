// Searches as SQL: texts are put together from fragments of this program's source only, and everything a
// user wrote is a bound value. The compiler keeps it so: a Fragment is made from a literal at compile time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sql/database.h"
#include "tracking/filter.h"

namespace starcast::tracking {

class Fragment {
 public:
  consteval Fragment(const char* literal) : text_(literal) {}  // NOLINT: implicit on purpose
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

// SQL text with '?' places, and the values of those places in order.
class Statement {
 public:
  Statement() = default;
  Statement(Fragment fragment) : text_(fragment.text()) {}  // NOLINT: implicit on purpose

  Statement& add(Fragment fragment) {
    text_ += fragment.text();
    return *this;
  }
  Statement& add(const Statement& other);
  // A '?' with its value.
  Statement& bind(sql::Value value);
  // A number of this program's own, in digits.
  Statement& number(std::size_t number) {
    text_ += std::to_string(number);
    return *this;
  }

  const std::string& text() const { return text_; }
  const std::vector<sql::Value>& values() const { return values_; }

 private:
  std::string text_{};
  std::vector<sql::Value> values_{};
};

// A JSON array, for `IN (SELECT value FROM json_each(?))`: one statement for lists of any length.
std::string json_list(const std::vector<std::string>& texts);
std::string json_list(const std::vector<std::int64_t>& numbers);

// How a clause on a metric, param or tag is asked of a resource: `exists`, the bound key, " AND ", the
// comparison with `value`, `same`, ")".
struct ChildRows {
  Fragment exists;         // `EXISTS (SELECT 1 FROM tags c WHERE c."key" = `
  Fragment value;          // "c.value"
  Fragment same;           // " AND c.run_uuid = r.run_uuid"
  Fragment same_by_value;  // the same, written so that "=" uses the index over key, value and owner
};

// What a resource's filter is asked of. A field that its language lacks stays empty.
struct SearchTable {
  // By the name without aliases; every attribute of the language is there, for others it is "".
  Fragment (*column)(std::string_view attribute);
  std::optional<ChildRows> metrics{};
  bool metrics_have_is_nan = false;  // c.is_nan stands beside c.value
  Statement metric_scope{};          // " AND …" of a metric's row c: which of them count
  std::optional<ChildRows> params{};
  std::optional<ChildRows> tags{};
  std::optional<ChildRows> dataset_names{};  // these three have no key: `exists` ends with "1 = "
  std::optional<ChildRows> dataset_digests{};
  std::optional<ChildRows> dataset_contexts{};
};

// Appends "<value> <operator> ?". Not for IS NULL and IS NOT NULL.
void add_comparison(Statement& statement, Fragment value, const Comparison& comparison);
// The same for a metric with its column is_nan, named with `value` by their table: NaN differs from every
// number and is neither less nor greater.
void add_metric_comparison(Statement& statement, Fragment value, Fragment is_nan,
                           const Comparison& comparison);

// Appends a condition in parentheses. A clause on a key that is not there does not match, also with "!="; so
// NOT of such a clause does. `without`: clauses that the caller asks otherwise.
void add_filter(Statement& statement, const Filter& filter, const SearchTable& table,
                const std::vector<const Comparison*>& without = {});

// The clauses that every match has to fulfil: those not below OR and NOT.
std::vector<const Comparison*> required_clauses(const Filter& filter);

// One column of an order: rows are told apart by all of them together.
struct Term {
  enum class Type { kInteger, kReal, kText };
  Statement expression;
  Type type = Type::kText;
  Direction direction = Direction::kAscending;
  bool constant = false;  // the same in all rows of this query: not ordered by
};

// The two terms of something that may be missing: missing comes last in both directions.
void add_nullable_terms(std::vector<Term>& terms, const Statement& value, Term::Type type,
                        Direction direction);

using Keys = std::vector<sql::Value>;

// The first `limit` rows of `from_where` ("FROM … WHERE …") in the order of `terms`, behind the row whose
// keys are `after` (empty: from the start). Each row is the values of all terms.
core::Result<std::vector<Keys>> query_keys(sql::Session& session, const Statement& from_where,
                                           const std::vector<Term>& terms, const Keys& after,
                                           std::size_t limit);
// What query_keys asks; for tests of the query plan.
Statement keys_statement(const Statement& from_where, const std::vector<Term>& terms, const Keys& after,
                         std::size_t limit);

// Whether row `a` comes before row `b`.
bool comes_before(const Keys& a, const Keys& b, const std::vector<Term>& terms);

// Whether `keys` can be a row of `terms`: from a page token, so from outside.
bool fits(const Keys& keys, const std::vector<Term>& terms);

}  // namespace starcast::tracking
