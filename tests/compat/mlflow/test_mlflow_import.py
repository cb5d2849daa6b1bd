#!/usr/bin/env python3
"""`starcast import mlflow`: what the real mlflow wrote into a folder or a database, read back by the real client from
`starcast server`.

  test_mlflow_import.py --starcast PROGRAM [unittest's arguments]

MLflow is that of tools/peers ($STARCAST_PEERS, else build/peers); without it the test skips itself (exit status 77).
"""

import argparse
import json
import math
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import test_mlflow_server as servers  # noqa: E402  (starts this file again under mlflow's Python)

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow  # noqa: E402
import numpy  # noqa: E402
from mlflow.entities import ViewType  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402


def fill(uri):
    """Runs, a logged and registered model, deletions, through the real mlflow."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = MlflowClient()
    experiment = mlflow.set_experiment("first experiment")
    client.set_experiment_tag(experiment.experiment_id, "team", "ä\nb: c")
    with mlflow.start_run(run_name="r1") as run:
        mlflow.log_param("opt/lr", "0.1\nsecond line")
        mlflow.log_metric("nan", float("nan"), step=3)
        for step in range(5):
            mlflow.log_metric("a/loss", 1 / (step + 1), step=step)
        mlflow.set_tag("number", "1e5")
        mlflow.log_text("hello", "sub/hello.txt")
        mlflow.log_input(mlflow.data.from_numpy(numpy.zeros((3, 2)), name="zeros"), context="training")
        mlflow.sklearn.log_model(LinearRegression().fit([[1], [2]], [1, 2]), name="model", registered_model_name="reg")
        with mlflow.start_run(nested=True):
            mlflow.log_metric("x", 1)
    with mlflow.start_run() as gone:
        mlflow.log_metric("x", 2)
    client.delete_run(gone.info.run_id)
    client.set_registered_model_alias("reg", "champion", 1)
    client.set_model_version_tag("reg", 1, "v", "2")
    client.delete_experiment(client.create_experiment("gone"))
    return run.info.run_id


def held(uri):
    """What a store answers, without the places of artifacts."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    client = MlflowClient()
    experiments = client.search_experiments(view_type=ViewType.ALL)
    answer = {"experiments": sorted((e.experiment_id, e.name, e.lifecycle_stage, sorted(e.tags.items()))
                                    for e in experiments)}
    for run in client.search_runs([e.experiment_id for e in experiments], run_view_type=ViewType.ALL):
        info = run.info
        answer[info.run_id] = (
            info.experiment_id, info.run_name, info.status, info.start_time, info.end_time, info.lifecycle_stage,
            info.user_id, sorted(run.data.params.items()), sorted(run.data.tags.items()),
            # A folder may hold a point twice, a database never.
            {key: sorted({(m.step, m.timestamp, "nan" if math.isnan(m.value) else m.value)
                          for m in client.get_metric_history(info.run_id, key)}) for key in run.data.metrics},
            sorted((i.dataset.name, i.dataset.digest, sorted((t.key, t.value) for t in i.tags))
                   for i in run.inputs.dataset_inputs),
            sorted((o.model_id, o.step) for o in run.outputs.model_outputs),
            sorted(f.path for f in client.list_artifacts(info.run_id)))
    for version in client.search_model_versions("name = 'reg'"):
        answer["version", int(version.version)] = (version.run_id, version.status, version.tags,
                                              version.creation_timestamp)
    aliases = client.get_registered_model("reg").aliases
    answer["aliases"] = {alias: int(version) for alias, version in aliases.items()}
    return answer


class Import(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        held_folder = tempfile.TemporaryDirectory(prefix="starcast-import-")
        self.addCleanup(held_folder.cleanup)
        self.folder = Path(held_folder.name)
        self.target = self.folder / "target"
        self.target.mkdir()

    def take(self, *arguments):
        # The client sets this for its children.
        environment = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_URI"}
        ran = subprocess.run([servers.OPTIONS.starcast, "--json", "import", "mlflow", *map(str, arguments)],
                             cwd=self.target, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json.loads(ran.stdout)

    def check(self, before, run_id):
        with servers.StarcastServer(self.target) as server:
            self.assertEqual(held(server.uri), before)
            self.assertEqual(mlflow.artifacts.load_text(f"runs:/{run_id}/sub/hello.txt"), "hello")
            model = mlflow.sklearn.load_model("models:/reg@champion")
            self.assertAlmostEqual(model.predict([[3]])[0], 3)

    def test_a_folder_is_taken_whole_and_once(self):
        tree = self.folder / "mlruns"
        run_id = fill(tree.as_uri())
        before = held(tree.as_uri())
        tree = tree.rename(self.folder / "moved")
        report = self.take(tree)
        self.assertEqual((report["runs"], report["logged_models"], report["model_versions"]), (3, 1, 1))
        self.assertEqual(report["left_out"], [])
        again = self.take(tree)
        self.assertEqual((again["runs"], again["runs_already_there"], again["artifact_files"]), (0, 3, 0))
        self.check(before, run_id)

    def test_an_import_that_was_cut_off_goes_on(self):
        tree = self.folder / "mlruns"
        run_id = fill(tree.as_uri())
        before = held(tree.as_uri())
        whole = self.take(tree)
        with sqlite3.connect(self.target / "mlflow.db") as database:
            for table in ("metrics", "latest_metrics", "params", "tags"):
                database.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (run_id,))
            for table, column in (("inputs", "source_id"), ("inputs", "destination_id"), ("runs", "run_uuid")):
                database.execute(f"DELETE FROM {table} WHERE {column} = ?", (run_id,))
        rest = self.take(tree)
        self.assertEqual((rest["runs"], rest["runs_already_there"]), (1, whole["runs"] - 1))
        self.check(before, run_id)

    def test_a_database_is_taken_and_left_as_it_was(self):
        path = self.folder / "source.db"
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)  # ./mlruns is where this mlflow puts artifacts
        run_id = fill(f"sqlite:///{path}")
        before = held(f"sqlite:///{path}")
        with sqlite3.connect(path) as database:
            database.execute("UPDATE alembic_version SET version_num = '7d34483879f0'")
        bytes_before = path.read_bytes()
        report = self.take(f"sqlite:///{path}")
        self.assertEqual(report["runs"], 3)
        self.assertEqual(path.read_bytes(), bytes_before)
        self.check(before, run_id)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", required=True)
    servers.OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
