#!/usr/bin/env python3
"""Runs a text script of commands and compares what they print.

  run.py [--starcast PROGRAM] SCRIPT.test...

A script is made of blocks; a block is a command and what is expected of it:

  # a comment, anywhere
  $ starcast --version              the command, for /bin/sh; a script's commands share one fresh, empty folder
  > more of it                      further lines of the command (a here-document, say)
  starcast [..]                     standard output, line by line; [..] stands for any text within a line
  ...                               any number of lines, none included
  \\$ five                           a line that starts with $ > ? ! # ... or \\ has a \\ in front of it
  ! no such file                    standard error contains this text; each such line in its turn, in this order
  ? 2                               the exit status, 0 when there is no such line

Standard output is compared whole: a block without lines expects none. Standard error is compared only where ! lines
are. Blank lines at the end of a block do not count.

Lines before the first block may say what the script needs; without it, it is skipped (exit status 77) with the reason:

  # needs: ../shared/data[/FILE]    the real data, in $STARCAST_TEST_DATA or in ../shared/data beside the repository
  # needs: lightgbm                 LightGBM's library, in $STARCAST_LIGHTGBM or where tools/fetch-lightgbm puts it
  # needs: program NAME             a program on the PATH

Commands see PATH with the folder of the program first, HOME and TMPDIR in the fresh folder, LC_ALL=C.UTF-8, $REPO (the
repository) and $DATA (the folder of real data, if it is needed and there), and nothing else of ours: no STARCAST_RAW.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
SKIPPED = 77
TIMEOUT_S = 300
REAL_DATA = "../shared/data"


class ScriptError(Exception):
    """The script itself is wrong."""


class Block:
    def __init__(self, line, command):
        self.line, self.command = line, command
        self.stdout, self.stderr, self.status = [], [], 0


def parse(text):
    """The script's blocks, and what it needs, as (needs, blocks)."""
    needs, blocks = [], []
    continues = False  # the last line was of a command
    for number, line in enumerate(text.split("\n"), 1):
        block = blocks[-1] if blocks else None
        if line.startswith("#"):
            need = re.match(r"# needs:\s*(\S.*)$", line)
            if need and block:
                raise ScriptError(f"line {number}: '# needs:' belongs before the first command")
            if need:
                needs.append(need[1].strip())
        elif line.startswith("$ "):
            blocks.append(Block(number, line[2:]))
        elif line.startswith(">") and continues:
            block.command += "\n" + line[2:]
        elif block is None:
            if line.strip():
                raise ScriptError(f"line {number}: a script begins with a command: $ ...")
        elif line.startswith("? "):
            if not line[2:].strip().isdigit():
                raise ScriptError(f"line {number}: '? N' takes an exit status")
            block.status = int(line[2:])
        elif line.startswith("! "):
            block.stderr.append(line[2:])
        elif line.startswith(("$", ">", "?", "!")):
            raise ScriptError(f"line {number}: a space is missing after '{line[0]}', or a \\ in front of it")
        else:
            block.stdout.append(line)
        continues = line.startswith("$ ") or (continues and line.startswith(">"))
    if not blocks:
        raise ScriptError("the script has no command")
    for block in blocks:
        while block.stdout and not block.stdout[-1].strip():
            block.stdout.pop()
    return needs, blocks


def line_matches(pattern, line):
    if pattern.startswith("\\"):
        pattern = pattern[1:]
    return re.fullmatch(".*?".join(re.escape(part) for part in pattern.split("[..]")), line) is not None


def first_mismatch(expected, actual):
    """None if the lines match; else the number of lines of `expected` that can be matched, ... included."""
    # reachable: the numbers of actual lines that the patterns so far may have taken.
    reachable = {0}
    for index, pattern in enumerate(expected):
        if pattern == "...":
            reachable = set(range(min(reachable), len(actual) + 1))
        else:
            reachable = {at + 1 for at in reachable if at < len(actual) and line_matches(pattern, actual[at])}
        if not reachable:
            return index
    return None if len(actual) in reachable else len(expected)


def missing_stderr(expected, actual):
    """The first expected text that standard error does not contain after the ones before it."""
    at = 0
    for text in expected:
        while at < len(actual) and text not in actual[at]:
            at += 1
        if at == len(actual):
            return text
        at += 1
    return None


