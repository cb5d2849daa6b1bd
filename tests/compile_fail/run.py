#!/usr/bin/env python3
"""Shows that a program does not compile, and for the right reason.

  run.py SOURCE COMPILER [FLAG...]

The source compiles as it is; with -DSTARCAST_BAD it does not, and the compiler's words match the source's line
`// expect: REGEX`. As one file makes both programs, the bad one differs by what is tested and nothing else.
"""

import re
import subprocess
import sys


def failure_of(source, compiler):
    """Why the test fails; None if it passes."""
    with open(source, encoding="utf-8") as file:
        expected = re.search(r"^// expect: (.+)$", file.read(), re.M)
    if not expected:
        return f"{source} has no line '// expect: REGEX'"
    command = [*compiler, "-fsyntax-only", source]
    good = subprocess.run(command, capture_output=True, text=True)
    if good.returncode != 0:
        return f"the good program does not compile:\n{good.stderr}"
    bad = subprocess.run([*command, "-DSTARCAST_BAD"], capture_output=True, text=True)
    if bad.returncode == 0:
        return "the bad program compiles"
    if not re.search(expected[1], bad.stderr):
        return f"the bad program fails, but not by '{expected[1]}':\n{bad.stderr}"
    return None


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(failure_of(sys.argv[1], sys.argv[2:]))
