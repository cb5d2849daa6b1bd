#include "tracking/search_sql.h"

#include <algorithm>
#include <utility>

#include "codec/json.h"
#include "core/check.h"

namespace starcast::tracking {
namespace {

Fragment operator_of(Comparator comparator) {
  switch (comparator) {
    case Comparator::kEqual:
      return " = ";
    case Comparator::kNotEqual:
      return " <> ";
    case Comparator::kLess:
      return " < ";
    case Comparator::kLessEqual:
      return " <= ";
    case Comparator::kGreater:
      return " > ";
    case Comparator::kGreaterEqual:
      return " >= ";
    case Comparator::kLike:
      return " LIKE ";
    // The operator of this program's SQLite connections (sql::Dialect::ilike).
    case Comparator::kIlike:
      return " MATCH ";
    case Comparator::kIn:
      return " IN ";
    case Comparator::kNotIn:
      return " NOT IN ";
    case Comparator::kIsNull:
      return " IS NULL ";
    case Comparator::kIsNotNull:
      return " IS NOT NULL ";
  }
  return "";
}

bool is_list(Comparator comparator) {
  return comparator == Comparator::kIn || comparator == Comparator::kNotIn;
}

class FilterWriter {
 public:
  FilterWriter(Statement& statement, const SearchTable& table, const std::vector<const Comparison*>& without)
      : statement_(statement), table_(table), without_(without) {}

  void write(const Filter& filter) {
    switch (filter.kind) {
      case Filter::Kind::kAll:
        return write_parts(filter, " AND ", "1");
      case Filter::Kind::kAny:
        return write_parts(filter, " OR ", "0");
      case Filter::Kind::kNot:
        // What is unknown (a NULL column) does not match, so its opposite does.
        statement_.add("(");
        write(filter.parts.front());
        statement_.add(" IS NOT TRUE)");
        return;
      case Filter::Kind::kComparison:
        write(filter.comparison);
        return;
    }
  }

 private:
  void write_parts(const Filter& filter, Fragment between, Fragment none) {
    statement_.add("(");
    bool first = true;
    for (const Filter& part : filter.parts) {
      if (!first) statement_.add(between);
      first = false;
      write(part);
    }
    if (first) statement_.add(none);
    statement_.add(")");
  }

  void write(const Comparison& comparison) {
    if (std::find(without_.begin(), without_.end(), &comparison) != without_.end()) {
      statement_.add("1");
      return;
    }
    switch (comparison.field) {
      case Field::kAttribute: {
        const Fragment column = table_.column(comparison.key);
        CHECK(!column.text().empty());
        statement_.add("(");
        add_comparison(statement_, column, comparison);
        statement_.add(")");
        return;
      }
      case Field::kMetric:
        return write_child(table_.metrics, comparison);
      case Field::kParam:
        return write_child(table_.params, comparison);
      case Field::kTag:
        return write_child(table_.tags, comparison);
      case Field::kDataset:
        return write_dataset(comparison);
    }
  }

  void write_child(const std::optional<ChildRows>& rows, const Comparison& comparison) {
    CHECK(rows.has_value());
    if (comparison.comparator == Comparator::kIsNull) statement_.add("NOT ");
    statement_.add(rows->exists).bind(comparison.key);
    if (comparison.comparator != Comparator::kIsNull && comparison.comparator != Comparator::kIsNotNull) {
      statement_.add(" AND ");
      if (comparison.field == Field::kMetric && table_.metrics_have_is_nan) {
        add_metric_comparison(statement_, rows->value, "c.is_nan", comparison);
      } else {
        add_comparison(statement_, rows->value, comparison);
      }
    }
    if (comparison.field == Field::kMetric) statement_.add(table_.metric_scope);
    statement_.add(comparison.comparator == Comparator::kEqual ? rows->same_by_value : rows->same).add(")");
  }

  void write_dataset(const Comparison& comparison) {
    const std::optional<ChildRows>& rows = comparison.key == "name"     ? table_.dataset_names
                                           : comparison.key == "digest" ? table_.dataset_digests
                                                                        : table_.dataset_contexts;
    CHECK(rows.has_value());
    statement_.add(rows->exists).bind(std::int64_t{1}).add(" AND ");
    add_comparison(statement_, rows->value, comparison);
    statement_.add(rows->same).add(")");
  }

  Statement& statement_;
  const SearchTable& table_;
  const std::vector<const Comparison*>& without_;
};

void collect_required(const Filter& filter, std::vector<const Comparison*>& clauses) {
  if (filter.kind == Filter::Kind::kComparison) clauses.push_back(&filter.comparison);
  if (filter.kind != Filter::Kind::kAll) return;
  for (const Filter& part : filter.parts) collect_required(part, clauses);
}

sql::Value value_of(const sql::Row& row, int column, Term::Type type) {
  if (row.is_null(column)) return nullptr;
  switch (type) {
    case Term::Type::kInteger:
      return row.integer(column);
    case Term::Type::kReal:
      return row.real(column);
    case Term::Type::kText:
      return row.string(column);
  }
  return nullptr;
}

template <typename T>
int compared(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// Less than 0, 0 or more than 0; NULL comes first, as in SQLite.
int compared_values(const sql::Value& a, const sql::Value& b) {
  if (a.index() != b.index()) return compared(a.index(), b.index());
  if (const auto* number = std::get_if<std::int64_t>(&a)) return compared(*number, std::get<std::int64_t>(b));
  if (const auto* real = std::get_if<double>(&a)) return compared(*real, std::get<double>(b));
  if (const auto* text = std::get_if<std::string>(&a)) return compared(*text, std::get<std::string>(b));
  return 0;
}

// "k3 > ? OR (k3 IS ? AND (…))" from that term on; with all terms equal a row is the last one itself.
void add_after(Statement& statement, const std::vector<Term>& terms, const Keys& after) {
  std::size_t open = 0;
  bool first = true;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].constant) continue;
    if (!first) {
      statement.add(" AND (");
      ++open;
    }
    first = false;
    const bool descending = terms[i].direction == Direction::kDescending;
    statement.add("k").number(i).add(descending ? Fragment(" < ") : Fragment(" > ")).bind(after[i]);
    statement.add(" OR (k").number(i).add(" IS ").bind(after[i]);
    ++open;
  }
  // The last term has nothing behind it.
  statement.add(" AND 0");
  for (; open > 0; --open) statement.add(")");
}

}  // namespace

