#include "tracking/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include "codec/number.h"
#include "codec/utf8.h"
#include "core/strings.h"
#include "tracking/filter_language.h"
#include "tracking/filter_lexer.h"
#include "tracking/names.h"

namespace starcast::tracking {
namespace {

using Kind = FilterToken::Kind;

constexpr Comparator kNumberComparators[] = {Comparator::kLess,         Comparator::kLessEqual,
                                             Comparator::kEqual,        Comparator::kGreater,
                                             Comparator::kGreaterEqual, Comparator::kNotEqual};
constexpr Comparator kTextComparators[] = {Comparator::kEqual, Comparator::kNotEqual, Comparator::kLike,
                                           Comparator::kIlike};
constexpr Comparator kListComparators[] = {Comparator::kEqual, Comparator::kNotEqual, Comparator::kLike,
                                           Comparator::kIlike, Comparator::kIn,       Comparator::kNotIn};
constexpr Comparator kIdComparators[] = {Comparator::kEqual, Comparator::kNotEqual, Comparator::kIn,
                                         Comparator::kNotIn};

core::Error invalid(std::string message) {
  return core::Error(core::ErrorCode::kInvalidInput, std::move(message));
}

// At most 200 bytes of user text go into a message.
std::string shown(std::string_view text) {
  constexpr std::size_t kBytes = 200;
  if (text.size() <= kBytes) return std::string(text);
  std::size_t end = kBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "…";
}

// As errors name a field: MLflow's word for it.
std::string_view name_of(Field field) {
  switch (field) {
    case Field::kAttribute:
      return "attribute";
    case Field::kMetric:
      return "metric";
    case Field::kParam:
      return "parameter";
    case Field::kTag:
      return "tag";
    case Field::kDataset:
      return "dataset";
  }
  return "";
}

// A value as it stands in the filter.
struct Literal {
  enum class Type { kNone, kText, kNumber, kName, kList } type = Type::kNone;
  std::string text{};
  std::vector<std::string> list{};
  std::size_t offset = 0;
  std::string_view source{};
};

class Parser {
 public:
  Parser(std::string_view text, Resource resource)
      : text_(text),
        resource_(resource),
        language_(language_of(resource)),
        lexer_(text),
        token_(lexer_.next()) {}

  core::Result<Filter> filter() {
    // MLflow takes a lone AND for no filter.
    skip_ands();
    if (token_.kind == Kind::kEnd) return Filter{};
    Filter whole = TRY(any_of());
    if (token_.kind != Kind::kEnd) return unexpected(token_.offset, "nothing more is expected");
    return whole;
  }

  core::Result<OrderKey> order_key() {
    const core::Error unparsed =
        invalid(fmt::format("Invalid order_by clause '{}'. Could not be parsed.", shown(text_)));
    if (token_.kind != Kind::kName) return unparsed;
    const FilterToken name = take();
    OrderKey key;
    if (token_.kind != Kind::kEnd) {
      const FilterToken direction = take();
      if (direction.kind != Kind::kName || token_.kind != Kind::kEnd) return unparsed;
      const std::string lower = core::ascii_lower(source(direction));
      if (lower != "asc" && lower != "desc") {
        return invalid(fmt::format("Invalid ordering key in order_by clause '{}'.", shown(text_)));
      }
      if (lower == "desc") key.direction = Direction::kDescending;
    }
    TRY(order_field(name, key));
    return key;
  }

 private:
  // --- errors

  std::size_t column(std::size_t offset) const {
    const auto starts = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    return 1 + static_cast<std::size_t>(
                   std::count_if(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), starts));
  }

  core::Error fail(std::size_t offset, std::string_view message) const {
    return invalid(fmt::format("{} (column {})", message, column(offset)));
  }

  // The clause from `start` to the word that does not fit.
  core::Error unexpected(std::size_t start, std::string_view what) const {
    if (token_.kind == Kind::kSemicolon && !core::trimmed(text_.substr(token_.offset + 1)).empty()) {
      return fail(
          token_.offset,
          fmt::format("Search filter contained multiple expression '{}'. Provide AND-ed expression list.",
                      shown(text_)));
    }
    const std::string clause(core::trimmed(text_.substr(start, token_.offset + token_.length - start)));
    return invalid(fmt::format("Invalid clause(s) in filter string: '{}' (column {}: {})", shown(clause),
                               column(token_.offset), what));
  }

  // --- words

