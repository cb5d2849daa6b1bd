#include "listing/reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "codec/number.h"
#include "codec/utf8.h"
#include "core/strings.h"
#include "listing/cell.h"
#include "listing/layout.h"

namespace starcast::listing {
namespace {

std::size_t index_of(Field field) {
  return static_cast<std::size_t>(field);
}

bool is_rating(std::string_view cell) {
  const std::optional<double> value = codec::parse_double(core::trimmed(cell));
  return value && *value >= 1 && *value <= 5;
}

// "GAME_STRATEGY": the 2019 layout's form of a category.
bool is_category_code(std::string_view cell) {
  constexpr std::size_t kShortest = 4;
  return cell.size() >= kShortest && std::all_of(cell.begin(), cell.end(), [](char character) {
           return (character >= 'A' && character <= 'Z') || character == '_';
         });
}

// "????": a name whose letters a scraper could not write. Such names say nothing, and would make one app of
// many.
bool is_lost_name(std::string_view name) {
  const bool has_mark = name.find('?') != std::string_view::npos;
  return has_mark && std::none_of(name.begin(), name.end(), [](char character) {
           const auto byte = static_cast<unsigned char>(character);
           const bool is_digit = byte >= '0' && byte <= '9';
           const bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
           return is_digit || is_letter || byte >= 0x80;
         });
}

std::string cells_text(std::size_t count) {
  return fmt::format("{} cell{}", count, count == 1 ? "" : "s");
}

}  // namespace

struct ListingReader::State {
  State(core::ByteSource& source, ReaderOptions reader_options)
      : csv(source, codec::CsvOptions{}), options(std::move(reader_options)) {}

  core::Result<void> read_header();
  core::Result<ListingRead> next(Listing& listing);

  enum class Row { kGood, kRagged };
  Row straighten(std::string& joined_name);
  void mend_cells();
  void read_cells(Listing& listing);
  void read_cell(Listing& listing, Field field, std::string_view cell);
  bool is_unrated_as_zero(std::string_view rating) const;
  void apply_layout(Listing& listing);
  void take_notes(const Listing& listing);
  void note(const Listing& listing, std::string text);

  core::Error at_line(std::string message) const;
  std::string_view cell(std::size_t column) const { return record.fields[column]; }

  codec::CsvReader csv;
  ReaderOptions options;
  codec::CsvRecord record;
  ColumnMap map;
  ReadReport report;
  std::size_t line = 0;
  std::size_t row = 0;
  std::vector<FieldNote> field_notes;    // of the row at hand
  std::vector<std::string> row_remarks;  // of the row at hand
  std::vector<std::string> mended;       // cells of the row at hand whose UTF-8 was broken
};

core::Error ListingReader::State::at_line(std::string message) const {
  return core::Error(core::ErrorCode::kInvalidInput, fmt::format("line {}: {}", line, message));
}

core::Result<void> ListingReader::State::read_header() {
  const codec::CsvRead read = TRY(csv.next(record));
  if (read == codec::CsvRead::kEnd) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       "the file is empty; it should begin with a header such as App,Category,Rating");
  }
  line = record.line;
  map = TRY(recognise_layout(record.fields, {.rating_required = options.rating_required}),
            fmt::format("line {}", line));
  report.layout = map.layout;
  report.ignored_columns = map.ignored;
  return {};
}

core::Result<ListingRead> ListingReader::State::next(Listing& listing) {
  while (true) {
    const codec::CsvRead read = TRY(csv.next(record));
    if (read == codec::CsvRead::kEnd) {
      if (report.ragged * 2 > report.rows) {
        return core::Error(
            core::ErrorCode::kInvalidInput,
            fmt::format("{} of {} rows have another number of cells than the header's {}; is the "
                        "separator a comma, and is every name with a comma in quotes?",
                        report.ragged, report.rows, map.width));
      }
      return ListingRead::kEnd;
    }
    line = record.line;
    row = report.rows++;
    field_notes.clear();
    row_remarks.clear();
    std::string joined_name;
    if (straighten(joined_name) == Row::kRagged) {
      ++report.ragged;
      Listing nameless;
      note(nameless, fmt::format("{} where the header has {}; the row was dropped",
                                 cells_text(record.fields.size()), map.width));
      continue;
    }
    mend_cells();
    read_cells(listing);
    apply_layout(listing);
    take_notes(listing);
    return ListingRead::kListing;
  }
}

