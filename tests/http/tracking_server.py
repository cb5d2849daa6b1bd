"""A `starcast server` under test, and requests to it as they are written: no client tidies a path or a header."""

import http.client
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cli"))
import run as scripts  # noqa: E402

SENTINEL = "SENTINEL-4a1f-of-a-file-outside"


class Answer:
    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)

    @property
    def error_code(self):
        try:
            return self.json().get("error_code")
        except (ValueError, AttributeError):
            return None

    def __str__(self):
        return f"{self.status} {self.text[:300]!r} in {self.seconds:.2f} s"


class TrackingServer:
    """Runs in TOP/server with artifacts in TOP/server/mlartifacts; beside and above them lie sentinel files."""

    def __init__(self, program, prefix="", arguments=(), environment=None, wrapper=()):
        self.prefix = prefix
        self.top = Path(tempfile.mkdtemp(prefix="starcast-server-"))
        self.folder = self.top / "server"
        self.artifacts = self.folder / "mlartifacts"
        self.artifacts.mkdir(parents=True)
        for place in (self.top, self.folder):
            (place / "secret.txt").write_text(SENTINEL)
            (place / "secrets").mkdir()
            (place / "secrets" / "secret.txt").write_text(SENTINEL)
        home = self.top / "home"
        home.mkdir()
        settings = scripts.environment(str(home), program, [])
        settings.update(environment or {})
        for name, value in os.environ.items():
            if name.endswith("SAN_OPTIONS"):
                settings[name] = value
        self.log_path = self.top / "log.txt"
        command = [*wrapper, str(program), "server", "--port", "0", *arguments]
        if prefix:
            command += ["--static-prefix", prefix]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, cwd=self.folder, env=settings, stdout=subprocess.PIPE, stderr=log)
        # Not --json, which leaves out the access log.
        started = self.process.stdout.readline().decode()
        found = re.search(r" on http://127\.0\.0\.1:(\d+)", started)
        if not found:
            raise RuntimeError(f"the server did not start: {started} {self.log_path.read_text()}")
        self.port = int(found[1])

    def connect(self, timeout=20):
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    # `target` goes out as it is, with the static prefix before it unless `prefix` says otherwise.
    def send(self, method, target, body=b"", headers=(), timeout=20, prefix=None):
        if isinstance(target, str):
            target = target.encode()
        if isinstance(body, str):
            body = body.encode()
        fields = {"Host": f"127.0.0.1:{self.port}", "Connection": "close"}
        if body or method in ("POST", "PUT", "PATCH"):
            fields["Content-Length"] = str(len(body))
        fields.update(headers)
        head = method.encode() + b" " + (self.prefix if prefix is None else prefix).encode() + target + b" HTTP/1.1\r\n"
        head += b"".join(f"{name}: {value}\r\n".encode() for name, value in fields.items() if value is not None)
        return self.raw(head + b"\r\n" + body, method, timeout)

    def raw(self, request, method="GET", timeout=20):
        started = time.monotonic()
        with self.connect(timeout) as connection:
            try:
                connection.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all was read: the answer may be there
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            body = response.read()
        return Answer(response.status, response.headers, body, time.monotonic() - started)

    def get(self, target, **fields):
        if fields:
            target += "?" + "&".join(f"{name}={quote(str(value), safe='')}" for name, value in fields.items())
        return self.send("GET", target)

    def call(self, method, target, value, headers=()):
        body = value if isinstance(value, (bytes, str)) else json.dumps(value)
        return self.send(method, target, body, {"Content-Type": "application/json", **dict(headers)})

    def post(self, target, value, **headers):
        return self.call("POST", target, value, headers)

    def status_kib(self, name):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", text, re.M)[1])

    def row_counts(self):
        with sqlite3.connect(f"file:{self.folder / 'mlflow.db'}?mode=ro", uri=True) as database:
            names = [row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            counts = {name: database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}
        database.close()
        return counts

    # Every name outside of the database and of uploads on their way, with its size; links are named, not followed.
    def files(self):
        found = {}
        for folder, folders, files in os.walk(self.top):
            for name in folders + files:
                path = Path(folder) / name
                text = str(path.relative_to(self.top))
                if text == "log.txt" or text.startswith(("server/mlflow.db", "server/mlartifacts/.starcast-unfinished")):
                    continue
                found[text] = path.lstat().st_size if path.is_symlink() or path.is_file() else "folder"
        return found

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(30)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process.stdout.close()

    def log(self):
        return self.log_path.read_bytes()

    def remove(self):
        if self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.top, ignore_errors=True)
