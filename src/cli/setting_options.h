// The settings table as options of a command.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>

#include "app/settings.h"
#include "cli/session.h"

namespace starcast::cli {

// By name: only what was given.
using Flags = std::map<std::string, std::string>;

// One option a setting. MLflow's -h is the host, so help is --help alone.
void add_settings(CLI::App& command, std::span<const app::Setting> table,
                  const std::shared_ptr<Flags>& flags);

}  // namespace starcast::cli
