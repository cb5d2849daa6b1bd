#include "tracking/in_list.h"

#include <algorithm>
#include <string>
#include <vector>

namespace starcast::tracking {
namespace {

constexpr std::size_t kListSize = 50;

std::string statement(std::string_view before, std::size_t places, std::string_view after) {
  std::string sql;
  sql.reserve(before.size() + after.size() + 2 * places + 8);
  sql += before;
  sql += " IN (?";
  for (std::size_t i = 1; i < places; ++i) sql += ",?";
  sql += ')';
  sql += after;
  return sql;
}

}  // namespace

core::Result<void> query_in(sql::Session& session, std::string_view before, std::string_view after,
                            std::span<const sql::Value> ids,
                            const std::function<core::Result<void>(const sql::Row&)>& row) {
  if (ids.empty()) return {};
  if (ids.size() == 1) return session.query(statement(before, 1, after), ids, row);
  const std::string sql = statement(before, kListSize, after);
  for (std::size_t done = 0; done < ids.size(); done += kListSize) {
    const std::span<const sql::Value> rest = ids.subspan(done);
    if (rest.size() >= kListSize) {
      TRY(session.query(sql, rest.first(kListSize), row));
      continue;
    }
    std::vector<sql::Value> padded(rest.begin(), rest.end());
    padded.resize(kListSize, rest.back());
    TRY(session.query(sql, padded, row));
  }
  return {};
}

}  // namespace starcast::tracking
