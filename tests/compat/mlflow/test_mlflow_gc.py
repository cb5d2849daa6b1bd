#!/usr/bin/env python3
"""`starcast runs gc` beside the real `mlflow gc`: the same database and artifacts before, the same rows and files after.

  test_mlflow_gc.py --starcast PROGRAM [unittest's arguments]

MLflow is that of tools/peers ($STARCAST_PEERS, else build/peers); without it the test skips itself (exit status 77).
"""

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import test_mlflow_server as servers  # noqa: E402  (starts this file again under mlflow's Python)

import mlflow  # noqa: E402
import numpy  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402


DELETED = ["deleted", "other deleted", "deleted model", "gone", "of gone", "deleted of gone", "also gone", "of also gone"]


class Gc(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.TemporaryDirectory(prefix="starcast-gc-")
        cls.folder = Path(cls.top.name) / "store"
        cls.kept = Path(cls.top.name) / "kept"
        cls.uri = f"sqlite:///{cls.folder}/mlflow.db"
        cls.folder.mkdir()
        os.chdir(cls.folder)  # ./mlruns is where this mlflow puts artifacts
        cls.ids = cls.fill()
        shutil.copytree(cls.folder, cls.kept)

    @classmethod
    def tearDownClass(cls):
        os.chdir("/")
        cls.top.cleanup()

    @classmethod
    def run_of(cls, experiment):
        mlflow.set_experiment(experiment)
        with mlflow.start_run() as run:
            mlflow.log_param("p", 1)
            mlflow.log_metrics({"a": 1, "b": 2})
            mlflow.log_metric("a", 3, step=2)
            mlflow.set_tag("t", "v")
            mlflow.log_text("text", "deep/er/file.txt")
            mlflow.log_input(mlflow.data.from_numpy(numpy.zeros((3, 2)), name="zeros"), context="training")
        return run.info.run_id

    @classmethod
    def fill(cls):
        mlflow.set_tracking_uri(cls.uri)
        mlflow.set_registry_uri(cls.uri)
        client = MlflowClient()
        names = {"alive": cls.run_of("first"), "deleted": cls.run_of("first"), "other deleted": cls.run_of("first"),
                 "of gone": cls.run_of("gone"), "deleted of gone": cls.run_of("gone"), "of also gone": cls.run_of("also gone")}
        mlflow.set_experiment("first")
        with mlflow.start_run(run_id=names["deleted"]):
            logged = mlflow.sklearn.log_model(LinearRegression().fit([[1], [2]], [1, 2]), name="model",
                                              registered_model_name="reg")
        names["model of deleted"] = logged.model_id
        with mlflow.start_run(run_id=names["alive"]):
            names["model"] = mlflow.sklearn.log_model(LinearRegression().fit([[1], [2]], [1, 2]), name="model").model_id
            names["deleted model"] = mlflow.sklearn.log_model(LinearRegression().fit([[1], [2]], [1, 2]),
                                                              name="gone").model_id
        client.delete_logged_model(names["deleted model"])
        for name in ("deleted", "other deleted", "deleted of gone"):
            client.delete_run(names[name])
        for name in ("gone", "also gone"):
            names[name] = client.get_experiment_by_name(name).experiment_id
            client.delete_experiment(names[name])
        return names

    def restore(self):
        os.chdir("/")
        shutil.rmtree(self.folder)
        shutil.copytree(self.kept, self.folder)
        os.chdir(self.folder)

    def state(self):
        """All rows but times of change, and all files of artifacts."""
        with sqlite3.connect(f"file:{self.folder}/mlflow.db?mode=ro", uri=True) as database:
            tables = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            rows = {table: sorted(map(repr, database.execute(f"SELECT * FROM {table}"))) for table in tables
                    if table != "starcast_meta" and not table.startswith("sqlite_")}
        database.close()
        files = sorted(str(path.relative_to(self.folder)) for path in (self.folder / "mlruns").rglob("*") if path.is_file())
        return {table: found for table, found in rows.items() if found}, files

    def theirs(self, *flags):
        self.restore()
        ran = subprocess.run([servers.PYTHON.parent / "mlflow", "gc", "--backend-store-uri", self.uri, "--tracking-uri",
                              self.uri, *flags], cwd=self.folder, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return self.state()

    def ours(self, *flags):
        self.restore()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
        ran = subprocess.run([servers.OPTIONS.starcast, "runs", "gc", "--backend-store-uri", self.uri, *flags],
                             cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return self.state()

    def gone(self, state):
        """What of the things with names is not there any more."""
        there = {line for table in ("runs", "experiments", "logged_models") for line in state.get(table, [])}
        return sorted(name for name, one in self.ids.items()
                      if not any(line.startswith((f"('{one}'", f"({one},")) for line in there))

    def compare(self, gone, *flags):
        theirs, theirs_files = self.theirs(*flags)
        ours, ours_files = self.ours(*flags)
        self.assertEqual(self.gone(ours), sorted(gone))
        self.assertEqual(ours_files, theirs_files)
        # The real one leaves behind what went into and came out of runs that are gone.
        mine, real = ours.pop("inputs", []), theirs.pop("inputs", [])
        lost = [self.ids[name] for name in gone]
        self.assertEqual(mine, [line for line in real if not any(f"'{one}'" in line for one in lost)])
        mine, real = ours.pop("input_tags", []), theirs.pop("input_tags", [])
        self.assertLess(set(mine), set(real))
        self.assertEqual(ours, theirs)

    def before(self):
        self.restore()
        return self.state()[0]

    def test_all_that_is_deleted(self):
        self.compare(DELETED)

    def test_what_is_named(self):
        self.compare(["other deleted", "deleted model", "gone", "of gone", "deleted of gone"],
                     "--run-ids", self.ids["other deleted"], "--experiment-ids", self.ids["gone"],
                     "--logged-model-ids", self.ids["deleted model"])

    def test_what_is_not_named_stays(self):
        """The real one takes all that is deleted of the kinds that are not named."""
        self.assertEqual(self.gone(self.ours("--run-ids", self.ids["other deleted"])[0]), ["other deleted"])
        self.assertEqual(self.gone(self.ours("--experiment-ids", self.ids["also gone"])[0]), ["also gone", "of also gone"])
        self.assertEqual(self.gone(self.ours("--logged-model-ids", self.ids["deleted model"])[0]), ["deleted model"])
        theirs = self.gone(self.theirs("--run-ids", self.ids["other deleted"])[0])
        self.assertEqual(theirs, sorted(set(DELETED) - {"deleted"}))

    def test_nothing_is_old_enough(self):
        before = self.before()
        self.assertEqual(self.theirs("--older-than", "1d")[0], before)
        self.assertEqual(self.ours("--older-than", "1d")[0], before)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", required=True)
    servers.OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
