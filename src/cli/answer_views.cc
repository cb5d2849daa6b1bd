#include "cli/answer_views.h"

#include <algorithm>
#include <cmath>

#include "cli/table.h"
#include "codec/utf8.h"
#include "model/answer.h"

namespace starcast::cli {

namespace {

std::string case_text(model::LaunchCase launch_case) {
  switch (launch_case) {
    case model::LaunchCase::kLaunched:
      return "a launched app: its reviews and installs count";
    case model::LaunchCase::kBeforeLaunch:
      return "an app before its launch: without reviews, installs and update, so much less can be known";
  }
  return "";
}

std::string interval_text(const model::Interval& interval) {
  return fmt::format("{:.0f} % interval {:.2f} .. {:.2f}", 100 * interval.level, interval.low, interval.high);
}

// Draws one explanation as a waterfall: each bar begins where the one above it ends.
class WaterfallView {
 public:
  WaterfallView(Session& session, const app::ExplainedListing& explained)
      : session_(session), explained_(explained), steps_(app::waterfall_steps(explained)) {
    low_ = high_ = explained.explanation.base;
    double sum = explained.explanation.base;
    for (const app::WaterfallStep& step : steps_) {
      sum += step.share;
      low_ = std::min(low_, sum);
      high_ = std::max(high_, sum);
    }
  }

  void print() const {
    const model::RatingExplanation& explanation = explained_.explanation;
    session_.print_line("{}", shown_name(explained_.listing.app));
    session_.print_line("answered as {}\n", case_text(explanation.answered_as));
    Table table({Align::kLeft, Align::kLeft, Align::kRight, Align::kLeft});
    table.add({"base", "of no app in particular", fmt::format("{:.3f}", explanation.base),
               bar(explanation.base, 0)});
    double sum = explanation.base;
    for (const app::WaterfallStep& step : steps_) {
      table.add({step.name, fitted(step.value, kValueColumns), fmt::format("{:+.3f}", step.share),
                 bar(sum, step.share)});
      sum += step.share;
    }
    table.add({"sum", "", fmt::format("{:.3f}", explanation.raw), bar(explanation.raw, 0)});
    session_.print(table.text());
    if (explanation.is_clipped()) {
      session_.print_line("The sum lies outside 1 to 5 and is clipped to {:.0f}.",
                          explanation.prediction.value);
    }
    session_.print_line("\nrating {:.2f}, {}", explanation.prediction.value,
                        interval_text(explained_.interval));
    print_similar_apps();
  }

 private:
  static constexpr std::size_t kValueColumns = 24;
  static constexpr double kBarColumns = 23;

  std::size_t place(double value) const {
    if (!(high_ > low_)) return 0;
    return static_cast<std::size_t>(
        std::lround(std::clamp((value - low_) / (high_ - low_), 0.0, 1.0) * kBarColumns));
  }

  std::string bar(double from, double share) const {
    const std::size_t first = place(std::min(from, from + share));
    const std::size_t last = place(std::max(from, from + share));
    if (first == last) return std::string(first, ' ') + "|";
    return std::string(first, ' ') + std::string(last - first, share > 0 ? '+' : '-');
  }

  void print_similar_apps() const {
    if (explained_.explanation.similar_apps.empty()) return;
    session_.print_line("\nThe most similar apps, and what each of them adds to the share of similar apps:");
    Table table({Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight, Align::kRight});
    table.add({"app", "category", "rating", "reviews", "alike", "adds"});
    for (const model::SimilarApp& similar : explained_.explanation.similar_apps) {
      const auto shown = [](double number, int digits) {
        return core::is_missing(number) ? std::string("-") : fmt::format("{:.{}f}", number, digits);
      };
      table.add({shown_name(similar.name), similar.category, shown(similar.rating, 1),
                 shown(similar.reviews, 0), fmt::format("{:.0f} %", 100 * similar.similarity),
                 fmt::format("{:+.3f}", similar.pull)});
    }
    session_.print(table.text());
  }

