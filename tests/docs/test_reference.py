#!/usr/bin/env python3
"""Holds docs/reference against the program.

  test_reference.py --starcast PROGRAM            compares
  test_reference.py --starcast PROGRAM --write    writes docs/reference/commands.md and docs/compat/mlflow.md anew

commands.md is each command's --help. compat/mlflow.md is the route table of `starcast server --routes` and the list of
tests/compat/mlflow/not_yet.txt (which a test beside the real mlflow holds against MLflow's own table). params.md names the defaults: the model trained with them spelled out has to be the
model trained without them. exit-codes.md has to name every code of src/cli/exit_status.cc.
"""

import argparse
import difflib
import filecmp
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import run as scripts  # noqa: E402

PROGRAM = None
REFERENCE = scripts.REPO / "docs" / "reference"
COMMANDS_INTRO = """# Commands

What `--help` prints, command by command. This file is made by `tests/docs/test_reference.py --write`, and a test compares it with the program.
Exit codes are in [exit-codes.md](exit-codes.md), the keys of `params.yaml` in [params.md](params.md).
"""


def help_of(command):
    done = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())


def subcommands(text):
    """The names under 'Subcommands:', up to the next blank line."""
    listed = re.search(r"^Subcommands:\n((?: .*\n?)*)", text, re.M)
    return re.findall(r"^  (\S+)", listed[1], re.M) if listed else []


def commands_text():
    parts = [COMMANDS_INTRO]

    def add(command):
        text = help_of(command)
        parts.append(f"\n## {' '.join(['starcast', *command])}\n\n```\n{text}\n```\n")
        for name in subcommands(text):
            add([*command, name])

    add([])
    return "".join(parts)


ROUTES_INTRO = """# MLflow's routes

What `starcast server` answers, from the route table that dispatch uses. This file is made by
`tests/docs/test_reference.py --write`, and a test compares it with the program. Routes with two prefixes are listed once:
`/api/2.0/mlflow/x` is also `/ajax-api/2.0/mlflow/x`, with one handler and one permission. `{name}` is one path segment,
`{name...}` the rest of the path. Permissions are declared, and everyone has all of them until there is access control.

Search takes MLflow's grammar and, as extensions, `OR`, `NOT` and parentheses; an error names the column.
Where MLflow obeys half of a request, or answers 500 to a user's mistake, starcast answers 400 and stores nothing:
values of another JSON type than the field's (a list as a number, `true` as a time), whole numbers beyond 64 bits, NUL characters, names and ids longer than
their columns, ids as `+1` or with a newline at the end. More leniently, `experiments/search` without `max_results` takes 1,000. All else of some 900 odd
requests gets the same status and error code from both: `tests/compat/mlflow/test_mlflow_odd.py` sends them and lists what differs.
Prompts and traces: prompts work, as they are registered models; traces do not exist yet.
"""
NOT_YET_INTRO = """
## Not there yet

MLflow 3.17.2 has these routes, starcast answers 404 `ENDPOINT_NOT_FOUND`, as MLflow does for routes it does not know. Nor are there yet, of
the routes that MLflow's own table does not hold: `runs/create-promptlab-run`, `gateway-proxy`, `ui-telemetry`, `get-trace-artifact`,
`/static-files`, `/graphql`, `/v1/traces`.

```
"""


