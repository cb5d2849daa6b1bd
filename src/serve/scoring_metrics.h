// What a scoring server counts, as Prometheus reads it: beside the HTTP server's figures a route, those that
// only scoring has.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "model/row_scorer.h"
#include "serve/slots.h"

namespace starcast::serve {

// Where a request's time goes.
enum class Step { kDecode, kEncode, kScore, kWrite };  // "read" is the HTTP server's
inline constexpr std::size_t kSteps = 4;

enum class ScoringError { kMalformed, kSchema, kTooLarge, kNotReady, kDeadline, kModel };

struct RequestFigures {
  std::size_t rows = 0;
  std::array<double, kSteps> seconds{};
};

// Thread-safe; counting takes no lock.
class ScoringMetrics {
 public:
  explicit ScoringMetrics(const Slots& slots);
  ~ScoringMetrics();

  void count(const Version& version, std::string_view protocol, const RequestFigures& figures);
  void count(ScoringError error);
  // Cells, once a request: missing, out of range, unseen, by column.
  void count(const Version& version, const model::ColumnCounts& columns);
  // A shadow's answers beside the current version's: largest and mean absolute difference.
  void count_shadow(const Version& shadow, std::size_t rows, double difference_sum, double difference_max);
  std::string text() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace starcast::serve
