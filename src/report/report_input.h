// What the HTML report and the model card are made from: plain facts, numbers and predictions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/numeric.h"

namespace starcast::report {

// Numbers that are not finite are shown as "n/a"; lists may be empty, and then their section says so or is
// left out. Texts may hold anything: they are escaped.

struct ModelFacts {
  std::string learner{};  // "boosted"
  std::string
      objective{};  // what the prediction minimises, as words that follow "minimises": "absolute error"
  std::uint64_t seed = 0;
  std::size_t trained_apps = 0;
  std::string data_md5{};   // of the file of listings; may be empty
  std::string date_last{};  // ISO, of the listings' last update; may be empty
  bool generated = false;   // a generated sample: the page and the card begin with a warning in capitals
};

struct FieldFacts {
  std::string field{};  // "Content Rating"
  std::size_t missing = 0;
  std::size_t repaired = 0;
  std::size_t dropped = 0;  // values that no reading made sense of: taken as missing
};

// As reports/data.json has them.
struct DataFacts {
  std::size_t rows = 0;           // with a header's number of cells, repaired ones included
  std::size_t rows_repaired = 0;  // a cell was missing, and the others were put back into their columns
  std::size_t ragged = 0;         // rows of another number of cells: dropped
  std::size_t unnamed = 0;        // dropped
  std::size_t unrated = 0;        // dropped: never filled, never learnt
  std::size_t duplicates = 0;     // another row of the same app was kept
  std::size_t apps = 0;           // what is left
  std::string date_first{};       // ISO, of the last updates among them; may be empty
  std::string date_last{};
  std::vector<FieldFacts> fields{};
};

struct Scores {
  double r2 = core::kMissing;
  double rmse = core::kMissing;
  double mae = core::kMissing;
  double medae = core::kMissing;
};

struct ScoreRange {
  double low = core::kMissing;
  double high = core::kMissing;
};

// 95 % by bootstrap.
struct ScoreRanges {
  ScoreRange r2{};
  ScoreRange rmse{};
  ScoreRange mae{};
  ScoreRange medae{};
};

struct LevelQuality {
  double level = 0;     // 0.8
  double coverage = 0;  // share of ratings inside
  double mean_width = 0;
};

struct Quality {
  std::size_t apps = 0;
  Scores scores{};
  std::optional<ScoreRanges> ranges{};
  std::vector<LevelQuality> intervals{};  // ascending in level
};

struct BaselineScores {
  std::string title{};  // "median"
  Scores scores{};
};

struct ReviewQuality {
  std::string title{};  // "10-99" reviews
  Quality quality{};
  double baseline_mae = core::kMissing;  // of the median of all
};

struct AppInterval {
  double level = 0;
  double low = 0;
  double high = 0;
};

// An app of the held-out part.
struct TestedApp {
  std::string name{};
  std::string category{};           // empty: not given
  double reviews = core::kMissing;  // missing: not given
  double rating = 0;
  double prediction = 0;
  std::vector<AppInterval> intervals{};
};

// How much a feature lowered the loss over all splits of the boosted trees; any unit.
struct FeatureGain {
  std::string feature{};  // "log10_reviews"
  std::string field{};    // the listing field that it comes from: "Reviews"
  double gain = 0;
};

struct ReportInput {
  ModelFacts model{};
  std::optional<DataFacts> data{};
  Quality quality{};                        // over `apps`
  std::vector<BaselineScores> baselines{};  // of the same apps
  std::optional<Quality> launched{};        // the two questions: with everything that the listing says,
  std::optional<Quality> before_launch{};   // and without reviews, installs and dates
  std::vector<ReviewQuality> by_reviews{};  // ascending
  std::vector<TestedApp> apps{};
  std::vector<FeatureGain> importance{};
  std::optional<std::uint64_t> package_bytes{};
  std::optional<std::string> single_row_time{};  // "85 us"; never in a pipeline's out, which holds no time
};

}  // namespace starcast::report
