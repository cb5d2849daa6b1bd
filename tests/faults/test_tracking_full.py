#!/usr/bin/env python3
"""The tracking server on a disk that is full, and under a limit of the size of its files: it answers 503, still reads,
works again when there is room, and keeps what it acknowledged.

  test_tracking_full.py --starcast PROGRAM

The full disk is a small tmpfs in a mount namespace of our own; where the machine gives none, that test is skipped.
"""

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import tracking

PROGRAM = None
DISK = "6m"
BALLAST = 500_000
FILE_MAX = 3_000_000
REFUSALS = 20
WRITES_MAX = 20_000


class TrackingFull(unittest.TestCase):
    def setUp(self):
        self.store = Path(tempfile.mkdtemp(prefix="starcast-faults-"))
        self.addCleanup(shutil.rmtree, self.store, ignore_errors=True)
        self.server = None
        self.addCleanup(lambda: self.server and self.server.kill())
        self.params, self.files = {}, {}

    def start(self, **options):
        self.server = tracking.Server(PROGRAM, self.store, **options)
        self.connection = tracking.Connection(self.server.port)
        self.addCleanup(self.connection.http.close)

    def refused(self, write):
        """Whether the write was refused, as it must be: 503 with MLflow's error JSON and no path of this machine."""
        try:
            write()
        except tracking.Refused as error:
            self.assertEqual(error.status, 503, error)
            self.assertIn('"TEMPORARILY_UNAVAILABLE"', error.body)
            self.assertNotIn(str(self.store), error.body)
            return True
        return False

    def log_param(self):
        key = f"p{len(self.params)}"
        value = key * 500
        batch = [{"key": key, "value": value}] + [{"key": f"{key}.{i}", "value": value} for i in range(20)]
        self.connection.post("runs/log-batch", {"run_id": self.run_id, "params": batch})
        self.params.update((param["key"], param["value"]) for param in batch)

    def log_file(self, size):
        path = f"0/{self.run_id}/artifacts/f{len(self.files)}"
        content = path.encode() * (size // len(path) + 1)
        self.connection.put(path, content)
        self.files[path] = content

    def fill(self, write):
        """Writes until one is refused, then goes on: no refusal may break what comes after."""
        for _ in range(WRITES_MAX):
            if self.refused(write):
                break
        else:
            self.fail("nothing is full")
        return sum(self.refused(write) for _ in range(REFUSALS))

    def create_run(self):
        self.run_id = self.connection.post("runs/create", {"experiment_id": "0"})["run"]["info"]["run_id"]

    def check(self):
        data = self.connection.get("runs/get?run_id=" + self.run_id)["run"]["data"]
        self.assertEqual({param["key"]: param["value"] for param in data.get("params", [])}, self.params)
        for path, content in self.files.items():
            self.assertEqual(self.connection.artifact(path), content, path)
        self.assertEqual(self.connection.files(f"0/{self.run_id}/artifacts"), set(self.files))

    def restart(self, **options):
        self.server.kill()
        self.start(**options)
        self.check()
        tracking.check_database(self, self.store)

    @unittest.skipUnless(sys.platform == "linux" and shutil.which("unshare"), "no unshare(1)")
    def test_disk(self):
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", self.store], capture_output=True,
                                 text=True)
        if mounted.returncode != 0:
            self.skipTest(f"no disk of our own: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "--lazy", self.store])
        self.start()
        self.create_run()
        self.log_file(BALLAST)
        self.log_file(BALLAST)
        self.fill(lambda: self.log_file(BALLAST))
        self.fill(lambda: self.log_file(10_000))
        self.assertEqual(self.fill(self.log_param), REFUSALS, "a full disk takes some batches")
        self.check()
        # Room is made by the server itself, and it needs no restart to use it.
        for path in [path for path, content in self.files.items() if len(content) > BALLAST]:
            status, answer = self.connection.ask("DELETE", "/api/2.0/mlflow-artifacts/artifacts/" + path)
            self.assertEqual(status, 200, answer)
            del self.files[path]
        self.log_param()
        self.log_file(1000)
        self.check()
        # Killed while it is full, it starts again, with no room at all.
        self.fill(self.log_param)
        self.restart()

    def test_size_of_files(self):
        """`ulimit -f`: the database and its log cannot grow, nor can one large artifact."""
        limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_MAX, FILE_MAX))}
        self.start(**limit)
        self.create_run()
        self.log_file(100_000)
        self.assertTrue(self.refused(lambda: self.log_file(FILE_MAX + 1)))
        self.fill(self.log_param)
        self.log_file(100_000)
        self.check()
        self.restart(**limit)
        self.restart()
        self.log_param()
        self.log_file(FILE_MAX + 1)
        self.check()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", type=Path, required=True)
    parser.add_argument("--inside", action="store_true", help="already in a namespace of our own")
    options, rest = parser.parse_known_args()
    PROGRAM = options.starcast.resolve()
    own = ["unshare", "--user", "--map-root-user", "--mount"]
    if not options.inside and shutil.which("unshare") and subprocess.run([*own, "true"], capture_output=True).returncode == 0:
        sys.exit(subprocess.run([*own, sys.executable, "-B", *sys.argv, "--inside"]).returncode)
    unittest.main(argv=[sys.argv[0], *rest])
