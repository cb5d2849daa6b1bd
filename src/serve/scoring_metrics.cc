#include "serve/scoring_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/strings.h"

namespace starcast::serve {
namespace {

constexpr std::size_t kShards = 8;        // of each series: threads rarely share a counter
constexpr std::size_t kSeriesMax = 1024;  // beyond them all is counted as one
constexpr std::size_t kErrors = 6;
constexpr std::array kBounds{2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3,
                             2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1,  0.25,   1.0,  10.0};
constexpr auto kRelaxed = std::memory_order_relaxed;

using Counter = std::atomic<std::uint64_t>;

std::size_t shard_of_thread() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t shard = threads.fetch_add(1, kRelaxed) % kShards;
  return shard;
}

std::string_view name_of(Step step) {
  switch (step) {
    case Step::kDecode:
      return "decode";
    case Step::kEncode:
      return "encode";
    case Step::kScore:
      return "score";
    case Step::kWrite:
      return "write";
  }
  return "decode";
}

std::string_view name_of(ScoringError error) {
  switch (error) {
    case ScoringError::kMalformed:
      return "malformed";
    case ScoringError::kSchema:
      return "schema";
    case ScoringError::kTooLarge:
      return "too_large";
    case ScoringError::kNotReady:
      return "not_ready";
    case ScoringError::kDeadline:
      return "deadline";
    case ScoringError::kModel:
      return "model";
  }
  return "malformed";
}

std::string label_value(std::string_view text) {
  return core::replaced(core::replaced(core::replaced(text, "\\", "\\\\"), "\"", "\\\""), "\n", "\\n");
}

struct Key {
  std::string_view slot;
  std::string_view version;
  std::string_view protocol;

  std::size_t hash() const {
    const std::hash<std::string_view> of;
    return (of(slot) * 31 + of(version)) * 31 + of(protocol);
  }
};

// Grow-only, without locks: open addressing over pointers that are set once.
template <typename Series>
class SeriesTable {
 public:
  SeriesTable() = default;
  SeriesTable(const SeriesTable&) = delete;
  SeriesTable& operator=(const SeriesTable&) = delete;
  ~SeriesTable() {
    for (const auto& place : places_) delete place.load(kRelaxed);
  }

  // The key's series, made by `make()` if need be; nullptr when there are too many.
  template <typename Make>
  Series* find(const Key& key, const Make& make) {
    std::size_t at = key.hash() % places_.size();
    for (std::size_t tries = 0; tries < places_.size(); ++tries, at = (at + 1) % places_.size()) {
      Series* found = places_[at].load(std::memory_order_acquire);
      if (!found) {
        if (size_.load(kRelaxed) >= places_.size() / 2) return nullptr;
        std::unique_ptr<Series> made = make();
        if (places_[at].compare_exchange_strong(found, made.get(), std::memory_order_acq_rel)) {
          size_.fetch_add(1, kRelaxed);
          return made.release();
        }
      }
      if (found->slot == key.slot && found->version == key.version && found->protocol == key.protocol) {
        return found;
      }
    }
    return nullptr;
  }

  // In the order of slot, version and protocol.
  std::vector<const Series*> all() const {
    std::vector<const Series*> series;
    for (const auto& place : places_) {
      if (const Series* const one = place.load(std::memory_order_acquire)) series.push_back(one);
    }
    std::sort(series.begin(), series.end(), [](const Series* left, const Series* right) {
      return std::tie(left->slot, left->version, left->protocol) <
             std::tie(right->slot, right->version, right->protocol);
    });
    return series;
  }

 private:
  std::array<std::atomic<Series*>, kSeriesMax> places_{};
  std::atomic<std::size_t> size_{0};
};

struct Named {
  explicit Named(const Key& key) : slot(key.slot), version(key.version), protocol(key.protocol) {}

  const std::string slot;
  const std::string version;
  const std::string protocol;
};

// Of one protocol's requests to one version.
struct Requests : Named {
  struct alignas(64) Shard {
    Counter requests{0};
    Counter rows{0};
    std::array<std::array<Counter, kBounds.size() + 1>, kSteps> by_time{};  // the last one is beyond
    std::array<Counter, kSteps> nanoseconds{};
  };

  using Named::Named;
  std::array<Shard, kShards> shards{};
};

// Of one version's input columns.
struct Columns : Named {
  struct Column {
    std::string name;
    Counter missing{0};
    Counter out_of_range{0};
    Counter unseen{0};
  };