// Puts the cells of a row that slipped by one back into their places.
ListingReader::State::Row ListingReader::State::straighten(std::string& joined_name) {
  std::vector<std::string_view>& fields = record.fields;
  const std::optional<std::size_t> name = map.at(Field::kApp);
  const std::optional<std::size_t> category = map.at(Field::kCategory);
  const std::optional<std::size_t> rating = map.at(Field::kRating);
  const bool rating_follows = category && rating && *rating == *category + 1;

  if (fields.size() + 1 == map.width && rating_follows && is_rating(fields[*category])) {
    fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(*category), std::string_view());
    ++report.shifted_repaired;
    row_remarks.emplace_back(
        "the Category cell is not there; the cells after it were put back into their columns");
    return Row::kGood;
  }
  if (fields.size() != map.width) return Row::kRagged;

  const bool name_was_cut = map.layout == Layout::kPlayStore2019 && rating_follows && name &&
                            *name + 1 == *category && *rating + 1 < map.width &&
                            is_category_code(fields[*rating]) && is_rating(fields[*rating + 1]);
  if (name_was_cut) {
    joined_name = fmt::format("{},{}", fields[*name], fields[*category]);
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(*category));
    fields[*name] = joined_name;
    fields.emplace_back();
    ++report.shifted_repaired;
    row_remarks.emplace_back(
        "the name was cut at a comma; the cells after it were put back into their columns");
  }
  return Row::kGood;
}

void ListingReader::State::mend_cells() {
  mended.clear();
  mended.reserve(record.fields.size());  // so that views of the mended cells stay valid
  for (std::string_view& field : record.fields) {
    unsigned int bytes = 0;
    for (const char character : field) bytes |= static_cast<unsigned char>(character);
    const bool is_ascii = (bytes & 0x80U) == 0;
    if (is_ascii || codec::is_utf8(field)) continue;
    mended.push_back(codec::mended_utf8(field));
    field = mended.back();
  }
  if (mended.empty()) return;
  ++report.broken_utf8;
  row_remarks.emplace_back("broken UTF-8 was replaced by U+FFFD");
}

void ListingReader::State::read_cells(Listing& listing) {
  for (const Field field : all_fields()) {
    const std::optional<std::size_t> column = map.at(field);
    if (column) {
      read_cell(listing, field, cell(*column));
    } else {
      set_field(listing, field, {}, field_notes);
    }
  }
}

void ListingReader::State::read_cell(Listing& listing, Field field, std::string_view text) {
  if (field == Field::kRating && is_unrated_as_zero(text)) {
    ++report.unrated_as_zero;
    text = {};
  }
  const std::size_t notes_before = field_notes.size();
  set_field(listing, field, text, field_notes);
  if (is_known(listing, field)) return;
  const bool was_dropped =
      std::any_of(field_notes.begin() + static_cast<std::ptrdiff_t>(notes_before), field_notes.end(),
                  [](const FieldNote& note) { return note.kind == FieldNote::Kind::kDropped; });
  if (!was_dropped) ++report.missing[index_of(field)];
}

bool ListingReader::State::is_unrated_as_zero(std::string_view rating) const {
  const std::optional<std::size_t> reviews = map.at(Field::kReviews);
  if (map.layout != Layout::kPlayStore2021 || !reviews) return false;
  return codec::parse_double(core::trimmed(rating)) == 0.0 &&
         codec::parse_double(core::trimmed(cell(*reviews))) == 0.0;
}

