#include "serve/try_page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "codec/number.h"
#include "core/numeric.h"
#include "core/strings.h"
#include "serve/dot_plot.h"
#include "serve/example_listing.h"
#include "serve/prediction_answer.h"
#include "serve/prediction_query.h"
#include "serve/upload_rows.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;
using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::string_view kProtocol = "page";
constexpr std::size_t kDots = 20;
constexpr std::size_t kReasonRows = 8;
constexpr std::size_t kSelectMax = 40;  // more texts are suggested, not listed
constexpr std::size_t kFileRows = 100;
constexpr std::size_t kNamesMax = 10;
constexpr double kBarWidth = 150;

std::string signed_text(double share) {
  const std::string text = fmt::format("{:+.2f}", share);
  if (text == "-0.00" || text == "+0.00") return "0.00";
  return text.front() == '-' ? fmt::format("\u2212{}", text.substr(1)) : text;
}

// "8 of 10".
std::string odds_text(double level) {
  for (const int whole : {2, 10, 20, 100}) {
    const double part = level * whole;
    if (std::abs(part - std::round(part)) < 1e-9) return fmt::format("{:.0f} of {}", part, whole);
  }
  return fmt::format("{:.1f} of 100", 100 * level);
}

double number_at(const Json& json, std::string_view name) {
  const Json* const member = json.find(name);
  return member == nullptr                 ? core::kMissing
         : member->as_double().has_value() ? *member->as_double()
                                           : core::kMissing;
}

std::string text_at(const Json& json, std::string_view name) {
  const Json* const member = json.find(name);
  const auto* const text = member == nullptr ? nullptr : std::get_if<std::string>(&member->value());
  return text == nullptr ? std::string() : *text;
}

const JsonArray& items_at(const Json& json, std::string_view name) {
  static const JsonArray none;
  const Json* const member = json.find(name);
  const auto* const items = member == nullptr ? nullptr : std::get_if<JsonArray>(&member->value());
  return items == nullptr ? none : *items;
}

std::string list_html(std::string_view css_class, const std::vector<std::string>& texts) {
  if (texts.empty()) return "";
  std::string html = fmt::format("<ul class=\"{}\">", css_class);
  for (const std::string& text : texts) html += fmt::format("<li>{}</li>", isolated(text));
  return html + "</ul>";
}

// A bar from the middle, to the right for what raises.
std::string bar_html(double share, double largest) {
  const double half = kBarWidth / 2;
  const double length = largest > 0 ? std::abs(share) / largest * (half - 2) : 0;
  return fmt::format(
      "<svg class=\"bar\" viewBox=\"0 0 {0} 14\" width=\"{0}\" height=\"14\" aria-hidden=\"true\">"
      "<rect class=\"{1}\" x=\"{2:.1f}\" y=\"2\" width=\"{3:.1f}\" height=\"10\" rx=\"2\"/>"
      "<path class=\"zero\" d=\"M{4} 0V14\"/></svg>",
      kBarWidth, share > 0 ? "up" : "down", share > 0 ? half : half - length, length, half);
}

// The form, filled in as it was sent.
class Form {
 public:
  Form(const http::Request& request, const Service& service, const Version& version)
      : request_(request),
        service_(service),
        version_(version),
        scorer_(*version.model.scorer),
        example_(example_listing(version)),
        seen_(scorer_.seen()) {}

  std::string html() const {
    std::string html =
        "<section aria-labelledby=\"form-title\"><h2 id=\"form-title\">The listing</h2>"
        "<p class=\"note\">Leave empty what is not known.</p>"
        "<form method=\"get\" action=\"try#answer\"><div class=\"fields\">";
    for (std::size_t i = 0; i < scorer_.signature().inputs.size(); ++i) html += field(i);
    html += options();
    html += "</div><div class=\"buttons\"><button>Predict</button> <a href=\"try";
    html +=
        service_.slots.all().size() > 1 ? fmt::format("?_model={}", escaped(version_.slot)) : std::string();
    html += "\">Clear</a> <a href=\"" + example_link() + "\">Example</a></div></form></section>";
    return html + file_form();
  }

