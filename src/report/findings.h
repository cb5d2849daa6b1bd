// What the numbers say: errors by category, worst misses, importance by field, the summary and the limits in
// words.
#pragma once

#include <string>
#include <vector>

#include "report/report_input.h"

namespace starcast::report {

inline constexpr double kHeadlineLevel = 0.8;  // the level of the intervals that are shown first

struct CategoryError {
  std::string category;  // empty: not given
  std::size_t apps = 0;
  double mean_rating = 0;
  double mae = 0;
  double bias = 0;  // mean of predicted minus actual
};

// Largest error first, equals by name.
std::vector<CategoryError> category_errors(const std::vector<TestedApp>& apps);

// The `count` largest misses, largest first, equals by name; pointers into `apps`.
std::vector<const TestedApp*> worst_misses(const std::vector<TestedApp>& apps, std::size_t count);

struct FieldGain {
  std::string name;  // a field or a feature
  double share = 0;  // of all gain
};

// Largest first, equals by name; the shares sum to 1 (to nothing when there is no gain).
std::vector<FieldGain> gain_by_field(const std::vector<FeatureGain>& importance);
std::vector<FieldGain> gain_by_feature(const std::vector<FeatureGain>& importance);

// The level that is shown first: the nearest to kHeadlineLevel; nullptr when there is none.
const LevelQuality* headline_level(const std::vector<LevelQuality>& intervals);
const AppInterval* headline_level(const std::vector<AppInterval>& intervals);

// Whether a coverage differs from its level by more than chance explains (1.96 standard errors of a share of
// n apps).
bool is_off_level(const LevelQuality& quality, std::size_t apps);

// The best baseline's scores, each with the title of who reached it.
struct BestScore {
  std::string title;
  double value = core::kMissing;
};
BestScore best_r2(const std::vector<BaselineScores>& baselines);
BestScore best_mae(const std::vector<BaselineScores>& baselines);
BestScore best_medae(const std::vector<BaselineScores>& baselines);

// One paragraph.
std::string summary_text(const ReportInput& input);

struct Limit {
  std::string title;
  std::string text;
};
std::vector<Limit> limits_of(const ReportInput& input);

inline constexpr const char* kGeneratedWarning =
    "GENERATED SAMPLE: THESE ARE NOT REAL APPS. NO NUMBER HERE MAY BE USED FOR A REAL DECISION.";
inline constexpr const char* kLaunchedMeaning =
    "after launch: the listing as it stands, with reviews, installs and dates";
inline constexpr const char* kBeforeLaunchMeaning =
    "before launch: reviews, installs and dates are hidden from the model";

}  // namespace starcast::report