  Columns(const Key& key, const model::Signature& signature) : Named(key), columns(signature.inputs.size()) {
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].name = signature.inputs[i].name;
  }

  std::vector<Column> columns;
};

// Of one version that answers beside another.
struct Shadow : Named {
  using Named::Named;
  Counter requests{0};
  Counter rows{0};
  std::atomic<double> difference_sum{0};
  std::atomic<double> difference_max{0};
};

void add_to(std::atomic<double>& sum, double value) {
  double before = sum.load(kRelaxed);
  while (!sum.compare_exchange_weak(before, before + value, kRelaxed)) {
  }
}

void raise_to(std::atomic<double>& most, double value) {
  double before = most.load(kRelaxed);
  while (before < value && !most.compare_exchange_weak(before, value, kRelaxed)) {
  }
}

// Writes the text format; a metric's samples stand together.
class TextWriter {
 public:
  void head(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {2}\n# TYPE {0} {1}\n", name, type, help);
  }
  template <typename Value>
  void sample(std::string_view labels, Value value, std::string_view suffix = "") {
    fmt::format_to(std::back_inserter(text_), "{}{}{{{}}} {}\n", name_, suffix, labels, value);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_{};
  std::string_view name_{};
};

std::string labels_of(const Named& series) {
  return fmt::format("slot=\"{}\",version=\"{}\",protocol=\"{}\"", label_value(series.slot),
                     label_value(series.version), label_value(series.protocol));
}

std::string labels_of_version(const Named& series) {
  return fmt::format("slot=\"{}\",version=\"{}\"", label_value(series.slot), label_value(series.version));
}

}  // namespace

struct ScoringMetrics::Data {
  explicit Data(const Slots& its_slots) : slots(its_slots) {}

  void write_requests(TextWriter& out) const;
  void write_steps(TextWriter& out) const;
  void write_columns(TextWriter& out) const;
  void write_shadows(TextWriter& out) const;
  void write_slots(TextWriter& out) const;

  const Slots& slots;
  SeriesTable<Requests> requests{};
  SeriesTable<Columns> columns{};
  SeriesTable<Shadow> shadows{};
  std::array<Counter, kErrors> errors{};
  Counter uncounted{0};  // for want of room
};

ScoringMetrics::ScoringMetrics(const Slots& slots) : data_(std::make_unique<Data>(slots)) {}

ScoringMetrics::~ScoringMetrics() = default;

void ScoringMetrics::count(const Version& version, std::string_view protocol, const RequestFigures& figures) {
  const Key key{version.slot, version.model.version, protocol};
  Requests* const series = data_->requests.find(key, [&] { return std::make_unique<Requests>(key); });
  if (!series) {
    data_->uncounted.fetch_add(1, kRelaxed);
    return;
  }
  Requests::Shard& shard = series->shards[shard_of_thread()];
  shard.requests.fetch_add(1, kRelaxed);
  shard.rows.fetch_add(figures.rows, kRelaxed);
  for (std::size_t i = 0; i < kSteps; ++i) {
    const double seconds = figures.seconds[i];
    const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds) - kBounds.begin();
    shard.by_time[i][static_cast<std::size_t>(bucket)].fetch_add(1, kRelaxed);
    shard.nanoseconds[i].fetch_add(static_cast<std::uint64_t>(std::max(seconds, 0.0) * 1e9), kRelaxed);
  }
}

void ScoringMetrics::count(ScoringError error) {
  data_->errors[static_cast<std::size_t>(error)].fetch_add(1, kRelaxed);
}

void ScoringMetrics::count(const Version& version, const model::ColumnCounts& columns) {
  const Key key{version.slot, version.model.version, ""};
  Columns* const series = data_->columns.find(
      key, [&] { return std::make_unique<Columns>(key, version.model.scorer->signature()); });
  if (!series) {
    data_->uncounted.fetch_add(1, kRelaxed);
    return;
  }
  const auto add = [&](const std::vector<std::uint64_t>& counts, Counter Columns::Column::* member) {
    for (std::size_t i = 0; i < std::min(counts.size(), series->columns.size()); ++i) {
      if (counts[i] != 0) (series->columns[i].*member).fetch_add(counts[i], kRelaxed);
    }
  };
  add(columns.missing, &Columns::Column::missing);
  add(columns.out_of_range, &Columns::Column::out_of_range);
  add(columns.unseen, &Columns::Column::unseen);
}

