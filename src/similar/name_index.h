// NameIndex: finds which of some thousand names resemble a name, by an inverted index over their n-grams.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "similar/name_grams.h"

namespace starcast::similar {

struct NameNeighbour {
  std::size_t item = 0;
  float cosine = 0;  // above 0, at most about 1

  bool operator==(const NameNeighbour&) const = default;
};

// Names are compared by the cosine of two tf-idf vectors side by side: 2 to 5 characters within a word
// (weight 1), and words and word pairs (weight 1/2). Grams that only one indexed name has count for nothing.
// A name without known grams resembles nothing, itself neither. The caller folds case. Thread-compatible. The
// same names in the same order give the same bits, whatever the number of threads and the processor (with one
// C library).
class NameIndex {
 public:
  NameIndex() = default;
  explicit NameIndex(std::vector<std::string> names);

  std::size_t size() const { return names_.size(); }
  const std::string& name(std::size_t item) const { return names_[item]; }

  // result[i] = cosine of the name and indexed name i. result.size() is size().
  void cosines(std::string_view name, std::span<float> result) const;

  // The same for an indexed name, and only the first result.size() items.
  void cosines_of(std::size_t item, std::span<float> result) const;

  // The at most `count` most similar, most similar first and of equals the first indexed; only cosines above
  // 0.
  std::vector<NameNeighbour> neighbours(std::string_view name, std::size_t count) const;

 private:
  struct Posting {
    std::uint32_t item;
    float weight;
  };
  struct Entry {
    std::uint32_t gram;
    float weight;
  };
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t gram = kEmpty;
  };
  static constexpr std::uint32_t kEmpty = 0xFFFFFFFFU;

  // The name's grams that are known, weighted so that the squares sum to 1.
  std::vector<Entry> vector_of(const NameGrams& grams) const;
  std::optional<std::uint32_t> find(std::uint64_t hash) const;
  void add(std::uint64_t hash, std::uint32_t gram);
  void append_known(const std::vector<Gram>& grams, double weight, std::vector<Entry>& entries) const;
  void scatter(std::span<const Entry> entries, std::span<float> result) const;

  std::vector<std::string> names_;
  std::vector<Slot> slots_;                 // hash -> gram: a power of two of them, at most half of them full
  std::vector<float> rarity_;               // by gram: 1 + ln((1 + names) / (1 + names with the gram))
  std::vector<std::size_t> first_posting_;  // by gram, and one more
  std::vector<Posting> postings_;           // by gram, then by item
  std::vector<std::size_t> first_entry_;    // by item, and one more
  std::vector<Entry> entries_;              // by item: its vector
};

// The cosines of one name and all names of an index, for all who ask the same index for the same name.
class NameCosines {
 public:
  // The index must outlive this.
  NameCosines(const NameIndex& index, std::string_view name) : index_(&index), values_(index.size()) {
    index.cosines(name, values_);
  }

  bool is_of(const NameIndex& index) const { return index_ == &index; }
  std::span<const float> values() const { return values_; }  // by item

 private:
  const NameIndex* index_;
  std::vector<float> values_;
};

}  // namespace starcast::similar
