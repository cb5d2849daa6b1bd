// RatedNames: names with the ratings of their apps, and which of them most resemble a name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "similar/name_index.h"

namespace starcast::similar {

struct RatedName {
  std::string name;  // case folded by the caller
  double rating = 0;
  double weight = 1;  // how much the rating counts; at least 0
};

// Thread-compatible; meant to be built once and shared.
class RatedNames {
 public:
  // What nearest() is asked of items that it may give: one byte an item, 0 = left out. Empty: all.
  using Mask = std::span<const std::uint8_t>;

  explicit RatedNames(std::vector<RatedName> items);

  std::size_t size() const { return ratings_.size(); }
  const NameIndex& index() const { return *index_; }
  const std::shared_ptr<const NameIndex>& shared_index() const { return index_; }
  const std::string& name(std::size_t item) const { return index_->name(item); }
  double rating(std::size_t item) const { return ratings_[item]; }
  double weight(std::size_t item) const { return weights_[item]; }

  // The first item of that name.
  std::optional<std::size_t> find(std::string_view name) const;

  // The at most `count` most similar items, most similar first and of equals the first item; only cosines
  // above 0, and none that has the name itself: an app is never its own neighbour. `cosines`, if they are
  // of index(), are those of the name; it changes how long this takes, never what it gives.
  std::vector<NameNeighbour> nearest(std::string_view name, std::size_t count, Mask counted,
                                     const NameCosines* cosines = nullptr) const;

  // Looks up the neighbours of each item once, so that nearest() of an item's name is had without a search.
  // It changes how long nearest() takes, never what it gives.
  void remember_nearest(std::size_t threads);

 private:
  std::vector<NameNeighbour> search(std::string_view name, std::size_t count, Mask counted,
                                    std::span<const float> cosines) const;

  std::shared_ptr<const NameIndex> index_;
  std::vector<double> ratings_;
  std::vector<double> weights_;
  std::vector<std::uint32_t>
      by_name_;  // the items in the order of their names, of equals the first item first
  std::vector<std::vector<NameNeighbour>> remembered_;  // by item; empty until remember_nearest()
};

}  // namespace starcast::similar