  // The fields that were filled in, as a listing.
  JsonObject listing() const {
    JsonObject listing;
    for (const model::Column& column : scorer_.signature().inputs) {
      const auto value = request_.query_field(column.name);
      if (value && !core::trimmed(*value).empty()) listing.emplace_back(column.name, core::trimmed(*value));
    }
    return listing;
  }

 private:
  std::string value_of(std::string_view name) const {
    return std::string(request_.query_field(name).value_or(""));
  }

  std::string example_link() const {
    http::Pairs pairs;
    for (const codec::JsonMember& member : std::get<JsonObject>(example_.value())) {
      const auto* const text = std::get_if<std::string>(&member.second.value());
      pairs.emplace_back(member.first,
                         text != nullptr ? *text : codec::to_text(member.second, codec::JsonStyle::kCompact));
    }
    if (service_.slots.all().size() > 1) pairs.emplace_back("_model", version_.slot);
    return escaped(fmt::format("try?{}#answer", http::write_query(pairs)));
  }

  std::string field(std::size_t index) const {
    const model::Column& column = scorer_.signature().inputs[index];
    const std::string id = fmt::format("field-{}", index);
    const std::string value = value_of(column.name);
    std::string html = fmt::format("<div><label for=\"{}\">{}</label>", id, escaped(column.name));
    const Json* const texts = seen_.find("texts");
    const Json* const known = texts == nullptr ? nullptr : texts->find(column.name);
    const JsonArray& all = known == nullptr ? JsonArray{} : std::get<JsonArray>(known->value());
    if (!all.empty() && all.size() <= kSelectMax)
      return html + select(column.name, id, value, all) + "</div>";
    std::string hint;
    if (const Json* const shown = example_.find(column.name); shown != nullptr && !shown->is_null()) {
      const auto* const text = std::get_if<std::string>(&shown->value());
      hint = text != nullptr ? *text : codec::to_text(*shown, codec::JsonStyle::kCompact);
    }
    html += fmt::format("<input id=\"{}\" name=\"{}\" value=\"{}\" dir=\"auto\" autocomplete=\"off\"", id,
                        escaped(column.name), escaped(value));
    if (model::is_number(column.type)) html += " inputmode=\"decimal\"";
    if (!hint.empty()) html += fmt::format(" placeholder=\"such as {}\"", escaped(hint));
    if (all.empty()) return html + "></div>";
    html += fmt::format(" list=\"{0}-list\"><datalist id=\"{0}-list\">", id);
    for (const Json& text : all)
      html += fmt::format("<option>{}</option>", escaped(std::get<std::string>(text.value())));
    return html + "</datalist></div>";
  }

  static std::string select(std::string_view name, std::string_view id, const std::string& value,
                            const JsonArray& texts) {
    std::string html =
        fmt::format("<select id=\"{}\" name=\"{}\"><option value=\"\">not known</option>", id, escaped(name));
    bool is_there = value.empty();
    for (const Json& each : texts) {
      const std::string& text = std::get<std::string>(each.value());
      is_there = is_there || text == value;
      html += fmt::format("<option{}>{}</option>", text == value ? " selected" : "", escaped(text));
    }
    if (!is_there) html += fmt::format("<option selected>{}</option>", escaped(value));
    return html + "</select>";
  }

  std::string options() const {
    std::string html;
    const std::vector<const Slot*> slots = service_.slots.all();
    if (slots.size() > 1) {
      html += "<div><label for=\"model\">Model</label><select id=\"model\" name=\"_model\">";
      for (const Slot* const slot : slots) {
        html += fmt::format("<option{}>{}</option>", slot->name() == version_.slot ? " selected" : "",
                            escaped(slot->name()));
      }
      html += "</select></div>";
    }
    if (scorer_.levels().empty()) return html;
    html += "<div><label for=\"level\">The interval should hold</label><select id=\"level\" name=\"_level\">";
    const std::string chosen = value_of("_level").empty() ? "0.8" : value_of("_level");
    for (const double level : scorer_.levels()) {
      const std::string text = codec::to_shortest(level);
      html += fmt::format("<option value=\"{}\"{}>in {} cases</option>", text,
                          text == chosen ? " selected" : "", odds_text(level));
    }
    html += fmt::format(
        "</select></div><div><label for=\"target\">Rating to reach <span class=\"quiet\">if any, 1 to "
        "5</span></label>"
        "<input id=\"target\" name=\"_target\" inputmode=\"decimal\" value=\"{}\"></div>"
        "<div><label for=\"names\">Other names to try <span class=\"quiet\">one a line</span></label>"
        "<textarea id=\"names\" name=\"_names\" rows=\"2\" dir=\"auto\">{}</textarea></div>",
        escaped(value_of("_target")), escaped(value_of("_names")));
    return html;
  }

