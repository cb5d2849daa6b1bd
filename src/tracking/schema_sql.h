// The text of MLflow's database schema at kSchemaHead.
#pragma once

#include <string_view>

namespace starcast::tracking {

// Statements with a blank line between them; none has one inside.
std::string_view schema_sql();

}  // namespace starcast::tracking
