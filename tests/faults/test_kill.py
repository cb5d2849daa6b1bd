#!/usr/bin/env python3
"""kill -9 in the middle of prepare, train and repro: what is left is whole or absent, and the next run makes it good.

  test_kill.py --starcast PROGRAM

The times of the kills are shares of the command's measured duration, drawn with a fixed seed; some fall close to its end,
where files are written. Needs LightGBM's library ($STARCAST_LIGHTGBM or beside the build); else it is skipped.
"""

import argparse
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import run as scripts  # noqa: E402  the text scripts' runner knows where LightGBM lies

PROGRAM = None
KILLS = {"prepare": 8, "train": 5, "repro": 4}
OUTS = ["data/interim/listings.csv", "data/processed/split.csv", "data/processed/predictions.csv", "reports/data.json",
        "reports/metrics.json", "reports/report.html", "docs/model-card.md"]


def tree(folder):
    """Every file below the folder with its sum; what is hidden counts too."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = Path(tempfile.mkdtemp(prefix="starcast-faults-"))
        cls.addClassCleanup(shutil.rmtree, cls.top, ignore_errors=True)
        cls.environment = scripts.environment(str(cls.top), PROGRAM, [])
        cls.environment.setdefault("STARCAST_LIGHTGBM", str(scripts.lightgbm_file(PROGRAM)))
        # Two workspaces whose raw data differ: what lies there before a kill is not what the killed command makes.
        for name, seed in (("old", 1), ("new", 2)):
            cls.command(cls.top, "new", name, "--sample", "--sample-apps", "400", "--sample-seed", str(seed))
            begin = time.monotonic()
            cls.command(cls.top / name, "repro")
            cls.repro_seconds = time.monotonic() - begin
        cls.old, cls.new = cls.top / "old", cls.top / "new"
        cls.times = random.Random(20180808)

    @classmethod
    def command(cls, folder, *arguments, check=True):
        done = subprocess.run([PROGRAM, *arguments], cwd=folder, env=cls.environment, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise AssertionError(f"starcast {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done

    def workspace(self, outs_of):
        """A fresh workspace with the new raw data and the outs of the old or the new one."""
        folder = self.top / "ws"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(outs_of, folder, symlinks=True)
        for name in ("googleplaystore.csv", "googleplaystore.csv.dvc"):
            (folder / "data/raw" / name).unlink()
            shutil.copy(self.new / "data/raw" / name, folder / "data/raw" / name)
        return folder

    def kill_during(self, folder, seconds, *arguments, whole_group=True):
        """Starts the command, kills it -9 after some share of `seconds`; waits until all of it is gone."""
        share = self.times.choice([self.times.uniform(0, 1.1), self.times.uniform(0.7, 1.0)])
        process = subprocess.Popen([PROGRAM, *arguments], cwd=folder, env=self.environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(share * seconds)
        try:
            (os.killpg if whole_group else os.kill)(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.01)
        self.fail("a child of the killed command lives on")

    def check_whole(self, folder):
        """Each out is the old one, the new one, or absent; the package loads, with its sums and its golden rows."""
        for out in OUTS:
            path = folder / out
            if path.exists():
                self.assertIn(path.read_bytes(), [(self.old / out).read_bytes(), (self.new / out).read_bytes()], out)
        if (folder / "models/rating").exists():
            self.assertIn(tree(folder / "models/rating"), [tree(self.old / "models/rating"), tree(self.new / "models/rating")])
            self.command(folder, "predict", "references/example-listings.csv")
        else:
            done = self.command(folder, "predict", "references/example-listings.csv", check=False)
            self.assertEqual(done.returncode, 66, done.stderr)

    def seconds_of(self, folder, *arguments):
        begin = time.monotonic()
        self.command(folder, *arguments)
        return time.monotonic() - begin

    def test_prepare(self):
        folder = self.workspace(self.old)
        seconds = self.seconds_of(folder, "prepare")
        for _ in range(KILLS["prepare"]):
            for out in ("data/interim/listings.csv", "reports/data.json"):
                (folder / out).unlink()
                shutil.copy(self.old / out, folder / out)
            self.kill_during(folder, seconds, "prepare")
            self.check_whole(folder)
        self.command(folder, "prepare")
        self.assertEqual((folder / "data/interim/listings.csv").read_bytes(),
                         (self.new / "data/interim/listings.csv").read_bytes())

    def test_train(self):
        folder = self.workspace(self.new)
        seconds = self.seconds_of(folder, "train")
        for _ in range(KILLS["train"]):
            shutil.rmtree(folder / "models/rating", ignore_errors=True)
            shutil.copytree(self.old / "models/rating", folder / "models/rating")
            self.kill_during(folder, seconds, "train")
            self.check_whole(folder)
        self.command(folder, "train")
        self.assertEqual(tree(folder / "models"), tree(self.new / "models"), "something else is left in models/")

    def test_repro(self):
        for number in range(KILLS["repro"]):
            folder = self.workspace(self.old)
            shutil.rmtree(folder / ".dvc/cache/runs", ignore_errors=True)
            # Every other time only repro itself is killed; its child ends by itself.
            self.kill_during(folder, self.repro_seconds, "repro", whole_group=number % 2 == 0)
            self.check_whole(folder)
            self.command(folder, "repro")
            for out in OUTS:
                self.assertEqual((folder / out).read_bytes(), (self.new / out).read_bytes(), out)
            self.assertEqual(tree(folder / "models"), tree(self.new / "models"))
            self.assertEqual((folder / "dvc.lock").read_bytes(), (self.new / "dvc.lock").read_bytes())
            self.assertIn("up to date", self.command(folder, "repro").stdout)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", type=Path, required=True)
    options, rest = parser.parse_known_args()
    PROGRAM = options.starcast.resolve()
    reason = scripts.lacks("lightgbm", PROGRAM)
    if reason:
        print(f"skipped: {reason}")
        sys.exit(scripts.SKIPPED)
    unittest.main(argv=[sys.argv[0], *rest])
