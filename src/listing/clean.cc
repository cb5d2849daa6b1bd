#include "listing/clean.h"

#include <string>
#include <unordered_map>
#include <utility>

namespace starcast::listing {
namespace {

// More reviews first; a listing that does not know its reviews comes after all that do.
bool has_more_reviews(const Listing& one, const Listing& other) {
  if (core::is_missing(one.reviews)) return false;
  return core::is_missing(other.reviews) || one.reviews > other.reviews;
}

// The date range of last_updated.
void note_dates(const std::vector<Listing>& listings, CleanReport& report) {
  for (const Listing& listing : listings) {
    if (!listing.last_updated) continue;
    if (!report.date_first || *listing.last_updated < *report.date_first)
      report.date_first = listing.last_updated;
    if (!report.date_last || *listing.last_updated > *report.date_last)
      report.date_last = listing.last_updated;
  }
}

codec::Json by_field(const std::array<std::size_t, kFieldCount>& counts) {
  codec::Json object{codec::JsonObject{}};
  for (const Field field : all_fields()) object.set(name_of(field), counts[static_cast<std::size_t>(field)]);
  return object;
}

codec::Json date_json(std::optional<codec::Date> date) {
  return date ? codec::Json(codec::to_iso(*date)) : codec::Json();
}

codec::Json read_json(const ReadReport& read) {
  codec::Json ignored{codec::JsonArray{}};
  for (const std::string& column : read.ignored_columns) ignored.push(column);
  codec::Json notes{codec::JsonArray{}};
  for (const RowNote& note : read.notes) {
    codec::Json entry;
    entry.set("line", note.line);
    entry.set("app", note.app);
    entry.set("text", note.text);
    notes.push(std::move(entry));
  }
  codec::Json json;
  json.set("layout", name_of(read.layout));
  json.set("rows", read.rows);
  json.set("shifted_repaired", read.shifted_repaired);
  json.set("ragged", read.ragged);
  json.set("broken_utf8", read.broken_utf8);
  json.set("unrated_as_zero", read.unrated_as_zero);
  json.set("missing", by_field(read.missing));
  json.set("repaired", by_field(read.repaired));
  json.set("dropped", by_field(read.dropped));
  json.set("ignored_columns", std::move(ignored));
  json.set("notes", std::move(notes));
  json.set("notes_dropped", read.notes_dropped);
  return json;
}

codec::Json clean_json(const CleanReport& clean) {
  codec::Json json;
  json.set("rows", clean.rows);
  json.set("unnamed", clean.unnamed);
  json.set("unrated", clean.unrated);
  json.set("duplicates", clean.duplicates);
  json.set("apps", clean.apps);
  json.set("date_first", date_json(clean.date_first));
  json.set("date_last", date_json(clean.date_last));
  return json;
}

}  // namespace

CleanListings cleaned(ListingFile file) {
  CleanListings result;
  result.report.rows = file.listings.size();

  std::unordered_map<std::string, std::size_t> best_of_key;
  std::vector<bool> is_kept(file.listings.size(), false);
  for (std::size_t i = 0; i < file.listings.size(); ++i) {
    const Listing& listing = file.listings[i];
    std::string key = key_of(listing);
    if (key.empty()) {
      ++result.report.unnamed;
      continue;
    }
    if (core::is_missing(listing.rating)) {
      ++result.report.unrated;
      continue;
    }
    const auto [entry, is_new] = best_of_key.try_emplace(std::move(key), i);
    if (!is_new) {
      ++result.report.duplicates;
      if (!has_more_reviews(listing, file.listings[entry->second])) continue;
      is_kept[entry->second] = false;
      entry->second = i;
    }
    is_kept[i] = true;
  }

  result.listings.reserve(best_of_key.size());
  result.rows.reserve(best_of_key.size());
  for (std::size_t i = 0; i < file.listings.size(); ++i) {
    if (!is_kept[i]) continue;
    result.listings.push_back(std::move(file.listings[i]));
    result.rows.push_back(file.rows[i]);
  }
  result.report.apps = result.listings.size();
  note_dates(result.listings, result.report);
  return result;
}

codec::Json to_json(const ReadReport& read, const CleanReport& clean) {
  codec::Json json;
  json.set("read", read_json(read));
  json.set("clean", clean_json(clean));
  return json;
}

}  // namespace starcast::listing