  std::string file_form() const {
    const std::string model = service_.slots.all().size() > 1
                                  ? fmt::format("?{}", escaped(http::write_query({{"model", version_.slot}})))
                                  : std::string();
    return fmt::format(
        "<section aria-labelledby=\"file-title\"><h2 id=\"file-title\">Many listings</h2>"
        "<form method=\"post\" enctype=\"multipart/form-data\" action=\"try{0}\">"
        "<label for=\"file\">A CSV file <span class=\"quiet\">its first line names the columns; the Play "
        "Store file "
        "as it is will do</span></label><input type=\"file\" id=\"file\" name=\"file\" required "
        "accept=\".csv,.jsonl,text/csv\"><div class=\"buttons\"><button>Show the first {1}</button> "
        "<button class=\"second\" formaction=\"v1/predict/csv{0}\">Download all as "
        "CSV</button></div></form></section>",
        model, kFileRows);
  }

  const http::Request& request_;
  const Service& service_;
  const Version& version_;
  const model::RowScorer& scorer_;
  Json example_;
  Json seen_;
};

// What ties the axis to the values: 1 to 5 of ratings.
DotAxis axis_of(const model::RowScorer& scorer, const std::vector<double>& values) {
  if (value_name(scorer) == "rating" || values.empty()) return {};
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  const double margin = std::max(1e-9, (*high - *low) * 0.25);
  return {*low - margin, *high + margin};
}

// One listing's answer, in sections.
class Answer {
 public:
  Answer(const Service& service, const Version& version, const http::Request& request)
      : service_(service),
        version_(version),
        scorer_(*version.model.scorer),
        request_(request),
        rows_(scorer_) {}

  Result<std::string> html(const JsonObject& listing) {
    std::optional<double> level;
    if (const std::string asked = value_of("_level"); !asked.empty()) {
      level = codec::parse_double(asked);
      if (!level)
        return Error(ErrorCode::kInvalidInput, fmt::format("'{}' is no level of an interval", asked));
    }
    level_ = TRY(level_index(scorer_, level));
    Place place;
    TRY(rows_.add(listing, place));
    const core::Ticks start = service_.clock.elapsed();
    scorer_.score(rows_.rows(), 0, 1, scores_);
    AnswerOptions options;
    options.level = level_;
    answer_ = TRY(answer_of(version_, rows_, 0, scores_, 0, options));
    std::string html = headline();
    if (const Result<model::RowExplanation> explained = scorer_.explain(rows_.rows(), 0, 0))
      html += reasons(*explained) + comparables(*explained);
    html += TRY(changes());
    RequestFigures figures;
    figures.rows = 1;
    figures.seconds[2] = core::seconds_between(start, service_.clock.elapsed());
    count_request(service_, version_, kProtocol, figures, rows_.rows());
    return html;
  }

 private:
  std::string value_of(std::string_view name) const {
    return std::string(core::trimmed(request_.query_field(name).value_or("")));
  }

