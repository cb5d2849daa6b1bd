#!/usr/bin/env python3
"""`starcast import mlflow` of a database at every head that MLflow ever had: its own migrations lead from the first
tables to the newest ones, and at each step the database is filled with what is new and imported.

  test_mlflow_heads.py --starcast PROGRAM [unittest's arguments]

MLflow is that of tools/peers ($STARCAST_PEERS, else build/peers); without it the test skips itself (exit status 77).
"""

import argparse
import json
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

import sqlalchemy  # noqa: E402
from alembic import command  # noqa: E402
from alembic.script import ScriptDirectory  # noqa: E402
from mlflow.store.db.utils import _get_alembic_config  # noqa: E402
from mlflow.store.tracking.dbmodels.initial_models import Base  # noqa: E402

RUN, GONE, MODEL = "a" * 32, "b" * 32, "m-" + "c" * 32
# By table: the columns that name a row, and rows. A column is filled as soon as there is one.
ROWS = {
    "experiments": (["experiment_id"], [
        {"experiment_id": 0, "name": "Default", "artifact_location": "s3://b/0", "lifecycle_stage": "active",
         "creation_time": 10, "last_update_time": 11},
        {"experiment_id": 3, "name": "third", "artifact_location": "s3://b/3", "lifecycle_stage": "active",
         "creation_time": 12, "last_update_time": 13},
        {"experiment_id": 5, "name": "gone", "artifact_location": None, "lifecycle_stage": "deleted",
         "creation_time": 14, "last_update_time": 15}]),
    "runs": (["run_uuid"], [
        {"run_uuid": RUN, "name": "r", "source_type": "PROJECT", "source_name": "train.py", "entry_point_name": "main",
         "user_id": "ann", "status": "FINISHED", "start_time": 100, "end_time": 200, "source_version": "abc",
         "lifecycle_stage": "active", "artifact_uri": f"s3://b/3/{RUN}/artifacts", "experiment_id": 3},
        {"run_uuid": GONE, "name": "", "source_type": "LOCAL", "source_name": "", "entry_point_name": "", "user_id": "bob",
         "status": "RUNNING", "start_time": 150, "end_time": None, "source_version": "", "lifecycle_stage": "deleted",
         "artifact_uri": f"s3://b/3/{GONE}/artifacts", "experiment_id": 3, "deleted_time": 300}]),
    "tags": (["run_uuid", "key"], [{"run_uuid": RUN, "key": "mlflow.note.content", "value": "ä\nb"},
                                   {"run_uuid": RUN, "key": "empty", "value": ""}]),
    "params": (["run_uuid", "key"], [{"run_uuid": RUN, "key": "lr", "value": "0.1"}, {"run_uuid": GONE, "key": "lr", "value": "1"}]),
    "metrics": (["run_uuid", "key", "timestamp"], [
        {"run_uuid": RUN, "key": "loss", "value": 0.5, "timestamp": 110, "step": 1, "is_nan": 0},
        {"run_uuid": RUN, "key": "loss", "value": 0.25, "timestamp": 120, "step": 2, "is_nan": 0},
        {"run_uuid": RUN, "key": "auc", "value": -1e300, "timestamp": 120, "step": -3, "is_nan": 0},
        {"run_uuid": GONE, "key": "loss", "value": 0, "timestamp": 1, "step": 0, "is_nan": 1}]),
    "experiment_tags": (["experiment_id", "key"], [{"experiment_id": 3, "key": "team", "value": "x"}]),
    "registered_models": (["name"], [{"name": "reg", "creation_time": 1, "last_updated_time": 2, "description": "of reg"}]),
    "registered_model_tags": (["name", "key"], [{"name": "reg", "key": "k", "value": "v"}]),
    "model_versions": (["name", "version"], [
        {"name": "reg", "version": 1, "creation_time": 3, "last_updated_time": 4, "description": "one", "user_id": "ann",
         "current_stage": "Production", "source": f"s3://b/3/{RUN}/artifacts/model", "run_id": RUN, "status": "READY",
         "status_message": None, "run_link": "http://h/1", "storage_location": f"s3://b/3/{RUN}/artifacts/model"},
        {"name": "reg", "version": 2, "creation_time": 5, "last_updated_time": 6, "description": "", "user_id": None,
         "current_stage": "None", "source": "s3://elsewhere/x", "run_id": GONE, "status": "READY", "status_message": "ok",
         "run_link": None, "storage_location": None}]),
    "model_version_tags": (["name", "version", "key"], [{"name": "reg", "version": 1, "key": "k", "value": "v"}]),
    "registered_model_aliases": (["name", "alias"], [{"name": "reg", "alias": "champion", "version": 1}]),
    "datasets": (["experiment_id", "name", "digest"], [
        {"dataset_uuid": "d" * 36, "experiment_id": 3, "name": "train", "digest": "0123", "dataset_source_type": "local",
         "dataset_source": "{}", "dataset_schema": "{\"s\": 1}", "dataset_profile": None}]),
    "inputs": (["source_type", "source_id", "destination_type", "destination_id"], [
        {"input_uuid": "e" * 36, "source_type": "DATASET", "source_id": "d" * 36, "destination_type": "RUN",
         "destination_id": RUN}]),
    "input_tags": (["input_uuid", "name"], [{"input_uuid": "e" * 36, "name": "mlflow.data.context", "value": "training"}]),
    "logged_models": (["model_id"], [
        {"model_id": MODEL, "experiment_id": 3, "name": "model", "artifact_location": f"s3://b/3/models/{MODEL}/artifacts",
         "creation_timestamp_ms": 20, "last_updated_timestamp_ms": 21, "status": 2, "lifecycle_stage": "active",
         "model_type": "forest", "source_run_id": RUN, "status_message": None}]),
    "logged_model_params": (["model_id", "param_key"], [
        {"model_id": MODEL, "experiment_id": 3, "param_key": "trees", "param_value": "9"}]),
    "logged_model_tags": (["model_id", "tag_key"], [{"model_id": MODEL, "experiment_id": 3, "tag_key": "t", "tag_value": "v"}]),
    "logged_model_metrics": (["model_id", "metric_name", "metric_timestamp_ms", "metric_step", "run_id"], [
        {"model_id": MODEL, "metric_name": "auc", "metric_timestamp_ms": 30, "metric_step": 1, "metric_value": 0.75,
         "experiment_id": 3, "run_id": RUN, "dataset_uuid": "d" * 36, "dataset_name": "train", "dataset_digest": "0123"}]),
}
FIRST = "the first tables"
BEFORE_USER_TAGS = (FIRST, "451aebb31d03")
# Ids that an import gives anew.
GIVEN_BY_US = {"input_uuid", "dataset_uuid"}


