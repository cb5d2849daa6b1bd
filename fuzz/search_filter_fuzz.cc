// Any bytes as a search filter and as an order_by, of every resource: what parses stays within its limits,
// and becomes SQL whose text holds nothing of what was given.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/check.h"
#include "tracking/filter.h"
#include "tracking/search_sql.h"

namespace {

using starcast::tracking::Filter;
using starcast::tracking::Resource;

std::size_t depth_of(const Filter& filter) {
  std::size_t deepest = 0;
  for (const Filter& part : filter.parts) deepest = std::max(deepest, depth_of(part));
  return deepest + 1;
}

std::size_t clauses_in(const Filter& filter) {
  std::size_t clauses = filter.kind == Filter::Kind::kComparison ? 1 : 0;
  for (const Filter& part : filter.parts) clauses += clauses_in(part);
  return clauses;
}

starcast::tracking::SearchTable any_table() {
  const starcast::tracking::ChildRows rows{"EXISTS (SELECT 1 FROM t c WHERE c.k = ", "c.v", "", ""};
  starcast::tracking::SearchTable table;
  table.column = [](std::string_view) { return starcast::tracking::Fragment("r.a"); };
  table.metrics = rows;
  table.params = rows;
  table.tags = rows;
  table.dataset_names = rows;
  table.dataset_digests = rows;
  table.dataset_contexts = rows;
  return table;
}

void check_filter(std::string_view text, Resource resource) {
  const auto filter = starcast::tracking::parse_filter(text, resource);
  if (!filter) {
    CHECK(!filter.error().message().empty());
    CHECK(filter.error().message().size() < 2000);
    return;
  }
  // Each level of parentheses may hold an OR of ANDs.
  CHECK(depth_of(*filter) <= 2 * starcast::tracking::kFilterDepth + 3);
  CHECK(clauses_in(*filter) <= starcast::tracking::kFilterClauses);
  starcast::tracking::Statement statement;
  starcast::tracking::add_filter(statement, *filter, any_table());
  const std::string& sql = statement.text();
  CHECK(static_cast<std::size_t>(std::count(sql.begin(), sql.end(), '?')) == statement.values().size());
  CHECK(sql.find_first_of("'\"`;\\") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  for (const Resource resource : {Resource::kRuns, Resource::kExperiments, Resource::kRegisteredModels,
                                  Resource::kModelVersions, Resource::kLoggedModels}) {
    check_filter(text, resource);
    const auto order = starcast::tracking::parse_order_by({std::string(text)}, resource);
    if (order) CHECK(order->size() == 1);
  }
  return 0;
}
