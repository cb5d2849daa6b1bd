"""A tracking server for tests that break it, a client that tells its answers apart, and what its store holds."""

import collections
import http.client
import json
import re
import signal
import sqlite3
import subprocess
import urllib.parse

UNFINISHED = ".starcast-unfinished"
# What a client sees when the server dies.
GONE = (ConnectionError, http.client.RemoteDisconnected, http.client.IncompleteRead, http.client.BadStatusLine)
STATUS = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status, body):
        super().__init__(f"{status} {body[:300]}")
        self.status, self.body = status, body


def launch(program, store, **options):
    """`starcast server` on a free port, with its store and artifacts in the folder `store`."""
    return subprocess.Popen([program, "server", "--port", "0", "--backend-store-uri", "sqlite:///mlflow.db",
                             "--artifacts-destination", "artifacts"], cwd=store, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True, **options)


class Server:
    def __init__(self, program, store, **options):
        self.process = launch(program, store, **options)
        line = self.process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        if not found:
            raise AssertionError(f"the server does not start: {line}{self.process.communicate()[0]}")
        self.port = int(found.group(1))

    def kill(self):
        self.process.kill()
        return self.process.communicate()[0]

    def stop(self):
        """What it printed; its exit must be clean."""
        self.process.send_signal(signal.SIGTERM)
        text = self.process.communicate(timeout=60)[0]
        if self.process.returncode != 0:
            raise AssertionError(f"the server ended with {self.process.returncode}: {text}")
        return text


class Connection:
    """One kept connection. A failure is Refused, or one of GONE."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()

    def ask(self, method, target, body=None, headers=None):
        self.http.request(method, target, body=body, headers=headers or {})
        answer = self.http.getresponse()
        return answer.status, answer.read()

    def json(self, method, target, body=None):
        text = None if body is None else json.dumps(body)
        status, answer = self.ask(method, "/api/2.0/" + target, text, {"Content-Type": "application/json"})
        if status != 200:
            raise Refused(status, answer.decode())
        return json.loads(answer)

    def post(self, route, body):
        return self.json("POST", "mlflow/" + route, body)

    def get(self, route):
        return self.json("GET", "mlflow/" + route)

    def put(self, path, content):
        status, answer = self.ask("PUT", "/api/2.0/mlflow-artifacts/artifacts/" + path, content)
        if status != 200:
            raise Refused(status, answer.decode())

    def artifact(self, path):
        """Its bytes; None when there is none."""
        status, answer = self.ask("GET", "/api/2.0/mlflow-artifacts/artifacts/" + path)
        if status == 404:
            return None
        if status != 200:
            raise Refused(status, answer.decode())
        return answer

    def list(self, folder):
        """Name: whether it is a folder."""
        answer = self.json("GET", "mlflow-artifacts/artifacts?path=" + urllib.parse.quote(folder))
        return {entry["path"]: entry.get("is_dir", False) for entry in answer.get("files", [])}

    def files(self, folder):
        """The paths of all files below it."""
        found = set()
        for name, is_folder in self.list(folder).items():
            found |= self.files(f"{folder}/{name}") if is_folder else {f"{folder}/{name}"}
        return found


class Stored:
    """The runs of a database, by id."""

    def __init__(self, store):
        database = sqlite3.connect(store / "mlflow.db")
        names = {str(number): name for number, name in STATUS.items()}
        self.runs = {run_id: names.get(str(status), status)
                     for run_id, status in database.execute("SELECT run_uuid, status FROM runs")}
        self.metrics = collections.defaultdict(set)
        for run_id, *point in database.execute("SELECT run_uuid, key, value, timestamp, step FROM metrics"):
            self.metrics[run_id].add(tuple(point))
        self.params, self.tags = collections.defaultdict(dict), collections.defaultdict(dict)
        for values, table in ((self.params, "params"), (self.tags, "tags")):
            for run_id, key, value in database.execute(f"SELECT run_uuid, key, value FROM {table}"):
                values[run_id][key] = value
        database.close()


def check_database(test, store):
    """Whole as SQLite sees it, and as our tables must agree."""
    database = sqlite3.connect(store / "mlflow.db")
    test.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
    test.assertEqual(database.execute("PRAGMA foreign_key_check").fetchall(), [])
    # The latest point of a key is that of the highest step, then time, then value.
    latest = """SELECT run_uuid, key, step, timestamp, value FROM (SELECT *, row_number() OVER (
                  PARTITION BY run_uuid, key ORDER BY step DESC, timestamp DESC, value DESC) AS place FROM metrics)
                WHERE place = 1"""
    columns = "run_uuid, key, step, timestamp, value"
    for one, other in ((latest, f"SELECT {columns} FROM latest_metrics"), (f"SELECT {columns} FROM latest_metrics", latest)):
        test.assertEqual(database.execute(f"SELECT * FROM ({one}) EXCEPT SELECT * FROM ({other})").fetchall(), [])
    database.close()
