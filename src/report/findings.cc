#include "report/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "report/number_text.h"

namespace starcast::report {

namespace {

constexpr double kTwoSided95 = 1.96;
constexpr double kFewReviews = 100;

template <typename T>
const T* nearest_level(const std::vector<T>& intervals) {
  const T* nearest = nullptr;
  for (const T& interval : intervals) {
    if (nearest == nullptr ||
        std::abs(interval.level - kHeadlineLevel) < std::abs(nearest->level - kHeadlineLevel)) {
      nearest = &interval;
    }
  }
  return nearest;
}

std::vector<FieldGain> shares_of(const std::map<std::string, double>& gains) {
  double total = 0;
  for (const auto& [name, gain] : gains) total += gain;
  std::vector<FieldGain> shares;
  for (const auto& [name, gain] : gains) shares.push_back({name, total > 0 ? gain / total : 0});
  std::stable_sort(shares.begin(), shares.end(),
                   [](const FieldGain& a, const FieldGain& b) { return a.share > b.share; });
  return shares;
}

double drawable_gain(double gain) {
  return std::isfinite(gain) && gain > 0 ? gain : 0;
}

enum class Better { kHigher, kLower };

BestScore best_of(const std::vector<BaselineScores>& baselines, double Scores::* score, Better better) {
  BestScore best;
  for (const BaselineScores& baseline : baselines) {
    const double value = baseline.scores.*score;
    if (!std::isfinite(value)) continue;
    const bool is_first = core::is_missing(best.value);
    const bool is_better = better == Better::kHigher ? value > best.value : value < best.value;
    if (is_first || is_better) best = {baseline.title, value};
  }
  return best;
}

// By size; what cannot be compared comes last.
double miss_of(const TestedApp& app) {
  const double miss = std::abs(app.rating - app.prediction);
  return std::isfinite(miss) ? miss : -1;
}

}  // namespace

std::vector<CategoryError> category_errors(const std::vector<TestedApp>& apps) {
  std::map<std::string, CategoryError> by_category;
  for (const TestedApp& app : apps) {
    CategoryError& error = by_category[app.category];
    error.apps += 1;
    error.mean_rating += app.rating;
    error.mae += std::abs(app.prediction - app.rating);
    error.bias += app.prediction - app.rating;
  }
  std::vector<CategoryError> errors;
  for (auto& [category, error] : by_category) {
    const auto count = static_cast<double>(error.apps);
    errors.push_back(
        {category, error.apps, error.mean_rating / count, error.mae / count, error.bias / count});
  }
  std::stable_sort(errors.begin(), errors.end(), [](const CategoryError& a, const CategoryError& b) {
    return std::isfinite(a.mae) && (!std::isfinite(b.mae) || a.mae > b.mae);
  });
  return errors;
}

std::vector<const TestedApp*> worst_misses(const std::vector<TestedApp>& apps, std::size_t count) {
  std::vector<const TestedApp*> misses;
  for (const TestedApp& app : apps) misses.push_back(&app);
  std::stable_sort(misses.begin(), misses.end(), [](const TestedApp* a, const TestedApp* b) {
    const double miss_a = miss_of(*a);
    const double miss_b = miss_of(*b);
    return miss_a != miss_b ? miss_a > miss_b : a->name < b->name;
  });
  misses.resize(std::min(misses.size(), count));
  return misses;
}

std::vector<FieldGain> gain_by_field(const std::vector<FeatureGain>& importance) {
  std::map<std::string, double> gains;
  for (const FeatureGain& feature : importance) gains[feature.field] += drawable_gain(feature.gain);
  return shares_of(gains);
}

std::vector<FieldGain> gain_by_feature(const std::vector<FeatureGain>& importance) {
  std::map<std::string, double> gains;
  for (const FeatureGain& feature : importance) gains[feature.feature] += drawable_gain(feature.gain);
  return shares_of(gains);
}

const LevelQuality* headline_level(const std::vector<LevelQuality>& intervals) {
  return nearest_level(intervals);
}
const AppInterval* headline_level(const std::vector<AppInterval>& intervals) {
  return nearest_level(intervals);
}

bool is_off_level(const LevelQuality& quality, std::size_t apps) {
  if (apps == 0 || !std::isfinite(quality.coverage)) return false;
  const double error = std::sqrt(quality.level * (1 - quality.level) / static_cast<double>(apps));
  return std::abs(quality.coverage - quality.level) > kTwoSided95 * error;
}

BestScore best_r2(const std::vector<BaselineScores>& baselines) {
  return best_of(baselines, &Scores::r2, Better::kHigher);
}
BestScore best_mae(const std::vector<BaselineScores>& baselines) {
  return best_of(baselines, &Scores::mae, Better::kLower);
}
BestScore best_medae(const std::vector<BaselineScores>& baselines) {
  return best_of(baselines, &Scores::medae, Better::kLower);
}

std::string summary_text(const ReportInput& input) {
  const Scores& scores = input.quality.scores;
  std::string text = fmt::format(
      "On {} apps that it did not see, the model is off by {} stars on average, and for half of them by less "
      "than {}.",
      count_text(input.quality.apps), decimals(scores.mae, 3), decimals(scores.medae, 3));
  const BestScore baseline = best_mae(input.baselines);
  if (!core::is_missing(baseline.value)) {
    text += fmt::format(" The best baseline by that measure ({}) is off by {} on average.", baseline.title,
                        decimals(baseline.value, 3));
  }
  if (std::isfinite(scores.r2)) {
    text += fmt::format(" It explains {} of the ratings' variance (R2 {}).",
                        percent(std::max(0.0, scores.r2), 1), decimals(scores.r2, 3));
  }
  if (const LevelQuality* level = headline_level(input.quality.intervals); level != nullptr) {
    text +=
        fmt::format(" Its {} intervals held the rating of {} of the apps; they are {} stars wide on average.",
                    level_text(level->level), percent(level->coverage, 1), decimals(level->mean_width, 2));
  }
  return text;
}

std::vector<Limit> limits_of(const ReportInput& input) {
  std::vector<Limit> limits;
  if (input.model.generated) {
    limits.push_back({"Invented data",
                      "The listings are a generated sample. The numbers show that the program works, not "
                      "how well ratings can be predicted."});
  }
  limits.push_back(
      {"Association, not cause",
       "The model has seen which listings have which ratings. It has not seen what happens when a publisher "
       "changes one: an app with a lower price differs from its peers in more than the price."});
  limits.push_back(
      {"Old listings",
       fmt::format(
           "The listings were last updated {}. Stores, tastes and the way in which ratings are averaged have "
           "changed since; Google weighs recent ratings more since 2019.",
           input.model.date_last.empty() ? std::string("at an unknown date")
                                         : "no later than " + input.model.date_last)});
  limits.push_back(
      {"A listing tells little",
       "Nothing in a listing says how good an app is. On the Play Store file of 2018, careful models reach "
       "R2 "
       "of 0.25 to 0.28 from the listing alone; an R2 above 0.30 there means that ratings leaked. Perfect "
       "knowledge would end near 0.9, as a rating is the mean of a finite number of stars."});
  std::size_t few = 0;
  for (const TestedApp& app : input.apps) few += app.reviews < kFewReviews ? 1 : 0;
  const std::string share =
      few == 0 ? std::string()
               : fmt::format(" Here, {} of the {} held-out apps have fewer than {} reviews.", count_text(few),
                             count_text(input.apps.size()), count_text(kFewReviews));
  limits.push_back(
      {"Small apps are noise",
       "The rating of an app with a handful of reviews is mostly chance, and its interval is wide for that "
       "reason." +
           share});
  limits.push_back({"One held-out part",
                    "All figures come from one split by app. Another split moves R2 by some 0.03 either way; "
                    "the command starcast cv "
                    "repeats the measurement over several."});
  const bool is_measured = input.before_launch && std::isfinite(input.before_launch->scores.r2);
  limits.push_back(
      {"Before launch is another question",
       fmt::format("Without reviews, installs and dates much less can be known: R2 of {}. Do not quote the "
                   "figures of launched apps for an app that is not out yet.",
                   is_measured ? decimals(input.before_launch->scores.r2, 3) + " here" : "about 0.12")});
  return limits;
}

}  // namespace starcast::report