def routes_text():
    done = subprocess.run([PROGRAM, "--json", "server", "--routes"], capture_output=True, text=True, check=True)
    routes = json.loads(done.stdout)["routes"]
    paths = {(route["method"], route["path"]) for route in routes}
    parts = [ROUTES_INTRO]
    for resource in sorted({route["resource"] for route in routes}):
        parts.append(f"\n## {resource[0].upper() + resource[1:]}\n\n| method | path | call | permission |\n|---|---|---|---|\n")
        for route in routes:
            twin = route["path"].replace("/ajax-api/", "/api/", 1)
            if route["resource"] != resource or (twin != route["path"] and (route["method"], twin) in paths):
                continue
            parts.append(f"| {route['method']} | `{route['path']}` | {route['name']} | {route['permission']} |\n")
    not_yet = (scripts.REPO / "tests/compat/mlflow/not_yet.txt").read_text(encoding="utf-8")
    return "".join(parts) + NOT_YET_INTRO + not_yet + "```\n"


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class Reference(unittest.TestCase):
    def test_commands_are_what_help_prints(self):
        written = (REFERENCE / "commands.md").read_text(encoding="utf-8")
        difference = difflib.unified_diff(written.splitlines(), commands_text().splitlines(), "docs/reference/commands.md",
                                          "starcast --help", lineterm="", n=1)
        text = "\n".join(difference)
        self.assertEqual(text, "", "write it anew by tests/docs/test_reference.py --starcast PROGRAM --write\n" + text)

    def test_routes_are_those_of_the_program(self):
        written = (scripts.REPO / "docs/compat/mlflow.md").read_text(encoding="utf-8")
        difference = "\n".join(difflib.unified_diff(written.splitlines(), routes_text().splitlines(),
                                                    "docs/compat/mlflow.md", "starcast server --routes", lineterm="", n=0))
        self.assertEqual(difference, "",
                         "write it anew by tests/docs/test_reference.py --starcast PROGRAM --write\n" + difference)

    def test_exit_codes_are_those_of_the_source(self):
        source = (scripts.REPO / "src/cli/exit_status.cc").read_text(encoding="utf-8")
        codes = set(re.findall(r"return (\d+);", source)) | set(re.findall(r"[?:] (\d+)\b", source)) | {"253"}
        self.assertGreater(len(codes), 10)
        documented = set(re.findall(r"^\| (\d+) \|", (REFERENCE / "exit-codes.md").read_text(encoding="utf-8"), re.M))
        self.assertEqual(documented - {"0"}, codes)

    def test_params_keys_are_those_of_the_source(self):
        text = (REFERENCE / "params.md").read_text(encoding="utf-8")
        for names in re.findall(r"expect\(\{([^}]*)\}\)", (scripts.REPO / "src/app/params.cc").read_text(encoding="utf-8")):
            for key in re.findall(r'"(\w+)"', names):
                self.assertRegex(text, rf"\b{key}\b")

    def test_params_defaults_are_what_the_learner_does(self):
        blocks = re.findall(r"^```yaml\n(.*?)^```", (REFERENCE / "params.md").read_text(encoding="utf-8"), re.M | re.S)
        self.assertEqual(len(blocks), 2)
        reason = scripts.lacks("lightgbm", PROGRAM)
        if reason:
            self.skipTest(reason)
        with tempfile.TemporaryDirectory(prefix="starcast-docs-") as top:
            environment = scripts.environment(top, PROGRAM, [])

            def starcast(*arguments):
                done = subprocess.run([PROGRAM, *arguments], cwd=top, env=environment, capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)

            starcast("new", ".", "--sample", "--sample-apps", "300")
            starcast("prepare")
            starcast("split")
            for number, block in enumerate(blocks):
                learner = re.search(r"learner: (\S+)", block)[1]
                for name, text in (("short", f"train: {{learner: {learner}}}\n"), ("long", block)):
                    (Path(top) / "params.yaml").write_text(text, encoding="utf-8")
                    starcast("train", "--out", f"{name}-{number}")
                short, long = Path(top) / f"short-{number}", Path(top) / f"long-{number}"
                self.assertEqual(files_below(short), files_below(long))
                different = filecmp.cmpfiles(short, long, files_below(short), shallow=False)[1]
                self.assertEqual(different, [], f"docs/reference/params.md names other defaults than {learner} has")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options, rest = parser.parse_known_args()
    PROGRAM = options.starcast.resolve()
    if options.write:
        REFERENCE.mkdir(exist_ok=True)
        (REFERENCE / "commands.md").write_text(commands_text(), encoding="utf-8")
        (scripts.REPO / "docs/compat/mlflow.md").write_text(routes_text(), encoding="utf-8")
        sys.exit(0)
    unittest.main(argv=[sys.argv[0], *rest])
