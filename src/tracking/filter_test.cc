#include "tracking/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace starcast::tracking {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string text_of(const sql::Value& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&value)) return "~" + std::to_string(*real);
  if (const auto* text = std::get_if<std::string>(&value)) return "'" + *text + "'";
  return "";
}

std::string_view text_of(Field field) {
  switch (field) {
    case Field::kAttribute:
      return "attribute";
    case Field::kMetric:
      return "metric";
    case Field::kParam:
      return "param";
    case Field::kTag:
      return "tag";
    case Field::kDataset:
      return "dataset";
  }
  return "";
}

// The tree in one line: "(metric a > ~1.000000 AND NOT tag b = 'x')".
std::string shown(const Filter& filter) {
  if (filter.kind == Filter::Kind::kNot) return "NOT " + shown(filter.parts.front());
  if (filter.kind == Filter::Kind::kComparison) {
    const Comparison& one = filter.comparison;
    std::string text =
        std::string(text_of(one.field)) + " " + one.key + " " + std::string(name_of(one.comparator));
    for (const std::string& item : one.list) text += " [" + item + "]";
    const std::string value = text_of(one.value);
    return value.empty() ? text : text + " " + value;
  }
  std::string text = "(";
  for (const Filter& part : filter.parts) {
    if (text.size() > 1) text += filter.kind == Filter::Kind::kAll ? " AND " : " OR ";
    text += shown(part);
  }
  return text + ")";
}

std::string parsed(std::string_view text, Resource resource = Resource::kRuns) {
  const core::Result<Filter> filter = parse_filter(text, resource);
  return filter ? shown(*filter) : "error: " + filter.error().message();
}

struct Case {
  std::string_view filter;
  std::string_view tree;
};

class GoodRunFilter : public testing::TestWithParam<Case> {};

TEST_P(GoodRunFilter, IsRead) {
  EXPECT_EQ(parsed(GetParam().filter), GetParam().tree);
}

INSTANTIATE_TEST_SUITE_P(
    Filter, GoodRunFilter,
    testing::Values(
        Case{"", "()"}, Case{"metrics.a > 1", "metric a > ~1.000000"},
        Case{"metric.a>=-1.5", "metric a >= ~-1.500000"}, Case{"metrics.a = 1e2", "metric a = ~100.000000"},
        Case{"metrics.a = .5", "metric a = ~0.500000"}, Case{"metrics.a = -.5", "metric a = ~-0.500000"},
        Case{"metrics.a = 5.", "metric a = ~5.000000"}, Case{"metrics.a != 1E-1", "metric a != ~0.100000"},
        Case{"param.k = 'v'", "param k = 'v'"}, Case{"parameter.k = \"v\"", "param k = 'v'"},
        Case{"parameters.k != 'v'", "param k != 'v'"},
        Case{"params.`a b` like '%x_'", "param a b LIKE '%x_'"},
        Case{"params.\"a b\" iLike 'x'", "param a b ILIKE 'x'"}, Case{"params.a IS NULL", "param a IS NULL"},
        Case{"tags.a is not null", "tag a IS NOT NULL"},
        Case{"tags.mlflow.source.name = 'x'", "tag mlflow.source.name = 'x'"},
        Case{"`tags`.`a` = 'x'", "tag a = 'x'"}, Case{"tag.1a = ''", "tag 1a = ''"},
        Case{"params.select = 'x'", "param select = 'x'"}, Case{"metrics.é < 2", "metric é < ~2.000000"},
        Case{"params.a = 'it''s'", "param a = 'it's'"}, Case{"params.a = \"it's\"", "param a = 'it's'"},
        Case{"params.a = 'C:\\'", "param a = 'C:\\'"},
        Case{"params.a = 'x OR y) ;'", "param a = 'x OR y) ;'"},
        Case{"run_id = 'r'", "attribute run_id = 'r'"},
        Case{"attr.run_id IN ('a', \"b\",)", "attribute run_id IN [a] [b]"},
        Case{"run.run_id not in ('a')", "attribute run_id NOT IN [a]"},
        Case{"created > 5", "attribute start_time > 5"},
        Case{"attributes.Created <= 1.5", "attribute start_time <= ~1.500000"},
        Case{"\"run name\" = 'x'", "attribute run_name = 'x'"},
        Case{"attribute.`Run Name` LIKE 'x'", "attribute run_name LIKE 'x'"},
        Case{"end_time != 7", "attribute end_time != 7"},
        Case{"dataset.name IN ('a')", "dataset name IN [a]"},
        Case{"datasets.context = 'train'", "dataset context = 'train'"},
        Case{"metrics.a = 1 AND params.b = 'x'", "(metric a = ~1.000000 AND param b = 'x')"},
        Case{"metrics.a = 1 params.b = 'x'", "(metric a = ~1.000000 AND param b = 'x')"},
        Case{"metrics.a=1and params.b='x'",
             "error: Invalid clause(s) in filter string: 'metrics.a=1and' (column 11: a value is expected)"},
        Case{"AND", "()"}, Case{"AND metrics.a = 1 AND", "metric a = ~1.000000"},
        Case{"metrics.a = 1 OR metrics.b = 2 AND metrics.c = 3",
             "(metric a = ~1.000000 OR (metric b = ~2.000000 AND metric c = ~3.000000))"},
        Case{"(metrics.a = 1 OR metrics.b = 2) metrics.c = 3",
             "((metric a = ~1.000000 OR metric b = ~2.000000) AND metric c = ~3.000000)"},
        Case{"not (tags.a = 'x' or not tags.b IS NULL)", "NOT (tag a = 'x' OR NOT tag b IS NULL)"},
        Case{"NOT run_id NOT IN ('a')", "NOT attribute run_id NOT IN [a]"}));