  FilterToken take() { return std::exchange(token_, lexer_.next()); }
  std::string_view source(const FilterToken& token) const { return text_.substr(token.offset, token.length); }
  void skip_ands() {
    while (token_.kind == Kind::kAnd) take();
  }
  bool starts_clause() const {
    return token_.kind == Kind::kName || token_.kind == Kind::kOpen || token_.kind == Kind::kNot ||
           token_.kind == Kind::kText || token_.kind == Kind::kNumber;
  }

  // --- the tree

  static Filter joined(Filter::Kind kind, std::vector<Filter> parts) {
    if (parts.size() == 1) return std::move(parts.front());
    Filter filter;
    filter.kind = kind;
    filter.parts = std::move(parts);
    return filter;
  }

  core::Result<Filter> any_of() {
    std::vector<Filter> parts;
    parts.push_back(TRY(all_of()));
    while (token_.kind == Kind::kOr) {
      take();
      parts.push_back(TRY(all_of()));
    }
    return joined(Filter::Kind::kAny, std::move(parts));
  }

  // Clauses joined by AND or standing side by side. An AND too many is MLflow's to ignore.
  core::Result<Filter> all_of() {
    std::vector<Filter> parts;
    skip_ands();
    do {
      parts.push_back(TRY(clause()));
      skip_ands();
    } while (starts_clause());
    return joined(Filter::Kind::kAll, std::move(parts));
  }

  core::Result<Filter> clause() {
    if (token_.kind != Kind::kNot && token_.kind != Kind::kOpen) return comparison();
    if (depth_ == kFilterDepth) {
      return fail(
          token_.offset,
          fmt::format("Invalid filter: parentheses and NOT are nested more than {} deep", kFilterDepth));
    }
    ++depth_;
    core::Result<Filter> filter = take().kind == Kind::kNot ? negated() : parenthesised();
    --depth_;
    return filter;
  }

  core::Result<Filter> negated() {
    Filter filter;
    filter.kind = Filter::Kind::kNot;
    filter.parts.push_back(TRY(clause()));
    return filter;
  }

  core::Result<Filter> parenthesised() {
    Filter filter = TRY(any_of());
    if (token_.kind != Kind::kClose) return unexpected(token_.offset, "')' is expected");
    take();
    return filter;
  }

  // --- one comparison

  core::Result<Filter> comparison() {
    const std::size_t start = token_.offset;
    if (token_.kind == Kind::kText || token_.kind == Kind::kNumber) {
      return fail(start, fmt::format("Invalid comparison clause. Expected 'Identifier' found '{}'",
                                     shown(source(token_))));
    }
    if (token_.kind != Kind::kName)
      return unexpected(start, "a field is expected, e.g. metrics.x; odd names go into backticks");
    if (++clauses_ > kFilterClauses) {
      return fail(start, fmt::format("Invalid filter: more than {} clauses", kFilterClauses));
    }
    const FilterToken name = take();
    Filter filter;
    filter.kind = Filter::Kind::kComparison;
    Comparison& result = filter.comparison;
    const std::size_t operator_offset = token_.offset;
    std::string operator_text(source(token_));
    const std::optional<Comparator> comparator = TRY(read_comparator(start, operator_text));
    const bool is_test = comparator == Comparator::kIsNull || comparator == Comparator::kIsNotNull;
    const Literal literal = is_test ? Literal{} : TRY(read_literal(start));
    const Attribute* attribute = TRY(read_field(name, result));
    if (is_test) {
      TRY(check_null_test(start, result));
    } else {
      TRY(read_value(literal, attribute, result));
    }
    result.comparator = TRY(check_comparator(operator_offset, operator_text, comparator, attribute, result));
    TRY(finish_value(literal, attribute, result));
    return filter;
  }

