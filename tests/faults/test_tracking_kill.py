#!/usr/bin/env python3
"""kill -9 of the tracking server amid the writes of 16 clients: what was acknowledged is there after the next start, and
nothing is half-written.

  test_tracking_kill.py --starcast PROGRAM [--rounds 25]

Each client remembers what the server acknowledged and the one request that was under way at the kill, which may be
stored whole or not at all.
"""

import argparse
import hashlib
import random
import shutil
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import tracking

PROGRAM = None
ROUNDS = 25
CLIENTS = 16
ROUNDS_OF_A_STORE = 25
STARTS = 10
BATCH = {"metrics": 20, "params": 5, "tags": 5}


def content(seed):
    """Bytes that their seed gives back; some empty, some longer than a buffer."""
    size = random.Random(seed).choice([0, 1, 777, 65_536, 300_001])
    block = hashlib.sha256(str(seed).encode()).digest()
    return (block * (size // len(block) + 1))[:size]


class Run:
    """What a client knows of one run: acknowledged, and the one write that may or may not be stored."""

    def __init__(self, number):
        self.number = number
        self.params, self.tags, self.metrics = {}, {}, set()
        self.status = "RUNNING"
        self.pending = None  # (kind, what)

    def possible(self, kind, acknowledged):
        """The acknowledged values, and what they are when the pending write was stored too."""
        after = dict(acknowledged)
        if self.pending:
            after.update(self.pending[1].get(kind, {}))
        return [acknowledged, after]


class Client(threading.Thread):
    """Writes until the server is gone."""

    def __init__(self, number, round_number, port):
        super().__init__(daemon=True)
        self.number, self.round, self.port = number, round_number, port
        self.random = random.Random(f"{round_number}/{number}")
        self.counter = 0
        self.runs = {}           # id: Run, creation acknowledged
        self.artifacts = {}      # path: seed
        self.artifact_pending = None
        self.wrong = None        # an answer that should not be
        self.acknowledged = 0

    def next(self):
        self.counter += 1
        return f"{self.round}-{self.number}-{self.counter}"

    def run(self):
        with tracking.Connection(self.port) as connection:
            try:
                while True:
                    self.write(connection)
                    self.acknowledged += 1
            except tracking.GONE:
                pass
            except Exception as error:  # told by the main thread
                self.wrong = repr(error)

    def write(self, connection):
        if not self.runs or self.random.random() < 0.1:
            return self.create(connection)
        run_id = self.random.choice(list(self.runs))
        run = self.runs[run_id]
        return self.random.choice([self.metric, self.metric, self.param, self.tag, self.batch, self.batch, self.end,
                                   self.artifact, self.artifact])(connection, run_id, run)

    def create(self, connection):
        name = self.next()
        answer = connection.post("runs/create", {"experiment_id": "0", "run_name": name, "start_time": 1,
                                                 "tags": [{"key": "round", "value": name}]})
        run = Run(name)
        run.tags = {"round": name, "mlflow.runName": name}
        self.runs[answer["run"]["info"]["run_id"]] = run

    def store(self, connection, run_id, run, route, body, kept):
        run.pending = (route, kept)
        connection.post(route, {"run_id": run_id, **body})
        run.metrics |= kept.get("metrics", set())
        run.params.update(kept.get("params", {}))
        run.tags.update(kept.get("tags", {}))
        run.status = kept.get("status", run.status)
        run.pending = None

    def metric(self, connection, run_id, run):
        key, value = f"m{self.random.randrange(4)}", float(self.counter)
        step = len(run.metrics)
        self.store(connection, run_id, run, "runs/log-metric", {"key": key, "value": value, "timestamp": 5, "step": step},
                   {"metrics": {(key, value, 5, step)}})

    def param(self, connection, run_id, run):
        name = self.next()
        self.store(connection, run_id, run, "runs/log-parameter", {"key": name, "value": "v" + name},
                   {"params": {name: "v" + name}})

    def tag(self, connection, run_id, run):
        key, value = f"t{self.random.randrange(3)}", self.next()
        self.store(connection, run_id, run, "runs/set-tag", {"key": key, "value": value}, {"tags": {key: value}})

    def batch(self, connection, run_id, run):
        name = self.next()
        metrics = {(f"b{i}", float(self.counter), 7, self.counter) for i in range(BATCH["metrics"])}
        params = {f"{name}.{i}": name for i in range(BATCH["params"])}
        tags = {f"batch.{i}": name for i in range(BATCH["tags"])}
        self.store(connection, run_id, run, "runs/log-batch", {
            "metrics": [dict(zip(("key", "value", "timestamp", "step"), metric)) for metric in sorted(metrics)],
            "params": [{"key": key, "value": value} for key, value in params.items()],
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
        }, {"metrics": metrics, "params": params, "tags": tags})

    def end(self, connection, run_id, run):
        status = self.random.choice(["FINISHED", "FAILED", "KILLED"])
        self.store(connection, run_id, run, "runs/update", {"status": status, "end_time": 9}, {"status": status})

    def artifact(self, connection, run_id, _):
        """A new file, or other bytes for one that is there."""
        mine = [path for path in self.artifacts if path.startswith(f"0/{run_id}/")]
        seed = self.next()
        if mine and self.random.random() < 0.3:
            path = self.random.choice(mine)
        else:
            path = f"0/{run_id}/artifacts/{self.random.choice(['', 'deep/', 'deep/er/'])}{seed}"
        self.artifact_pending = (path, seed)
        connection.put(path, content(seed))
        self.artifacts[path] = seed
        self.artifact_pending = None


class TrackingKill(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="starcast-faults-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.server = None
        self.addCleanup(lambda: self.server and self.server.kill())

    def start(self, store):
        self.server = tracking.Server(PROGRAM, store)

    def test_writes_of_many_clients(self):
        times = random.Random(20180808)
        acknowledged, begin = 0, time.monotonic()
        for number in range(ROUNDS):
            store = self.folder / f"store{number // ROUNDS_OF_A_STORE}"
            if number % ROUNDS_OF_A_STORE == 0:
                store.mkdir()
                clients_of_store = []
                self.start(store)
            clients = [Client(i, number, self.server.port) for i in range(CLIENTS)]
            clients_of_store += clients
            for client in clients:
                client.start()
            time.sleep(times.uniform(0.02, 0.6))
            self.server.kill()
            for client in clients:
                client.join(60)
                self.assertFalse(client.is_alive(), "a client hangs though the server is gone")
                self.assertIsNone(client.wrong)
                acknowledged += client.acknowledged
            self.start(store)
            last_of_store = number + 1 == ROUNDS or (number + 1) % ROUNDS_OF_A_STORE == 0
            with self.subTest(round=number):
                self.check(store, clients_of_store if last_of_store else clients, clients_of_store)
            if last_of_store:
                self.server.stop()
                shutil.rmtree(store)
        self.assertGreater(acknowledged, ROUNDS * CLIENTS, "hardly anything was written before the kills")
        print(f"{ROUNDS} rounds, {acknowledged} writes acknowledged, {time.monotonic() - begin:.1f} s")

    def test_first_starts(self):
        """A store whose making was cut short is finished by the next start."""
        times = random.Random(1)
        for number in range(STARTS):
            store = self.folder / f"start{number}"
            store.mkdir()
            process = tracking.launch(PROGRAM, store)
            time.sleep(times.uniform(0, 0.1))
            process.kill()
            process.communicate()
            self.start(store)
            with tracking.Connection(self.server.port) as connection:
                run = connection.post("runs/create", {"experiment_id": "0"})
            self.assertEqual(run["run"]["info"]["status"], "RUNNING")
            self.server.stop()
            tracking.check_database(self, store)

    def check(self, store, clients, all_clients):
        tracking.check_database(self, store)
        with tracking.Connection(self.server.port) as connection:
            self.check_runs(connection, tracking.Stored(store), clients, all_clients)
            self.check_artifacts(connection, store, clients, all_clients)

    def check_runs(self, connection, database, clients, all_clients):
        known = {run_id for client in all_clients for run_id in client.runs}
        unknown = [run_id for run_id in database.runs if run_id not in known]
        self.assertLessEqual(len(unknown), len(all_clients), "more runs than could have been under way")
        for run_id in unknown:
            self.assertEqual(set(database.tags[run_id]), {"round", "mlflow.runName"}, "a run was half created")
        for client in clients:
            for run_id, run in client.runs.items():
                self.assertIn(run_id, database.runs, "an acknowledged run is gone")
                self.check_run(database, run_id, run)
        for client in clients[-CLIENTS:]:
            for run_id, run in list(client.runs.items())[-1:]:
                data = connection.get("runs/get?run_id=" + run_id)["run"]["data"]
                params = {param["key"]: param["value"] for param in data.get("params", [])}
                self.assertIn(params, run.possible("params", run.params))

    def check_run(self, database, run_id, run):
        before = (run.metrics, run.params, run.tags, run.status)
        stored = (database.metrics[run_id], database.params[run_id], database.tags[run_id], database.runs[run_id])
        if stored == before:
            return
        self.assertIsNotNone(run.pending, f"run {run.number}: acknowledged {before}, stored {stored}")
        kept = run.pending[1]
        after = (run.metrics | kept.get("metrics", set()), {**run.params, **kept.get("params", {})},
                 {**run.tags, **kept.get("tags", {})}, kept.get("status", run.status))
        self.assertEqual(stored, after, f"run {run.number}: {run.pending[0]} was half stored")

    def check_artifacts(self, connection, store, clients, all_clients):
        pending = dict(client.artifact_pending for client in all_clients if client.artifact_pending)
        for client in clients:
            for path, seed in client.artifacts.items():
                body = connection.artifact(path)
                self.assertIsNotNone(body, f"the acknowledged artifact {path} is gone")
                self.assertIn(body, [content(seed)] + ([content(pending[path])] if path in pending else []), path)
        expected = {path for client in all_clients for path in client.artifacts}
        on_disk = {str(path.relative_to(store / "artifacts")) for path in (store / "artifacts").rglob("*") if path.is_file()}
        visible = {path for path in on_disk if not path.startswith(tracking.UNFINISHED)}
        for path in visible - expected:
            self.assertIn(path, pending, "a file that nobody sent")
            self.assertEqual(connection.artifact(path), content(pending[path]), f"{path} is half-written")
        self.assertEqual([name for name in connection.list("") if name.startswith(".")], [])
        for path in on_disk - visible:
            self.assertIsNone(connection.artifact(path), "an unfinished file can be had")
        for run_id in list(clients[-1].runs)[-3:]:
            self.assertEqual(connection.files(f"0/{run_id}/artifacts"),
                             {path for path in visible if path.startswith(f"0/{run_id}/")})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options, rest = parser.parse_known_args()
    PROGRAM, ROUNDS = options.starcast.resolve(), options.rounds
    unittest.main(argv=[sys.argv[0], *rest])