Statement& Statement::add(const Statement& other) {
  text_ += other.text_;
  values_.insert(values_.end(), other.values_.begin(), other.values_.end());
  return *this;
}

Statement& Statement::bind(sql::Value value) {
  text_ += '?';
  values_.push_back(std::move(value));
  return *this;
}

std::string json_list(const std::vector<std::string>& texts) {
  codec::JsonArray list;
  list.reserve(texts.size());
  for (const std::string& text : texts) list.emplace_back(text);
  return codec::to_text(codec::Json(std::move(list)), codec::JsonStyle::kCompact);
}

std::string json_list(const std::vector<std::int64_t>& numbers) {
  std::string list = "[";
  for (const std::int64_t number : numbers) {
    if (list.size() > 1) list += ',';
    list += std::to_string(number);
  }
  return list + "]";
}

void add_comparison(Statement& statement, Fragment value, const Comparison& comparison) {
  statement.add(value).add(operator_of(comparison.comparator));
  if (is_list(comparison.comparator)) {
    statement.add("(SELECT value FROM json_each(").bind(json_list(comparison.list)).add("))");
  } else {
    statement.bind(comparison.value);
  }
}

void add_metric_comparison(Statement& statement, Fragment value, Fragment is_nan,
                           const Comparison& comparison) {
  const bool differs = comparison.comparator == Comparator::kNotEqual;
  statement.add("(").add(is_nan).add(differs ? Fragment(" = 1 OR ") : Fragment(" = 0 AND "));
  add_comparison(statement, value, comparison);
  statement.add(")");
}

void add_filter(Statement& statement, const Filter& filter, const SearchTable& table,
                const std::vector<const Comparison*>& without) {
  FilterWriter(statement, table, without).write(filter);
}

std::vector<const Comparison*> required_clauses(const Filter& filter) {
  std::vector<const Comparison*> clauses;
  collect_required(filter, clauses);
  return clauses;
}

void add_nullable_terms(std::vector<Term>& terms, const Statement& value, Term::Type type,
                        Direction direction) {
  Statement missing("(");
  missing.add(value).add(" IS NULL)");
  terms.push_back({std::move(missing), Term::Type::kInteger, Direction::kAscending});
  terms.push_back({value, type, direction});
}

Statement keys_statement(const Statement& from_where, const std::vector<Term>& terms, const Keys& after,
                         std::size_t limit) {
  Statement statement("SELECT ");
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (i > 0) statement.add(", ");
    statement.add("k").number(i);
  }
  statement.add(" FROM (SELECT ");
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (i > 0) statement.add(", ");
    statement.add(terms[i].expression).add(" AS k").number(i);
  }
  statement.add(" ").add(from_where).add(") AS found");
  if (!after.empty()) {
    statement.add(" WHERE (");
    add_after(statement, terms, after);
    statement.add(")");
  }
  bool first = true;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    if (terms[i].constant) continue;
    statement.add(first ? Fragment(" ORDER BY k") : Fragment(", k")).number(i);
    if (terms[i].direction == Direction::kDescending) statement.add(" DESC");
    first = false;
  }
  statement.add(" LIMIT ").bind(static_cast<std::int64_t>(limit));
  return statement;
}

core::Result<std::vector<Keys>> query_keys(sql::Session& session, const Statement& from_where,
                                           const std::vector<Term>& terms, const Keys& after,
                                           std::size_t limit) {
  const Statement statement = keys_statement(from_where, terms, after, limit);
  std::vector<Keys> rows;
  TRY(session.query(statement.text(), statement.values(), [&](const sql::Row& row) {
    Keys keys;
    keys.reserve(terms.size());
    for (std::size_t i = 0; i < terms.size(); ++i) {
      keys.push_back(value_of(row, static_cast<int>(i), terms[i].type));
    }
    rows.push_back(std::move(keys));
    return core::Result<void>();
  }));
  return rows;
}

bool comes_before(const Keys& a, const Keys& b, const std::vector<Term>& terms) {
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const int order = compared_values(a[i], b[i]);
    if (order != 0) return (order < 0) == (terms[i].direction == Direction::kAscending);
  }
  return false;
}

bool fits(const Keys& keys, const std::vector<Term>& terms) {
  if (keys.size() != terms.size()) return false;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    const sql::Value& key = keys[i];
    if (std::holds_alternative<std::nullptr_t>(key)) continue;
    const bool is_text = std::holds_alternative<std::string>(key);
    if (is_text != (terms[i].type == Term::Type::kText)) return false;
    if (terms[i].type == Term::Type::kInteger && !std::holds_alternative<std::int64_t>(key)) return false;
  }
  return true;
}

}  // namespace starcast::tracking
