// Slots: the served models by name. Each holds the version that answers now and, while it loads, the next
// one: a version is loaded, verified and warmed aside, then takes over between two requests; the old one
// answers what it began and is freed by its last request.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "core/clock.h"
#include "core/guarded.h"
#include "core/log.h"
#include "core/result.h"
#include "model/row_scorer.h"

namespace starcast::serve {

// A model as a source hands it over: checked against its checksums and golden rows.
struct LoadedModel {
  std::shared_ptr<const model::RowScorer> scorer;
  std::string uri;      // pinned: "models:/rating/3", a folder
  std::string version;  // of the registry, "3"; "1" of what has none
  std::string model_id;
  std::string run_id;
  codec::Json input_example;  // a scoring request's body, as MLflow saved it beside the model, or null
};

// Where models come from. Thread-safe.
class ModelSource {
 public:
  virtual ~ModelSource() = default;
  // What `uri` means now, cheaply: "models:/rating@champion" -> "models:/rating/3"; of a folder a text that
  // changes with its contents.
  virtual core::Result<std::string> pin(const std::string& uri) = 0;
  // kNotFound, kCorrupt, kUnsupported ... as the reader of the package says.
  virtual core::Result<LoadedModel> load(const std::string& uri) = 0;
};

// A loaded model in service. Immutable.
struct Version {
  LoadedModel model;
  std::string slot;              // the name it is served under
  std::uint64_t generation = 0;  // counts the slot's loads
  core::TimePoint loaded;
  double load_seconds = 0;
};

// How a slot stands, for health, metrics and the repository index.
struct SlotStatus {
  std::string name;
  std::string uri;  // as asked for
  std::string pinned;
  std::string version;         // of what answers; "" when nothing does
  bool is_ready = false;       // a version answers whose self-test came out right
  bool is_loading = false;     // the next one is on its way
  std::uint64_t loads = 0;     // that took over
  std::uint64_t refused = 0;   // that failed
  std::string failure;         // why the last load failed; "" after one that did not
  std::string watch_failure;   // why its URI could not be looked at last; "" when it could
  std::string shadow;          // pinned URI of the shadow; "" without one
  std::string shadow_failure;  // why the last load of the shadow failed
  std::uint64_t generation = 0;
  double load_seconds = 0;  // of what answers
};

// One served name. Thread-safe.
class Slot {
 public:
  Slot(std::string name, std::string uri, double shadow_share = 1.0);

  const std::string& name() const { return name_; }
  const std::string& uri() const { return uri_; }
  // Null when nothing is loaded. A reference that a request keeps until it has answered. No lock on the way
  // of a caller that asked before on this thread and whose version still stands.
  std::shared_ptr<const Version> current() const;
  // The version that scores a share of the requests without answering: null when there is none, or when this
  // call is not of the share. Ask once a request.
  std::shared_ptr<const Version> shadow() const;
  SlotStatus status() const;

 private:
  friend class Slots;

  // A version under several control blocks, so that threads do not share one's reference count.
  struct Held {
    std::shared_ptr<const Version> version{};
    std::vector<std::shared_ptr<const Version>> handles{};
  };
  struct State {
    Held current{};
    Held shadow{};
    SlotStatus status{};
  };
  // What a thread knows of a slot.
  struct Seen {
    std::uint64_t stamp = 0;
    std::weak_ptr<const Version> current{};
    std::weak_ptr<const Version> shadow{};
    bool has_shadow = false;
    double shadow_credit = 0;  // of the calls so far; at 1 the shadow is due
  };

  static Held held(std::shared_ptr<const Version> version);
  static std::uint64_t next_stamp();
  Seen& seen() const;
  // Puts a change of `state` before every thread.
  void publish() { stamp_.store(next_stamp(), std::memory_order_release); }

  const std::string name_;
  const std::string uri_;
  const double shadow_share_;
  std::atomic<std::uint64_t> stamp_;  // unlike that of any other slot or time
  mutable core::Guarded<State> state_{};
};

struct SlotRequest {
  std::string name;           // "rating"; "" : the one of the URI, "model" where that has none
  std::string uri;            // "models:/rating@champion"
  std::string shadow;         // URI, or ""
  double shadow_share = 1.0;  // of the requests, 0 to 1
};

// Thread-safe.
class Slots {
 public:
  // `source`, `clock` and `log` outlive it.
  Slots(ModelSource& source, const core::Clock& clock, core::Log& log);
  ~Slots();

  // kAlreadyExists. The slot is there at once, without a version until load() was called.
  core::Result<void> add(const SlotRequest& request);
  // Loads, verifies and warms aside, then swaps; the caller waits. On an error the old version stays and the
  // slot's status says why. kNotFound: no such slot. One load a slot at a time. A shadow is loaded after it;
  // its failure is only told in the status.
  core::Result<void> load(const std::string& name);
  // From now on nothing answers under this name, until load().
  core::Result<void> unload(const std::string& name);
  // For each slot that has a version or failed: pins its URI anew, and loads what changed. What was refused
  // is not tried again before its pin changes, unless its source did not answer. Called every so often by
  // whoever watches.
  void refresh();

  // The name's slot, or nullptr. A slot is never removed. No lock.
  const Slot* find(std::string_view name) const;
  // The first one added: it answers where no name is given. CHECKs that there is one.
  const Slot& first() const;
  std::vector<const Slot*> all() const;
  // There are slots, and all of them answer.
  bool is_ready() const;

 private:
  struct Loading;
  struct Managed;
  struct Data;

  core::Result<void> load_current(Managed& managed, Loading& loading, const std::string& pin);
  void load_shadow(Managed& managed, Loading& loading, const std::string& pin);
  core::Result<Version> make_version(const Slot& slot, const std::string& uri);
  core::Result<std::string> pin(const std::string& uri);
  void refresh(Managed& managed);
  Managed* managed(std::string_view name) const;

  std::unique_ptr<Data> data_;
};

// The name that a URI has by itself: "models:/rating@champion" -> "rating", "out/rating" -> "rating"; "model"
// where it has none.
std::string slot_name_of(std::string_view uri);

}  // namespace starcast::serve
