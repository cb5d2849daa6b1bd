#include "serve/invocation_body.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codec/json.h"
#include "core/random.h"
#include "model/forest_scorer.h"
#include "model/listing_scorer.h"
#include "model/testing/tiny_forest.h"
#include "model/testing/tiny_model.h"
#include "serve/invocation_answer.h"
#include "serve/invocation_frame.h"
#include "serve/invocation_quick.h"

namespace starcast::serve {
namespace {

using model::Column;
using model::ColumnType;
using model::ForestScorer;
using model::RowScorer;
using model::Signature;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::size_t kRowsMax = 1000;

// Answers 10 for x <= 1.5 and missing x, else 20.
std::shared_ptr<const RowScorer> stump(std::optional<Signature> signature) {
  return ForestScorer::create({forest::parse_lightgbm(model::stump_text({"x", "y"}, 10, 20)).value(),
                               model::ForestAnswer::kValues, std::move(signature)})
      .value();
}

std::shared_ptr<const RowScorer> named() {
  return stump(Signature{{{"x", ColumnType::kDouble, true}, {"y", ColumnType::kLong, true}}, {}});
}

std::shared_ptr<const RowScorer> tensor() {
  return stump(Signature{{}, {}, {{"", "float64", {-1, 2}}}});
}

std::shared_ptr<const RowScorer> rating() {
  return std::make_shared<const model::ListingScorer>(
      model::RatingScorer::create(model::tiny_model()).value());
}

core::Result<std::string> answer(const RowScorer& scorer, std::string_view body,
                                 std::string_view type = "application/json", bool strict = false) {
  const std::unique_ptr<model::Rows> rows = scorer.make_rows();
  const InvocationOptions options{.strict = strict, .rows_max = kRowsMax};
  const core::Result<InvocationBody> read = read_invocation(type, body, scorer, options, *rows);
  if (!read) return read.error();
  model::RowScores scores;
  scorer.score(*rows, 0, rows->size(), scores);
  return predictions_text(scorer, scores, 0);
}

std::string answered(const RowScorer& scorer, std::string_view body,
                     std::string_view type = "application/json") {
  const core::Result<std::string> text = answer(scorer, body, type);
  return text ? text.value() : "error: " + text.error().message();
}

core::Error refusal(const RowScorer& scorer, std::string_view body,
                    std::string_view type = "application/json", bool strict = false) {
  const core::Result<std::string> text = answer(scorer, body, type, strict);
  return text ? core::Error(core::ErrorCode::kInternal, "it was answered: " + text.value()) : text.error();
}

constexpr std::string_view kBoth = R"({"predictions": [10.0, 20.0]})";

// --- the four forms --------------------------------------------------------------------------------------

TEST(InvocationBody, ReadsASplitFrame) {
  EXPECT_EQ(answered(*named(), R"({"dataframe_split": {"columns": ["x", "y"], "data": [[1, 2], [2.5, 3]]}})"),
            kBoth);
}

TEST(InvocationBody, ReadsASplitFrameInAnyOrder) {
  EXPECT_EQ(answered(*named(),
                     R"({"params": null, "dataframe_split":
                         {"data": [[2, 1.5], [3, 1.6]], "index": [7, 8], "columns": ["y", "x"]}})"),
            kBoth);
}

TEST(InvocationBody, ReadsRecords) {
  EXPECT_EQ(answered(*named(), R"({"dataframe_records": [{"x": 1, "y": 2}, {"y": 3, "x": 2}]})"), kBoth);
}

TEST(InvocationBody, ReadsInstancesAndInputs) {
  EXPECT_EQ(answered(*named(), R"({"instances": [{"x": 1, "y": 2}, {"x": 2, "y": 2}]})"), kBoth);
  EXPECT_EQ(answered(*named(), R"({"inputs": {"x": [1, 2], "y": [2, 2]}})"), kBoth);
  EXPECT_EQ(answered(*named(), R"({"inputs": [{"x": 1, "y": 2}, {"x": 2, "y": 2}]})"), kBoth);
  EXPECT_EQ(answered(*named(), R"({"inputs": {"x": 2, "y": 2}})"), R"({"predictions": [20.0]})");
}

TEST(InvocationBody, TakesAMatrixWhereTheSignatureIsATensor) {
  EXPECT_EQ(answered(*tensor(), R"({"inputs": [[1, 2], [2, 2]]})"), kBoth);
  EXPECT_EQ(answered(*tensor(), R"({"instances": [[1, 2], [2, 2]]})"), kBoth);
  EXPECT_EQ(answered(*tensor(), R"({"dataframe_split": {"data": [[1, 2], [2, 2]]}})"), kBoth);
}

TEST(InvocationBody, TakesColumnsByPlaceWhereLightGbmHasNoSignature) {
  EXPECT_EQ(answered(*stump(std::nullopt),
                     R"({"dataframe_split": {"columns": ["q", "r"], "data": [[1, 2], [2, 2]]}})"),
            kBoth);
}

TEST(InvocationBody, ReadsCsv) {
  EXPECT_EQ(answered(*named(), "y,x,z\n2,1,a\n3,2,\"b,\"\n", "text/csv"), kBoth);
  EXPECT_EQ(answered(*named(), "\xEF\xBB\xBFx,y\r\n1,2\r\n2,2\r\n", "text/csv; charset=utf-8"), kBoth);
}

TEST(InvocationBody, ReadsMissingCells) {
  EXPECT_EQ(
      answered(*named(), R"({"dataframe_split": {"columns": ["x", "y"], "data": [[null, 2], [2, 2]]}})"),
      kBoth);
  EXPECT_EQ(answered(*named(),
                     R"({"dataframe_split": {"columns": ["x", "y"], "data": [[NaN, 2], [Infinity, 2]]}})"),
            kBoth);
  EXPECT_EQ(answered(*named(), "x,y\nNA,2\n2,2\n", "text/csv"), kBoth);
}

TEST(InvocationBody, ReadsNumbersWrittenAsTextsWhereASignatureSaysWhatTheyAre) {
  EXPECT_EQ(answered(*named(), R"({"dataframe_records": [{"x": "1.5", "y": "2"}, {"x": " 1e3 ", "y": 3}]})"),
            kBoth);
}

TEST(InvocationBody, DropsColumnsThatTheSignatureHasNot) {
  EXPECT_EQ(
      answered(*named(),
               R"({"dataframe_split": {"columns": ["z", "x", "y"], "data": [["a", 1, 2], [{}, 2, 2]]}})"),
      kBoth);
}

TEST(InvocationBody, RoundsToTheColumnsType) {
  const auto scorer =
      stump(Signature{{{"x", ColumnType::kLong, true}, {"y", ColumnType::kBoolean, true}}, {}});
  EXPECT_EQ(
      answered(*scorer, R"({"dataframe_split": {"columns": ["x", "y"], "data": [[1.9, true], [2, false]]}})"),
      kBoth);
}

TEST(InvocationBody, AnswersClassesAsAList) {
  const auto scorer =
      ForestScorer::create({forest::parse_lightgbm(model::three_class_text()).value()}).value();

  EXPECT_THAT(answered(*scorer, R"({"inputs": [[1], [2]]})"), StartsWith(R"({"predictions": [[0.1)"));
}

TEST(InvocationBody, AnswersLabelsWithoutAPoint) {
  const auto scorer = ForestScorer::create({forest::parse_lightgbm(model::three_class_text()).value(),
                                            model::ForestAnswer::kLabels})
                          .value();

  EXPECT_EQ(answered(*scorer, R"({"inputs": [[1], [2]]})"), R"({"predictions": [1, 2]})");
}

TEST(InvocationBody, AnswersRatingsAsRecords) {
  const std::string text = answered(
      *rating(),
      R"({"dataframe_records": [{"App": "Alpha", "Reviews": 5000, "Installs": "1,000+"}, {"App": "Beta"}]})");

  EXPECT_THAT(text, StartsWith(R"({"predictions": [{"rating": 4.3)"));
  EXPECT_THAT(text, HasSubstr(R"(}, {"rating": 3.95, "low": )"));
}

TEST(InvocationBody, ReadsListingsAsTextsOrNumbers) {
  EXPECT_EQ(
      answered(*rating(),
               R"({"inputs": {"App": ["Alpha", "Beta"], "Reviews": [50, null], "Installs": [10, 20]}})"),
      answered(*rating(), "App,Reviews,Installs\nAlpha,50,10+\nBeta,,20\n", "text/csv"));
}

// --- MLflow 1 --------------------------------------------------------------------------------------------

TEST(InvocationBody, TakesTheOldFormAndSaysSo) {
  const auto scorer = named();
  const std::unique_ptr<model::Rows> rows = scorer->make_rows();

  const core::Result<InvocationBody> read =
      read_invocation("application/json; format=pandas-split", R"({"columns": ["x", "y"], "data": [[1, 2]]})",
                      *scorer, {.strict = false, .rows_max = kRowsMax}, *rows);

  ASSERT_TRUE(read);
  EXPECT_TRUE(read->is_deprecated);
  EXPECT_EQ(rows->size(), 1U);
}

TEST(InvocationBody, RefusesTheOldFormWhenStrict) {
  const core::Error error =
      refusal(*named(), R"({"columns": ["x", "y"], "data": [[1, 2]]})", "application/json", true);

  EXPECT_EQ(error.code(), core::ErrorCode::kInvalidInput);
  EXPECT_THAT(error.message(), HasSubstr("exactly one of the input fields"));
  EXPECT_THAT(error.message(), HasSubstr("Received dictionary with input fields: []."));
  EXPECT_THAT(error.message(), HasSubstr("has changed in MLflow version 2.0"));
}

// --- bad input -------------------------------------------------------------------------------------------

TEST(InvocationBody, RefusesOtherContentTypes) {
  EXPECT_EQ(refusal(*named(), "{}", "text/plain").code(), core::ErrorCode::kUnsupported);
  EXPECT_EQ(refusal(*named(), "{}", "").code(), core::ErrorCode::kUnsupported);
  EXPECT_EQ(refusal(*named(), "{}", "application/json; charset=latin-1").message(),
            "The scoring server only supports UTF-8");
  EXPECT_THAT(refusal(*named(), "{}", "application/json; format=pandas-split", true).message(),
              StartsWith("Unrecognized content type parameters: format. IMPORTANT"));
}

TEST(InvocationBody, RefusesWhatIsNoJson) {
  for (const char* const body : {"", "{", "nonsense", R"({"inputs": [1,]})", "{\"inputs\": [1]} x",
                                 "{\"inputs\": \"\x01\"}", "{\"inputs\": \"\xff\"}"}) {
    const core::Error error = refusal(*named(), body);
    EXPECT_EQ(error.code(), core::ErrorCode::kInvalidInput) << body;
    EXPECT_THAT(error.message(),
                StartsWith("Invalid input. Ensure that input is a valid JSON formatted string."))
        << body;
    EXPECT_THAT(error.message(), HasSubstr("line 1")) << body;
  }
}

TEST(InvocationBody, RefusesDeepNesting) {
  const std::string body = "{\"inputs\": " + std::string(100000, '[') + std::string(100000, ']') + "}";

  EXPECT_THAT(refusal(*named(), body).message(), HasSubstr("levels of nesting"));
}

TEST(InvocationBody, NamesAMemberThatIsThereTwice) {
  EXPECT_THAT(refusal(*named(), R"({"dataframe_records": [{"x": 1, "y": 2, "x": 3}]})").message(),
              HasSubstr("\"x\" is there twice"));
  EXPECT_THAT(refusal(*named(), R"({"dataframe_split": {"columns": ["x", "x", "y"], "data": [[1, 2, 3]]}})")
                  .message(),
              HasSubstr("'x' is there twice"));
}

TEST(InvocationBody, RefusesAListAndNoneOrTwoOfTheForms) {
  EXPECT_THAT(refusal(*named(), "[[1, 2]]").message(), HasSubstr("Received a list."));
  EXPECT_THAT(refusal(*named(), "{}").message(), HasSubstr("Received dictionary with input fields: []."));
  EXPECT_THAT(refusal(*named(), R"({"inputs": [1], "instances": [1]})").message(),
              HasSubstr("Received dictionary with input fields: ['inputs', 'instances']."));
}

TEST(InvocationBody, NamesMissingAndExtraColumns) {
  const core::Error error =
      refusal(*named(), R"({"dataframe_split": {"columns": ["x", "z"], "data": [[1, 2]]}})");

  EXPECT_EQ(error.code(), core::ErrorCode::kFailedPrecondition);
  EXPECT_THAT(error.message(), HasSubstr("Failed to enforce schema of data"));
  EXPECT_THAT(error.message(), HasSubstr("'x': double (required), 'y': long (required)"));
  EXPECT_THAT(error.message(),
              HasSubstr("Error: Model is missing inputs ['y']. Note that there were extra inputs: ['z']."));
}

TEST(InvocationBody, NamesTheColumnOfATextThatIsNoNumber) {
  EXPECT_EQ(refusal(*named(), R"({"dataframe_records": [{"x": "abc", "y": 1}]})").message(),
            "Invalid input. Data is not compatible with model signature. Failed to convert column x to type "
            "'float64'. "
            "Error: 'ValueError(\"could not convert string to float: 'abc'\")'");
}

TEST(InvocationBody, NamesTheColumnOfAMissingInteger) {
  const core::Error error = refusal(*named(), R"({"dataframe_records": [{"x": 1, "y": null}]})");

  EXPECT_THAT(error.message(), HasSubstr("Failed to convert column y to type 'int64'"));
  EXPECT_THAT(error.message(), HasSubstr("Cannot convert non-finite values"));
}

TEST(InvocationBody, NamesTheColumnOfAnIntegerThatNoDoubleHolds) {
  for (const char* const integer :
       {"9007199254740993", "-9007199254740993", "123456789012345678901234567890123"}) {
    const core::Error error = refusal(
        *named(),
        fmt::format(R"({{"dataframe_split": {{"columns": ["x", "y"], "data": [[{}, 1]]}}}})", integer));
    EXPECT_THAT(error.message(), HasSubstr("column x")) << integer;
    EXPECT_THAT(error.message(), HasSubstr("beyond what a 64-bit float holds exactly")) << integer;
  }
}

TEST(InvocationBody, RefusesWrongShapes) {
  EXPECT_THAT(refusal(*named(), R"({"dataframe_split": {"columns": ["x", "y"], "data": [[1]]}})").message(),
              HasSubstr("2 columns passed, passed data had 1 columns"));
  EXPECT_THAT(refusal(*named(), R"({"dataframe_split": {"columns": ["x", "y"]}})").message(),
              HasSubstr("must have 'data' field"));
  EXPECT_THAT(refusal(*named(), R"({"dataframe_split": [[1, 2]]})").message(),
              HasSubstr("Dataframe split format must be a dictionary. Got list."));
  EXPECT_THAT(refusal(*named(), R"({"dataframe_records": {"x": 1}})").message(),
              HasSubstr("must be a list of records. Got dictionary."));
  EXPECT_THAT(refusal(*tensor(), R"({"inputs": [[1, 2], [1]]})").message(), HasSubstr("inhomogeneous"));
  EXPECT_THAT(refusal(*tensor(), R"({"inputs": [[1, 2, 3]]})").message(),
              HasSubstr("Shape of input (1, 3) does not match expected shape (-1, 2)."));
  EXPECT_THAT(
      refusal(*named(),
              R"({"dataframe_split": {"columns": ["x", "y"], "index": [1], "data": [[1, 2], [1, 2]]}})")
          .message(),
      HasSubstr("indices imply (1, 2)"));
  EXPECT_THAT(refusal(*named(), R"({"instances": [{"x": 1, "y": 2}, {"x": 1}]})").message(),
              HasSubstr("The length of values for each input/column name are not the same"));
  EXPECT_THAT(refusal(*named(), R"({"inputs": {"x": [1, 2], "y": [1]}})").message(),
              HasSubstr("All arrays must be of the same length"));
  EXPECT_THAT(refusal(*named(), R"({"dataframe_records": [{"x": [1], "y": 2}]})").message(),
              HasSubstr("setting an array element with a sequence"));
}

TEST(InvocationBody, RefusesMoreRowsThanAllowed) {
  std::string rows = "[1, 2]";
  for (std::size_t i = 0; i < kRowsMax; ++i) rows += ", [1, 2]";

  const core::Error error = refusal(*tensor(), fmt::format(R"({{"inputs": [{}]}})", rows));

  EXPECT_EQ(error.code(), core::ErrorCode::kTooLarge);
}

TEST(InvocationBody, NamesTheLineOfBadCsv) {
  EXPECT_THAT(refusal(*named(), "x,y\n1,2\n1\n", "text/csv").message(),
              HasSubstr("Expected 2 fields in line 3, saw 1"));
  EXPECT_THAT(refusal(*named(), "x,y\n1,2,3\n", "text/csv").message(),
              HasSubstr("Expected 2 fields in line 2, saw 3"));
  EXPECT_THAT(refusal(*named(), "x,y\n1,\"2\n", "text/csv").message(), HasSubstr("line 2"));
  EXPECT_THAT(refusal(*named(), std::string("x,y\n1,\0", 7), "text/csv").message(), HasSubstr("line 2"));
  EXPECT_THAT(refusal(*named(), "x,y\none,2\n", "text/csv").message(), HasSubstr("line 2, column 'x'"));
  EXPECT_THAT(refusal(*named(), "x,y\n1,\n", "text/csv").message(),
              HasSubstr("Integer column has NA values"));
  EXPECT_THAT(refusal(*named(), "", "text/csv").message(), HasSubstr("No columns to parse from file"));
  EXPECT_THAT(refusal(*named(), "x,x\n1,2\n", "text/csv").message(), HasSubstr("'x' is there twice"));
  EXPECT_THAT(refusal(*named(), "a,b\n1,2\n", "text/csv").message(),
              HasSubstr("Model is missing inputs ['x', 'y']"));
}

TEST(InvocationBody, RefusesListingsWithoutAKnownField) {
  EXPECT_THAT(refusal(*rating(), R"({"dataframe_records": [{"Name": "Alpha"}]})").message(),
              HasSubstr("none of the columns ['Name'] is known"));
}

TEST(InvocationBody, RefusesTextsWhereThereIsNoSignature) {
  EXPECT_THAT(
      refusal(*stump(std::nullopt), R"({"dataframe_split": {"columns": ["x", "y"], "data": [["1", 2]]}})")
          .message(),
      StartsWith("Encountered an unexpected error while evaluating the model."));
}

TEST(InvocationBody, HoldsParametersToTheirSchema) {
  Signature signature{{{"x", ColumnType::kDouble, true}, {"y", ColumnType::kDouble, true}}, {}};
  signature.has_parameters = true;
  signature.parameters = {{"k", "long", 3, false}};
  const auto scorer = stump(signature);

  EXPECT_EQ(answered(*scorer, R"({"inputs": {"x": [2], "y": [1]}, "params": {"k": 5, "other": "z"}})"),
            R"({"predictions": [20.0]})");
  EXPECT_EQ(refusal(*scorer, R"({"inputs": {"x": [2], "y": [1]}, "params": {"k": "five"}})").code(),
            core::ErrorCode::kFailedPrecondition);
}

// --- the fast way and the careful one --------------------------------------------------------------------

std::string careful(const RowScorer& scorer, const std::string& body) {
  const core::Result<codec::Json> json =
      codec::parse_json(body, {.dialect = codec::JsonDialect::kPython, .unique_names = true});
  if (!json) return "error";
  const core::Result<Frame> frame = frame_of(json.value(), scorer, kRowsMax);
  if (!frame) return "error";
  const std::unique_ptr<model::Rows> rows = scorer.make_rows();
  if (!write_rows(frame.value(), scorer, *rows)) return "error";
  model::RowScores scores;
  scorer.score(*rows, 0, rows->size(), scores);
  return predictions_text(scorer, scores, 0);
}

TEST(InvocationQuick, SaysWhatTheCarefulWaySays) {
  const std::vector<std::string> cells = {"1",   "1.5",   "1.6",  "-2e3", "null",
                                          "NaN", "\"1\"", "true", "[1]",  "9007199254740993"};
  core::Random random(7);
  const auto pick = [&random](std::size_t count) { return static_cast<std::size_t>(random.below(count)); };
  const std::vector<std::shared_ptr<const RowScorer>> scorers = {named(), tensor(), stump(std::nullopt)};
  std::size_t quick = 0;
  for (int trial = 0; trial < 4000; ++trial) {
    const std::vector<std::string> names = {"x", "y", "z"};
    std::string rows;
    const bool is_records = pick(2) == 0;
    const std::size_t row_count = 1 + pick(3);
    for (std::size_t row = 0; row < row_count; ++row) {
      std::string text;
      for (std::size_t i = 0; i < 2; ++i) {
        if (i > 0) text += ", ";
        const std::string name = is_records ? names[pick(20) == 0 ? 2 : i] : "";
        const std::string& cell = cells[pick(pick(3) == 0 ? cells.size() : 4)];
        text += is_records ? fmt::format("\"{}\": {}", name, cell) : cell;
      }
      rows +=
          fmt::format("{}{}{}{}", row > 0 ? ", " : "", is_records ? "{" : "[", text, is_records ? "}" : "]");
    }
    const std::vector<std::string> forms = {"dataframe_records", "instances", "inputs"};
    const std::string body =
        !is_records && pick(2) == 0
            ? fmt::format(R"({{"dataframe_split": {{"columns": ["{}", "y"], "data": [{}]}}}})",
                          names[pick(2) * 2], rows)
            : fmt::format(R"({{"{}": [{}]}})", forms[pick(3)], rows);
    for (const std::shared_ptr<const RowScorer>& scorer : scorers) {
      const std::unique_ptr<model::Rows> read = scorer->make_rows();
      if (read_quickly(body, *scorer, kRowsMax, *read) != QuickRead::kDone) continue;
      ++quick;
      model::RowScores scores;
      scorer->score(*read, 0, read->size(), scores);
      EXPECT_EQ(predictions_text(*scorer, scores, 0), careful(*scorer, body)) << body;
    }
  }
  EXPECT_GT(quick, 500U);
}

TEST(InvocationQuick, TakesTheUsualBodies) {
  for (const char* const body :
       {R"({"dataframe_split": {"columns": ["x", "y"], "data": [[1, 2]]}})",
        R"({"dataframe_split": {"index": [0], "columns": ["y", "x"], "data": [[2, null]]}})",
        R"({"dataframe_records": [{"x": NaN, "y": 2}]})", R"({"instances": [{"x": 1, "y": 2}]})"}) {
    const auto scorer = named();
    const std::unique_ptr<model::Rows> rows = scorer->make_rows();
    EXPECT_EQ(read_quickly(body, *scorer, kRowsMax, *rows), QuickRead::kDone) << body;
  }
}

}  // namespace
}  // namespace starcast::serve