  // Absent for an operator that no field has.
  core::Result<std::optional<Comparator>> read_comparator(std::size_t start, std::string& text) {
    const Kind kind = token_.kind;
    switch (kind) {
      case Kind::kOperator:
        return comparator_of(source(take()));
      case Kind::kLike:
        take();
        return std::optional(Comparator::kLike);
      case Kind::kIlike:
        take();
        return std::optional(Comparator::kIlike);
      case Kind::kIn:
        take();
        return std::optional(Comparator::kIn);
      case Kind::kNot: {
        take();
        text = "NOT " + std::string(source(token_));
        if (token_.kind == Kind::kIn) {
          take();
          return std::optional(Comparator::kNotIn);
        }
        if (token_.kind == Kind::kLike || token_.kind == Kind::kIlike) {
          take();
          return std::optional<Comparator>();
        }
        return unexpected(start, "IN is expected");
      }
      case Kind::kIs: {
        take();
        const bool negated = token_.kind == Kind::kNot;
        if (negated) take();
        if (token_.kind != Kind::kNull) return unexpected(start, "NULL or NOT NULL is expected");
        take();
        return std::optional(negated ? Comparator::kIsNotNull : Comparator::kIsNull);
      }
      case Kind::kName:
      case Kind::kText:
      case Kind::kNumber:
      case Kind::kAnd:
      case Kind::kOr:
      case Kind::kNull:
      case Kind::kOpen:
      case Kind::kClose:
      case Kind::kComma:
      case Kind::kSemicolon:
      case Kind::kBad:
      case Kind::kEnd:
        break;
    }
    return unexpected(start, "an operator is expected; odd names go into backticks");
  }

  static std::optional<Comparator> comparator_of(std::string_view text) {
    if (text == "=") return Comparator::kEqual;
    if (text == "!=") return Comparator::kNotEqual;
    if (text == "<") return Comparator::kLess;
    if (text == "<=") return Comparator::kLessEqual;
    if (text == ">") return Comparator::kGreater;
    if (text == ">=") return Comparator::kGreaterEqual;
    return std::nullopt;
  }

  core::Result<Literal> read_literal(std::size_t start) {
    Literal literal;
    literal.offset = token_.offset;
    switch (token_.kind) {
      case Kind::kText:
        literal.type = Literal::Type::kText;
        break;
      case Kind::kNumber:
        literal.type = Literal::Type::kNumber;
        break;
      case Kind::kName:
        literal.type = token_.double_quoted ? Literal::Type::kText : Literal::Type::kName;
        break;
      case Kind::kOpen:
        return read_list(start);
      case Kind::kOperator:
      case Kind::kAnd:
      case Kind::kOr:
      case Kind::kNot:
      case Kind::kIn:
      case Kind::kLike:
      case Kind::kIlike:
      case Kind::kIs:
      case Kind::kNull:
      case Kind::kClose:
      case Kind::kComma:
      case Kind::kSemicolon:
      case Kind::kBad:
      case Kind::kEnd:
        return unexpected(start, "a value is expected");
    }
    literal.source = source(token_);
    literal.text = literal.type == Literal::Type::kNumber ? std::string(literal.source) : token_.value;
    take();
    return literal;
  }

  core::Result<Literal> read_list(std::size_t start) {
    Literal literal;
    literal.type = Literal::Type::kList;
    literal.offset = take().offset;
    if (token_.kind == Kind::kClose) {
      return fail(literal.offset,
                  "While parsing a list in the query, expected a non-empty list of string values, but got "
                  "empty list");
    }
    for (;;) {
      const bool is_text = token_.kind == Kind::kText || (token_.kind == Kind::kName && token_.double_quoted);
      if (token_.kind == Kind::kNumber || (token_.kind == Kind::kName && !is_text)) {
        return fail(token_.offset,
                    fmt::format("While parsing a list in the query, expected string value, punctuation, or "
                                "whitespace, but got different type in list: {}",
                                shown(source(token_))));
      }
      if (!is_text) return unexpected(start, "a quoted value is expected");
      literal.list.push_back(take().value);
      if (token_.kind == Kind::kComma) {
        take();
        if (token_.kind != Kind::kClose) continue;  // Python's ('a',)
      }
      if (token_.kind != Kind::kClose) return unexpected(start, "',' or ')' is expected");
      const FilterToken close = take();
      literal.source = text_.substr(literal.offset, close.offset + 1 - literal.offset);
      return literal;
    }
  }

  // --- fields

  // Sets field and key; the attribute, or null for another field.
  core::Result<const Attribute*> read_field(const FilterToken& name, Comparison& result) const {
    result.field = TRY(field_of(name));
    result.key = name.value;
    if (result.field == Field::kDataset && name.value != "name" && name.value != "digest" &&
        name.value != "context") {
      return fail(
          name.offset,
          fmt::format("Invalid dataset key '{}' specified. Valid keys are 'context', 'digest', 'name'",
                      shown(name.value)));
    }
    const Attribute* none = nullptr;
    if (result.field != Field::kAttribute) return none;
    const Attribute* attribute = find_attribute(language_, name.value);
    if (attribute == nullptr) {
      return fail(name.offset, fmt::format("Invalid attribute key '{}' specified. Valid keys are {}",
                                           shown(name.value), attribute_names(language_, Lists::kNo)));
    }
    result.key = std::string(attribute->meaning);
    return attribute;
  }

