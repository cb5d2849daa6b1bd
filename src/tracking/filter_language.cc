#include "tracking/filter_language.h"

#include <fmt/format.h>

namespace starcast::tracking {
namespace {

constexpr FieldName kRunFields[] = {
    {"metric", Field::kMetric},
    {"metrics", Field::kMetric},
    {"param", Field::kParam},
    {"params", Field::kParam},
    {"parameter", Field::kParam},
    {"parameters", Field::kParam},
    {"tag", Field::kTag},
    {"tags", Field::kTag},
    {"attr", Field::kAttribute},
    {"attribute", Field::kAttribute},
    {"attributes", Field::kAttribute},
    {"run", Field::kAttribute},
    {"dataset", Field::kDataset},
    {"datasets", Field::kDataset},
};
constexpr FieldName kTaggedFields[] = {
    {"attribute", Field::kAttribute}, {"tag", Field::kTag}, {"tags", Field::kTag}};
constexpr FieldName kLoggedModelFields[] = {{"attributes", Field::kAttribute},
                                            {"metrics", Field::kMetric},
                                            {"params", Field::kParam},
                                            {"tags", Field::kTag}};

constexpr Attribute kRunAttributes[] = {
    {"Created", "start_time", AttributeType::kInteger, Lists::kNo},
    {"Run Name", "run_name", AttributeType::kText, Lists::kNo},
    {"Run name", "run_name", AttributeType::kText, Lists::kNo},
    {"artifact_uri", "artifact_uri", AttributeType::kText, Lists::kNo},
    {"created", "start_time", AttributeType::kInteger, Lists::kNo},
    {"end_time", "end_time", AttributeType::kInteger, Lists::kNo},
    {"run name", "run_name", AttributeType::kText, Lists::kNo},
    {"run_id", "run_id", AttributeType::kText, Lists::kYes},
    {"run_name", "run_name", AttributeType::kText, Lists::kNo},
    {"start_time", "start_time", AttributeType::kInteger, Lists::kNo},
    {"status", "status", AttributeType::kText, Lists::kNo},
    {"user_id", "user_id", AttributeType::kText, Lists::kNo},
};
constexpr std::string_view kRunOrder[] = {"Created",  "artifact_uri", "created", "end_time", "run_id",
                                          "run_name", "start_time",   "status",  "user_id"};

constexpr Attribute kExperimentAttributes[] = {
    {"creation_time", "creation_time", AttributeType::kInteger, Lists::kNo},
    {"experiment_id", "experiment_id", AttributeType::kExperiment, Lists::kYes},
    {"last_update_time", "last_update_time", AttributeType::kInteger, Lists::kNo},
    {"name", "name", AttributeType::kText, Lists::kNo},
};
constexpr std::string_view kExperimentOrder[] = {"creation_time", "experiment_id", "last_update_time",
                                                 "name"};

constexpr Attribute kRegisteredModelAttributes[] = {{"name", "name", AttributeType::kText, Lists::kYes}};
constexpr std::string_view kRegisteredModelOrder[] = {"last_updated_timestamp", "name", "timestamp"};

constexpr Attribute kModelVersionAttributes[] = {
    {"name", "name", AttributeType::kText, Lists::kYes},
    {"run_id", "run_id", AttributeType::kText, Lists::kYes},
    {"source_path", "source_path", AttributeType::kText, Lists::kNo},
    {"version_number", "version_number", AttributeType::kAnyInteger, Lists::kNo},
};
constexpr std::string_view kModelVersionOrder[] = {"creation_timestamp", "last_updated_timestamp", "name",
                                                   "version_number"};

constexpr Attribute kLoggedModelAttributes[] = {
    {"creation_time", "creation_timestamp", AttributeType::kInteger, Lists::kNo},
    {"creation_timestamp", "creation_timestamp", AttributeType::kInteger, Lists::kNo},
    {"creation_timestamp_ms", "creation_timestamp", AttributeType::kInteger, Lists::kNo},
    {"last_updated_time", "last_updated_timestamp", AttributeType::kInteger, Lists::kNo},
    {"last_updated_timestamp", "last_updated_timestamp", AttributeType::kInteger, Lists::kNo},
    {"last_updated_timestamp_ms", "last_updated_timestamp", AttributeType::kInteger, Lists::kNo},
    {"model_id", "model_id", AttributeType::kText, Lists::kYes},
    {"model_type", "model_type", AttributeType::kText, Lists::kYes},
    {"name", "name", AttributeType::kText, Lists::kYes},
    {"source_run_id", "source_run_id", AttributeType::kText, Lists::kYes},
    {"status", "status", AttributeType::kModelStatus, Lists::kYes},
};
constexpr std::string_view kLoggedModelOrder[] = {"creation_time",
                                                  "creation_timestamp",
                                                  "creation_timestamp_ms",
                                                  "last_updated_time",
                                                  "last_updated_timestamp",
                                                  "last_updated_timestamp_ms",
                                                  "model_id",
                                                  "model_type",
                                                  "name",
                                                  "source_run_id",
                                                  "status"};

constexpr std::string_view kTaggedError = "Valid entity types are ('attribute', 'tag', 'tags')";

constexpr Language kRuns{kRunFields,
                         "Valid values are ['metric', 'parameter', 'tag', 'attribute', 'dataset']",
                         kRunAttributes,
                         kRunOrder,
                         "",
                         Lists::kNo,
                         "tags and params"};
constexpr Language kExperiments{kTaggedFields, kTaggedError, kExperimentAttributes, kExperimentOrder, "",
                                Lists::kNo,    "tags"};
constexpr Language kRegisteredModels{kTaggedFields,
                                     kTaggedError,
                                     kRegisteredModelAttributes,
                                     kRegisteredModelOrder,
                                     "'name', 'timestamp'",
                                     Lists::kNo,
                                     ""};
constexpr Language kModelVersions{
    kTaggedFields, kTaggedError, kModelVersionAttributes, kModelVersionOrder, "", Lists::kNo, ""};
constexpr Language kLoggedModels{kLoggedModelFields,
                                 "Expected one of ['attributes', 'metrics', 'params', 'tags'].",
                                 kLoggedModelAttributes,
                                 kLoggedModelOrder,
                                 "",
                                 Lists::kYes,
                                 ""};

}  // namespace

const Language& language_of(Resource resource) {
  switch (resource) {
    case Resource::kRuns:
      return kRuns;
    case Resource::kExperiments:
      return kExperiments;
    case Resource::kRegisteredModels:
      return kRegisteredModels;
    case Resource::kModelVersions:
      return kModelVersions;
    case Resource::kLoggedModels:
      return kLoggedModels;
  }
  return kRuns;
}

std::string attribute_names(const Language& language, Lists lists) {
  std::string names;
  for (const Attribute& attribute : language.attributes) {
    if (lists == Lists::kYes && attribute.lists == Lists::kNo) continue;
    names += fmt::format("{}'{}'", names.empty() ? "" : ", ", attribute.name);
  }
  return names;
}

const Attribute* find_attribute(const Language& language, std::string_view name) {
  for (const Attribute& attribute : language.attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

}  // namespace starcast::tracking
