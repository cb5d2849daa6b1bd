#include "tracking/store.h"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "core/check.h"
#include "tracking/schema.h"

namespace starcast::tracking {
namespace {

using std::string_view_literals::operator""sv;

// Each pair fits 20 characters with "-" twice and three digits.
constexpr std::array kAdjectives{
    "amber"sv,  "bold"sv,   "brave"sv, "bright"sv, "calm"sv,    "clever"sv, "crisp"sv,  "curious"sv,
    "eager"sv,  "early"sv,  "fair"sv,  "fleet"sv,  "gentle"sv,  "glad"sv,   "golden"sv, "honest"sv,
    "humble"sv, "jolly"sv,  "keen"sv,  "kind"sv,   "lively"sv,  "lucky"sv,  "mellow"sv, "merry"sv,
    "mighty"sv, "modest"sv, "neat"sv,  "noble"sv,  "patient"sv, "plucky"sv, "polite"sv, "proud"sv,
    "quick"sv,  "quiet"sv,  "rapid"sv, "rustic"sv, "silent"sv,  "silver"sv, "smooth"sv, "snowy"sv,
    "sober"sv,  "steady"sv, "sunny"sv, "swift"sv,  "tidy"sv,    "vivid"sv,  "warm"sv,   "witty"sv};
constexpr std::array kNouns{
    "badger"sv, "beetle"sv, "bison"sv,  "comet"sv,  "crane"sv,  "cygnet"sv, "dingo"sv, "dolphin"sv,
    "eagle"sv,  "egret"sv,  "falcon"sv, "ferret"sv, "finch"sv,  "gecko"sv,  "gull"sv,  "hare"sv,
    "heron"sv,  "ibex"sv,   "jackal"sv, "jay"sv,    "koala"sv,  "lark"sv,   "lemur"sv, "lynx"sv,
    "magpie"sv, "marten"sv, "mole"sv,   "newt"sv,   "ocelot"sv, "orca"sv,   "otter"sv, "owl"sv,
    "panda"sv,  "petrel"sv, "plover"sv, "puffin"sv, "quail"sv,  "raven"sv,  "robin"sv, "seal"sv,
    "shrew"sv,  "skua"sv,   "stoat"sv,  "swan"sv,   "tapir"sv,  "tern"sv,   "vole"sv,  "wren"sv};

template <std::size_t Count>
constexpr std::size_t longest(const std::array<std::string_view, Count>& words) {
  std::size_t size = 0;
  for (const std::string_view word : words) size = word.size() > size ? word.size() : size;
  return size;
}
static_assert(longest(kAdjectives) + longest(kNouns) + 5 <= 20);

std::array<unsigned char, 16> random_bytes() {
  std::array<unsigned char, 16> bytes{};
  CHECK(getentropy(bytes.data(), bytes.size()) == 0);
  return bytes;
}

}  // namespace

core::Result<std::unique_ptr<Store>> Store::open(std::unique_ptr<sql::Database> database,
                                                 StoreOptions options, const core::Clock& clock) {
  std::unique_ptr<Store> store(new Store(std::move(database), std::move(options), clock));
  TRY(prepare_schema(store->database(), store->options_.default_artifact_root, store->now_ms()));
  return store;
}

Store::Store(std::unique_ptr<sql::Database> database, StoreOptions options, const core::Clock& clock)
    : database_(std::move(database)), options_(std::move(options)), clock_(clock) {}

std::int64_t Store::now_ms() const {
  return core::unix_milliseconds(clock_.now());
}

std::string Store::new_id() const {
  std::array<unsigned char, 16> bytes = random_bytes();
  const auto now = static_cast<std::uint64_t>(now_ms());
  for (std::size_t i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>((now >> (40 - 8 * i)) & 0xFFU);
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0FU) | 0x70U);  // version 7
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3FU) | 0x80U);  // variant 1
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string id;
  id.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    id.push_back(kDigits[byte >> 4U]);
    id.push_back(kDigits[byte & 0x0FU]);
  }
  return id;
}

std::string Store::new_run_name() const {
  const std::array<unsigned char, 16> bytes = random_bytes();
  std::array<std::uint32_t, 4> numbers{};
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return fmt::format("{}-{}-{}", kAdjectives[numbers[0] % kAdjectives.size()],
                     kNouns[numbers[1] % kNouns.size()], numbers[2] % 1000);
}

}  // namespace starcast::tracking