  core::Result<Field> field_of(const FilterToken& name) const {
    if (name.type.empty()) return Field::kAttribute;
    for (const FieldName& field : language_.fields) {
      if (field.name == name.type) return field.field;
    }
    return fail(name.offset,
                fmt::format("Invalid entity type{} '{}'. {}", resource_ == Resource::kLoggedModels ? ":" : "",
                            shown(name.type), language_.field_error));
  }

  core::Result<void> check_null_test(std::size_t start, const Comparison& result) const {
    if (language_.null_tests.empty())
      return fail(start, "Invalid comparison clause. Expected 3 tokens found 2");
    if (result.field == Field::kTag || result.field == Field::kParam) return {};
    return fail(start, fmt::format("IS NULL / IS NOT NULL is only supported for {}, not for '{}' '{}'",
                                   language_.null_tests, name_of(result.field), shown(result.key)));
  }

  // --- values

  core::Result<void> read_value(const Literal& literal, const Attribute* attribute,
                                Comparison& result) const {
    result.list = literal.list;
    switch (result.field) {
      case Field::kMetric:
        if (literal.type != Literal::Type::kNumber) {
          return fail(literal.offset,
                      fmt::format("Expected numeric value type for metric. Found {}", shown(literal.source)));
        }
        return read_number(literal, result);
      case Field::kParam:
      case Field::kTag:
        if (literal.type == Literal::Type::kList && language_.lists_of_texts == Lists::kYes) return {};
        return read_text(literal, fmt::format("{} (e.g. 'my-value')", name_of(result.field)), result);
      case Field::kDataset:
        if (literal.type == Literal::Type::kList) return {};
        return read_text(literal, "dataset attributes", result);
      case Field::kAttribute:
        break;
    }
    return read_attribute(literal, *attribute, result);
  }

  core::Result<void> read_attribute(const Literal& literal, const Attribute& attribute,
                                    Comparison& result) const {
    if (attribute.type == AttributeType::kInteger) {
      if (literal.type != Literal::Type::kNumber) {
        return fail(literal.offset,
                    fmt::format("Expected numeric value type for numeric attribute: {}. Found {}",
                                attribute.name, shown(literal.source)));
      }
      return read_number(literal, result);
    }
    if (literal.type == Literal::Type::kList) {
      if (attribute.lists == Lists::kYes) return {};
      return fail(literal.offset,
                  fmt::format("Only [{}] attributes support comparison with a list of quoted string values.",
                              attribute_names(language_, Lists::kYes)));
    }
    if (attribute.type == AttributeType::kAnyInteger && literal.type == Literal::Type::kNumber) {
      result.value = literal.text;
      return {};
    }
    return read_text(literal, "attributes", result);
  }

  core::Result<void> read_text(const Literal& literal, std::string_view what, Comparison& result) const {
    if (literal.type == Literal::Type::kName) {
      return fail(literal.offset,
                  fmt::format("Parameter value is either not quoted or unidentified quote types used for "
                              "string value {}. Use either single or double quotes.",
                              shown(literal.source)));
    }
    // MLflow compares a logged model's texts with numbers as they are written.
    const bool number_is_text =
        resource_ == Resource::kLoggedModels && literal.type == Literal::Type::kNumber;
    if (literal.type != Literal::Type::kText && !number_is_text) {
      return fail(literal.offset, fmt::format("Expected a quoted string value for {}. Got value {}", what,
                                              shown(literal.source)));
    }
    result.value = literal.text;
    return {};
  }

  core::Result<void> read_number(const Literal& literal, Comparison& result) const {
    const std::optional<std::int64_t> whole = codec::parse_int(literal.text);
    if (whole && result.field == Field::kAttribute) {
      result.value = *whole;
      return {};
    }
    const std::optional<double> value = codec::parse_double(literal.text);
    if (!value)
      return fail(literal.offset,
                  fmt::format("Invalid number {}: it does not fit a double", shown(literal.source)));
    result.value = *value;
    return {};
  }

