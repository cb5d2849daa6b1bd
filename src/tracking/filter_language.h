// Which fields, attributes and operators each resource's search has, with MLflow's names.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tracking/filter.h"

namespace starcast::tracking {

enum class AttributeType {
  kText,
  kInteger,      // compared with a number
  kAnyInteger,   // compared with a whole number, which may stand in quotes
  kExperiment,   // a whole number that stands in quotes
  kModelStatus,  // a logged model's status: a name that the database holds as a number
};

enum class Lists { kNo, kYes };

struct Attribute {
  std::string_view name;
  std::string_view meaning;  // the name without aliases
  AttributeType type;
  Lists lists;  // has IN and NOT IN
};

struct FieldName {
  std::string_view name;
  Field field;
};

struct Language {
  std::span<const FieldName> fields;
  std::string_view field_error;  // what follows "Invalid entity type 'x'"
  std::span<const Attribute> attributes;
  std::span<const std::string_view> order_attributes;
  std::string_view order_names;  // as errors list them
  Lists lists_of_texts;          // params and tags have IN and NOT IN
  std::string_view
      null_tests;  // "" : there is no IS NULL; else what an error says after "only supported for"
};

const Language& language_of(Resource resource);
// "'name', 'run_id'" of those with lists, or of all.
std::string attribute_names(const Language& language, Lists lists);
const Attribute* find_attribute(const Language& language, std::string_view name);

}  // namespace starcast::tracking
