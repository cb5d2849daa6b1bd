// How answers look to people: the waterfall of an explanation, what a publisher can change, warnings.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/explain.h"
#include "cli/session.h"
#include "model/whatif.h"

namespace starcast::cli {

// An app's name in at most kNameColumns columns; "(no name)" when it has none.
inline constexpr std::size_t kNameColumns = 46;
std::string shown_name(const std::string& app);

void print_explanation(Session& session, const app::ExplainedListing& explained,
                       const model::TrainedOn& trained_on);

// The three best changes, the names that were asked for, the target, and what stays as it is.
void print_changes(Session& session, const model::WhatIf& what_if);
// The same below the listing's own rating.
void print_what_if(Session& session, const model::WhatIf& what_if);

// On standard error, a line each.
void warn_of_answer(Session& session, const std::vector<std::string>& warnings);

}  // namespace starcast::cli