class BadRunFilter : public testing::TestWithParam<Case> {};

TEST_P(BadRunFilter, IsRefusedAtItsColumn) {
  EXPECT_THAT(parsed(GetParam().filter), HasSubstr(std::string(GetParam().tree)));
}

INSTANTIATE_TEST_SUITE_P(
    Filter, BadRunFilter,
    testing::Values(
        Case{"   ", "Invalid filter '   '. Could not be parsed."},
        Case{"metrics.a",
             "Invalid clause(s) in filter string: 'metrics.a' (column 10: an operator is expected"},
        Case{"metrics.a >",
             "Invalid clause(s) in filter string: 'metrics.a >' (column 12: a value is expected)"},
        Case{"metrics.a > 1 OR", "Invalid clause(s) in filter string: '' (column 17: a field is expected"},
        Case{"metrics.a == 1",
             "Invalid comparator '==' not one of {'<', '<=', '=', '>', '>=', '!='} (column 11)"},
        Case{"metrics.a <> 1", "Invalid comparator '<>' not one of"},
        Case{"metrics.a LIKE 1", "Invalid comparator 'LIKE' not one of"},
        Case{"metrics.a > 'x'", "Expected numeric value type for metric. Found 'x' (column 13)"},
        Case{"metrics.a = nan", "Expected numeric value type for metric. Found nan (column 13)"},
        Case{"metrics.a = +1", "Invalid clause(s) in filter string: 'metrics.a = +' (column 13"},
        Case{"metrics.a = 0x10", "Invalid clause(s) in filter string: 'metrics.a = 0x10' (column 13"},
        Case{"metrics.a = 1e999", "Invalid number 1e999"},
        Case{"metrics.a BETWEEN 1 AND 2",
             "Invalid clause(s) in filter string: 'metrics.a BETWEEN' (column 11"},
        Case{"metrics.a IS NULL",
             "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'a'"},
        Case{"params.a > 'x'", "Invalid comparator '>' not one of {'=', '!=', 'LIKE', 'ILIKE'} (column 10)"},
        Case{"params.a NOT LIKE 'x'", "Invalid comparator 'NOT LIKE' not one of"},
        Case{"params.a RLIKE 'x'", "Invalid comparator 'RLIKE' not one of"},
        Case{"params.a = 1",
             "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1 (column 12)"},
        Case{"params.a = x",
             "Parameter value is either not quoted or unidentified quote types used for string value x. Use "
             "either single or double quotes. (column 12)"},
        Case{"params.a = `x`", "Parameter value is either not quoted"},
        Case{"params.a IN ('x')",
             "Expected a quoted string value for parameter (e.g. 'my-value'). Got value ('x')"},
        Case{"params.a = 'x", "Invalid clause(s) in filter string: 'params.a = 'x' (column 12"},
        Case{"params.a b = 'x'", "Invalid clause(s) in filter string: 'params.a b' (column 10"},
        Case{"params.a-b = 'x'", "Invalid clause(s) in filter string"},
        Case{"params. = 'x'", "Invalid clause(s) in filter string"},
        Case{"\"params\".a = 'x'",
             "Invalid entity type '\"params\"'. Valid values are ['metric', 'parameter', 'tag', "
             "'attribute', 'dataset'] (column 1)"},
        Case{"Metrics.a = 1", "Invalid entity type 'Metrics'"},
        Case{"metrics.a = 1 AND foo.b = 2",
             "Invalid entity type 'foo'. Valid values are ['metric', 'parameter', 'tag', "
             "'attribute', 'dataset'] (column 19)"},
        Case{"zz = 'x'", "Invalid attribute key 'zz' specified. Valid keys are 'Created', 'Run Name'"},
        Case{"status > 'x'", "Invalid comparator '>' not one of"},
        Case{"status = FINISHED", "Parameter value is either not quoted"},
        Case{
            "status IN ('a')",
            "Only ['run_id'] attributes support comparison with a list of quoted string values. (column 11)"},
        Case{"run_id IN ()", "expected a non-empty list of string values, but got empty list (column 11)"},
        Case{"run_id IN ('a', 1)", "but got different type in list: 1 (column 17)"},
        Case{"run_id IN ('a' 'b')", "(column 16: ',' or ')' is expected)"},
        Case{"run_id IN 'a'", "but got ill-formed list. (column 8)"},
        Case{"run_id = ('a')", "Invalid comparator '=' not one of"},
        Case{"start_time > 'x'", "Expected numeric value type for numeric attribute: start_time. Found 'x'"},
        Case{"start_time IN (1)", "different type in list"},
        Case{"dataset.foo = 'x'", "Invalid dataset key 'foo' specified"},
        Case{"'x' = params.a", "Invalid comparison clause. Expected 'Identifier' found ''x'' (column 1)"},
        Case{"metrics.a = 1; metrics.b = 2",
             "Search filter contained multiple expression 'metrics.a = 1; metrics.b = 2'. "
             "Provide AND-ed expression list. (column 14)"},
        Case{"metrics.a = 1;", "Invalid clause(s) in filter string: ';' (column 14"},
        Case{"(metrics.a = 1", "(column 15: ')' is expected)"},
        Case{"metrics.a = 1)", "Invalid clause(s) in filter string: ')' (column 14"},
        Case{"()", "(column 2: a field is expected"}, Case{"metrics.é = é OR", "(column 13)"},
        Case{"params.a = 'x' -- c", "Invalid clause(s) in filter string: '-' (column 16"},
        Case{"/* c */ params.a = 'x'", "Invalid clause(s) in filter string: '/' (column 1"},
        Case{"params.a = 'x' AND", "param a = 'x'"}));