class Source:
    """A database on its way through the heads."""

    def __init__(self, folder):
        self.path = folder / "source.db"
        self.folder = folder
        self.filled = set()  # (table, column)
        self.engine = sqlalchemy.create_engine(f"sqlite:///{self.path}")
        self.config = _get_alembic_config(str(self.engine.url))

    def heads(self):
        """Each head in turn, with a filled copy of the database there."""
        Base.metadata.create_all(self.engine)
        self.fill()
        yield FIRST, self.copy("first")
        for script in reversed(list(ScriptDirectory.from_config(self.config).walk_revisions())):
            with self.engine.begin() as connection:
                self.config.attributes["connection"] = connection
                command.upgrade(self.config, script.revision)
            self.fill()
            yield script.revision, self.copy(script.revision)
        self.engine.dispose()

    def copy(self, name):
        copy = self.folder / name
        copy.mkdir()
        return shutil.copy(self.path, copy / "mlflow.db")

    def fill(self):
        with sqlite3.connect(self.path) as database:
            for table, (keys, rows) in ROWS.items():
                columns = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
                wanted = columns & set().union(*rows)
                new = {column for column in wanted if (table, column) not in self.filled}
                is_new_table = new == wanted
                for row in rows:
                    known = {column: value for column, value in row.items() if column in columns}
                    if is_new_table and known:
                        places = ", ".join("?" * len(known))
                        database.execute(f"INSERT INTO {table} ({', '.join(known)}) VALUES ({places})", list(known.values()))
                        continue
                    for column in new & known.keys():
                        where = " AND ".join(f"{key} = ?" for key in keys if key in columns)
                        database.execute(f"UPDATE {table} SET {column} = ? WHERE {where}",
                                         [known[column], *(row[key] for key in keys if key in columns)])
                self.filled |= {(table, column) for column in new}
            if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'latest_metrics'").fetchone():
                database.execute("DELETE FROM latest_metrics")
                database.execute("INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) "
                                 "SELECT key, value, max(timestamp), step, is_nan, run_uuid FROM metrics GROUP BY run_uuid, key")
        database.close()


