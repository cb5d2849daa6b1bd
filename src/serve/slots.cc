#include "serve/slots.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <exception>
#include <utility>

#include "core/check.h"

namespace starcast::serve {

using core::Error;
using core::ErrorCode;
using core::Result;

namespace {

constexpr std::size_t kHandles = 16;      // of a version; threads share them when there are more
constexpr std::size_t kSeenSlots = 8;     // that a thread remembers; more are looked up under their locks
constexpr std::size_t kWarmRowsMax = 64;  // of the input example
constexpr int kWarmRounds = 3;

// Numbers the threads that ask, so that they spread over a version's handles.
std::size_t thread_number() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return number;
}

std::size_t column_of(const model::Signature& signature, std::string_view name) {
  for (std::size_t i = 0; i < signature.inputs.size(); ++i) {
    if (signature.inputs[i].name == name) return i;
  }
  return model::Rows::kNoColumn;
}

// A cell that the scorer refuses stays missing: the example is only there to run all code once.
void set_cell(model::Rows& rows, std::size_t column, const codec::Json& cell) {
  if (column == model::Rows::kNoColumn || cell.is_null()) return;
  if (cell.is_string()) {
    static_cast<void>(rows.set_text(column, std::get<std::string>(cell.value())));
  } else if (const Result<double> number = cell.as_double()) {
    static_cast<void>(rows.set_number(column, *number));
  }
}

const codec::JsonArray& array_of(const codec::Json* json) {
  static const codec::JsonArray kNone;
  const auto* const array = json ? std::get_if<codec::JsonArray>(&json->value()) : nullptr;
  return array ? *array : kNone;
}

// {"columns": [...], "data": [[...], ...]}
void add_split(const codec::Json& split, const model::Signature& signature, model::Rows& rows) {
  std::vector<std::size_t> places;
  for (const codec::Json& name : array_of(split.find("columns"))) {
    places.push_back(name.is_string() ? column_of(signature, std::get<std::string>(name.value()))
                                      : model::Rows::kNoColumn);
  }
  for (const codec::Json& row : array_of(split.find("data"))) {
    if (rows.size() == kWarmRowsMax) return;
    rows.add_row();
    const codec::JsonArray& cells = array_of(&row);
    for (std::size_t i = 0; i < std::min(cells.size(), places.size()); ++i) {
      set_cell(rows, places[i], cells[i]);
    }
  }
}

// [[...], ...], or [{...}, ...]
void add_list(const codec::JsonArray& list, const model::Signature& signature, model::Rows& rows) {
  for (const codec::Json& row : list) {
    if (rows.size() == kWarmRowsMax) return;
    rows.add_row();
    const codec::JsonArray& cells = array_of(&row);
    for (std::size_t i = 0; i < std::min(cells.size(), signature.inputs.size()); ++i) {
      set_cell(rows, i, cells[i]);
    }
    if (const auto* const members = std::get_if<codec::JsonObject>(&row.value())) {
      for (const codec::JsonMember& member : *members) {
        set_cell(rows, column_of(signature, member.first), member.second);
      }
    }
  }
}

// The rows of a scoring request's body; one empty row of what is none.
void add_example(const codec::Json& example, const model::Signature& signature, model::Rows& rows) {
  if (const codec::Json* const split = example.find("dataframe_split")) add_split(*split, signature, rows);
  for (const char* const name : {"dataframe_records", "instances", "inputs"}) {
    add_list(array_of(example.find(name)), signature, rows);
  }
  if (rows.size() == 0) rows.add_row();
}

bool same_bits(const std::vector<double>& left, const std::vector<double>& right) {
  return left.size() == right.size() &&
         (left.empty() || std::memcmp(left.data(), right.data(), left.size() * sizeof(double)) == 0);
}

// Runs the model's code before a request does: its pages are in memory then. An answer that has another shape
// than it should, or that is another one the second time, is no model to serve.
Result<void> self_test(const LoadedModel& model) {
  const model::RowScorer& scorer = *model.scorer;
  const std::unique_ptr<model::Rows> rows = scorer.make_rows();
  add_example(model.input_example, scorer.signature(), *rows);
  model::RowScores first;
  scorer.score(*rows, 0, rows->size(), first);
  if (first.rows != rows->size() || first.width != scorer.width() ||
      first.values.size() != first.rows * first.width ||
      first.intervals.size() != first.rows * first.levels) {
    return Error(ErrorCode::kCorrupt,
                 fmt::format("self-test: {} rows give {} values", rows->size(), first.values.size()));
  }
  for (int round = 0; round < kWarmRounds; ++round) {
    model::RowScores again;
    scorer.score(*rows, 0, rows->size(), again);
    if (!same_bits(first.values, again.values)) {
      return Error(ErrorCode::kCorrupt, "self-test: the same rows give other values the second time");
    }
  }
  return {};
}

// Whether the same load may come right although nothing changed that a pin shows.
bool may_pass(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kExhausted:
    case ErrorCode::kNotFound:
      return true;
    case ErrorCode::kInvalidInput:
    case ErrorCode::kAlreadyExists:
    case ErrorCode::kFailedPrecondition:
    case ErrorCode::kUnauthenticated:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kUnsupported:
    case ErrorCode::kTooLarge:
    case ErrorCode::kCancelled:
    case ErrorCode::kCorrupt:
    case ErrorCode::kInternal:
      return false;
  }
  return false;
}