  // What depends on the operator: whole numbers, ids, states, and how long a pattern may be.
  core::Result<void> finish_value(const Literal& literal, const Attribute* attribute,
                                  Comparison& result) const {
    const bool is_like = result.comparator == Comparator::kLike || result.comparator == Comparator::kIlike;
    if (is_like && literal.text.size() > kLikePatternBytes) {
      return fail(literal.offset,
                  fmt::format("Invalid filter: a pattern longer than {} bytes", kLikePatternBytes));
    }
    if (attribute == nullptr) return {};
    if (attribute->type == AttributeType::kAnyInteger) {
      const std::optional<std::int64_t> value = codec::parse_int(literal.text);
      if (!value) {
        return fail(literal.offset, fmt::format("Invalid value for numeric attribute '{}': {}",
                                                attribute->name, shown(literal.source)));
      }
      result.value = *value;
    }
    if (attribute->type == AttributeType::kInteger && resource_ == Resource::kExperiments &&
        std::holds_alternative<double>(result.value)) {
      return fail(literal.offset, fmt::format("Invalid value for numeric attribute '{}': '{}'",
                                              attribute->name, shown(literal.source)));
    }
    if (attribute->type == AttributeType::kExperiment) {
      if (!literal.list.empty()) {
        for (const std::string& id : literal.list) TRY(parse_experiment_id(id));
      } else {
        result.value = TRY(parse_experiment_id(literal.text));
      }
    }
    return {};
  }

  // --- operators

  std::span<const Comparator> comparators_for(const Attribute* attribute, Field field) const {
    switch (field) {
      case Field::kMetric:
        return kNumberComparators;
      case Field::kDataset:
        return kListComparators;
      case Field::kParam:
      case Field::kTag:
        if (language_.lists_of_texts == Lists::kYes) return kListComparators;
        return kTextComparators;
      case Field::kAttribute:
        break;
    }
    switch (attribute->type) {
      case AttributeType::kInteger:
      case AttributeType::kAnyInteger:
        return kNumberComparators;
      case AttributeType::kExperiment:
        return kIdComparators;
      case AttributeType::kText:
      case AttributeType::kModelStatus:
        break;
    }
    return kListComparators;
  }

  core::Result<Comparator> check_comparator(std::size_t offset, std::string_view text,
                                            std::optional<Comparator> comparator, const Attribute* attribute,
                                            const Comparison& result) const {
    if (comparator == Comparator::kIsNull || comparator == Comparator::kIsNotNull) return *comparator;
    const std::span<const Comparator> allowed = comparators_for(attribute, result.field);
    const bool known = comparator && std::find(allowed.begin(), allowed.end(), *comparator) != allowed.end();
    const bool takes_list = comparator == Comparator::kIn || comparator == Comparator::kNotIn;
    if (known && takes_list != result.list.empty()) return *comparator;
    if (known && takes_list) {
      return fail(offset,
                  "While parsing a list in the query, expected a non-empty list of string values, but got "
                  "ill-formed list.");
    }
    std::string names;
    for (const Comparator one : allowed)
      names += fmt::format("{}'{}'", names.empty() ? "" : ", ", tracking::name_of(one));
    if (resource_ == Resource::kLoggedModels) {
      return fail(offset, fmt::format("Invalid comparison operator for {}s.{}: '{}'. Expected one of ({}).",
                                      result.field == Field::kParam ? "param" : name_of(result.field),
                                      shown(result.key), text, names));
    }
    if (resource_ == Resource::kRuns ||
        (resource_ == Resource::kExperiments && result.field == Field::kAttribute &&
         attribute->type == AttributeType::kText)) {
      return fail(offset, fmt::format("Invalid comparator '{}' not one of {{{}}}", text, names));
    }
    if (attribute != nullptr && attribute->type == AttributeType::kExperiment) {
      return fail(offset, fmt::format("Invalid comparator for experiment_id: {}", text));
    }
    return fail(offset, fmt::format("Invalid comparator for {}: {}; not one of {{{}}}", name_of(result.field),
                                    text, names));
  }

  // --- order_by

  core::Result<void> order_field(const FilterToken& name, OrderKey& key) const {
    if (resource_ == Resource::kRegisteredModels) {
      key.key = std::string(source(name));
      if (!name.type.empty() || !is_order_attribute(name.value)) {
        return invalid(fmt::format("Invalid order by key '{}' specified. Valid keys are {}", shown(key.key),
                                   language_.order_names));
      }
      key.key = name.value == "timestamp" ? "last_updated_timestamp" : name.value;
      return {};
    }
    key.field = TRY(field_of(name));
    key.key = name.value;
    if (key.field == Field::kAttribute) return order_attribute(key);
    if (resource_ != Resource::kRuns)
      return invalid(fmt::format("Invalid order_by entity: {}", name_of(key.field)));
    if (key.field == Field::kDataset) return invalid("Invalid identifier type 'dataset'");
    return {};
  }