  std::string headline() const {
    std::string html = "<section id=\"answer\" aria-labelledby=\"answer-title\"><h2 id=\"answer-title\">";
    html += answer_.label.empty() ? "The prediction" : isolated(answer_.label);
    html += "</h2>";
    if (answer_.values.size() != 1) {
      html +=
          "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">class</th><th class=\"n\" "
          "scope=\"col\">value"
          "</th></tr></thead><tbody>";
      for (std::size_t i = 0; i < answer_.values.size(); ++i)
        html += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"n\">{:.4g}</td></tr>", i,
                            answer_.values[i]);
      html += "</tbody></table></div>";
    } else if (value_name(scorer_) == "rating") {
      html += fmt::format("<p class=\"headline\">About {:.1f} stars</p>", answer_.values.front());
    } else {
      html += fmt::format("<p class=\"headline\">{}</p>", codec::to_shortest(answer_.values.front()));
    }
    if (answer_.interval) {
      html += fmt::format("<p>In {} similar listings the rating was between {:.1f} and {:.1f}.</p>",
                          odds_text(answer_.interval->level), answer_.interval->low, answer_.interval->high);
      const std::vector<double> dots = likely_values({scores_.intervals.data(), scores_.levels}, kDots);
      html += dot_plot(answer_.values.front(), dots, axis_of(scorer_, dots));
      html += fmt::format("<p class=\"note\">Each of the {} dots is as likely as any other.</p>", kDots);
    }
    if (answer_.answered_as == "before_launch") {
      html +=
          "<p class=\"note\">Answered as an app before its launch: without reviews, installs and update, so "
          "that "
          "much less can be known.</p>";
    }
    html += list_html("warnings", answer_.warnings);
    return html + "</section>";
  }

  std::string reasons(const model::RowExplanation& explained) const {
    struct Step {
      std::string text;
      std::string value;
      double share;
    };
    std::vector<Step> steps;
    for (const model::Reason& reason : explained.reasons)
      steps.push_back({reason.column, reason.value.empty() ? "not known" : reason.value, reason.share});
    if (!explained.comparables.empty())
      steps.push_back({"Apps like it", "see below", explained.comparable_share});
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step& a, const Step& b) { return std::abs(a.share) > std::abs(b.share); });
    if (steps.size() > kReasonRows + 1) {
      Step other{"All else", "", 0};
      for (std::size_t i = kReasonRows; i < steps.size(); ++i) other.share += steps[i].share;
      steps.resize(kReasonRows);
      steps.push_back(std::move(other));
    }
    double largest = 0;
    for (const Step& step : steps) largest = std::max(largest, std::abs(step.share));
    std::string html = fmt::format(
        "<section aria-labelledby=\"why\"><h2 id=\"why\">Why</h2><div class=\"scroll\"><table><thead><tr>"
        "<th scope=\"col\">what</th><th scope=\"col\">as the model sees it</th><th class=\"n\" "
        "scope=\"col\">adds</th>"
        "<th scope=\"col\" class=\"bar\"></th></tr></thead><tbody>"
        "<tr><th scope=\"row\">Any app</th><td class=\"quiet\">knowing nothing of it</td><td "
        "class=\"n\">{:.2f}</td>"
        "<td></td></tr>",
        explained.base);
    for (const Step& step : steps) {
      html += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
                          escaped(step.text), isolated(step.value), signed_text(step.share),
                          bar_html(step.share, largest));
    }
    html += fmt::format(
        "<tr class=\"sum\"><th scope=\"row\">Together</th><td>{}</td><td class=\"n\">{:.2f}</td><td></td>"
        "</tr></tbody></table></div>",
        explained.raw != explained.value
            ? fmt::format("beyond the scale, so that it counts as {:.0f}", explained.value)
            : std::string(),
        explained.raw);
    return html +
           "<p class=\"note\">Associations in past listings: a share does not say what a change would "
           "cause.</p>"
           "</section>";
  }

  static std::string comparables(const model::RowExplanation& explained) {
    if (explained.comparables.empty()) return "";
    std::string html =
        "<section aria-labelledby=\"alike\"><h2 id=\"alike\">Apps like it</h2><div class=\"scroll\"><table>"
        "<thead><tr><th scope=\"col\">app</th><th scope=\"col\">category</th>"
        "<th class=\"n\" scope=\"col\">rating</th><th class=\"n\" scope=\"col\">reviews</th>"
        "<th class=\"n\" scope=\"col\">alike</th><th class=\"n\" scope=\"col\">adds</th></tr></thead><tbody>";
    for (const model::ComparableRow& row : explained.comparables) {
      html += fmt::format(
          "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
          "<td class=\"n\">{:.0f} %</td><td class=\"n\">{}</td></tr>",
          isolated(row.name), isolated(row.category),
          core::is_missing(row.value) ? std::string() : fmt::format("{:.1f}", row.value),
          core::is_missing(row.reviews) ? std::string() : core::with_thousands(std::llround(row.reviews)),
          100 * row.similarity, signed_text(row.pull));
    }
    return html + "</tbody></table></div></section>";
  }

  static std::string changes_text(const Json& answer) {
    std::vector<std::string> texts;
    for (const Json& change : items_at(answer, "changes")) {
      const std::string from = text_at(change, "from");
      texts.push_back(fmt::format("{}: {} \u2192 {}", escaped(text_at(change, "field")),
                                  from.empty() ? "not known" : isolated(from),
                                  isolated(text_at(change, "to"))));
    }
    return texts.empty() ? "no change" : fmt::format("{}", fmt::join(texts, "<br>"));
  }

  static std::string answer_row(const Json& answer) {
    const Json* const interval = answer.find("interval");
    return fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"n\">{:.2f}</td><td class=\"n\">{}</td><td "
        "class=\"n\">{:.1f} to {:.1f}"
        "</td></tr>",
        changes_text(answer), number_at(answer, "rating"), signed_text(number_at(answer, "gain")),
        interval == nullptr ? core::kMissing : number_at(*interval, "low"),
        interval == nullptr ? core::kMissing : number_at(*interval, "high"));
  }

  static std::string answers_table(std::string_view caption, const std::string& rows) {
    if (rows.empty()) return "";
    return fmt::format(
        "<div class=\"scroll\"><table><caption>{}</caption><thead><tr><th scope=\"col\">change</th>"
        "<th class=\"n\" scope=\"col\">rating</th><th class=\"n\" scope=\"col\">gain</th>"
        "<th class=\"n\" scope=\"col\">interval</th></tr></thead><tbody>{}</tbody></table></div>",
        caption, rows);
  }

  Result<std::string> changes() const {
    if (level_ == kNoLevel) return std::string();
    model::WhatIfOptions options;
    options.level = scorer_.levels()[level_];
    if (const std::string target = value_of("_target"); !target.empty()) {
      options.target = codec::parse_double(target);
      if (!options.target)
        return Error(ErrorCode::kInvalidInput,
                     fmt::format("the rating to reach, '{}', is no number", target));
    }
    const std::string names_asked = value_of("_names");
    for (const std::string_view line : core::split(names_asked, '\n')) {
      if (const std::string_view name = core::trimmed(line);
          !name.empty() && options.names.size() < kNamesMax)
        options.names.emplace_back(name);
    }
    const Result<Json> found = scorer_.what_if(rows_.rows(), 0, options);
    if (!found) return std::string();  // a model that knows of no changes
    std::string best;
    for (const Json& answer : items_at(*found, "best")) best += answer_row(answer);
    std::string names;
    for (const Json& answer : items_at(*found, "names")) names += answer_row(answer);
    std::string html = "<section aria-labelledby=\"what-if\"><h2 id=\"what-if\">What could change it</h2>";
    html += best.empty() ? "<p>No single change that its publisher can make goes with a better rating.</p>"
                         : answers_table("The changes that go with the best ratings", best);
    html += answers_table("Other names", names);
    if (const Json* const target = found->find("target")) {
      const Json* const answer = target->find("answer");
      const bool reached = target->find("reached") != nullptr && *target->find("reached") == Json(true);
      if (answer != nullptr) {
        html += answers_table(
            fmt::format("{} {:.1f}",
                        reached ? "The fewest changes that reach" : "Not reached; as near as was found to",
                        number_at(*target, "rating")),
            answer_row(*answer));
      }
    }
    return html + fmt::format("<p class=\"note\">{}</p></section>", escaped(text_at(*found, "note")));
  }

  const Service& service_;
  const Version& version_;
  const model::RowScorer& scorer_;
  const http::Request& request_;
  PredictionRows rows_;
  model::RowScores scores_{};
  RowAnswer answer_{};
  std::size_t level_ = kNoLevel;
};

