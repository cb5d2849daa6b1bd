#!/usr/bin/env python3
"""Runs the notebooks' code cells, in order, in a workspace that starcast has just filled.

  test_notebooks.py --starcast PROGRAM [unittest's arguments]

Python with pandas and matplotlib is that of tools/peers ($STARCAST_PEERS, else build/peers); without it, or without
LightGBM's library, the test skips itself (exit status 77). The workspace is of the real file where $STARCAST_TEST_DATA or
../shared/data has it, else of a generated sample. Jupyter is not needed: a cell is a piece of Python.
"""

import argparse
import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("STARCAST_PEERS") or REPO / "build" / "peers")
PYTHON = PEERS / "mlflow" / "bin" / "python"
NOTEBOOKS = sorted((REPO / "notebooks").glob("*.ipynb"))
SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


if not PYTHON.exists():
    skip("needs pandas and matplotlib; install them by tools/peers")
if Path(sys.prefix) != PYTHON.parent.parent:
    os.execv(PYTHON, [str(PYTHON), "-B", *sys.argv])

os.environ["MPLBACKEND"] = "agg"
import matplotlib.pyplot  # noqa: E402


def code_cells(notebook):
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


class Notebooks(unittest.TestCase):
    workspace = None

    @classmethod
    def make(cls, starcast, folder):
        library = os.environ.get("STARCAST_LIGHTGBM") or REPO / "build" / "_deps" / "lightgbm" / "lib_lightgbm.so"
        if not Path(library).exists():
            skip("needs LightGBM's library; tools/fetch-lightgbm brings it")
        os.environ["STARCAST_LIGHTGBM"] = str(library)
        cls.workspace = folder / "workspace"
        data = Path(os.environ.get("STARCAST_TEST_DATA") or REPO / ".." / "shared" / "data") / "googleplaystore.csv"
        new, fetch = (([], ["--from", str(data)]) if data.exists() else (["--sample"], []))
        for command in (["new", str(cls.workspace), *new], ["-C", str(cls.workspace), "data", "fetch", *fetch],
                        ["-C", str(cls.workspace), "repro"]):
            done = subprocess.run([starcast, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
            if done.returncode != 0:
                raise AssertionError(f"starcast {' '.join(command)}: exit {done.returncode}\n{done.stdout.decode()}")

    def setUp(self):
        self.addCleanup(os.chdir, Path.cwd())
        os.chdir(self.workspace)

    def run_cells(self, path):
        """What the cells print, and how many figures they draw."""
        matplotlib.pyplot.close("all")
        names = {"__name__": "__main__"}
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            for number, source in enumerate(code_cells(json.loads(path.read_text())), 1):
                exec(compile(source, f"{path.name}, code cell {number}", "exec"), names)  # our own notebook
        return printed.getvalue(), len(matplotlib.pyplot.get_fignums())

    def test_there_are_notebooks_and_each_runs_and_draws(self):
        self.assertTrue(NOTEBOOKS)
        for path in NOTEBOOKS:
            with self.subTest(path.name):
                printed, figures = self.run_cells(path)
                self.assertIn("listings,", printed)
                self.assertGreaterEqual(figures, 3)

    def test_they_are_stored_without_outputs(self):
        for path in NOTEBOOKS:
            for cell in json.loads(path.read_text())["cells"]:
                self.assertEqual(cell.get("outputs", []), [], path.name)
                self.assertIsNone(cell.get("execution_count"), path.name)

    def test_a_coverage_that_the_metrics_do_not_have_is_noticed(self):
        metrics = self.workspace / "reports" / "metrics.json"
        before = metrics.read_text()
        changed = json.loads(before)
        changed["intervals"]["80"]["coverage"] += 0.01
        self.addCleanup(metrics.write_text, before)
        metrics.chmod(0o644)
        metrics.write_text(json.dumps(changed))
        with self.assertRaises(AssertionError):
            self.run_cells(REPO / "notebooks" / "01-explore-our-files.ipynb")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--starcast", required=True)
    options, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as temporary:
        Notebooks.make(str(Path(options.starcast).resolve()), Path(temporary))
        result = unittest.main(argv=[sys.argv[0], *rest], exit=False).result
    sys.exit(0 if result.wasSuccessful() else 1)
