// Any bytes as a scoring request: the first chooses content type and model. What is answered has one value a
// row, and the fast way to the rows gives what the careful one gives.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "core/check.h"
#include "model/forest_scorer.h"
#include "model/listing_scorer.h"
#include "model/testing/tiny_forest.h"
#include "model/testing/tiny_model.h"
#include "serve/invocation_answer.h"
#include "serve/invocation_body.h"
#include "serve/invocation_frame.h"
#include "serve/invocation_quick.h"

namespace {

using starcast::model::Column;
using starcast::model::ColumnType;
using starcast::model::ForestAnswer;
using starcast::model::ForestScorer;
using starcast::model::Rows;
using starcast::model::RowScorer;
using starcast::model::RowScores;
using starcast::model::Signature;
using Scorer = std::shared_ptr<const RowScorer>;

constexpr std::size_t kRowsMax = 200;

Scorer stump(std::optional<Signature> signature) {
  return ForestScorer::create(
             {starcast::forest::parse_lightgbm(starcast::model::stump_text({"x", "y"}, 10, 20)).value(),
              ForestAnswer::kValues, std::move(signature)})
      .value();
}

const std::vector<Scorer>& scorers() {
  static const std::vector<Scorer> all = {
      stump(Signature{{{"x", ColumnType::kDouble, true}, {"y", ColumnType::kLong, true}}, {}}),
      stump(Signature{{{"x", ColumnType::kFloat, false}, {"y", ColumnType::kBoolean, false}}, {}}),
      stump(Signature{{}, {}, {{"", "float64", {-1, 2}}}}), stump(std::nullopt),
      std::make_shared<const starcast::model::ListingScorer>(
          starcast::model::RatingScorer::create(starcast::model::tiny_model()).value())};
  return all;
}

std::string answer(const RowScorer& scorer, const Rows& rows) {
  RowScores scores;
  scorer.score(rows, 0, rows.size(), scores);
  CHECK(scores.values.size() == rows.size() * scorer.width());
  return starcast::serve::predictions_text(scorer, scores, 0);
}

void check_quick(std::string_view body, const RowScorer& scorer) {
  const std::unique_ptr<Rows> quick = scorer.make_rows();
  if (starcast::serve::read_quickly(body, scorer, kRowsMax, *quick) != starcast::serve::QuickRead::kDone)
    return;
  const auto json = starcast::codec::parse_json(
      body, {.dialect = starcast::codec::JsonDialect::kPython, .unique_names = true});
  CHECK(json.has_value());
  const auto frame = starcast::serve::frame_of(json.value(), scorer, kRowsMax);
  CHECK(frame.has_value());
  const std::unique_ptr<Rows> rows = scorer.make_rows();
  CHECK(starcast::serve::write_rows(frame.value(), scorer, *rows).has_value());
  CHECK(answer(scorer, *quick) == answer(scorer, *rows));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body = std::string_view(reinterpret_cast<const char*>(bytes), size).substr(1);
  const RowScorer& scorer = *scorers()[bytes[0] % scorers().size()];
  const bool is_csv = bytes[0] >= 128;
  const std::unique_ptr<Rows> rows = scorer.make_rows();
  const auto read = starcast::serve::read_invocation(
      is_csv ? std::string_view("text/csv") : std::string_view("application/json"), body, scorer,
      {.strict = false, .rows_max = kRowsMax}, *rows);
  if (read) {
    CHECK(rows->size() <= kRowsMax);
    answer(scorer, *rows);
  } else {
    CHECK(!read.error().message().empty());
    CHECK(starcast::serve::invocation_error(read.error()).status < 500);
  }
  if (!is_csv) check_quick(body, scorer);
  return 0;
}