std::string about_html(const Version& version) {
  const Json about = version.model.scorer->about();
  std::string html = fmt::format(
      "<section aria-labelledby=\"model-title\"><h2 id=\"model-title\">The model</h2><dl class=\"facts\">"
      "<dt>model</dt><dd>{}, version {}</dd>",
      isolated(version.slot), escaped(version.model.version));
  const auto add = [&html](const std::string& name, const Json& value) {
    const auto* const text = std::get_if<std::string>(&value.value());
    html +=
        fmt::format("<dt>{}</dt><dd>{}</dd>", escaped(core::replaced(name, "_", " ")),
                    isolated(text != nullptr ? *text : codec::to_text(value, codec::JsonStyle::kCompact)));
  };
  if (const auto* const members = std::get_if<JsonObject>(&about.value())) {
    for (const codec::JsonMember& member : *members) {
      if (member.first == "trained_on") continue;
      add(member.first, member.second);
    }
  }
  if (const Json* const trained_on = about.find("trained_on")) {
    const double apps = number_at(*trained_on, "apps");
    html += fmt::format(
        "<dt>trained on</dt><dd>{} apps, last updated up to {}; md5 of their file <code>{}</code></dd>",
        core::is_missing(apps) ? std::string("?") : core::with_thousands(std::llround(apps)),
        escaped(text_at(*trained_on, "date_last")), escaped(text_at(*trained_on, "data_md5")));
  }
  return html + "</dl></section>";
}

