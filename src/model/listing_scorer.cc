#include "model/listing_scorer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "codec/number.h"
#include "core/check.h"
#include "core/strings.h"
#include "model/answer_warnings.h"
#include "model/whatif.h"

namespace starcast::model {

using codec::Json;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;
using listing::Field;
using listing::Listing;

namespace {

// The fields of the signature's columns, in its order.
std::vector<Field> input_fields() {
  std::vector<Field> fields;
  for (const Column& column : RatingScorer::rating_signature().inputs) {
    const std::optional<Field> field = listing::field_named(column.name);
    CHECK(field.has_value());
    fields.push_back(*field);
  }
  return fields;
}

const std::vector<Field>& fields_of_columns() {
  static const std::vector<Field> fields = input_fields();
  return fields;
}

// What stands in a Rating column.
bool is_rating(std::string_view cell) {
  const std::string_view text = core::trimmed(cell);
  if (text == "NaN") return true;
  const std::optional<double> number = codec::parse_double(text);
  return number && *number >= kRatingMin && *number <= kRatingMax;
}

class ListingRows final : public Rows {
 public:
  void add_row() override { rows_.emplace_back(); }

  Result<void> set_text(std::size_t column, std::string_view text) override {
    Row& row = rows_.back();
    listing::set_field(row.listing, fields_of_columns().at(column), text, row.notes);
    return {};
  }

  Result<void> set_number(std::size_t column, double number) override {
    return set_text(column, codec::to_shortest(number));
  }

  // A record whose Category cell is not there has the rating, which is no input, in its place.
  Result<void> add_record(const std::vector<std::size_t>& columns,
                          const std::vector<std::string_view>& cells) override {
    const auto category = std::find_if(columns.begin(), columns.end(), [](std::size_t column) {
      return column != kNoColumn && fields_of_columns()[column] == Field::kCategory;
    });
    const auto place = static_cast<std::size_t>(category - columns.begin());
    const bool slipped = cells.size() + 1 == columns.size() && place + 1 < columns.size() &&
                         columns[place + 1] == kNoColumn && is_rating(cells[place]);
    if (!slipped) return Rows::add_record(columns, cells);
    std::vector<std::string_view> mended = cells;
    mended.insert(mended.begin() + static_cast<std::ptrdiff_t>(place), std::string_view());
    TRY(Rows::add_record(columns, mended));
    rows_.back().notes.push_back(
        {Field::kCategory, listing::FieldNote::Kind::kRepaired,
         "the Category cell is not there; the cells after it were put back into their columns"});
    return {};
  }

  std::size_t size() const override { return rows_.size(); }
  void clear() override { rows_.clear(); }

  std::vector<std::string> notes(std::size_t index) const override {
    std::vector<listing::FieldNote> all = rows_.at(index).notes;
    Listing listing = rows_.at(index).listing;
    listing::fill_implied(listing, all);
    std::vector<std::string> texts;
    for (listing::FieldNote& note : all) texts.push_back(std::move(note.text));
    return texts;
  }

  Listing finished(std::size_t index) const {
    Listing listing = rows_.at(index).listing;
    std::vector<listing::FieldNote> notes;
    listing::fill_implied(listing, notes);
    return listing;
  }