  core::Result<void> order_attribute(OrderKey& key) const {
    if (!is_order_attribute(key.key)) {
      std::string names;
      for (const std::string_view one : language_.order_attributes)
        names += fmt::format("{}'{}'", names.empty() ? "" : ", ", one);
      return invalid(
          fmt::format("Invalid attribute key '{}' specified. Valid keys are {}", shown(key.key), names));
    }
    if (const Attribute* attribute = find_attribute(language_, key.key))
      key.key = std::string(attribute->meaning);
    return {};
  }

  bool is_order_attribute(std::string_view name) const {
    const auto& names = language_.order_attributes;
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  std::string_view text_;
  Resource resource_;
  const Language& language_;
  FilterLexer lexer_;
  FilterToken token_;
  std::size_t depth_ = 0;
  std::size_t clauses_ = 0;
};

core::Result<void> check_text(std::string_view text, std::string_view what) {
  if (text.size() > kFilterBytes) {
    return invalid(fmt::format("Invalid {}: {} bytes are too many, at most {} are taken", what, text.size(),
                               kFilterBytes));
  }
  if (!codec::is_utf8(text)) return invalid(fmt::format("Invalid {}: it is not valid UTF-8", what));
  if (text.find('\0') != std::string_view::npos)
    return invalid(fmt::format("Invalid {}: it contains a NUL character", what));
  return {};
}

}  // namespace

std::string_view name_of(Comparator comparator) {
  switch (comparator) {
    case Comparator::kEqual:
      return "=";
    case Comparator::kNotEqual:
      return "!=";
    case Comparator::kLess:
      return "<";
    case Comparator::kLessEqual:
      return "<=";
    case Comparator::kGreater:
      return ">";
    case Comparator::kGreaterEqual:
      return ">=";
    case Comparator::kLike:
      return "LIKE";
    case Comparator::kIlike:
      return "ILIKE";
    case Comparator::kIn:
      return "IN";
    case Comparator::kNotIn:
      return "NOT IN";
    case Comparator::kIsNull:
      return "IS NULL";
    case Comparator::kIsNotNull:
      return "IS NOT NULL";
  }
  return "";
}

core::Result<Filter> parse_filter(std::string_view text, Resource resource) {
  if (text.empty()) return Filter{};
  TRY(check_text(text, "filter"));
  if (core::trimmed(text).empty())
    return invalid(fmt::format("Invalid filter '{}'. Could not be parsed.", shown(text)));
  return Parser(text, resource).filter();
}

core::Result<std::vector<OrderKey>> parse_order_by(const std::vector<std::string>& order_by,
                                                   Resource resource) {
  if (order_by.size() > kOrderKeys)
    return invalid(fmt::format("Invalid order_by: more than {} keys", kOrderKeys));
  std::vector<OrderKey> keys;
  for (const std::string& text : order_by) {
    TRY(check_text(text, "order_by clause"));
    OrderKey key = TRY(Parser(text, resource).order_key());
    for (const OrderKey& earlier : keys) {
      if (earlier.field != key.field || earlier.key != key.key) continue;
      return invalid(fmt::format("`order_by` contains duplicate fields: '{}'", shown(text)));
    }
    keys.push_back(std::move(key));
  }
  return keys;
}

core::Result<OrderKey> parse_logged_model_order(std::string_view field_name) {
  TRY(check_text(field_name, "order_by field name"));
  OrderKey key;
  const std::size_t dot = field_name.find('.');
  if (dot != std::string_view::npos) {
    if (field_name.substr(0, dot) != "metrics") {
      return invalid(
          fmt::format("Invalid order by field name: {}. Only metrics are supported.", shown(field_name)));
    }
    key.field = Field::kMetric;
    key.key = std::string(field_name.substr(dot + 1));
    return key;
  }
  const Language& language = language_of(Resource::kLoggedModels);
  const Attribute* attribute = find_attribute(language, field_name);
  if (attribute == nullptr) return invalid(fmt::format("Invalid order by field name: {}", shown(field_name)));
  key.key = std::string(attribute->meaning);
  return key;
}

}  // namespace starcast::tracking
