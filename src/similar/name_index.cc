#include "similar/name_index.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "core/check.h"

namespace starcast::similar {
namespace {

constexpr double kWordWeight = 0.5;  // of words beside characters, whose weight is 1
constexpr std::uint32_t kNamesWithGramMin = 2;

}  // namespace

NameIndex::NameIndex(std::vector<std::string> names) : names_(std::move(names)) {
  std::vector<NameGrams> grams;
  grams.reserve(names_.size());
  for (const std::string& name : names_) grams.push_back(grams_of(name));

  std::unordered_map<std::uint64_t, std::uint32_t> names_with;
  for (const NameGrams& of_name : grams) {
    for (const Gram& gram : of_name.characters) ++names_with[gram.hash];
    for (const Gram& gram : of_name.words) ++names_with[gram.hash];
  }
  const double total = 1.0 + static_cast<double>(names_.size());
  std::size_t known = 0;
  for (const auto& of_hash : names_with) known += of_hash.second >= kNamesWithGramMin ? 1U : 0U;
  slots_.assign(std::bit_ceil(2 * known + 1), Slot{});
  const auto number = [&](const std::vector<Gram>& of_name) {
    for (const Gram& gram : of_name) {
      const std::uint32_t count = names_with[gram.hash];
      if (count < kNamesWithGramMin || find(gram.hash)) continue;
      add(gram.hash, static_cast<std::uint32_t>(rarity_.size()));
      rarity_.push_back(static_cast<float>(1.0 + std::log(total / (1.0 + static_cast<double>(count)))));
    }
  };
  for (const NameGrams& of_name : grams) {
    number(of_name.characters);
    number(of_name.words);
  }

  first_entry_.push_back(0);
  first_posting_.assign(rarity_.size() + 1, 0);
  for (const NameGrams& of_name : grams) {
    for (const Entry& entry : vector_of(of_name)) {
      entries_.push_back(entry);
      ++first_posting_[entry.gram + 1];
    }
    first_entry_.push_back(entries_.size());
  }
  for (std::size_t gram = 0; gram < rarity_.size(); ++gram) first_posting_[gram + 1] += first_posting_[gram];
  postings_.resize(entries_.size());
  std::vector<std::size_t> next = first_posting_;
  for (std::size_t item = 0; item < names_.size(); ++item) {
    for (std::size_t i = first_entry_[item]; i < first_entry_[item + 1]; ++i) {
      postings_[next[entries_[i].gram]++] = {static_cast<std::uint32_t>(item), entries_[i].weight};
    }
  }
}

// The hashes are well mixed, so their low bits say where to look first.
std::optional<std::uint32_t> NameIndex::find(std::uint64_t hash) const {
  if (slots_.empty()) return std::nullopt;
  for (std::size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].gram == kEmpty) return std::nullopt;
    if (slots_[at].hash == hash) return slots_[at].gram;
  }
}

void NameIndex::add(std::uint64_t hash, std::uint32_t gram) {
  std::size_t at = hash & (slots_.size() - 1);
  while (slots_[at].gram != kEmpty) at = (at + 1) & (slots_.size() - 1);
  slots_[at] = {hash, gram};
}

void NameIndex::append_known(const std::vector<Gram>& grams, double weight,
                             std::vector<Entry>& entries) const {
  const std::size_t begin = entries.size();
  double squares = 0;
  for (const Gram& gram : grams) {
    const std::optional<std::uint32_t> known = find(gram.hash);
    if (!known) continue;
    const double frequency = gram.count == 1 ? 1.0 : 1.0 + std::log(static_cast<double>(gram.count));
    const double value = frequency * static_cast<double>(rarity_[*known]);
    squares += value * value;
    entries.push_back({*known, static_cast<float>(value)});
  }
  if (squares == 0) return;
  const double scale = std::sqrt(weight / squares);
  for (std::size_t i = begin; i < entries.size(); ++i) {
    entries[i].weight = static_cast<float>(static_cast<double>(entries[i].weight) * scale);
  }
}

std::vector<NameIndex::Entry> NameIndex::vector_of(const NameGrams& grams) const {
  std::vector<Entry> entries;
  append_known(grams.characters, 1.0, entries);
  const bool has_characters = !entries.empty();
  const std::size_t words_begin = entries.size();
  append_known(grams.words, kWordWeight, entries);
  const bool has_words = entries.size() > words_begin;
  const double squares = (has_characters ? 1.0 : 0.0) + (has_words ? kWordWeight : 0.0);
  if (squares == 0) return entries;
  const double scale = 1.0 / std::sqrt(squares);
  for (Entry& entry : entries) entry.weight = static_cast<float>(static_cast<double>(entry.weight) * scale);
  return entries;
}

void NameIndex::scatter(std::span<const Entry> entries, std::span<float> result) const {
  std::fill(result.begin(), result.end(), 0.0F);
  const bool all = result.size() == names_.size();
  for (const Entry& entry : entries) {
    const Posting* posting = postings_.data() + first_posting_[entry.gram];
    const Posting* end = postings_.data() + first_posting_[entry.gram + 1];
    if (!all) {
      end = std::lower_bound(posting, end, result.size(),
                             [](const Posting& left, std::size_t item) { return left.item < item; });
    }
    for (; posting != end; ++posting) result[posting->item] += entry.weight * posting->weight;
  }
}

void NameIndex::cosines(std::string_view name, std::span<float> result) const {
  CHECK(result.size() == size());
  scatter(vector_of(grams_of(name)), result);
}

void NameIndex::cosines_of(std::size_t item, std::span<float> result) const {
  CHECK(item < size() && result.size() <= size());
  const std::span<const Entry> all(entries_);
  scatter(all.subspan(first_entry_[item], first_entry_[item + 1] - first_entry_[item]), result);
}

std::vector<NameNeighbour> NameIndex::neighbours(std::string_view name, std::size_t count) const {
  std::vector<float> all(size());
  cosines(name, all);
  std::vector<NameNeighbour> found;
  for (std::size_t item = 0; item < all.size(); ++item) {
    if (all[item] > 0) found.push_back({item, all[item]});
  }
  const std::size_t kept = std::min(count, found.size());
  std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(kept), found.end(),
                    [](const NameNeighbour& left, const NameNeighbour& right) {
                      return left.cosine != right.cosine ? left.cosine > right.cosine
                                                         : left.item < right.item;
                    });
  found.resize(kept);
  return found;
}

}  // namespace starcast::similar
