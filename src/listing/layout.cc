#include "listing/layout.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "core/strings.h"
#include "listing/cell.h"

namespace starcast::listing {
namespace {

enum class Role { kField, kFree, kCurrency };
enum class Need { kRequired, kOptional };

struct LayoutColumn {
  std::string_view name;
  Role role;
  Field field;  // for kField
  Need need = Need::kRequired;
};

constexpr LayoutColumn field_column(std::string_view name, Field field) {
  return {.name = name, .role = Role::kField, .field = field};
}

constexpr std::array<LayoutColumn, 13> k2018 = {field_column("App", Field::kApp),
                                                field_column("Category", Field::kCategory),
                                                field_column("Rating", Field::kRating),
                                                field_column("Reviews", Field::kReviews),
                                                field_column("Size", Field::kSize),
                                                field_column("Installs", Field::kInstalls),
                                                field_column("Type", Field::kType),
                                                field_column("Price", Field::kPrice),
                                                field_column("Content Rating", Field::kContentRating),
                                                field_column("Genres", Field::kGenres),
                                                field_column("Last Updated", Field::kLastUpdated),
                                                field_column("Current Ver", Field::kCurrentVersion),
                                                field_column("Android Ver", Field::kAndroidVersion)};

constexpr std::array<LayoutColumn, 11> k2019 = {field_column("App Name", Field::kApp),
                                                field_column("Category", Field::kCategory),
                                                field_column("Rating", Field::kRating),
                                                field_column("Reviews", Field::kReviews),
                                                field_column("Installs", Field::kInstalls),
                                                field_column("Size", Field::kSize),
                                                field_column("Price", Field::kPrice),
                                                field_column("Content Rating", Field::kContentRating),
                                                field_column("Last Updated", Field::kLastUpdated),
                                                field_column("Minimum Version", Field::kAndroidVersion),
                                                field_column("Latest Version", Field::kCurrentVersion)};

constexpr std::array<LayoutColumn, 12> k2021 = {
    field_column("App Name", Field::kApp),
    field_column("Category", Field::kCategory),
    field_column("Rating", Field::kRating),
    field_column("Rating Count", Field::kReviews),
    field_column("Installs", Field::kInstalls),
    LayoutColumn{.name = "Free", .role = Role::kFree, .field = Field::kType},
    field_column("Price", Field::kPrice),
    LayoutColumn{
        .name = "Currency", .role = Role::kCurrency, .field = Field::kPrice, .need = Need::kOptional},
    field_column("Size", Field::kSize),
    field_column("Minimum Android", Field::kAndroidVersion),
    field_column("Last Updated", Field::kLastUpdated),
    field_column("Content Rating", Field::kContentRating)};

constexpr std::array<Layout, 3> kLayouts = {Layout::kPlayStore2018, Layout::kPlayStore2019,
                                            Layout::kPlayStore2021};

std::span<const LayoutColumn> columns_of(Layout layout) {
  switch (layout) {
    case Layout::kPlayStore2018:
      return k2018;
    case Layout::kPlayStore2019:
      return k2019;
    case Layout::kPlayStore2021:
      return k2021;
  }
  return {};
}

std::string header_text(Layout layout) {
  std::vector<std::string> names;
  for (const LayoutColumn& column : columns_of(layout)) names.emplace_back(column.name);
  return core::join(names, ",");
}

std::size_t occurrences(const std::vector<std::string>& header, std::string_view name) {
  return static_cast<std::size_t>(std::count(header.begin(), header.end(), core::ascii_lower(name)));
}

std::vector<std::string> missing_columns(const std::vector<std::string>& header, Layout layout,
                                         LayoutOptions options) {
  std::vector<std::string> missing;
  for (const LayoutColumn& column : columns_of(layout)) {
    if (column.need == Need::kOptional) continue;
    if (column.field == Field::kRating && !options.rating_required) continue;
    if (occurrences(header, column.name) == 0) missing.emplace_back(column.name);
  }
  return missing;
}

core::Result<Layout> layout_of(const std::vector<std::string>& header, LayoutOptions options) {
  Layout nearest = Layout::kPlayStore2018;
  std::vector<std::string> nearest_missing = missing_columns(header, nearest, options);
  for (const Layout layout : kLayouts) {
    std::vector<std::string> missing = missing_columns(header, layout, options);
    if (missing.empty()) return layout;
    if (missing.size() < nearest_missing.size()) {
      nearest = layout;
      nearest_missing = std::move(missing);
    }
  }
  const bool is_alien = nearest_missing.size() + 2 > columns_of(nearest).size();
  if (is_alien) {
    return core::Error(core::ErrorCode::kInvalidInput,
                       fmt::format("the header {} is none of a file of listings; it should be {}",
                                   shown_text(core::join(header, ",")), header_text(Layout::kPlayStore2018)));
  }
  return core::Error(core::ErrorCode::kInvalidInput,
                     fmt::format("the header lacks {} of the {} layout; add {}, or rename a column",
                                 core::join(nearest_missing, ", "), name_of(nearest),
                                 nearest_missing.size() == 1 ? "it" : "them"));
}

struct GameGenre {
  std::string_view category;  // canonical
  std::string_view genre;
  bool also_bare;  // the 2021 layout's name for it without "Game" is of games only
};
constexpr std::array<GameGenre, 17> kGameGenres = {{{"ACTION", "Action", true},
                                                    {"ADVENTURE", "Adventure", true},
                                                    {"ARCADE", "Arcade", true},
                                                    {"BOARD", "Board", true},
                                                    {"CARD", "Card", true},
                                                    {"CASINO", "Casino", true},
                                                    {"CASUAL", "Casual", true},
                                                    {"EDUCATIONAL", "Educational", true},
                                                    {"MUSIC", "Music", true},
                                                    {"PUZZLE", "Puzzle", true},
                                                    {"RACING", "Racing", true},
                                                    {"ROLE_PLAYING", "Role Playing", true},
                                                    {"SIMULATION", "Simulation", true},
                                                    {"SPORTS", "Sports", false},
                                                    {"STRATEGY", "Strategy", true},
                                                    {"TRIVIA", "Trivia", true},
                                                    {"WORD", "Word", true}}};

}  // namespace

std::string_view name_of(Layout layout) {
  switch (layout) {
    case Layout::kPlayStore2018:
      return "play-store-2018";
    case Layout::kPlayStore2019:
      return "play-store-2019";
    case Layout::kPlayStore2021:
      return "play-store-2021";
  }
  return "";
}

core::Result<ColumnMap> recognise_layout(const std::vector<std::string_view>& header, LayoutOptions options) {
  std::vector<std::string> names;
  for (const std::string_view name : header) names.push_back(core::ascii_lower(core::trimmed(name)));
  ColumnMap map;
  map.layout = TRY(layout_of(names, options));
  map.width = header.size();
  std::vector<bool> is_used(header.size(), false);
  for (const LayoutColumn& column : columns_of(map.layout)) {
    const std::size_t times = occurrences(names, column.name);
    if (times == 0) continue;
    if (times > 1) {
      return core::Error(
          core::ErrorCode::kInvalidInput,
          fmt::format("the header has the column '{}' {} times; keep one", column.name, times));
    }
    const auto found = std::find(names.begin(), names.end(), core::ascii_lower(column.name));
    const auto index = static_cast<std::size_t>(found - names.begin());
    is_used[index] = true;
    switch (column.role) {
      case Role::kField:
        map.columns[static_cast<std::size_t>(column.field)] = index;
        break;
      case Role::kFree:
        map.free_column = index;
        break;
      case Role::kCurrency:
        map.currency_column = index;
        break;
    }
  }
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (is_used[i]) continue;
    const std::string_view name = core::trimmed(header[i]);
    map.ignored.push_back(name.empty() ? fmt::format("(column {}, without a name)", i + 1)
                                       : std::string(name));
  }
  return map;
}

std::optional<std::string> game_genre(Layout layout, std::string_view category) {
  constexpr std::string_view kPrefix = "GAME_";
  const bool is_prefixed = category.starts_with(kPrefix);
  if (is_prefixed) category.remove_prefix(kPrefix.size());
  for (const GameGenre& game : kGameGenres) {
    if (game.category != category) continue;
    const bool is_game = is_prefixed || (layout == Layout::kPlayStore2021 && game.also_bare);
    if (is_game) return std::string(game.genre);
  }
  return std::nullopt;
}

}  // namespace starcast::listing
