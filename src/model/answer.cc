#include "model/answer.h"

#include <fmt/format.h>

#include "core/strings.h"

namespace starcast::model {

using codec::Json;
using codec::JsonArray;
using codec::JsonObject;

std::string trained_on_text(const TrainedOn& trained_on) {
  return fmt::format("trained on {} {}apps{}; md5 of their file {}",
                     core::with_thousands(static_cast<long long>(trained_on.apps)),
                     trained_on.generated ? "GENERATED " : "",
                     trained_on.date_last.empty() ? "" : ", last updated up to " + trained_on.date_last,
                     trained_on.data_md5);
}

Json trained_on_json(const TrainedOn& trained_on) {
  return JsonObject{{"data_md5", trained_on.data_md5},
                    {"date_last", trained_on.date_last},
                    {"apps", trained_on.apps},
                    {"generated", trained_on.generated}};
}

Json interval_json(const Interval& interval) {
  return JsonObject{{"level", interval.level}, {"low", interval.low}, {"high", interval.high}};
}

Json warnings_json(const std::vector<std::string>& warnings) {
  JsonArray array;
  for (const std::string& warning : warnings) array.push_back(warning);
  return array;
}

}  // namespace starcast::model