Error no_slot(const std::string& name) {
  return Error(ErrorCode::kNotFound, fmt::format("no model is served as '{}'", name));
}

}  // namespace

Slot::Slot(std::string name, std::string uri, double shadow_share)
    : name_(std::move(name)), uri_(std::move(uri)), shadow_share_(shadow_share), stamp_(next_stamp()) {}

std::uint64_t Slot::next_stamp() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

Slot::Held Slot::held(std::shared_ptr<const Version> version) {
  Held held;
  held.version = std::move(version);
  if (!held.version) return held;
  for (std::size_t i = 0; i < kHandles; ++i) {
    // A deleter lives as long as weak references do, so it lets go of the version by itself.
    held.handles.emplace_back(held.version.get(),
                              [keeps = held.version](const Version*) mutable { keeps.reset(); });
  }
  return held;
}

Slot::Seen& Slot::seen() const {
  thread_local std::array<Seen, kSeenSlots> all;
  thread_local std::size_t next = 0;
  const std::uint64_t stamp = stamp_.load(std::memory_order_acquire);
  for (Seen& one : all) {
    if (one.stamp == stamp) return one;
  }
  Seen& one = all[next];
  next = (next + 1) % all.size();
  const double credit = one.shadow_credit;
  const std::size_t handle = thread_number() % kHandles;
  one = Seen();
  one.shadow_credit = credit;
  auto state = state_.lock();
  // Read again: publish() happens under this lock.
  one.stamp = stamp_.load(std::memory_order_acquire);
  if (state->current.version) one.current = state->current.handles[handle];
  if (state->shadow.version) one.shadow = state->shadow.handles[handle];
  one.has_shadow = state->shadow.version != nullptr;
  return one;
}

std::shared_ptr<const Version> Slot::current() const {
  // Gone: it was replaced after its stamp was read, and its last request is over.
  while (true) {
    Seen& known = seen();
    std::shared_ptr<const Version> version = known.current.lock();
    if (version || known.stamp == stamp_.load(std::memory_order_acquire)) return version;
  }
}

std::shared_ptr<const Version> Slot::shadow() const {
  Seen& known = seen();
  if (!known.has_shadow) return nullptr;
  known.shadow_credit += shadow_share_;
  if (known.shadow_credit < 1) return nullptr;
  known.shadow_credit -= 1;
  return known.shadow.lock();
}

SlotStatus Slot::status() const {
  auto state = state_.lock();
  SlotStatus status = state->status;
  status.name = name_;
  status.uri = uri_;
  status.is_ready = state->current.version != nullptr;
  if (state->current.version) {
    const Version& version = *state->current.version;
    status.pinned = version.model.uri;
    status.version = version.model.version;
    status.generation = version.generation;
    status.load_seconds = version.load_seconds;
  }
  if (state->shadow.version) status.shadow = state->shadow.version->model.uri;
  return status;
}

// What only whoever loads a slot's versions looks at.
struct Slots::Loading {
  bool is_wanted = false;  // load() was called, and unload() not after it
  std::uint64_t generation = 0;
  std::string tried;      // the pin of the last load
  bool may_pass = false;  // it failed, and may do better the next time
  std::string shadow_tried;
  bool shadow_may_pass = false;
};

struct Slots::Managed {
  Managed(const SlotRequest& request, std::string name)
      : slot(std::move(name), request.uri, request.shadow_share), shadow_uri(request.shadow) {}

  Slot slot;
  const std::string shadow_uri;
  core::Guarded<Loading> loading{};
};

struct Slots::Data {
  using List = std::vector<Managed*>;

  Data(ModelSource& its_source, const core::Clock& its_clock, core::Log& its_log)
      : source(its_source), clock(its_clock), log(its_log) {}