void ScoringMetrics::count_shadow(const Version& shadow, std::size_t rows, double difference_sum,
                                  double difference_max) {
  const Key key{shadow.slot, shadow.model.version, ""};
  Shadow* const series = data_->shadows.find(key, [&] { return std::make_unique<Shadow>(key); });
  if (!series) {
    data_->uncounted.fetch_add(1, kRelaxed);
    return;
  }
  series->requests.fetch_add(1, kRelaxed);
  series->rows.fetch_add(rows, kRelaxed);
  add_to(series->difference_sum, difference_sum);
  raise_to(series->difference_max, difference_max);
}

void ScoringMetrics::Data::write_requests(TextWriter& out) const {
  const std::vector<const Requests*> all = requests.all();
  const auto total = [&](Counter Requests::Shard::* member) {
    for (const Requests* const series : all) {
      std::uint64_t sum = 0;
      for (const Requests::Shard& shard : series->shards) sum += (shard.*member).load(kRelaxed);
      out.sample(labels_of(*series), sum);
    }
  };
  out.head("starcast_scoring_requests_total", "counter",
           "Requests answered with predictions, by slot, version and protocol.");
  total(&Requests::Shard::requests);
  out.head("starcast_scoring_rows_total", "counter", "Rows scored, by slot, version and protocol.");
  total(&Requests::Shard::rows);
  out.head("starcast_scoring_errors_total", "counter", "Requests that were not answered, by reason.");
  for (std::size_t i = 0; i < kErrors; ++i) {
    out.sample(fmt::format("kind=\"{}\"", name_of(static_cast<ScoringError>(i))), errors[i].load(kRelaxed));
  }
}

void ScoringMetrics::Data::write_steps(TextWriter& out) const {
  struct Figures {
    std::array<std::uint64_t, kBounds.size() + 1> by_time{};
    std::uint64_t nanoseconds = 0;
  };
  // Without the version: a swap does not begin a new histogram.
  std::map<std::tuple<std::string, std::string, std::size_t>, Figures> by_step;
  for (const Requests* const series : requests.all()) {
    for (const Requests::Shard& shard : series->shards) {
      for (std::size_t step = 0; step < kSteps; ++step) {
        Figures& figures = by_step[{series->slot, series->protocol, step}];
        for (std::size_t i = 0; i < figures.by_time.size(); ++i) {
          figures.by_time[i] += shard.by_time[step][i].load(kRelaxed);
        }
        figures.nanoseconds += shard.nanoseconds[step].load(kRelaxed);
      }
    }
  }
  out.head("starcast_scoring_step_seconds", "histogram",
           "Where a request's time goes, by slot, protocol and step; reading it is in "
           "starcast_http_request_seconds.");
  for (const auto& [key, figures] : by_step) {
    const auto& [slot, protocol, step] = key;
    const std::string labels = fmt::format("slot=\"{}\",protocol=\"{}\",step=\"{}\"", label_value(slot),
                                           label_value(protocol), name_of(static_cast<Step>(step)));
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      below += figures.by_time[i];
      out.sample(fmt::format("{},le=\"{}\"", labels, kBounds[i]), below, "_bucket");
    }
    const std::uint64_t count = below + figures.by_time.back();
    out.sample(fmt::format("{},le=\"+Inf\"", labels), count, "_bucket");
    out.sample(
        labels,
        fmt::format("{}.{:09}", figures.nanoseconds / 1'000'000'000, figures.nanoseconds % 1'000'000'000),
        "_sum");
    out.sample(labels, count, "_count");
  }
}