std::string header_html(const Version* version) {
  std::string html =
      "<header><h1>What rating will the listing get?</h1><p class=\"quiet\">For programs: "
      "<a href=\"docs\">the API</a>.</p>";
  if (version != nullptr) {
    const Json about = version->model.scorer->about();
    const Json* const trained_on = about.find("trained_on");
    const Json* const generated = trained_on == nullptr ? nullptr : trained_on->find("generated");
    if (generated != nullptr && *generated == Json(true)) {
      html +=
          "<p class=\"banner\">This model was trained on a generated sample: its apps do not exist, its "
          "answers "
          "mean nothing.</p>";
    }
  }
  return html + "</header>\n";
}

std::string error_html(const Error& error) {
  return fmt::format(
      "<section id=\"answer\"><h2>That did not work</h2><ul class=\"warnings\"><li>{}</li></ul></section>",
      isolated(error.message()));
}

http::Response page_of(std::string content, int status) {
  return page_response({"starcast: what rating will the listing get?", std::move(content), ""}, status);
}

std::string file_value_text(const model::RowScorer& scorer, const RowAnswer& answer) {
  std::vector<std::string> texts;
  for (const double value : answer.values)
    texts.push_back(value_name(scorer) == "rating" ? fmt::format("{:.2f}", value)
                                                   : fmt::format("{:.4g}", value));
  return fmt::format("{}", fmt::join(texts, " "));
}

std::string file_says_text(const RowAnswer& answer) {
  std::vector<std::string> says;
  if (answer.explanation) {
    for (std::size_t i = 0; i < answer.explanation->reasons.size() && i < 2; ++i)
      says.push_back(sentence_of(answer.explanation->reasons[i]));
    if (std::string text = sentence_of_comparables(*answer.explanation); !text.empty())
      says.push_back(std::move(text));
  }
  says.insert(says.end(), answer.warnings.begin(), answer.warnings.end());
  return fmt::format("{}", fmt::join(says, "; "));
}

std::string file_rows_html(const Version& version, const UploadRows& rows, const model::RowScores& scores,
                           const std::vector<RowAnswer>& answers) {
  const model::RowScorer& scorer = *version.model.scorer;
  const bool has_label = !rows.rows().label_column().empty();
  const bool has_interval = scores.levels > 0 && !answers.empty() && answers.front().interval.has_value();
  std::string html = fmt::format(
      "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">{}</th><th class=\"n\" "
      "scope=\"col\">{}</th>",
      has_label ? escaped(rows.rows().label_column()) : "row", value_name(scorer));
  if (has_interval) {
    html += fmt::format(
        "<th class=\"n\" scope=\"col\">in {}</th><th scope=\"col\">from 1 to 5, as 20 equally likely "
        "dots</th>",
        odds_text(answers.front().interval->level));
  }
  html += "<th scope=\"col\">why, and what to know</th></tr></thead><tbody>";
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const RowAnswer& answer = answers[i];
    html += fmt::format("<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td>",
                        has_label ? isolated(answer.label) : std::to_string(i + 1),
                        file_value_text(scorer, answer));
    if (has_interval) {
      std::string interval;
      std::string dots;
      if (answer.interval) {
        interval = fmt::format("{:.1f} to {:.1f}", answer.interval->low, answer.interval->high);
        const std::vector<double> values =
            likely_values({scores.intervals.data() + i * scores.levels, scores.levels}, kDots);
        dots = dot_strip(answer.values.front(), values, {});
      }
      html += fmt::format("<td class=\"n\">{}</td><td>{}</td>", interval, dots);
    }
    html += fmt::format("<td class=\"note\">{}</td></tr>", isolated(file_says_text(answer)));
  }
  return html + "</tbody></table></div>";
}

}  // namespace

