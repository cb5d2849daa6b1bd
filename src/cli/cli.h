// The command line: parses arguments, calls app, prints what came of it.
#pragma once

namespace starcast::cli {

// Runs one command and returns the process's exit status (exit_status.h).
int run(int argc, char** argv);

}  // namespace starcast::cli