  ModelSource& source;
  const core::Clock& clock;
  core::Log& log;
  struct Lists {
    std::deque<Managed> managed{};
    std::deque<List> lists{List()};  // each a slot longer; readers may hold any of them
  };
  core::Guarded<Lists> all{};
  std::atomic<const List*> list{nullptr};
};

Slots::Slots(ModelSource& source, const core::Clock& clock, core::Log& log)
    : data_(std::make_unique<Data>(source, clock, log)) {
  auto all = data_->all.lock();
  data_->list.store(&all->lists.back(), std::memory_order_release);
}

Slots::~Slots() = default;

Slots::Managed* Slots::managed(std::string_view name) const {
  for (Managed* const one : *data_->list.load(std::memory_order_acquire)) {
    if (one->slot.name() == name) return one;
  }
  return nullptr;
}

Result<void> Slots::add(const SlotRequest& request) {
  std::string name = request.name.empty() ? slot_name_of(request.uri) : request.name;
  auto all = data_->all.lock();
  if (managed(name)) {
    return Error(ErrorCode::kAlreadyExists,
                 fmt::format("two models are to be served as '{}': give them names, NAME=URI", name));
  }
  Managed& added = all->managed.emplace_back(request, std::move(name));
  Data::List longer = all->lists.back();
  longer.push_back(&added);
  data_->list.store(&all->lists.emplace_back(std::move(longer)), std::memory_order_release);
  return {};
}

Result<std::string> Slots::pin(const std::string& uri) {
  try {
    return data_->source.pin(uri);
  } catch (const std::exception& exception) {
    return Error(ErrorCode::kInternal, fmt::format("{}: {}", uri, exception.what()));
  }
}

Result<Version> Slots::make_version(const Slot& slot, const std::string& uri) {
  const core::Ticks start = data_->clock.elapsed();
  try {
    Version version;
    version.model = TRY(data_->source.load(uri));
    CHECK(version.model.scorer);
    TRY(self_test(version.model), version.model.uri);
    version.slot = slot.name();
    version.loaded = data_->clock.now();
    version.load_seconds = core::seconds_between(start, data_->clock.elapsed());
    return version;
  } catch (const std::exception& exception) {  // no memory left, say: what answers goes on answering
    return Error(ErrorCode::kInternal, fmt::format("{}: {}", uri, exception.what()));
  }
}

Result<void> Slots::load_current(Managed& managed, Loading& loading, const std::string& pin) {
  Slot& slot = managed.slot;
  {
    auto state = slot.state_.lock();
    state->status.is_loading = true;
  }
  loading.tried = pin;
  Result<Version> made = make_version(slot, slot.uri());
  loading.may_pass = !made && may_pass(made.error().code());
  Slot::Held old;  // freed without the lock
  if (!made) {
    auto state = slot.state_.lock();
    state->status.is_loading = false;
    // Tried again every so often, it is told once.
    const bool is_news = state->status.failure != made.error().message();
    state->status.failure = made.error().message();
    if (is_news) ++state->status.refused;
    if (is_news && state->current.version) {
      data_->log.error("model '{}': {} is refused, version {} stays: {}", slot.name(), pin,
                       state->current.version->model.version, made.error().message());
    }
    return Error(std::move(made).error());
  }
  made->generation = ++loading.generation;
  auto version = std::make_shared<const Version>(std::move(*made));
  Slot::Held next = Slot::held(version);
  {
    auto state = slot.state_.lock();
    old = std::exchange(state->current, std::move(next));
    state->status.is_loading = false;
    ++state->status.loads;
    state->status.failure.clear();
    state->status.watch_failure.clear();
    slot.publish();
  }
  data_->log.info("model '{}': version {} answers, loaded from {} in {:.0f} ms", slot.name(),
                  version->model.version, version->model.uri, version->load_seconds * 1000);
  return {};
}

void Slots::load_shadow(Managed& managed, Loading& loading, const std::string& pin) {
  Slot& slot = managed.slot;
  loading.shadow_tried = pin;
  Result<Version> made = make_version(slot, managed.shadow_uri);
  loading.shadow_may_pass = !made && may_pass(made.error().code());
  if (!made) {
    auto state = slot.state_.lock();
    if (state->status.shadow_failure != made.error().message()) {
      data_->log.error("model '{}': shadow {}: {}", slot.name(), managed.shadow_uri, made.error().message());
    }
    state->status.shadow_failure = made.error().message();
    return;
  }
  auto version = std::make_shared<const Version>(std::move(*made));
  Slot::Held next = Slot::held(version);
  Slot::Held old;
  {
    auto state = slot.state_.lock();
    old = std::exchange(state->shadow, std::move(next));
    state->status.shadow_failure.clear();
    slot.publish();
  }
  data_->log.info("model '{}': {} is its shadow", slot.name(), version->model.uri);
}