http::Response try_error_page(const Error& error) {
  return page_of(fmt::format("{}<main id=\"main\">{}<p><a href=\"try\">Back to the form</a></p></main>",
                             header_html(nullptr), error_html(error)),
                 prediction_error(error).status);
}

http::Response try_page(const http::Request& request, const Service& service) {
  std::optional<std::string_view> name = request.query_field("_model");
  if (name && name->empty()) name.reset();
  const Result<std::shared_ptr<const Version>> version = version_named(service, name);
  if (!version) return try_error_page(version.error());
  const Form form(request, service, **version);
  const JsonObject listing = form.listing();
  int status = 200;
  std::string answer;
  if (!listing.empty()) {
    Result<std::string> html = Answer(service, **version, request).html(listing);
    if (html) {
      answer = std::move(html).value();
    } else {
      answer = error_html(html.error());
      status = prediction_error(html.error()).status;
    }
  } else {
    answer =
        "<section id=\"answer\"><h2>Nothing asked yet</h2><p>Fill in what is known of the app, or begin with "
        "the "
        "example; then the answer stands here: the rating as dots, why, apps like it with their ratings, and "
        "which changes go with a better one. The address of the answer can be kept and sent "
        "on.</p></section>";
  }
  return page_of(fmt::format("{}<main id=\"main\" class=\"pair\"><div>{}</div>\n<div>{}{}</div></main>",
                             header_html(version->get()), form.html(), answer, about_html(**version)),
                 status);
}

Result<http::Response> try_file_page(const http::Request& request, const Service& service, UploadedFile file,
                                     Place& place) {
  const PredictionQuery query = TRY(read_query(request, service, {"model", "level"}, place));
  const Version& version = *query.version;
  const model::RowScorer& scorer = *version.model.scorer;
  const std::size_t total = TRY(check_upload(*file.checked, file.kind, OnBadRow::kNote, scorer, place));
  UploadRows rows(*file.answered, file.kind, OnBadRow::kNote, scorer);
  const std::size_t count = TRY(rows.next(kFileRows));
  model::RowScores scores;
  if (count > 0) scorer.score(rows.rows().rows(), 0, count, scores);
  AnswerOptions options = query.answer;
  std::vector<RowAnswer> answers;
  for (std::size_t i = 0; i < count; ++i) {
    RowAnswer answer = TRY(answer_of(version, rows.rows(), i, scores, i, options));
    if (!rows.rows().is_broken(i)) {
      if (Result<model::RowExplanation> explained = scorer.explain(rows.rows().rows(), i, 0))
        answer.explanation = std::move(explained).value();
    }
    answers.push_back(std::move(answer));
  }
  RequestFigures figures;
  figures.rows = count;
  count_request(service, version, kProtocol, figures, rows.rows().rows());
  std::string content = header_html(&version);
  content += fmt::format(
      "<main id=\"main\"><section id=\"answer\"><h2>{} of {} rows</h2><p><a href=\"try\">Back to the "
      "form</a>; for all "
      "rows choose \u201cDownload all as CSV\u201d there.</p>{}</section>{}</main>",
      core::with_thousands(static_cast<long long>(count)),
      core::with_thousands(static_cast<long long>(total)),
      count == 0 ? std::string() : file_rows_html(version, rows, scores, answers), about_html(version));
  return page_of(std::move(content), 200);
}

}  // namespace starcast::serve
