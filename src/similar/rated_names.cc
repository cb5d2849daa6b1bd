#include "similar/rated_names.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "core/check.h"
#include "core/parallel.h"

namespace starcast::similar {
namespace {

// Enough that 15 are left when five of six items count, and nine of ten of those: see nearest().
constexpr std::size_t kRemembered = 64;
constexpr std::size_t kItemsAtOnce = 64;

bool counts(RatedNames::Mask counted, std::size_t item) {
  return counted.empty() || counted[item] != 0;
}

// Whether one of the kItemsAtOnce numbers does: without a branch, so that they are compared side by side.
bool any_exceeds(const float* numbers, float bound) {
  unsigned found = 0;
  for (std::size_t i = 0; i < kItemsAtOnce; ++i) found |= numbers[i] > bound ? 1U : 0U;
  return found != 0;
}

bool is_nearer(const NameNeighbour& left, const NameNeighbour& right) {
  return left.cosine != right.cosine ? left.cosine > right.cosine : left.item < right.item;
}

std::vector<std::string> names_of(std::vector<RatedName>& items) {
  std::vector<std::string> names;
  names.reserve(items.size());
  for (RatedName& item : items) names.push_back(std::move(item.name));
  return names;
}

}  // namespace

RatedNames::RatedNames(std::vector<RatedName> items)
    : index_(std::make_shared<const NameIndex>(names_of(items))), by_name_(items.size()) {
  for (const RatedName& item : items) {
    ratings_.push_back(item.rating);
    weights_.push_back(item.weight);
  }
  std::iota(by_name_.begin(), by_name_.end(), 0U);
  std::stable_sort(by_name_.begin(), by_name_.end(),
                   [this](std::uint32_t left, std::uint32_t right) { return name(left) < name(right); });
}

std::optional<std::size_t> RatedNames::find(std::string_view wanted) const {
  const auto place =
      std::lower_bound(by_name_.begin(), by_name_.end(), wanted,
                       [this](std::uint32_t item, std::string_view text) { return name(item) < text; });
  if (place == by_name_.end() || name(*place) != wanted) return std::nullopt;
  return *place;
}

std::vector<NameNeighbour> RatedNames::nearest(std::string_view wanted, std::size_t count, Mask counted,
                                               const NameCosines* cosines) const {
  CHECK(counted.empty() || counted.size() == size());
  if (cosines != nullptr && cosines->is_of(*index_)) return search(wanted, count, counted, cosines->values());
  if (!remembered_.empty() && count <= kRemembered) {
    if (const std::optional<std::size_t> item = find(wanted)) {
      const std::vector<NameNeighbour>& known = remembered_[*item];
      std::vector<NameNeighbour> found;
      for (const NameNeighbour& neighbour : known) {
        if (found.size() == count) break;
        if (counts(counted, neighbour.item)) found.push_back(neighbour);
      }
      // Fewer are all there are if the list was not cut.
      if (found.size() == count || known.size() < kRemembered) return found;
    }
  }
  return search(wanted, count, counted, NameCosines(*index_, wanted).values());
}

std::vector<NameNeighbour> RatedNames::search(std::string_view wanted, std::size_t count, Mask counted,
                                              std::span<const float> cosines) const {
  std::vector<NameNeighbour> found;  // nearest first
  found.reserve(count + 1);
  float least = 0;  // what a further neighbour has to exceed
  for (std::size_t item = 0; item < cosines.size(); ++item) {
    while (item % kItemsAtOnce == 0 && cosines.size() - item > kItemsAtOnce &&
           !any_exceeds(cosines.data() + item, least)) {
      item += kItemsAtOnce;
    }
    if (!(cosines[item] > least) || !counts(counted, item) || name(item) == wanted) continue;
    const NameNeighbour neighbour{item, cosines[item]};
    found.insert(std::upper_bound(found.begin(), found.end(), neighbour, is_nearer), neighbour);
    if (found.size() > count) found.pop_back();
    if (found.size() == count) least = found.empty() ? 2 : found.back().cosine;
  }
  return found;
}

void RatedNames::remember_nearest(std::size_t threads) {
  std::vector<std::vector<NameNeighbour>> lists(size());
  const auto look_up = [&](std::size_t piece) -> core::Result<void> {
    const std::size_t end = std::min(size(), (piece + 1) * kItemsAtOnce);
    for (std::size_t item = piece * kItemsAtOnce; item < end; ++item) {
      lists[item] = search(name(item), kRemembered, {}, NameCosines(*index_, name(item)).values());
    }
    return {};
  };
  const auto done = core::parallel_for((size() + kItemsAtOnce - 1) / kItemsAtOnce, threads, look_up);
  CHECK(done.has_value());  // nothing in it fails
  remembered_ = std::move(lists);
}

}  // namespace starcast::similar