 private:
  struct Row {
    Listing listing;
    std::vector<listing::FieldNote> notes;
  };
  std::vector<Row> rows_;
};

const ListingRows& own(const Rows& rows) {
  return dynamic_cast<const ListingRows&>(rows);
}

}  // namespace

ListingScorer::ListingScorer(RatingScorer scorer) : scorer_(std::move(scorer)) {
  for (const Interval& interval : scorer_.predict({}).prediction.intervals) levels_.push_back(interval.level);
}

Listing ListingScorer::listing_of(const Rows& rows, std::size_t index) {
  return own(rows).finished(index);
}

std::string_view ListingScorer::flavor() const {
  return "starcast";
}

Json ListingScorer::about() const {
  const TrainedOn& trained_on = scorer_.trained_on();
  return JsonObject{{"learner", scorer_.learner()},
                    {"objective", scorer_.objective()},
                    {"trained_on", JsonObject{{"data_md5", trained_on.data_md5},
                                              {"date_last", trained_on.date_last},
                                              {"apps", trained_on.apps},
                                              {"generated", trained_on.generated}}}};
}

std::unique_ptr<Rows> ListingScorer::make_rows() const {
  return std::make_unique<ListingRows>();
}

void ListingScorer::score(const Rows& rows, std::size_t first, std::size_t count, RowScores& scores) const {
  scores.rows = count;
  scores.width = 1;
  scores.levels = levels_.size();
  scores.encode_seconds = 0;
  scores.values.clear();
  scores.intervals.clear();
  for (std::size_t i = 0; i < count; ++i) {
    const Prediction prediction = scorer_.predict(own(rows).finished(first + i)).prediction;
    scores.values.push_back(prediction.value);
    CHECK(prediction.intervals.size() == levels_.size());
    scores.intervals.insert(scores.intervals.end(), prediction.intervals.begin(), prediction.intervals.end());
  }
}

Result<RowExplanation> ListingScorer::explain(const Rows& rows, std::size_t index,
                                              std::size_t /*output*/) const {
  std::call_once(explainer_made_, [this] { explainer_.emplace(RatingExplainer::create(scorer_)); });
  if (!explainer_->has_value()) return explainer_->error();
  const Listing listing = own(rows).finished(index);
  const RatingExplanation explained = explainer_->value().explain(listing);
  const Listing seen = seen_as(listing, explained.answered_as);
  RowExplanation explanation;
  explanation.value = explained.prediction.value;
  explanation.raw = explained.raw;
  explanation.base = explained.base;
  for (const FieldShare& share : explained.shares) {
    explanation.reasons.push_back(
        {std::string(listing::name_of(share.field)), listing::text_of(seen, share.field), share.share});
  }
  std::stable_sort(explanation.reasons.begin(), explanation.reasons.end(),
                   [](const Reason& a, const Reason& b) { return std::abs(a.share) > std::abs(b.share); });
  explanation.comparable_share = explained.similar_share;
  for (const SimilarApp& similar : explained.similar_apps) {
    explanation.comparables.push_back(
        {similar.name, similar.category, similar.rating, similar.reviews, similar.similarity, similar.pull});
  }
  return explanation;
}

Result<Json> ListingScorer::what_if(const Rows& rows, std::size_t index, const WhatIfOptions& options) const {
  if (std::find(levels_.begin(), levels_.end(), options.level) == levels_.end())
    return Error(ErrorCode::kInvalidInput,
                 fmt::format("the model has no intervals at level {}", options.level));
  return to_json(model::what_if(scorer_, own(rows).finished(index), options));
}

std::string_view ListingScorer::answered_as(const Rows& rows, std::size_t index) const {
  const LaunchCase asked = case_of(own(rows).finished(index));
  return name_of(scorer_.answers(asked) ? asked : LaunchCase::kLaunched);
}

std::vector<std::string> ListingScorer::warnings(const Rows& rows, std::size_t index) const {
  const Listing listing = own(rows).finished(index);
  const LaunchCase asked = case_of(listing);
  return answer_warnings(scorer_, listing, scorer_.answers(asked) ? asked : LaunchCase::kLaunched);
}

void ListingScorer::count_columns(const Rows& rows, std::size_t first, std::size_t count,
                                  ColumnCounts& counts) const {
  const std::vector<Field>& fields = fields_of_columns();
  for (std::size_t i = first; i < first + count; ++i) {
    const Listing listing = own(rows).finished(i);
    for (std::size_t column = 0; column < fields.size(); ++column) {
      if (!listing::is_known(listing, fields[column])) ++counts.missing[column];
    }
    for (const OutsideField& outside : scorer_.trained_on().seen.fields_outside(listing)) {
      const auto place = std::find(fields.begin(), fields.end(), outside.field);
      if (place == fields.end()) continue;
      const auto column = static_cast<std::size_t>(place - fields.begin());
      ++(outside.is_number ? counts.out_of_range : counts.unseen)[column];
    }
  }
}

}  // namespace starcast::model