Result<void> Slots::load(const std::string& name) {
  Managed* const found = managed(name);
  if (!found) return no_slot(name);
  auto loading = found->loading.lock();
  loading->is_wanted = true;
  // Before the load: what changes meanwhile is found changed at the next look.
  Result<std::string> pinned = pin(found->slot.uri());
  if (!pinned) {
    loading->tried.clear();
    loading->may_pass = true;
    auto state = found->slot.state_.lock();
    if (state->status.failure != pinned.error().message()) ++state->status.refused;
    state->status.failure = pinned.error().message();
    return Error(std::move(pinned).error());
  }
  TRY(load_current(*found, *loading, *pinned));
  if (found->shadow_uri.empty()) return {};
  const Result<std::string> shadow_pin = pin(found->shadow_uri);
  load_shadow(*found, *loading, shadow_pin ? *shadow_pin : std::string());
  return {};
}

Result<void> Slots::unload(const std::string& name) {
  Managed* const found = managed(name);
  if (!found) return no_slot(name);
  auto loading = found->loading.lock();
  loading->is_wanted = false;
  Slot::Held old;
  Slot::Held old_shadow;
  {
    auto state = found->slot.state_.lock();
    old = std::exchange(state->current, Slot::Held());
    old_shadow = std::exchange(state->shadow, Slot::Held());
    state->status.failure.clear();
    state->status.watch_failure.clear();
    state->status.shadow_failure.clear();
    found->slot.publish();
  }
  if (old.version) data_->log.info("model '{}' is unloaded", name);
  return {};
}

void Slots::refresh(Managed& managed) {
  auto loading = managed.loading.lock();
  if (!loading->is_wanted) return;
  const Result<std::string> pinned = pin(managed.slot.uri());
  {
    const std::string failure = pinned ? std::string() : pinned.error().message();
    auto state = managed.slot.state_.lock();
    const bool is_news = state->status.watch_failure != failure && state->status.failure != failure;
    state->status.watch_failure = failure;
    if (!pinned && is_news) data_->log.warning("model '{}': {}", managed.slot.name(), failure);
    if (!pinned && !state->current.version) state->status.failure = failure;
  }
  if (pinned && (*pinned != loading->tried || loading->may_pass)) {
    const std::string before = managed.slot.status().failure;
    const Result<void> loaded = load_current(managed, *loading, *pinned);
    if (!loaded && !managed.slot.current() && loaded.error().message() != before) {
      data_->log.error("model '{}': {}", managed.slot.name(), loaded.error().message());
    }
  }
  if (managed.shadow_uri.empty()) return;
  const Result<std::string> shadow_pin = pin(managed.shadow_uri);
  if (shadow_pin && (*shadow_pin != loading->shadow_tried || loading->shadow_may_pass)) {
    load_shadow(managed, *loading, *shadow_pin);
  }
}

void Slots::refresh() {
  for (Managed* const one : *data_->list.load(std::memory_order_acquire)) refresh(*one);
}

const Slot* Slots::find(std::string_view name) const {
  const Managed* const found = managed(name);
  return found ? &found->slot : nullptr;
}

const Slot& Slots::first() const {
  const Data::List& list = *data_->list.load(std::memory_order_acquire);
  CHECK(!list.empty());
  return list.front()->slot;
}

std::vector<const Slot*> Slots::all() const {
  std::vector<const Slot*> slots;
  for (const Managed* const one : *data_->list.load(std::memory_order_acquire)) slots.push_back(&one->slot);
  return slots;
}

bool Slots::is_ready() const {
  const Data::List& list = *data_->list.load(std::memory_order_acquire);
  return !list.empty() && std::all_of(list.begin(), list.end(),
                                      [](const Managed* one) { return one->slot.current() != nullptr; });
}

std::string slot_name_of(std::string_view uri) {
  constexpr std::string_view kModels = "models:/";
  if (uri.starts_with(kModels)) {
    uri.remove_prefix(kModels.size());
    while (uri.starts_with('/')) uri.remove_prefix(1);
    const std::string_view name = uri.substr(0, uri.find_first_of("/@"));
    const bool is_logged_model = name == uri && name.starts_with("m-");
    return name.empty() || is_logged_model ? "model" : std::string(name);
  }
  if (uri.find(":/") != std::string_view::npos && !uri.starts_with("file:")) return "model";
  while (uri.ends_with('/')) uri.remove_suffix(1);
  const std::size_t slash = uri.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? uri : uri.substr(slash + 1);
  return last.empty() || last == "." || last == ".." || last == "artifacts" ? "model" : std::string(last);
}

}  // namespace starcast::serve
