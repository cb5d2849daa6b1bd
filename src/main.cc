// starcast: arguments in, exit status out.
#include "cli/cli.h"

int main(int argc, char** argv) {
  return starcast::cli::run(argc, argv);
}