def expected(head, path):
    """The rows that a source at this head holds, as they are to arrive."""
    with sqlite3.connect(path) as database:
        found = {}
        for table, (_, rows) in ROWS.items():
            columns = {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
            if columns:
                found[table] = [{key: value for key, value in row.items() if key in columns} for row in rows]
        columns = {row[1] for row in database.execute("PRAGMA table_info(metrics)")}
        # A migration of MLflow's makes tags of users.
        user_tags = [] if head not in BEFORE_USER_TAGS else [
            {"run_uuid": row["run_uuid"], "key": "mlflow.user", "value": row["user_id"]} for row in ROWS["runs"][1]]
        found["tags"] = [{"run_uuid": run, "key": key, "value": value}
                         for run, key, value in database.execute("SELECT run_uuid, key, value FROM tags")] + user_tags
        others = ", ".join(column if column in columns else f"0 AS {column}" for column in ("is_nan", "step"))
        database.row_factory = sqlite3.Row
        found["latest_metrics"] = [dict(row) for row in database.execute(
            f"SELECT run_uuid, key, value, max(timestamp) AS timestamp, {others} FROM metrics GROUP BY run_uuid, key")]
    database.close()
    return found


class Heads(unittest.TestCase):
    maxDiff = None

    def take(self, source, target, *flags):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_TRACKING")}
        ran = subprocess.run([servers.OPTIONS.starcast, "--json", "import", "mlflow", f"sqlite:///{source}", *flags],
                             cwd=target, env=environment, capture_output=True, text=True, check=False)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return json.loads(ran.stdout)

    def arrived(self, target, rows_by_table):
        """For each expected row, the row of the target that its keys name, cut to the same columns."""
        found = {}
        with sqlite3.connect(target / "mlflow.db") as database:
            database.row_factory = sqlite3.Row
            for table, rows in rows_by_table.items():
                self.assertEqual(database.execute("PRAGMA foreign_key_check").fetchall(), [])
                keys = ROWS[table][0] if table in ROWS else ["run_uuid", "key"]
                keys = [key for key in keys if key not in GIVEN_BY_US]
                found[table] = []
                for row in rows:
                    where = " AND ".join(f"{key} = ?" for key in keys)
                    match = database.execute(f"SELECT * FROM {table} WHERE {where}", [row[key] for key in keys]).fetchall()
                    found[table] += [{column: one[column] for column in row} for one in match]
                count = database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                self.assertEqual(count, len(rows), table)
        database.close()
        return found

    @staticmethod
    def without_given(rows_by_table):
        same = {None: ""}
        return {table: [{column: same.get(value, value) for column, value in row.items() if column not in GIVEN_BY_US}
                        for row in rows] for table, rows in rows_by_table.items()}

    def test_every_head(self):
        with tempfile.TemporaryDirectory(prefix="starcast-heads-") as folder:
            folder = Path(folder)
            count = 0
            for head, path in Source(folder).heads():
                count += 1
                with self.subTest(head=head):
                    wanted = expected(head, path)
                    # "Default" is there already; a place that is not said is one of ours.
                    wanted["experiments"][0] = {"experiment_id": 0, "name": "Default"}
                    wanted["experiments"][2] |= {"artifact_location": "mlflow-artifacts:/5"}
                    target = folder / f"target-{count}"
                    target.mkdir()
                    before = Path(path).read_bytes()
                    report = self.take(path, target)
                    self.assertEqual(Path(path).read_bytes(), before)
                    self.assertEqual((report["runs"], report["metric_points"]), (2, 4))
                    self.assertEqual(self.without_given(self.arrived(target, wanted)), self.without_given(wanted))
                    again = self.take(path, target)
                    self.assertEqual((again["runs"], again["runs_already_there"]), (0, 2))
                    self.assertEqual(self.without_given(self.arrived(target, wanted)), self.without_given(wanted))
            self.assertGreater(count, 60)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", required=True)
    servers.OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
