// MLflow's search language (mlflow.md 5): a filter as a tree, an order_by as a list of keys. Ours on top: OR,
// NOT and parentheses, and every error names the column.
//
//   metrics.rmse < 0.4 AND params.kind = 'forest' AND (tags.`data set` ILIKE 'play%' OR tags.best IS NOT
//   NULL)
//
// Where this differs from MLflow: '' inside a quoted value is one quote (there both stay), so is "" inside
// double quotes; a backslash is an ordinary character.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "sql/database.h"

namespace starcast::tracking {

inline constexpr std::size_t kFilterBytes = std::size_t{256} << 10;
inline constexpr std::size_t kFilterClauses = 200;
inline constexpr std::size_t kFilterDepth = 50;         // of parentheses and NOT
inline constexpr std::size_t kLikePatternBytes = 8000;  // as long as the longest value
inline constexpr std::size_t kOrderKeys = 16;

// What is searched: which fields and operators there are.
enum class Resource { kRuns, kExperiments, kRegisteredModels, kModelVersions, kLoggedModels };

enum class Field { kAttribute, kMetric, kParam, kTag, kDataset };

enum class Comparator {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kLike,
  kIlike,
  kIn,
  kNotIn,
  kIsNull,
  kIsNotNull,
};
// "NOT IN" of kNotIn.
std::string_view name_of(Comparator comparator);

struct Comparison {
  Field field = Field::kAttribute;
  std::string key{};  // of an attribute, the name without aliases: "start_time" for "created"
  Comparator comparator = Comparator::kEqual;
  sql::Value value{};               // null for IS NULL and for lists
  std::vector<std::string> list{};  // of IN and NOT IN, never empty there
};

// A tree at most 2 * kFilterDepth + 3 deep. The default is no filter: everything matches.
struct Filter {
  enum class Kind { kAll, kAny, kNot, kComparison };
  Kind kind = Kind::kAll;
  std::vector<Filter> parts{};  // of kNot one; of kComparison none
  Comparison comparison{};      // of kComparison only
};

// kInvalidInput with MLflow's texts and the column, counted from 1 in characters. "" is no filter.
core::Result<Filter> parse_filter(std::string_view text, Resource resource);

enum class Direction { kAscending, kDescending };

struct OrderKey {
  Field field = Field::kAttribute;
  std::string key{};
  Direction direction = Direction::kAscending;
  std::string dataset_name{};  // of a logged model's metric: only points on that dataset; "" is any
  std::string dataset_digest{};
};

// "metrics.`a b` DESC" each; kInvalidInput for what MLflow refuses, for a field that comes twice, and for
// more than kOrderKeys.
core::Result<std::vector<OrderKey>> parse_order_by(const std::vector<std::string>& order_by,
                                                   Resource resource);
// The key of a logged model's order_by object {field_name}: "metrics.x" or an attribute.
core::Result<OrderKey> parse_logged_model_order(std::string_view field_name);

}  // namespace starcast::tracking