// What each layout says in its own way.
void ListingReader::State::apply_layout(Listing& listing) {
  if (map.layout == Layout::kPlayStore2019 && is_lost_name(listing.app)) {
    field_notes.push_back(
        {.field = Field::kApp,
         .kind = FieldNote::Kind::kDropped,
         .text = fmt::format("App: {} has lost its letters; treated as missing", shown_text(listing.app))});
    listing.app.clear();
  }
  if (map.layout != Layout::kPlayStore2018) {
    if (std::optional<std::string> genre = game_genre(map.layout, listing.category)) {
      listing.category = "GAME";
      listing.genres = *std::move(genre);
    }
  }
  if (map.free_column) {
    const std::string free = core::ascii_lower(core::trimmed(cell(*map.free_column)));
    const bool is_bool = free == "true" || free == "false";
    const std::string_view type = is_bool ? (free == "true" ? "Free" : "Paid") : cell(*map.free_column);
    read_cell(listing, Field::kType, type);
  }
  if (map.currency_column && listing.price_usd > 0) {
    const std::string_view currency = core::trimmed(cell(*map.currency_column));
    if (!says_nothing(currency) && core::ascii_lower(currency) != "usd") {
      field_notes.push_back(
          {.field = Field::kPrice,
           .kind = FieldNote::Kind::kDropped,
           .text = fmt::format("Price: {} is in {}, not in US dollars; treated as missing",
                               codec::to_shortest(listing.price_usd), shown_text(currency))});
      listing.price_usd = core::kMissing;
    }
  }
  const bool has_type = map.at(Field::kType) || map.free_column;
  if (has_type) {
    fill_implied(listing, field_notes);
  } else {
    std::vector<FieldNote> as_the_layout_has_it;
    fill_implied(listing, as_the_layout_has_it);
  }
}

void ListingReader::State::take_notes(const Listing& listing) {
  for (std::string& remark : row_remarks) note(listing, std::move(remark));
  for (FieldNote& field_note : field_notes) {
    switch (field_note.kind) {
      case FieldNote::Kind::kRepaired:
        ++report.repaired[index_of(field_note.field)];
        break;
      case FieldNote::Kind::kDropped:
        ++report.dropped[index_of(field_note.field)];
        break;
    }
    note(listing, std::move(field_note.text));
  }
}

void ListingReader::State::note(const Listing& listing, std::string text) {
  if (report.notes.size() >= options.notes_max) {
    ++report.notes_dropped;
    return;
  }
  report.notes.push_back({.line = line, .app = listing.app, .text = std::move(text)});
}

ListingReader::ListingReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ListingReader::~ListingReader() = default;
ListingReader::ListingReader(ListingReader&&) noexcept = default;
ListingReader& ListingReader::operator=(ListingReader&&) noexcept = default;

core::Result<ListingReader> ListingReader::open(core::ByteSource& source, ReaderOptions options) {
  auto state = std::make_unique<State>(source, std::move(options));
  core::Result<void> header = state->read_header();
  if (!header) {
    if (state->options.file_name.empty()) return std::move(header).error();
    return core::Error(std::move(header).error()).with_context(state->options.file_name);
  }
  return ListingReader(std::move(state));
}

core::Result<ListingRead> ListingReader::next(Listing& listing) {
  core::Result<ListingRead> read = state_->next(listing);
  if (!read && !state_->options.file_name.empty()) {
    return core::Error(std::move(read).error()).with_context(state_->options.file_name);
  }
  return read;
}

std::size_t ListingReader::line() const {
  return state_->line;
}
std::size_t ListingReader::row() const {
  return state_->row;
}
std::size_t ListingReader::bytes_read() const {
  return state_->csv.bytes_read();
}
const ReadReport& ListingReader::report() const {
  return state_->report;
}

ListingWriter::ListingWriter(core::ByteSink& sink) : csv_(sink) {}

core::Result<void> ListingWriter::write_header() {
  if (header_written_) return {};
  std::vector<std::string_view> names;
  for (const Field field : all_fields()) names.push_back(name_of(field));
  TRY(csv_.write(names));
  header_written_ = true;
  return {};
}

core::Result<void> ListingWriter::write(const Listing& listing) {
  TRY(write_header());
  std::array<std::string, kFieldCount> texts;
  for (const Field field : all_fields()) texts[index_of(field)] = text_of(listing, field);
  return csv_.write(std::vector<std::string_view>(texts.begin(), texts.end()));
}

core::Result<void> ListingWriter::flush() {
  TRY(write_header());
  return csv_.flush();
}

core::Result<ListingFile> read_listings(core::ByteSource& source, ReaderOptions options) {
  ListingReader reader = TRY(ListingReader::open(source, std::move(options)));
  ListingFile file;
  Listing listing;
  while (true) {
    const ListingRead read = TRY(reader.next(listing));
    if (read == ListingRead::kEnd) break;
    file.listings.push_back(listing);
    file.rows.push_back(reader.row());
  }
  file.report = reader.report();
  return file;
}

}  // namespace starcast::listing