  Session& session_;
  const app::ExplainedListing& explained_;
  std::vector<app::WaterfallStep> steps_;
  double low_ = 0;
  double high_ = 0;
};

std::string change_text(const model::Change& change) {
  const auto shown = [&change](const std::string& text) {
    return change.field == listing::Field::kPrice && text == "0" ? std::string("free") : text;
  };
  if (change.field == listing::Field::kApp) return fmt::format("App: {}", shown_name(change.to));
  return fmt::format("{}: {} -> {}", listing::name_of(change.field), shown(change.from), shown(change.to));
}

void print_target(Session& session, const model::TargetAnswer& target) {
  const model::ChangedAnswer& answer = target.answer;
  if (target.is_reached && answer.changes.empty()) {
    session.print_line("\nThe target of {:.2f} is reached as it is.", target.target);
    return;
  }
  if (answer.changes.empty()) {
    session.print_line("\nThe target of {:.2f} cannot be reached: no change raises the rating.",
                       target.target);
    return;
  }
  session.print_line(
      "\n{}", target.is_reached ? fmt::format("The target of {:.2f} is reached by:", target.target)
                                : fmt::format("The target of {:.2f} is not reached; the best that was found:",
                                              target.target));
  for (const model::Change& change : answer.changes) session.print_line("  {}", change_text(change));
  session.print_line("  rating {:.2f} ({:+.2f}), {}", answer.rating, answer.gain,
                     interval_text(answer.interval));
}

void print_answers(Session& session, const std::string& title,
                   const std::vector<model::ChangedAnswer>& answers, double level) {
  Table table({Align::kLeft, Align::kRight, Align::kRight, Align::kRight});
  table.add({title, "rating", "gain", fmt::format("{:.0f} % interval", 100 * level)});
  for (const model::ChangedAnswer& answer : answers) {
    table.add({change_text(answer.changes.front()), fmt::format("{:.2f}", answer.rating),
               fmt::format("{:+.2f}", answer.gain),
               fmt::format("{:.2f} .. {:.2f}", answer.interval.low, answer.interval.high)});
  }
  session.print(table.text());
}

}  // namespace

std::string shown_name(const std::string& app) {
  // Marks that turn the direction would turn the rest of the line, too.
  std::vector<char32_t> points = codec::code_points(app);
  std::erase_if(points, [](char32_t point) {
    return (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069);
  });
  return fitted(points.empty() ? "(no name)" : codec::from_code_points(points), kNameColumns);
}

void print_explanation(Session& session, const app::ExplainedListing& explained,
                       const model::TrainedOn& trained_on) {
  WaterfallView(session, explained).print();
  session.print_line("\n{}", model::trained_on_text(trained_on));
}

void print_changes(Session& session, const model::WhatIf& what_if) {
  if (what_if.best.empty()) {
    session.print_line("No single change that its publisher can make raises the rating.");
  } else {
    print_answers(session, "change", what_if.best, what_if.interval.level);
  }
  if (!what_if.names.empty()) {
    session.print_line("\nThe names that were asked for:");
    print_answers(session, "name", what_if.names, what_if.interval.level);
  }
  if (what_if.target) print_target(session, *what_if.target);
  std::vector<std::string> fixed;
  for (const model::FixedField& field : what_if.fixed) {
    fixed.push_back(fmt::format("{} ({})", listing::name_of(field.field),
                                field.value.empty() ? "not known" : field.value));
  }
  session.print_line("\nNo publisher can set: {}.", fmt::join(fixed, ", "));
  session.print_line("{}", model::kAssociationNote);
}

void print_what_if(Session& session, const model::WhatIf& what_if) {
  session.print_line("{}", shown_name(what_if.app));
  session.print_line("answered as {}", case_text(what_if.answered_as));
  session.print_line("as it is: rating {:.2f}, {}\n", what_if.rating, interval_text(what_if.interval));
  print_changes(session, what_if);
  session.print_line("\n{}", model::trained_on_text(what_if.trained_on));
}

void warn_of_answer(Session& session, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) session.context().log.warning("{}", warning);
}

}  // namespace starcast::cli