def judge(block, status, stdout, stderr):
    """What is wrong with a command's results, as lines to print; none if nothing is."""
    problems = []
    if status != block.status:
        problems.append(f"exit status {status}, expected {block.status}")
    mismatch = first_mismatch(block.stdout, stdout)
    if mismatch is not None:
        if mismatch < len(block.stdout):
            problems.append(f"no line of standard output fits here: {block.stdout[mismatch]}")
        else:
            problems.append("standard output has more lines than expected" if block.stdout
                            else "standard output, where none is expected")
    missing = missing_stderr(block.stderr, stderr)
    if missing is not None:
        problems.append(f"standard error lacks: {missing}")
    if problems:
        problems += [f"  stdout | {line}" for line in stdout] + [f"  stderr | {line}" for line in stderr]
    return problems


def data_folder():
    return Path(os.environ.get("STARCAST_TEST_DATA") or REPO / REAL_DATA)


def lightgbm_file(program):
    if os.environ.get("STARCAST_LIGHTGBM"):
        return Path(os.environ["STARCAST_LIGHTGBM"])
    return program.parent.parent / "_deps" / "lightgbm" / "lib_lightgbm.so"


def lacks(need, program):
    """Why the need is not met; None if it is."""
    if need == REAL_DATA or need.startswith(REAL_DATA + "/"):
        path = data_folder() / need[len(REAL_DATA):].lstrip("/")
        return None if path.exists() else f"needs the real data: no {need} (or set STARCAST_TEST_DATA to its folder)"
    if need == "lightgbm":
        found = program and lightgbm_file(program).exists()
        return None if found else "needs LightGBM's library: tools/fetch-lightgbm brings it"
    if need.startswith("program "):
        name = need[len("program "):].strip()
        return None if shutil.which(name) else f"needs the program {name}"
    raise ScriptError(f"unknown need '{need}'")


def environment(folder, program, needs):
    path = "/usr/local/bin:/usr/bin:/bin"
    if program:
        path = f"{program.parent}:{path}"
    result = {"PATH": path, "HOME": folder, "TMPDIR": folder, "LC_ALL": "C.UTF-8", "REPO": str(REPO)}
    if any(need.startswith(REAL_DATA) for need in needs):
        result["DATA"] = str(data_folder().resolve())
    # How the machine's library and the sanitizers are set up is no business of a script.
    for name in ("STARCAST_LIGHTGBM", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
        if name in os.environ:
            result[name] = os.environ[name]
    return result


def run_script(path, program):
    """0 passed, 1 failed, 77 skipped; prints why."""
    try:
        needs, blocks = parse(Path(path).read_text(encoding="utf-8"))
        for need in needs:
            reason = lacks(need, program)
            if reason:
                print(f"skipped: {reason}")
                return SKIPPED
    except ScriptError as error:
        print(f"{path}: {error}")
        return 1
    failed = 0
    with tempfile.TemporaryDirectory(prefix="starcast-cli-") as top:
        folder, home = os.path.join(top, "w"), os.path.join(top, "home")
        os.mkdir(folder)
        os.mkdir(home)
        variables = environment(home, program, needs)
        for block in blocks:
            try:
                done = subprocess.run(["/bin/sh", "-c", block.command], cwd=folder, env=variables,
                                      stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                print(f"{path}:{block.line}: $ {block.command}\nstill running after {TIMEOUT_S} s")
                return 1
            stdout, stderr = (text.decode("utf-8", "backslashreplace").splitlines()
                              for text in (done.stdout, done.stderr))
            problems = judge(block, done.returncode, stdout, stderr)
            if problems:
                failed = 1
                print(f"{path}:{block.line}: $ {block.command}")
                print("\n".join(problems))
    return failed


def main(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starcast", type=Path)
    parser.add_argument("scripts", nargs="+")
    options = parser.parse_args(arguments)
    program = options.starcast.resolve() if options.starcast else None
    statuses = [run_script(script, program) for script in options.scripts]
    if 1 in statuses:
        return 1
    return SKIPPED if SKIPPED in statuses else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
