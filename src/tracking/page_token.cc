#include "tracking/page_token.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "core/random.h"

namespace starcast::tracking {
namespace {

using codec::Json;

constexpr int kVersion = 1;
constexpr std::size_t kTokenBytesMax = std::size_t{256} << 10;

// The URL alphabet, so that a token needs no escaping.
std::string encode(std::string_view bytes) {
  std::string text = codec::base64_encode(bytes);
  while (text.ends_with('=')) text.pop_back();
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string hash_of(std::string_view search) {
  return fmt::format("{:016x}", core::stable_hash(search, kVersion));
}

Json json_of(const sql::Value& key) {
  if (const auto* number = std::get_if<std::int64_t>(&key)) return Json(*number);
  if (const auto* real = std::get_if<double>(&key)) return Json(*real);
  if (const auto* text = std::get_if<std::string>(&key)) return Json(*text);
  return Json(nullptr);
}

std::optional<sql::Value> key_of(const Json& json) {
  if (json.is_null()) return sql::Value(nullptr);
  if (const auto* number = std::get_if<std::int64_t>(&json.value())) return sql::Value(*number);
  if (const auto* real = std::get_if<double>(&json.value())) return sql::Value(*real);
  if (const auto* text = std::get_if<std::string>(&json.value())) return sql::Value(*text);
  return std::nullopt;
}

std::optional<std::vector<sql::Value>> keys_of(std::string_view search, std::string_view token) {
  if (token.size() > kTokenBytesMax) return std::nullopt;
  const std::optional<std::string> text = codec::base64_decode(token);
  if (!text) return std::nullopt;
  const core::Result<Json> parsed = codec::parse_json(*text, {codec::JsonDialect::kStrict, 3});
  if (!parsed) return std::nullopt;
  const Json* version = parsed->find("v");
  const Json* hash = parsed->find("q");
  const Json* list = parsed->find("k");
  if (version == nullptr || *version != Json(kVersion)) return std::nullopt;
  if (hash == nullptr || *hash != Json(hash_of(search))) return std::nullopt;
  if (list == nullptr || !list->is_array()) return std::nullopt;
  std::vector<sql::Value> keys;
  for (const Json& one : std::get<codec::JsonArray>(list->value())) {
    std::optional<sql::Value> key = key_of(one);
    if (!key) return std::nullopt;
    keys.push_back(*std::move(key));
  }
  // A page that goes on goes on after some row.
  if (keys.empty()) return std::nullopt;
  return keys;
}

}  // namespace

std::string write_page_token(std::string_view search, const std::vector<sql::Value>& keys) {
  codec::JsonArray list;
  list.reserve(keys.size());
  for (const sql::Value& key : keys) list.push_back(json_of(key));
  Json token;
  token.set("v", Json(kVersion));
  token.set("q", Json(hash_of(search)));
  token.set("k", Json(std::move(list)));
  return encode(codec::to_text(token, codec::JsonStyle::kCompact));
}

core::Result<std::vector<sql::Value>> read_page_token(std::string_view search, std::string_view token) {
  if (token.empty()) return std::vector<sql::Value>();
  std::optional<std::vector<sql::Value>> keys = keys_of(search, token);
  if (!keys) return core::Error(core::ErrorCode::kInvalidInput, "Invalid page token");
  return *std::move(keys);
}

}  // namespace starcast::tracking