void ScoringMetrics::Data::write_columns(TextWriter& out) const {
  // Versions of one slot are added up: their columns have the same names.
  std::map<std::pair<std::string, std::string>, std::array<std::uint64_t, 3>> by_column;
  for (const Columns* const series : columns.all()) {
    for (const Columns::Column& column : series->columns) {
      auto& counts = by_column[{series->slot, column.name}];
      counts[0] += column.missing.load(kRelaxed);
      counts[1] += column.out_of_range.load(kRelaxed);
      counts[2] += column.unseen.load(kRelaxed);
    }
  }
  constexpr std::array<std::array<std::string_view, 2>, 3> kMetrics{
      {{"starcast_scoring_missing_total", "Cells that were missing, by slot and column."},
       {"starcast_scoring_out_of_range_total", "Numbers beyond what training saw, by slot and column."},
       {"starcast_scoring_unseen_total", "Texts that training never saw, by slot and column."}}};
  for (std::size_t i = 0; i < kMetrics.size(); ++i) {
    out.head(kMetrics[i][0], "counter", kMetrics[i][1]);
    for (const auto& [key, counts] : by_column) {
      out.sample(fmt::format("slot=\"{}\",column=\"{}\"", label_value(key.first), label_value(key.second)),
                 counts[i]);
    }
  }
}

void ScoringMetrics::Data::write_shadows(TextWriter& out) const {
  const std::vector<const Shadow*> all = shadows.all();
  out.head("starcast_shadow_requests_total", "counter", "Requests that a shadow scored beside.");
  for (const Shadow* const one : all) out.sample(labels_of_version(*one), one->requests.load(kRelaxed));
  out.head("starcast_shadow_rows_total", "counter", "Rows that a shadow scored beside.");
  for (const Shadow* const one : all) out.sample(labels_of_version(*one), one->rows.load(kRelaxed));
  out.head("starcast_shadow_difference_sum", "counter",
           "Absolute differences between a shadow's values and the answers, added up over rows.");
  for (const Shadow* const one : all) out.sample(labels_of_version(*one), one->difference_sum.load(kRelaxed));
  out.head("starcast_shadow_difference_max", "gauge", "The largest of those differences.");
  for (const Shadow* const one : all) out.sample(labels_of_version(*one), one->difference_max.load(kRelaxed));
}

void ScoringMetrics::Data::write_slots(TextWriter& out) const {
  struct Standing {
    std::string label{};
    SlotStatus status{};
    std::shared_ptr<const Version> version{};
  };
  std::vector<Standing> all;
  for (const Slot* const slot : slots.all()) {
    all.push_back({fmt::format("slot=\"{}\"", label_value(slot->name())), slot->status(), slot->current()});
  }
  out.head("starcast_model_info", "gauge", "The version that answers, by slot.");
  for (const Standing& one : all) {
    if (!one.version) continue;
    const LoadedModel& model = one.version->model;
    out.sample(
        fmt::format("{},version=\"{}\",uri=\"{}\",flavor=\"{}\",model_id=\"{}\",run_id=\"{}\"", one.label,
                    label_value(model.version), label_value(model.uri), label_value(model.scorer->flavor()),
                    label_value(model.model_id), label_value(model.run_id)),
        1);
  }
  out.head("starcast_model_ready", "gauge", "1 where a version answers whose self-test came out right.");
  for (const Standing& one : all) out.sample(one.label, one.status.is_ready ? 1 : 0);
  out.head("starcast_model_generation", "gauge", "How many loads came before what answers, itself included.");
  for (const Standing& one : all) out.sample(one.label, one.status.generation);
  out.head("starcast_model_loads_total", "counter", "Loads, by slot and result.");
  for (const Standing& one : all) {
    out.sample(fmt::format("{},result=\"taken\"", one.label), one.status.loads);
    out.sample(fmt::format("{},result=\"refused\"", one.label), one.status.refused);
  }
  out.head("starcast_model_load_failed", "gauge", "1 where the last load failed.");
  for (const Standing& one : all) out.sample(one.label, one.status.failure.empty() ? 0 : 1);
  out.head("starcast_model_watch_failed", "gauge", "1 where the slot's URI could not be looked at last.");
  for (const Standing& one : all) out.sample(one.label, one.status.watch_failure.empty() ? 0 : 1);
  out.head("starcast_model_load_seconds", "gauge", "What the load of the version that answers took.");
  for (const Standing& one : all) {
    if (one.version) out.sample(one.label, one.version->load_seconds);
  }
}

std::string ScoringMetrics::text() const {
  TextWriter out;
  data_->write_requests(out);
  data_->write_steps(out);
  data_->write_columns(out);
  data_->write_shadows(out);
  data_->write_slots(out);
  out.head("starcast_scoring_uncounted_total", "counter",
           "Counts left out because there are too many versions.");
  return fmt::format("{}starcast_scoring_uncounted_total {}\n", out.take(), data_->uncounted.load(kRelaxed));
}

}  // namespace starcast::serve