TEST(Filter, RefusesOneMegabyte) {
  const std::string filter = "params.a = '" + std::string(1 << 20, 'x') + "'";

  EXPECT_THAT(parsed(filter), HasSubstr("bytes are too many"));
}

TEST(Filter, RefusesBrokenUtf8) {
  EXPECT_THAT(parsed("params.a = '\xff'"), HasSubstr("not valid UTF-8"));
}

TEST(Filter, RefusesNul) {
  EXPECT_THAT(parsed(std::string_view("params.a = '\0'", 14)), HasSubstr("NUL"));
}

TEST(Filter, RefusesDeepParentheses) {
  EXPECT_THAT(parsed(std::string(100'000, '(')), HasSubstr("nested more than 50 deep (column 51)"));
}

TEST(Filter, RefusesManyNots) {
  std::string filter;
  for (int i = 0; i < 1000; ++i) filter += "NOT ";

  EXPECT_THAT(parsed(filter + "metrics.a = 1"), HasSubstr("nested more than 50 deep"));
}

TEST(Filter, TakesTheDeepestParentheses) {
  const std::string filter =
      std::string(kFilterDepth, '(') + "metrics.a = 1" + std::string(kFilterDepth, ')');

  EXPECT_EQ(parsed(filter), "metric a = ~1.000000");
}

TEST(Filter, RefusesTooManyClauses) {
  std::string filter = "metrics.a = 1";
  for (std::size_t i = 0; i < kFilterClauses; ++i) filter += " AND metrics.a = 1";

  EXPECT_THAT(parsed(filter), HasSubstr("more than 200 clauses"));
}

TEST(Filter, RefusesALongPattern) {
  EXPECT_THAT(parsed("tags.a LIKE '" + std::string(8001, 'a') + "'"),
              HasSubstr("a pattern longer than 8000 bytes"));
}

TEST(Filter, CutsLongTextsInErrors) {
  EXPECT_LT(parsed("zz" + std::string(100'000, 'z') + " = 'x'").size(), 700U);
}

// --- The other resources

TEST(Filter, KnowsAnExperimentsFields) {
  EXPECT_EQ(parsed("name LIKE 'x%' AND creation_time > 5 AND tags.a IS NULL", Resource::kExperiments),
            "(attribute name LIKE 'x%' AND attribute creation_time > 5 AND tag a IS NULL)");
}

TEST(Filter, ReadsExperimentIdsAsNumbers) {
  EXPECT_EQ(parsed("experiment_id = '7'", Resource::kExperiments), "attribute experiment_id = 7");
}

TEST(Filter, RefusesAnExperimentIdThatIsNone) {
  EXPECT_THAT(parsed("experiment_id IN ('1', 'x')", Resource::kExperiments),
              HasSubstr("Invalid experiment ID 'x'"));
}

TEST(Filter, RefusesAnExperimentsParams) {
  EXPECT_THAT(
      parsed("params.a = 'x'", Resource::kExperiments),
      StartsWith("error: Invalid entity type 'params'. Valid entity types are ('attribute', 'tag', 'tags')"));
}

TEST(Filter, RefusesNullTestsOfAttributes) {
  EXPECT_THAT(parsed("name IS NULL", Resource::kExperiments), HasSubstr("is only supported for tags"));
}

TEST(Filter, ComparesModelVersionsWithNumbersInQuotesToo) {
  EXPECT_EQ(parsed("version_number >= '3'", Resource::kModelVersions), "attribute version_number >= 3");
}

TEST(Filter, RefusesHalfAModelVersion) {
  EXPECT_THAT(parsed("version_number = 1.5", Resource::kModelVersions),
              HasSubstr("Invalid value for numeric attribute 'version_number': 1.5"));
}

TEST(Filter, RefusesNullTestsOfTheRegistry) {
  EXPECT_THAT(parsed("tags.a IS NULL", Resource::kRegisteredModels), HasSubstr("Expected 3 tokens found 2"));
}

TEST(Filter, ReadsTheFilterThatThePythonClientSends) {
  EXPECT_EQ(
      parsed("name IN ('a', 'b') AND tag.`mlflow.prompt.is_prompt` != 'true'", Resource::kRegisteredModels),
      "(attribute name IN [a] [b] AND tag mlflow.prompt.is_prompt != 'true')");
}

TEST(Filter, KnowsALoggedModelsFields) {
  EXPECT_EQ(
      parsed("name = 'm' AND metrics.a > 1 AND params.b IN ('x') AND tags.c != 5", Resource::kLoggedModels),
      "(attribute name = 'm' AND metric a > ~1.000000 AND param b IN [x] AND tag c != '5')");
}

TEST(Filter, RefusesALoggedModelsSingularNames) {
  EXPECT_THAT(parsed("metric.a = 1", Resource::kLoggedModels),
              StartsWith("error: Invalid entity type: 'metric'."));
}

// --- order_by

std::string ordered(const std::vector<std::string>& order_by, Resource resource = Resource::kRuns) {
  const core::Result<std::vector<OrderKey>> keys = parse_order_by(order_by, resource);
  if (!keys) return "error: " + keys.error().message();
  std::string text;
  for (const OrderKey& key : *keys) {
    text += std::string(text_of(key.field)) + " " + key.key;
    text += key.direction == Direction::kDescending ? " DESC;" : " ASC;";
  }
  return text;
}

TEST(OrderBy, ReadsFieldsAndDirections) {
  EXPECT_EQ(ordered({"metrics.a DESC", "params.`a b`", "tags.\"x y\" asc", "Created desc"}),
            "metric a DESC;param a b ASC;tag x y ASC;attribute start_time DESC;");
}

TEST(OrderBy, RefusesAFieldTwice) {
  EXPECT_THAT(ordered({"created", "start_time DESC"}), HasSubstr("`order_by` contains duplicate fields"));
}

TEST(OrderBy, RefusesWhatMlflowRefuses) {
  EXPECT_EQ(ordered({""}), "error: Invalid order_by clause ''. Could not be parsed.");
  EXPECT_EQ(ordered({"a b c"}), "error: Invalid order_by clause 'a b c'. Could not be parsed.");
  EXPECT_EQ(ordered({"metrics.a FOO"}), "error: Invalid ordering key in order_by clause 'metrics.a FOO'.");
  EXPECT_EQ(ordered({"dataset.name"}), "error: Invalid identifier type 'dataset'");
  EXPECT_THAT(ordered({"experiment_id"}), HasSubstr("Invalid attribute key 'experiment_id' specified"));
}

TEST(OrderBy, KnowsTheRegistrysTimestamp) {
  EXPECT_EQ(ordered({"timestamp DESC"}, Resource::kRegisteredModels),
            "attribute last_updated_timestamp DESC;");
}

TEST(OrderBy, RefusesTagsElsewhere) {
  EXPECT_EQ(ordered({"tags.a"}, Resource::kExperiments), "error: Invalid order_by entity: tag");
}

TEST(OrderBy, RefusesTooManyKeys) {
  EXPECT_THAT(ordered(std::vector<std::string>(17, "metrics.a")), HasSubstr("more than 16 keys"));
}

TEST(OrderBy, ReadsALoggedModelsMetric) {
  const core::Result<OrderKey> key = parse_logged_model_order("metrics.a.b");

  ASSERT_TRUE(key);
  EXPECT_EQ(key->field, Field::kMetric);
  EXPECT_EQ(key->key, "a.b");
}

TEST(OrderBy, RefusesALoggedModelsParam) {
  EXPECT_EQ(parse_logged_model_order("params.a").error().message(),
            "Invalid order by field name: params.a. Only metrics are supported.");
}

}  // namespace
}  // namespace starcast::tracking
