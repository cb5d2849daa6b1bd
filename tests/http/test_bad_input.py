#!/usr/bin/env python3
"""Bad input against a running `starcast server`: the rows of a catalogue of attacks on tracking servers, by their ids.

  test_bad_input.py --starcast PROGRAM [--rows U01,P03] [--big] [--sanitized]

Of every row: a 4xx (or what the row names) with MLflow's error JSON, within a second; no row and no file more; nothing of
a file outside of the artifact root; /health afterwards. At the end: memory, and a log without control characters.

--big        uploads 1 GiB where 128 MiB do otherwise
--sanitized  the program is slow and fat: no claims about time and memory
"""

import argparse
import base64
import gzip
import http.server
import itertools
import json
import math
import os
import random
import re
import resource
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote, urlencode

from tracking_server import SENTINEL, TrackingServer, scripts

API = ("/api/2.0", "/ajax-api/2.0")
ROWS = []        # (id, function(Site))
NOT_OURS = {
    "U16": "there is no file store: metadata lives in the database only",
    "F03 F04 F05 F06 F10": "neither the server nor a client of it unpacks an archive",
    "X08": "there is no page that shows tags yet",
    "A01-A16": "access control comes with its own issue; every route declares a permission (test_routes.py)",
    "S02": "gateway-proxy is not offered: 404 (row absent)",
    "S03-S09": "webhooks are not offered: 404 (row absent)",
    "S10": "there is no gateway", "S11-S13": "models are stored and sent, never loaded or evaluated",
    "D01": "/graphql is not offered: 404 (row absent)", "D20": "/v1/traces is not offered: 404 (row absent)",
    "N01-N03 N05": "there is no scoring yet", "N04": "tests of the pipeline and of data fetch",
    "workspaces": "not offered: 404 (row absent)",
}


class Wrong(Exception):
    """The server did something else."""


def row(name):
    def add(function):
        ROWS.append((name, function))
        return function
    return add


def check(claim, what):
    if not claim:
        raise Wrong(str(what))


class Site:
    """A server, the things in it that rows need, and the checks that hold for every answer."""

    def __init__(self, server, options):
        self.server, self.options = server, options
        made = self.ok(server.post("/api/2.0/mlflow/experiments/create", {"name": "an experiment"}))
        self.experiment = made["experiment_id"]
        self.run = self.new_run()
        self.other_run = self.new_run()
        model = self.ok(server.post("/api/2.0/mlflow/logged-models", {"experiment_id": self.experiment, "name": "lm"}))
        self.model = model["model"]["info"]["model_id"]
        root = f"mlflow-artifacts:/{self.experiment}/{self.run}/artifacts"
        self.root = root
        self.ok(server.post("/api/2.0/mlflow/registered-models/create", {"name": "m"}))
        self.ok(server.post("/api/2.0/mlflow/model-versions/create", {"name": "m", "source": root, "run_id": self.run}))
        put = server.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{self.experiment}/{self.run}/artifacts/a.txt", b"a")
        check(put.status == 200, put)
        self.artifacts = server.artifacts / self.experiment / self.run / "artifacts"
        check((self.artifacts / "a.txt").is_file(), "the upload went elsewhere")
        # Requests that were answered with an error leave all of this as it is.
        self.rows_before, self.files_before = server.row_counts(), server.files()

    def ok(self, answer):
        check(answer.status == 200, answer)
        check(SENTINEL not in answer.text, answer)
        return answer.json() if answer.body else {}

    def new_run(self):
        return self.ok(self.server.post("/api/2.0/mlflow/runs/create", {"experiment_id": self.experiment}))["run"][
            "info"]["run_id"]

    # What holds for every refusal; `what` is shown when it does not.
    def refused(self, answer, what, status=None, message=None, code=None, limit_s=1.0):
        what = f"{what}: {answer}"
        check(SENTINEL not in answer.text and "root:x:" not in answer.text, "a file outside was sent: " + what)
        check(400 <= answer.status < 500, "not a 4xx: " + what)
        if status is not None:
            check(answer.status == status, f"not {status}: " + what)
        if answer.status not in (405, 413, 415, 431, 408):
            check(answer.error_code is not None, "no error JSON: " + what)
        if message is not None:
            check(message in answer.text.replace("\\'", "'"), f"no '{message}': " + what)
        if code is not None:
            check(answer.error_code == code, f"not {code}: " + what)
        if not self.options.sanitized:
            check(answer.seconds < limit_s, "too slow: " + what)
        return answer

    def refuses(self, method, target, value=None, headers=(), retry=True, **expected):
        what = f"{method} {target[:200]} {str(value)[:200]}"
        body = {} if value is None else {"value": value}
        send = self.server.call if value is not None else self.server.send
        answer = send(method, target, **body, headers=headers)
        if retry and answer.seconds > 0.5:  # a busy machine is no finding: once more
            answer = send(method, target, **body, headers=headers)
        return self.refused(answer, what, **expected)

    def refuses_value(self, *arguments, **expected):
        return self.refuses(*arguments, **{"status": 400, "code": "INVALID_PARAMETER_VALUE", **expected})

    def unchanged(self):
        rows, files = self.server.row_counts(), self.server.files()
        check(rows == self.rows_before, f"rows were stored: {changes(self.rows_before, rows)}")
        check(files == self.files_before, f"files changed: {changes(self.files_before, files)}")
        health = self.server.send("GET", "/health", prefix="")
        check(health.status == 200 and health.body == b"OK", health)

    # After a row that stores something on purpose.
    def settle(self):
        self.rows_before, self.files_before = self.server.row_counts(), self.server.files()


def changes(before, after):
    return {key: (before.get(key), after.get(key)) for key in before.keys() | after.keys()
            if before.get(key) != after.get(key)}


# --- 3.1 stored addresses ---------------------------------------------------------------------------------------------

def refuse_source(site, source, message=None, **more):
    for api in API:
        site.refuses_value("POST", f"{api}/mlflow/model-versions/create", {"name": "m", "source": source, **more},
                           message=message)


def refuse_location(site, location, message=None):
    for api in API:
        site.refuses_value("POST", f"{api}/mlflow/experiments/create",
                           {"name": f"poisoned {location[:100]}", "artifact_location": location}, message=message)


LOCAL = "To use a local path as a model version source"


@row("U01")
def local_source_then_file(site):
    refuse_source(site, "file:///etc", LOCAL)
    site.refuses("GET", "/model-versions/get-artifact?path=passwd&name=m&version=2", status=404)
    site.refuses("GET", "/model-versions/get-artifact?path=passwd&name=m&version=1", status=404)


@row("U02")
def source_outside_of_its_run(site):
    for source in ("/var", str(site.server.folder), site.server.artifacts.as_uri(), "/", ".", ""):
        refuse_source(site, source, run_id=site.run)
    refuse_source(site, f"mlflow-artifacts:/{site.experiment}/{site.other_run}/artifacts", run_id=site.run)


@row("U03")
def model_name_is_a_path(site):
    for name in ("/var/anything/test", "/etc/passwd", "/etc/no-such-file", "a:b", "../m", "", ".", ".."):
        if name in (".", ".."):
            continue
        for api in API:
            site.refuses_value("POST", f"{api}/mlflow/registered-models/create", {"name": name})
            site.refuses("POST", f"{api}/mlflow/registered-models/rename", {"name": "m", "new_name": name})
    answers = {site.server.post("/api/2.0/mlflow/registered-models/create", {"name": name}).text.replace(name, "")
               for name in ("/etc/passwd", "/etc/nothing")}
    check(len(answers) == 1, f"an answer tells what exists: {answers}")


REMOTE = ["mlflow-artifacts://host:9000/models/../../../", "http://host:9000/models/../../../",
          "https://host/api/2.0/mlflow-artifacts/artifacts/../../../",
          "s3a://my_bucket/api/2.0/mlflow-artifacts/artifacts/../../../"]
for number, uri in enumerate(REMOTE, 4):
    ROWS.append((f"U{number:02}", lambda site, uri=uri: refuse_source(site, uri)))


@row("U08")
def file_sources(site):
    for source in ("file:///var", "file://./mlruns", "file:var", "FILE:///var"):
        refuse_source(site, source)


@row("U09")
def file_sources_with_a_local_host(site):
    for source in ("file://localhost/x", "file://127.0.0.1/x", "file://localhost:5000/x", "file://[::1]/x"):
        refuse_source(site, source)
        refuse_source(site, source, run_id=site.run)


@row("U10")
def file_uri_with_a_host(site):
    refuse_source(site, "file://myhostname/path/to/file")
    refuse_location(site, "file://myhostname/path/to/file")


@row("U11")
def network_paths(site):
    for place in ("//host/path", "\\\\myhostname/my/path"):
        refuse_source(site, place)
        refuse_location(site, place)


@row("U12")
def location_with_a_query(site):
    for location in ("http:///?/../../../../../../etc/", "s3://b/?/../../etc", "s3://b/?%2e%2e/etc", "s3://b?%252e%252e"):
        refuse_location(site, location)
    refuse_location(site, "s3://bucket/?/../../../../../../etc/", "Invalid query string")
    # Decoding it again and again took time by the square of its length.
    refuse_location(site, "s3://bucket/?%" + "25" * 1_000_000)
    refuse_source(site, "s3://bucket/?%" + "25" * 1_000_000)


@row("U13")
def location_with_a_fragment(site):
    for location in ("http://host#/abc/etc/", "s3://b/x#/../etc", "mlflow-artifacts:/x#/../../etc", "file:///tmp/x#y"):
        refuse_location(site, location)


@row("U14")
def encoded_source(site):
    for source in ("mlflow-artifacts://host:9000/models/..%2f..%2fartifacts", "mlflow-artifacts:/models/..%2f..%2fartifacts",
                   "mlflow-artifacts:/models/%252e%252e/x", "s3://b/%2e%2e/x"):
        refuse_source(site, source)


class Listening:
    """A port that nobody may connect to."""

    def __enter__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0)
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        return self

    def __exit__(self, *error):
        try:
            self.socket.accept()
            raise Wrong("the server connected to an address that a request named")
        except (BlockingIOError, socket.timeout):
            pass
        finally:
            self.socket.close()


class EvilList(http.server.BaseHTTPRequestHandler):
    """Serves artifacts whose list names other places, and a file name header that does."""

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        headers = {"Content-Type": "application/json"}
        if self.path.endswith("/artifacts") or "?path=" in self.path:
            path = self.server.listed if self.path.endswith("path=x") else self.server.deeper
            files = [{"path": path, "is_dir": False, "file_size": 4}] if path else []
            body = json.dumps({"files": files} if files else {}).encode()
        else:
            body = b"evil"
            headers = {"Content-Disposition": "attachment; filename=../foo/bar.txt"}
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def download_from_evil(site, listed, deeper=""):
    """What `starcast artifacts download` leaves, below a fresh folder in which it may write in `into` only."""
    evil = http.server.ThreadingHTTPServer(("127.0.0.1", 0), EvilList)
    evil.listed, evil.deeper = listed, deeper
    threading.Thread(target=evil.serve_forever, args=(0.02,), daemon=True).start()
    folder = site.server.top / "client"
    (folder / "into").mkdir(parents=True)
    try:
        done = subprocess.run([site.options.starcast, "artifacts", "download", "--tracking-uri",
                               f"http://127.0.0.1:{evil.server_address[1]}", "-u", "mlflow-artifacts:/x", "-d", "into"],
                              cwd=folder, env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "no_proxy": "127.0.0.1"},
                              capture_output=True, text=True, timeout=30)
        left = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
        return done, left
    finally:
        evil.shutdown()
        evil.server_close()
        shutil.rmtree(folder)


@row("U15")
def second_order(site):
    with Listening() as attacker:
        source = f"http://{attacker.address}/api/2.0/mlflow-artifacts/artifacts/"
        refuse_source(site, source)
        refuse_location(site, source)
        site.refuses("POST", "/api/2.0/mlflow/model-versions/create", {"name": "m", "source": "models:/m/99"}, status=404)
        for version in ("1", "2"):
            site.refuses("GET", f"/model-versions/get-artifact?path=random&name=m&version={version}", status=404)
    for listed in ("/etc/cron.d/x", "../../evil.txt", "..", "a/../../../evil.txt", "C:/x"):
        done, left = download_from_evil(site, listed)
        check(all(name.startswith("into/") for name in left), f"{listed}: wrote {left}; {done.stderr}")


@row("U17")
def long_location(site):
    refuse_location(site, "s3://bucket/" + "a" * 3000, "Invalid artifact path length")
    refuse_location(site, "/" + "a" * 3000)
    refuse_source(site, "s3://bucket/" + "a" * 3000)


@row("U18")
def names_equal_after_decoding(site):
    names = ["foo%31", "foo1"]
    for name in names:
        site.ok(site.server.post("/api/2.0/mlflow/registered-models/create", {"name": name, "description": f"of {name}"}))
    for name, api in itertools.product(names, API):
        got = site.ok(site.server.get(f"{api}/mlflow/registered-models/get", name=name))["registered_model"]
        check((got["name"], got["description"]) == (name, f"of {name}"), got)
        found = site.ok(site.server.get(f"{api}/mlflow/registered-models/search", filter=f"name = '{name}'"))
        check([model["name"] for model in found["registered_models"]] == [name], found)
    site.ok(site.server.call("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": "foo%31"}))
    site.ok(site.server.get("/api/2.0/mlflow/registered-models/get", name="foo1"))
    site.settle()


@row("U19")
def datasets_are_text(site):
    """A dataset's source is stored as text; a password in it is not (S14), and nobody opens it."""
    with Listening() as attacker:
        sources = ["file:///etc/passwd", "../../secret.txt", f"http://{attacker.address}/x", "//host/share"]
        for number, source in enumerate(sources):
            site.ok(site.server.post("/api/2.0/mlflow/runs/log-inputs", {
                "run_id": site.run, "datasets": [{"dataset": {"name": f"d{number}", "digest": str(number),
                                                              "source_type": "local", "source": source}}]}))
        site.ok(site.server.get("/api/2.0/mlflow/runs/get", run_id=site.run))
    site.settle()


@row("U20")
def location_below_which_runs_lie_outside(site):
    """A local location is taken as MLflow takes it, but nothing is served from it that lies outside of it."""
    outside = site.server.top / "elsewhere"
    made = site.ok(site.server.post("/api/2.0/mlflow/experiments/create",
                                    {"name": "elsewhere", "artifact_location": str(outside)}))
    run = site.ok(site.server.post("/api/2.0/mlflow/runs/create", {"experiment_id": made["experiment_id"]}))["run"]["info"]
    for path in ("../secret.txt", "../../../secret.txt", "..%2f..%2f..%2fsecret.txt", "/etc/passwd"):
        site.refuses_value("GET", f"/get-artifact?run_id={run['run_id']}&path={quote(path, safe='')}",
                           message="Invalid path")
        site.refuses_value("GET", f"/api/2.0/mlflow/artifacts/list?run_id={run['run_id']}&path={quote(path, safe='')}")
    site.settle()


# --- 3.2 request paths ------------------------------------------------------------------------------------------------

NESTED = quote("../x", safe="")
for _ in range(20):
    NESTED = quote(NESTED, safe="")
VERY_NESTED = "%" + "25" * 600 + "2e"

# As the server gets them after it decodes the request once; strings of bytes are sent as they are.
PATH_ROWS = {
    "P01": ["../../../../../../etc/passwd", "../secret.txt", "../../secret.txt", "../../../../secret.txt"],
    "P02": ["/path", "/etc/passwd", "//etc/passwd", "///etc"],
    "P03": ["../path", "../../path", "./../path", ".."],
    "P04": ["path/../to/file", "a/..", "a/../../b"],
    "P05": ["file://a#/..//var", "a#b"],
    "P06": ["/etc/passwd\0" + end for end in (".jpg", ".html", ".txt", ".php", ".asp")] + ["a.txt\0", "a\0/b"],
    "P07": ["/file://etc/passwd", "file:///etc/passwd/../x"],
    "P08": ["%2E%2E%2Fpath", "%2e%2e/path", "..%2fpath", "%252e%252e%252fpath", "a/%2e%2e/b"],
    "P09": ["C:/", "C:\\path", "c:", "C:path", "%43:/x", "C%3A/x"],
    "P10": ["\\\\server\\share", "\\\\?\\C:\\", "\\\\.\\C:\\", "\\\\127.0.0.1\\c$\\", "a\\b", "..\\x", "\\\\.\\pipe\\x",
            "//?/C:/x", "%5c%5cserver%5cshare"],
    "P11": ["%2E%2E%2F%2E%2E%2Fvar%2Fx", "%252E%252E%252Fvar"],
    "P12": ["../../x", "../x"],
    "P15": [NESTED, VERY_NESTED],
    "P16": [b"%c0%ae%c0%ae%c0%af", b"%c0%ae%c0%ae/x", b"%e0%80%ae%e0%80%ae/", b"%ff", b"%ed%a0%80"],
}


def path_endpoints(site):
    """(method, target with {} for the path, whether the path is in the target's path, body)."""
    run, model = site.run, site.model
    for name in ("run_uuid", "run_id"):
        yield "GET", f"/get-artifact?{name}={run}&path={{}}", False, b""
    yield "GET", "/model-versions/get-artifact?name=m&version=1&path={}", False, b""
    yield "GET", f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path={{}}", False, b""
    yield "POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={{}}", False, b"written"
    for api in API:
        yield "GET", f"{api}/mlflow/artifacts/list?run_id={run}&path={{}}", False, b""
        yield "GET", f"{api}/mlflow-artifacts/artifacts?path={{}}", False, b""
        yield ("GET", f"{api}/mlflow/logged-models/{model}/artifacts/directories?artifact_directory_path={{}}", False, b"")
        for method in ("GET", "PUT", "DELETE"):
            yield method, f"{api}/mlflow-artifacts/artifacts/{{}}", True, b"written" if method == "PUT" else b""
        for step in ("create", "complete", "abort"):
            yield "POST", f"{api}/mlflow-artifacts/mpu/{step}/{{}}", True, b"{}"
        yield "GET", f"{api}/mlflow-artifacts/presigned/{{}}", True, b""


def check_paths(site, paths):
    headers = {"Content-Type": "application/json"}
    for path in paths:
        if isinstance(path, bytes):
            spellings = [path.decode()]
        else:
            spellings = [quote(path, safe=""), quote(path, safe="/:%")]
        for method, target, in_path, body in path_endpoints(site):
            for sent in dict.fromkeys(spellings if in_path else spellings[:1]):
                full = target.format(sent)
                if in_path and "%" in sent and sent == spellings[-1] and not isinstance(path, bytes):
                    full = target.format(sent)
                answer = site.server.send(method, full, body, headers)
                if answer.seconds > 0.5:
                    answer = site.server.send(method, full, body, headers)
                site.refused(answer, f"{method} {full[:300]}", status=400, message="Invalid path",
                             code="INVALID_PARAMETER_VALUE")
        if isinstance(path, bytes):
            continue
        for api, what in itertools.product(API, ("upload", "download")):
            site.refuses_value("POST", f"{api}/mlflow/artifacts/presigned-{what}-url", {"run_id": site.run, "path": path},
                               message="Invalid path")


for name, paths in PATH_ROWS.items():
    ROWS.append((name, lambda site, paths=paths: check_paths(site, paths)))


@row("P13")
def multipart_outside(site):
    for api, step in itertools.product(API, ("create", "complete", "abort")):
        for path in ("../../x", "..%2F..%2Fx", "%2e%2e/x"):
            site.refuses_value("POST", f"{api}/mlflow-artifacts/mpu/{step}/{path}", {}, message="Invalid path")


@row("P14")
def static_files(site):
    for path in ("../../../etc/passwd", "..%2f..%2fetc/passwd", "%2e%2e/secret.txt", "x"):
        site.refuses("GET", f"/static-files/{path}", status=404, code="ENDPOINT_NOT_FOUND")


@row("P17")
def paths_of_unknown_things(site):
    """An absent run says the same whatever the path; a path outside says the same whatever lies there."""
    answers = {site.server.get("/get-artifact", run_id=site.run, path=path).text
               for path in ("../../../../secret.txt", "../../../../no-such.txt", "/etc/passwd", "/etc/none")}
    check(len(answers) == 1, f"an answer tells what exists: {answers}")
    for bad in ("../x", "a/b", "x" * 300, "a\0b", ""):
        site.refuses("GET", f"/get-artifact?path=a.txt&run_id={quote(bad, safe='')}")
        site.refuses("GET", f"/api/2.0/mlflow/artifacts/list?run_id={quote(bad, safe='')}")
        site.refuses("GET", f"/model-versions/get-artifact?path=a.txt&version=1&name={quote(bad, safe='')}")
        site.refuses("GET", f"/model-versions/get-artifact?path=a.txt&name=m&version={quote(bad, safe='')}")
        if bad:
            site.refuses("GET", f"/ajax-api/2.0/mlflow/logged-models/{quote(bad, safe='')}/artifacts/files"
                                "?artifact_file_path=a.txt")


@row("P18")
def targets_that_are_none(site):
    for target in (b"*", b"a", b"//evil.com/health", b"/\x00", b"/\xff\xfe", b"/a b", b"/\x1b[31m", b"/%", b"/%0d%0aX: y",
                   b"/" + b"a" * 200_000, b"/?" + b"&" * 50_000, b"/" + b"/" * 50_000, b"http://127.0.0.1/health\x7f"):
        answer = site.server.send("GET", target, prefix="")
        check(answer.status < 500 and SENTINEL not in answer.text, f"{target[:100]}: {answer}")


# --- 3.3 links --------------------------------------------------------------------------------------------------------

def check_link(site, path):
    """A path that leads through a link: no content, no listing, nothing written or deleted behind it."""
    in_root = quote(f"{site.experiment}/{site.run}/artifacts/{path}")
    for target in (f"/get-artifact?run_id={site.run}&path={path}",
                   f"/model-versions/get-artifact?name=m&version=1&path={path}"):
        site.refuses("GET", target)
    for api in API:
        site.refuses("GET", f"{api}/mlflow-artifacts/artifacts/{in_root}")
        for target in (f"{api}/mlflow/artifacts/list?run_id={site.run}&path={path}",
                       f"{api}/mlflow-artifacts/artifacts?path={in_root}"):
            answer = site.server.send("GET", target)
            check(answer.status < 500 and SENTINEL not in answer.text and "secret" not in
                  re.sub(r'"(message|root_uri)":"[^"]*"', "", answer.text), f"{target}: {answer}")
        put = site.server.send("PUT", f"{api}/mlflow-artifacts/artifacts/{in_root}", b"overwritten")
        check(400 <= put.status < 500, f"PUT {in_root}: {put}")
        delete = site.server.send("DELETE", f"{api}/mlflow-artifacts/artifacts/{in_root}")
        check(delete.status < 500, f"DELETE {in_root}: {delete}")
    upload = site.server.send("POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={site.run}&path={path}", b"overwritten")
    check(400 <= upload.status < 500, f"upload-artifact {path}: {upload}")


@row("F01")
def link_to_the_outside(site):
    for target in (site.server.top / "secrets", Path("../../../../../secrets")):
        link = site.artifacts / "leak"
        link.symlink_to(target)
        before = site.server.files()
        check((link / "secret.txt").read_text() == SENTINEL, "the link leads nowhere")
        check_link(site, "leak/secret.txt")
        check(site.server.files() == before, changes(before, site.server.files()))
        link.unlink()
    link = site.artifacts / "leak.txt"
    link.symlink_to(site.server.top / "secret.txt")
    site.refuses("GET", f"/get-artifact?run_id={site.run}&path=leak.txt")
    for api in API:
        site.refuses("GET", f"{api}/mlflow-artifacts/artifacts/{site.experiment}/{site.run}/artifacts/leak.txt")
    # It may be replaced or deleted as the name that it is, but not written through.
    site.server.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{site.experiment}/{site.run}/artifacts/leak.txt", b"x")
    check((site.server.top / "secret.txt").read_text() == SENTINEL, "written through a link")
    link.unlink(missing_ok=True)
    # A hidden magic link of the kernel, and a special file.
    link.symlink_to("/proc/self/environ")
    site.refuses("GET", f"/get-artifact?run_id={site.run}&path=leak.txt")
    link.unlink()
    os.mkfifo(link)
    site.refuses("GET", f"/get-artifact?run_id={site.run}&path=leak.txt")
    link.unlink()


@row("F02")
def parent_of_artifacts(site):
    check_paths(site, ["parent/artifacts/../external", "artifacts/../../x"])


@row("F07")
def file_name_of_an_answer(site):
    done, left = download_from_evil(site, "", "")
    check(done.returncode == 0 and left == ["into/x"], f"{left} {done.stderr}")


@row("F08")
def files_in_the_making(site):
    """A body that is on its way lies in the artifact root under a name that nobody can guess, for its owner only."""
    artifact = f"/api/2.0/mlflow-artifacts/artifacts/{site.experiment}/{site.run}/artifacts/slow.bin"
    names = set()
    for _ in range(2):
        before = set(site.server.artifacts.rglob("*"))
        with site.server.connect() as connection:
            connection.sendall(f"PUT {site.server.prefix}{artifact} HTTP/1.1\r\nHost: localhost\r\n"
                               "Content-Length: 1000000\r\n\r\n".encode() + b"x" * 200_000)
            deadline = time.monotonic() + 10
            while not (made := set(site.server.artifacts.rglob("*")) - before) and time.monotonic() < deadline:
                time.sleep(0.01)
            check(len(made) == 1, f"{made}")
            path = made.pop()
            check((path.stat().st_mode | path.parent.stat().st_mode) & 0o022 == 0 and path.parent.stat().st_mode & 0o077 == 0,
                  f"others can reach {path}: {path.parent.stat().st_mode:o}")
            names.add(path.name)
        deadline = time.monotonic() + 10
        while set(site.server.artifacts.rglob("*")) != before and time.monotonic() < deadline:
            time.sleep(0.01)
        check(set(site.server.artifacts.rglob("*")) == before, "what was broken off was left")
    check(len(names) == 2, f"the same name twice: {names}")


@row("F09")
def links_in_a_circle(site):
    (site.artifacts / "one").symlink_to("two")
    (site.artifacts / "two").symlink_to("one")
    (site.artifacts / "self").symlink_to(".")
    (site.artifacts / "up").symlink_to("..")
    listed = site.ok(site.server.get("/api/2.0/mlflow/artifacts/list", run_id=site.run))
    check({file["path"] for file in listed["files"]} <= {"a.txt", "one", "two", "self", "up"}, listed)
    for path in ("one", "one/x", "self/self/self/a.txt", "up/artifacts/a.txt"):
        site.refuses("GET", f"/get-artifact?run_id={site.run}&path={path}")
    for name in ("one", "two", "self", "up"):
        (site.artifacts / name).unlink()
    # A client that walks a list that never ends.
    done, left = download_from_evil(site, "deeper", "deeper")
    check(done.returncode != 0 and left == [], f"{left} {done.stderr}")


# --- 3.4 browser ------------------------------------------------------------------------------------------------------

@row("X01")
def text_bodies(site):
    for api in API:
        site.refuses_value("POST", f"{api}/mlflow/experiments/update",
                           json.dumps({"experiment_id": site.experiment, "new_name": "taken over"}),
                           {"Content-Type": "text/plain"}, message="Content-Type must be one of ['application/json']")


@row("X02")
def forms(site):
    for api, kind in itertools.product(API, ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x")):
        site.refuses_value("POST", f"{api}/mlflow/experiments/create", "name=x", {"Content-Type": kind})
        site.refuses("POST", f"{api}/mlflow/users/create", "username=x&password=y", {"Content-Type": kind}, status=404)


def is_forbidden(site, text, method, target, headers):
    answer = site.server.send(method, target, b"{}" if method != "GET" else b"",
                              {"Content-Type": "application/json", **headers})
    check(answer.status == 403 and text in answer.text, f"{method} {target} {headers}: {answer}")
    check(answer.headers.get("Access-Control-Allow-Origin") is None, answer.headers)


FOREIGN_HOST = "Invalid Host header - possible DNS rebinding attack detected"
FOREIGN_ORIGIN = "Cross-origin request blocked"


@row("X03")
def foreign_host(site):
    for host in ("evil.attacker.com", "localhost.evil.com", "127.0.0.1.evil.com", "user@localhost", "localhost:", "localhost:x",
                 "", "a b", "10.0.0.1.evil.com", "0x7f.1.evil.com", "192.168.1.1@evil.com"):
        for target in ("/api/2.0/mlflow/experiments/search?max_results=1", "/", "/get-artifact?path=a.txt&run_id=" + site.run):
            is_forbidden(site, FOREIGN_HOST, "GET", target, {"Host": host})
        for prefix in {"", site.server.prefix}:
            for target in ("/health", "/version"):
                answer = site.server.send("GET", target, headers={"Host": host}, prefix=prefix)
                if host not in ("", "a b"):
                    check(answer.status == 200, f"{prefix}{target} {host}: {answer}")


@row("X04")
def foreign_origin(site):
    run = {"experiments/update": "POST", "registered-models/update": "PATCH", "registered-models/delete": "DELETE"}
    for (path, method), api in itertools.product(run.items(), API):
        is_forbidden(site, FOREIGN_ORIGIN, method, f"{api}/mlflow/{path}", {"Origin": "http://evil.com"})
    artifact = f"/api/2.0/mlflow-artifacts/artifacts/{site.experiment}/{site.run}/artifacts/a.txt"
    for method in ("PUT", "DELETE"):
        is_forbidden(site, FOREIGN_ORIGIN, method, artifact, {"Origin": "http://evil.com"})
    is_forbidden(site, FOREIGN_ORIGIN, "POST", f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={site.run}&path=x",
                 {"Origin": "null"})


@row("X05")
def foreign_graphql(site):
    is_forbidden(site, FOREIGN_ORIGIN, "POST", "/graphql", {"Origin": "http://evil.com"})
    is_forbidden(site, FOREIGN_HOST, "POST", "/graphql", {"Host": "evil.com"})


@row("X06")
def foreign_preflight(site):
    for api in API:
        answer = site.server.send("OPTIONS", f"{api}/mlflow/runs/create", headers={
            "Origin": "http://evil.com", "Access-Control-Request-Method": "POST"})
        check(answer.status == 204 and answer.headers.get("Access-Control-Allow-Origin") is None, answer)


@row("X07")
def active_artifacts(site):
    where = f"{site.experiment}/{site.run}/artifacts"
    for name in ("x.html", "x.svg", "x.xhtml"):
        put = site.server.send("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{where}/{name}", b"<script>alert(1)</script>")
        check(put.status == 200, put)
        for target in (f"/get-artifact?run_id={site.run}&path={name}",
                       f"/model-versions/get-artifact?name=m&version=1&path={name}",
                       *(f"{api}/mlflow-artifacts/artifacts/{where}/{name}" for api in API)):
            answer = site.server.send("GET", target)
            check(answer.status == 200, answer)
            check((answer.headers.get("Content-Disposition") or "").startswith("attachment"), answer.headers)
            check(answer.headers.get("X-Content-Type-Options") == "nosniff", answer.headers)
    site.settle()


@row("X09")
def markup_in_names(site):
    text = "<script>alert(1)</script>"
    made = site.ok(site.server.post("/api/2.0/mlflow/experiments/create", {"name": text}))
    site.ok(site.server.post("/api/2.0/mlflow/runs/create", {"experiment_id": made["experiment_id"], "run_name": text,
                                                             "tags": [{"key": "t", "value": text}]}))
    for target in (f"/api/2.0/mlflow/experiments/get?experiment_id={made['experiment_id']}", f"/{quote(text)}", f"/?{text}",
                   f"/api/2.0/mlflow/experiments/get-by-name?experiment_name={quote(text)}x"):
        answer = site.server.send("GET", target)
        kind = answer.headers.get("Content-Type") or ""
        check(text not in answer.text or kind.startswith(("application/json", "text/plain")), f"{target}: {answer}")
    site.settle()


@row("X10")
def public_host(site):
    for host in ("203.0.113.9", "8.8.8.8:5000", "[2001:db8::1]", "100.64.0.1"):
        is_forbidden(site, FOREIGN_HOST, "GET", "/api/2.0/mlflow/experiments/search?max_results=1", {"Host": host})


@row("X11")
def artifact_name_with_a_header(site):
    name = quote('a"\r\nX-Evil: 1.txt', safe="")
    for api in API:
        target = f"{api}/mlflow-artifacts/artifacts/{site.experiment}/{site.run}/artifacts/{name}"
        for method in ("PUT", "GET"):
            answer = site.refuses_value(method, target, message="Invalid path")
            check(answer.headers.get("X-Evil") is None, answer.headers)
    for name in ('a"b.txt', "a;b.txt", "ä\u2028.txt", "a%0d%0ab.txt"):
        target = f"/api/2.0/mlflow-artifacts/artifacts/{site.experiment}/{site.run}/artifacts/{quote(name, safe='')}"
        put = site.server.send("PUT", target, b"x")
        got = site.server.send("GET", target)
        check(put.status == got.status == 200 or 400 <= put.status < 500, f"{name}: {put} {got}")
        check(got.headers.get("X-Evil") is None, got.headers)
    site.settle()


@row("X12")
def look_alike_origins(site):
    for origin in ("http://localhost.evil.com", "http://evil.com#localhost", "https://localhost@evil.com",
                   "http://127.0.0.1.evil.com", "http://localhost:80@evil.com", "javascript://localhost", "file://", "localhost"):
        is_forbidden(site, FOREIGN_ORIGIN, "POST", "/api/2.0/mlflow/experiments/update", {"Origin": origin})


# --- 3.6 --------------------------------------------------------------------------------------------------------------

@row("S01")
def metadata_address(site):
    for source in ("http://169.254.169.254/latest/meta-data/", "https://169.254.169.254/", "hdfs://169.254.169.254/"):
        refuse_source(site, source)
        refuse_location(site, source)
    with Listening() as attacker:
        for scheme in ("http", "https", "ftp", "sftp", "hdfs", "mlflow-artifacts"):
            refuse_source(site, f"{scheme}://{attacker.address}/x")
            refuse_location(site, f"{scheme}://{attacker.address}/x")
    site.refuses("GET", "/model-versions/get-artifact?path=iam&name=m&version=2", status=404)


@row("S14")
def passwords_in_addresses(site):
    password = "pass-w0rd-in-an-address"
    site.ok(site.server.post("/api/2.0/mlflow/runs/log-inputs", {
        "run_id": site.run, "datasets": [{"dataset": {
            "name": "d", "digest": "with-password", "source_type": "http",
            "source": json.dumps({"url": f"https://someone:{password}@host/data.csv"})}}]}))
    site.settle()
    refuse_source(site, f"s3://someone:{password}@bucket/model")
    refuse_location(site, f"s3://someone:{password}@bucket/model")
    shown = [site.server.get("/api/2.0/mlflow/runs/get", run_id=site.run),
             site.server.post("/api/2.0/mlflow/runs/search", {"experiment_ids": [site.experiment]}),
             site.server.post("/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": [site.experiment]}),
             site.server.post("/api/2.0/mlflow/model-versions/create",
                              {"name": "m", "source": f"s3://someone:{password}@bucket/model"})]
    shown.append(site.server.get("/api/2.0/mlflow/model-versions/search",
                                 filter=f"source_path = 's3://someone:{password}@bucket/model'"))
    for answer in shown:
        check(password not in answer.text, f"shown: {answer}")
    check(password.encode() not in site.server.log(), "the log holds the password")


@row("absent")
def routes_that_are_not_there(site):
    for method, target in (("POST", "/graphql"), ("POST", "/v1/traces"), ("GET", "/ajax-api/2.0/mlflow/gateway-proxy"),
                           ("POST", "/ajax-api/2.0/mlflow/gateway-proxy"), ("POST", "/api/2.0/mlflow/webhooks"),
                           ("GET", "/api/3.0/mlflow/workspaces"), ("GET", "/ajax-api/2.0/mlflow/get-trace-artifact?request_id=x"),
                           ("GET", "/signup"), ("POST", "/api/2.0/mlflow/users/create"), ("POST", "/ajax-api/3.0/jobs/"),
                           ("POST", "/invocations"), ("PUT", "/log-level"), ("GET", "/debug"), ("GET", "/.env"),
                           ("GET", "/api/2.0/mlflow/../../../etc/passwd"), ("GET", "/api/2.0/mlflow/experiments/get/")):
        site.refuses(method, target, {} if method in ("POST", "PUT") else None, status=404, code="ENDPOINT_NOT_FOUND")


# --- 3.7 size, number, time -------------------------------------------------------------------------------------------

@row("D02")
def pattern_that_backtracks(site):
    run = site.new_run()
    site.ok(site.server.post("/api/2.0/mlflow/runs/set-tag", {"run_id": run, "key": "t", "value": "a" * 8000}))
    site.settle()
    for operator, pattern in itertools.product(("LIKE", "ILIKE"), ("%a" * 9 + "b", "%" + "_%" * 200 + "b", "%a" * 2000 + "b")):
        for api in API:
            for _ in range(2):
                answer = site.server.post(f"{api}/mlflow/runs/search", {
                    "experiment_ids": [site.experiment], "filter": f"tags.t {operator} '{pattern}'"})
                if answer.seconds < 1:
                    break
            check(answer.status in (200, 400) and (answer.seconds < 1 or site.options.sanitized), f"{operator} {pattern[:20]}: {answer}")
            check("runs" not in answer.json(), answer)


def metric(number):
    return {"key": f"m{number}", "value": 1, "timestamp": 1, "step": 0}


def param(number):
    return {"key": f"p{number}", "value": "1"}


@row("D03")
def batches_that_are_too_large(site):
    for metrics, params, tags in ((1001, 0, 0), (0, 101, 0), (0, 0, 101), (900, 51, 50), (100_000, 0, 0)):
        batch = {"run_id": site.run, "metrics": [metric(i) for i in range(metrics)],
                 "params": [param(i) for i in range(params)], "tags": [param(i) for i in range(tags)]}
        for api in API:
            site.refuses_value("POST", f"{api}/mlflow/runs/log-batch", batch, message="A batch logging request can contain at most")


@row("D04")
def values_that_are_too_long(site):
    run = site.new_run()
    server = site.server
    truncating = server.truncating
    param_answer = server.post("/api/2.0/mlflow/runs/log-parameter", {"run_id": run, "key": "p", "value": "a" * 6001})
    tag_answer = server.post("/api/2.0/mlflow/runs/set-tag", {"run_id": run, "key": "t", "value": "ä" * 8001})
    data = site.ok(server.get("/api/2.0/mlflow/runs/get", run_id=run))["run"]["data"]
    if truncating:
        site.ok(param_answer), site.ok(tag_answer)
        check([len(one["value"]) for one in data["params"]] == [6000], "the param was not cut at 6000")
        check([len(one["value"]) for one in data["tags"] if one["key"] == "t"] == [8000], "the tag was not cut at 8000")
    else:
        site.refused(param_answer, "a param of 6001", status=400, code="INVALID_PARAMETER_VALUE")
        site.refused(tag_answer, "a tag of 8001", status=400, code="INVALID_PARAMETER_VALUE")
        check("params" not in data and all(tag["key"] != "t" for tag in data["tags"]), data)
    site.settle()
    for key in ("k" * 251, "", "a/../b", "/a", "..", "a\\b", "a\nb", "a\0b"):
        for path, extra in (("runs/log-parameter", {}), ("runs/set-tag", {}),
                            ("runs/log-metric", {"timestamp": 1})):
            site.refuses_value("POST", f"/api/2.0/mlflow/{path}", {"run_id": run, "key": key, "value": "1", **extra})
        for kind in ("metrics", "params", "tags"):
            item = {"key": key, "value": "1", **({"timestamp": 1} if kind == "metrics" else {})}
            site.refuses_value("POST", "/api/2.0/mlflow/runs/log-batch", {
                "run_id": run, "params": [{"key": "fine", "value": "1"}] if kind != "params" else [], kind: [item]})


def searches(site):
    """(method, path, other fields) of every call that takes a page token and max_results."""
    ids = {"experiment_ids": [site.experiment]}
    yield "POST", "runs/search", ids
    yield "POST", "experiments/search", {"max_results": 10}
    yield "GET", "experiments/search", {"max_results": 10}
    yield "GET", "registered-models/search", {}
    yield "GET", "model-versions/search", {}
    yield "POST", "logged-models/search", ids
    yield "GET", "metrics/get-history", {"run_id": site.run, "metric_key": "m"}


def refuse_search(site, method, path, fields, **expected):
    for api in API:
        if method == "POST":
            site.refuses_value("POST", f"{api}/mlflow/{path}", fields, **expected)
        else:
            site.refuses_value("GET", f"{api}/mlflow/{path}?{urlencode(fields, doseq=True)}", **expected)


@row("D05")
def ids_and_tokens(site):
    for run in ("a" * 257, "a" * 100_000, "-a", "a b", "ä"):
        site.refuses("POST", "/api/2.0/mlflow/runs/update", {"run_id": run, "status": "FAILED"})
        site.refuses("GET", f"/api/2.0/mlflow/runs/get?run_id={quote(run[:20_000])}")
    for path, fields in (("set-tag", {"key": "k", "value": "v"}), ("log-parameter", {"key": "k", "value": "v"}), ("log-batch", {}),
                         ("log-metric", {"key": "k", "value": 1, "timestamp": 1})):
        site.refuses("POST", f"/api/2.0/mlflow/runs/{path}", {"run_id": "a" * 257, **fields})

    def coded(text):
        return base64.b64encode(text.encode()).decode()
    tokens = ["garbage", "%%%", "=", coded("{}"), coded("[]"), coded('{"offset": 0}'), coded('{"offset": -1}'),
              coded('{"offset": "x"}'), coded('{"offset": 1e400}'), coded('{"a":1}'), coded("[" * 5000), coded("\0"), coded("x" * 5000),
              coded('{"offset": 9223372036854775808}'), "ä"]
    for (method, path, fields), token in itertools.product(searches(site), tokens):
        refuse_search(site, method, path, {**fields, "page_token": token})


@row("D06")
def a_batch_again(site):
    """A committed batch sent again takes as long on a long history as on a short one."""
    def again(points):
        run = site.new_run()
        for start in range(0, points, 1000):
            site.ok(site.server.post("/api/2.0/mlflow/runs/log-batch", {"run_id": run, "metrics": [
                {"key": "m", "value": i, "timestamp": i, "step": i} for i in range(start, start + 1000)]}))
        batch = {"run_id": run, "metrics": [{"key": "m", "value": "NaN" if i % 3 == 0 else i, "timestamp": i, "step": i}
                                            for i in range(100)]}
        site.ok(site.server.post("/api/2.0/mlflow/runs/log-batch", batch))
        times = []
        for _ in range(5):
            answer = site.server.post("/api/2.0/mlflow/runs/log-batch", batch)
            site.ok(answer)
            times.append(answer.seconds)
        return min(times), run
    short, _ = again(1000)
    long, run = again(20_000)
    check(site.options.sanitized or long < 3 * short + 0.02, f"{short:.4f} s on 1,000 points, {long:.4f} s on 20,000")
    history = site.ok(site.server.get("/api/2.0/mlflow/metrics/get-history", run_id=run, metric_key="m"))["metrics"]
    check(len(history) == 20_000 + 34, f"{len(history)} points after the same batch six times")
    site.settle()


@row("D07")
def a_large_artifact(site):
    size = (1 << 30) if site.options.big else (128 << 20)
    target = f"/api/2.0/mlflow-artifacts/artifacts/{site.experiment}/{site.run}/artifacts/large.bin"
    block = os.urandom(1 << 20)
    before = site.server.status_kib("VmRSS")
    peak = before
    with site.server.connect(60) as connection:
        connection.sendall(f"PUT {site.server.prefix}{target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                           f"Content-Length: {size}\r\n\r\n".encode())
        for number in range(size >> 20):
            connection.sendall(block)
            if number % 8 == 0:
                peak = max(peak, site.server.status_kib("VmRSS"))
        check(b" 200 " in connection.recv(1000).split(b"\r\n")[0], "the upload failed")
    with site.server.connect(60) as connection:
        connection.sendall(f"GET {site.server.prefix}{target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(1 << 16)
        count, buffer = len(received) - received.index(b"\r\n\r\n") - 4, bytearray(1 << 20)
        while got := connection.recv_into(buffer):
            count += got
            if count % 16 == 0:
                peak = max(peak, site.server.status_kib("VmRSS"))
    check(count == size, f"{count} of {size} bytes came back")
    check(site.options.sanitized or peak - before < 16 * 1024, f"{peak - before} KiB more memory for {size >> 20} MiB")
    site.server.send("DELETE", target)


@row("D08")
def numbers(site):
    """Accepted as MLflow accepts them, or refused; what is stored is what was sent."""
    run = site.new_run()
    site.settle()
    def sent(value):
        return f'{{"run_id":"{run}","key":"n","value":{value},"timestamp":1,"step":0}}'
    for value in ("1e400", "-1e400", "nan", "+1", "01", "1.", ".5", "0x10", '"x"', '""', '"1e4000"', "[1]", "{}", "true", "null",
                  '"0x10"', '" "', '"1 "', '"inf"', '"infinity"', '"-nan"', '"1_000"'):
        answer = site.server.post("/api/2.0/mlflow/runs/log-metric", sent(value))
        check(answer.status in (200, 400), f"{value}: {answer}")
        if value in ("nan", "+1", "01", "1.", ".5", "0x10", '"x"', '""', "[1]", "{}", "null"):
            check(answer.status == 400, f"{value}: {answer}")
    for field, value in itertools.product(("timestamp", "step"), ("1e400", "1.5", '"1.5"', "9223372036854775808", '"x"', "[]")):
        site.refuses_value("POST", "/api/2.0/mlflow/runs/log-metric", json.loads(sent("1")) | {field: json.loads(value)}
                           if value != "1e400" else sent("1").replace('"step":0', '"step":1e400'))
    for value, back in (("NaN", "NaN"), ('"NaN"', "NaN"), ('"Infinity"', "Infinity"), ('"-Infinity"', "-Infinity"), ("-0.0", -0.0),
                        ('"1.5"', 1.5), ("5e-324", 5e-324), ("1.7976931348623157e308", 1.7976931348623157e308)):
        fresh = site.new_run()
        answer = site.server.post("/api/2.0/mlflow/runs/log-metric", sent(value).replace(run, fresh))
        check(answer.status in (200, 400), f"{value}: {answer}")
        if answer.status == 200:
            got = site.ok(site.server.get("/api/2.0/mlflow/runs/get", run_id=fresh))["run"]["data"]["metrics"][0]["value"]
            large = {"Infinity": ("Infinity", math.inf, 1.7976931348623157e308), "-Infinity": ("-Infinity", -math.inf, -1.7976931348623157e308)}
            check(got == back or got in large.get(back, ()), f"{value} came back as {got}")
    site.settle()


@row("D09")
def strings_for_numbers(site):
    run = site.new_run()
    site.ok(site.server.post("/api/2.0/mlflow/runs/log-metric",
                             {"runId": run, "key": "m", "value": "1.5", "timestamp": "1700000000000", "step": "3"}))
    site.ok(site.server.post("/api/2.0/mlflow/runs/update", {"runId": run, "status": "FINISHED", "endTime": "1700000000001"}))
    found = site.ok(site.server.post("/api/2.0/mlflow/runs/search", {"experimentIds": [site.experiment], "maxResults": "5",
                                                                    "runViewType": "ACTIVE_ONLY", "filter": "metrics.m = 1.5"}))
    check([one["info"]["run_id"] for one in found["runs"]] == [run], found)
    site.refuses_value("POST", "/api/2.0/mlflow/runs/update", {"runId": run, "run_id": run, "status": "FAILED"})
    site.settle()


@row("D10")
def odd_objects(site):
    run = site.new_run()
    answer = site.server.post("/api/2.0/mlflow/runs/set-tag", f'{{"run_id":"{run}","key":"t","value":"1","value":"2"}}')
    check(answer.status in (200, 400), answer)
    if answer.status == 200:
        tags = site.ok(site.server.get("/api/2.0/mlflow/runs/get", run_id=run))["run"]["data"]["tags"]
        check({"key": "t", "value": "2"} in tags, tags)
    marked = b"\xef\xbb\xbf" + json.dumps({"run_id": run, "key": "u", "value": "1"}).encode()
    answer = site.server.post("/api/2.0/mlflow/runs/set-tag", marked)
    check(answer.status in (200, 400), answer)
    site.settle()
    for body in (b"[]", b"1", b'"x"', b"nul", b"{", b'{"run_id"', b"\xff\xfe", b"{}x", b"{'a':1}", b'{"a":1,}', b'{"key":"\xff"}',
                 b'{"key":"\\ud800"}', json.dumps({"run_id": [], "key": {}, "value": []}).encode(), b"true",
                 b'{"run_id":"' + run.encode() + b'","key":"k","value":"\\ud800"}', b'{"run_id":{"$ne":1},"key":"k","value":"v"}'):
        for path in ("runs/set-tag", "runs/log-batch", "experiments/create", "registered-models/create", "logged-models"):
            site.refuses("POST", f"/api/2.0/mlflow/{path}", body, status=400)


@row("D11")
def deep_nesting(site):
    deep = "[" * 100_000
    known = '{"run_id":"x","tags":' + deep + "}"
    for body in (deep, known, '{"a":' * 100_000, deep + "]" * 100_000, '{"filter":' + "[" * 100_000 + "]" * 100_000 + "}"):
        for path in ("runs/log-batch", "runs/search", "experiments/create", "runs/log-inputs"):
            site.refuses_value("POST", f"/api/2.0/mlflow/{path}", body)
    for filter_text in ("(" * 100_000, "NOT " * 100_000 + "tags.a = 'b'", "(" * 5000 + "tags.a = 'b'" + ")" * 5000):
        refuse_search(site, "POST", "runs/search", {"experiment_ids": [site.experiment], "filter": filter_text})
    quoted = json.dumps(json.dumps(json.dumps({"run_id": site.run, "key": "q", "value": "v"})))
    site.refuses_value("POST", "/api/2.0/mlflow/runs/set-tag", quoted)


@row("D12")
def nul_in_text(site):
    bad = "a\0b"
    for path, fields in (("experiments/create", {"name": bad}), ("registered-models/create", {"name": bad}),
                         ("runs/create", {"experiment_id": bad}), ("runs/set-tag", {"run_id": site.run, "key": bad, "value": "v"}),
                         ("runs/log-parameter", {"run_id": site.run, "key": bad, "value": "v"}),
                         ("experiments/set-experiment-tag", {"experiment_id": site.experiment, "key": bad, "value": "v"}),
                         ("registered-models/set-tag", {"name": "m", "key": bad, "value": "v"}),
                         ("registered-models/alias", {"name": "m", "alias": bad, "version": "1"}),
                         ("model-versions/create", {"name": "m", "source": f"s3://b/{bad}"}),
                         ("logged-models", {"experiment_id": site.experiment, "name": bad})):
        for api in API:
            site.refuses_value("POST", f"{api}/mlflow/{path}", fields)
    run = site.new_run()
    answer = site.server.post("/api/2.0/mlflow/runs/set-tag", {"run_id": run, "key": "z", "value": bad})
    check(answer.status in (200, 400), answer)
    if answer.status == 200:
        tags = site.ok(site.server.get("/api/2.0/mlflow/runs/get", run_id=run))["run"]["data"]["tags"]
        check({"key": "z", "value": bad} in tags, f"the value was not stored whole: {tags}")
    site.settle()


class Slow(threading.Thread):
    """D13: sends `first`, then a byte a second, and notes when the server had enough."""

    def __init__(self, server, first):
        super().__init__(daemon=True)
        self.server, self.first, self.seconds, self.answer = server, first, None, b""

    def run(self):
        started = time.monotonic()
        with self.server.connect() as connection:
            connection.sendall(self.first)
            connection.settimeout(1)
            while time.monotonic() - started < 60:
                try:
                    got = connection.recv(4096)
                    self.answer += got
                    if not got:
                        break
                except socket.timeout:
                    pass
                except OSError:
                    break
                try:
                    connection.sendall(b"a")
                except OSError:
                    break
            else:
                return
        self.seconds = time.monotonic() - started


def slow_clients(server):
    head = f"POST {server.prefix}/api/2.0/mlflow/runs/set-tag HTTP/1.1\r\nHost: localhost\r\n".encode()
    return [Slow(server, head + b"X-Slow: "), Slow(server, b"GE"),
            Slow(server, head + b"Content-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"),
            Slow(server, f"PUT {server.prefix}/api/2.0/mlflow-artifacts/artifacts/slow/x HTTP/1.1\r\nHost: localhost\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".encode())]


@row("D13")
def slow_requests(site):
    for slow in site.server.slow:
        slow.join(70)
        check(slow.seconds is not None, f"{slow.first[:200]} was never given up")
        check(slow.answer == b"" or slow.answer.startswith((b"HTTP/1.1 408", b"HTTP/1.1 400")), slow.answer)
    deadline = time.monotonic() + 5
    while (site.server.artifacts / "slow").exists() and any((site.server.artifacts / "slow").iterdir()) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [path for path in site.server.artifacts.rglob("*") if "slow" in str(path) and path.is_file()]
    check(left == [], left)
    site.settle()


@row("D14")
def idle_connections(site):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    count = min(10_000, hard - 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (count + 150, hard))
    before = site.server.status_kib("VmRSS")
    idle = []
    try:
        for _ in range(count):
            try:
                idle.append(site.server.connect(5))
            except OSError:
                break
        check(len(idle) > 1000, f"only {len(idle)} connections")
        growth = site.server.status_kib("VmRSS") - before
        check(site.options.sanitized or growth < 48 * 1024, f"{growth} KiB more memory for {len(idle)} idle connections")
        first = idle[0]
        first.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        check(b"200" in first.recv(100), "an open connection is not served any more")
    finally:
        for connection in idle:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    deadline = time.monotonic() + 10
    while site.server.send("GET", "/health", prefix="").status != 200 and time.monotonic() < deadline:
        time.sleep(0.05)


@row("D15")
def clients_that_leave(site):
    batch = json.dumps({"run_id": site.run, "params": [{"key": f"left{i}", "value": "x" * 1000} for i in range(50)]}).encode()
    head = (f"POST {site.server.prefix}/api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nHost: localhost\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(batch)}\r\n\r\n").encode()
    put = (f"PUT {site.server.prefix}/api/2.0/mlflow-artifacts/artifacts/{site.experiment}/{site.run}/artifacts/half.bin HTTP/1.1\r\n"
           "Host: localhost\r\nContent-Length: 1000000\r\n\r\n").encode()
    for request in (head + batch[:-10], head[:50], put + b"x" * 500_000, put + b"x" * 999_999):
        for how in ("close", "reset", "half"):
            with site.server.connect() as connection:
                connection.sendall(request)
                if how == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if how == "half":
                    connection.shutdown(socket.SHUT_WR)
                    got = connection.recv(1000)
                    check(got == b"" or b" 4" in got.split(b"\r\n")[0], got)
    # A client that closes its sending half after a whole request gets its answer.
    with site.server.connect() as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        check(b" 200 " in connection.recv(1000), "no answer after the sending half was closed")
    deadline = time.monotonic() + 5
    while site.server.files() != site.files_before and time.monotonic() < deadline:
        time.sleep(0.02)


def raw_request(site, fields, body=b"", line=None):
    target = line or f"POST {site.server.prefix}/api/2.0/mlflow/experiments/create HTTP/1.1"
    return (target + "\r\nHost: localhost\r\nContent-Type: application/json\r\n" + "".join(f + "\r\n" for f in fields) + "\r\n").encode() + body


@row("D16")
def smuggling(site):
    body = b'{"name":"smuggled"}'
    hidden = f"POST {site.server.prefix}/api/2.0/mlflow/registered-models/create HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    size = f"Content-Length: {len(body)}"
    cases = [[size, "Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", size], [size, "Content-Length: 5"],
             ["Content-Length: 5, 19"], ["Content-Length: -1"], ["Content-Length: +19"], ["Content-Length: 0x13"],
             ["Content-Length: 19 "  "x"], ["Content-Length: 99999999999999999999"], ["Transfer-Encoding: chunked, identity"],
             ["Transfer-Encoding: xchunked"], ["Transfer-Encoding : chunked"], ["Transfer-Encoding: chunked", "Transfer-Encoding: gzip"],
             ["Transfer-Encoding:", " chunked"], ["Content-Length:", "\t19"], [size, "X: a", " Transfer-Encoding: chunked"],
             ["X: y\0z", size], ["X\x01: y", size], ["X: a\rb", size]]
    for fields in cases:
        with site.server.connect(5) as connection:
            connection.sendall(raw_request(site, fields, body + hidden))
            got = b""
            try:
                while part := connection.recv(65536):
                    got += part
            except ConnectionResetError:
                pass
            except socket.timeout:
                raise Wrong(f"{fields}: the connection was left open; {got[:200]}") from None
        status = got.split(b"\r\n")[0]
        check(re.match(rb"HTTP/1\.1 (400|411|413|501)", status), f"{fields}: {got[:300]}")
        check(got.count(b"HTTP/1.1") == 1, f"{fields}: answered twice: {got[:500]}")
    for request in (b"GET /health\r\n\r\n", b"GET  /health HTTP/1.1\r\n\r\n", b"GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n", b"\0" * 100,
                    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 200, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"BREW /health HTTP/1.1\r\nHost: localhost\r\n\r\n",
                    b"GET /health HTTP/1.1\nHost: localhost\n\n", b"\r\n" * 50_000):
        with site.server.connect(5) as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                got = connection.recv(1000)
            except (ConnectionResetError, BrokenPipeError):
                got = b""
            except OSError:
                got = b""
        check(not got or not got.startswith(b"HTTP/1.1 5") or b" 501 " in got or b" 505 " in got, f"{request[:50]}: {got}")
    # Chunks that lie, or never end.
    for chunks in (b"ffffffffffffffff\r\nx", b"-5\r\nhello\r\n0\r\n\r\n", b"5\r\nhelloX\r\n0\r\n\r\n", b"g\r\n", b"5;" + b"a" * 100_000,
                   b"0\r\n" + b"A: b\r\n" * 20_000 + b"\r\n"):
        with site.server.connect(5) as connection:
            try:
                connection.sendall(raw_request(site, ["Transfer-Encoding: chunked"], chunks))
                connection.shutdown(socket.SHUT_WR)
                got = connection.recv(1000)
            except (ConnectionResetError, BrokenPipeError):
                got = b""
        check(got == b"" or got.startswith(b"HTTP/1.1 4"), f"{chunks[:40]}: {got}")


@row("D17")
def bombs(site):
    bomb = gzip.compress(b" " * (200 << 20), 9)
    before = site.server.status_kib("VmRSS")
    for api in API:
        answer = site.server.send("POST", f"{api}/mlflow/experiments/create", bomb,
                                  {"Content-Type": "application/json", "Content-Encoding": "gzip"})
        check(answer.status in (413, 415), answer)
    nested = gzip.compress(gzip.compress(b"{}"))
    for body, encoding in ((nested, "gzip"), (nested, "gzip, gzip"), (b"no gzip", "gzip"), (gzip.compress(b'{"name":"zipped"}')[:-5], "gzip"),
                           (b"{}", "br"), (b"{}", "zstd"), (b"{}", "x" * 1000)):
        site.refuses("POST", "/api/2.0/mlflow/experiments/create", body, {"Content-Encoding": encoding})
    growth = site.server.status_kib("VmRSS") - before
    check(site.options.sanitized or growth < 32 * 1024, f"{growth} KiB more memory")


@row("D18")
def latest_metrics(site):
    """latest_metrics is the maximum by (step, timestamp, value), whatever the order, with NaN below every number of its point."""
    rng = random.Random(18)
    run = site.new_run()
    points = []
    def key(point):
        nan = point["value"] == "NaN"
        return (point["step"], point["timestamp"], 0.0 if nan else float(point["value"]))
    for size in (1, 2, 50, 1, 100, 7, 200):
        batch = [{"key": f"k{rng.randrange(4)}", "value": rng.choice([1.0, 2.0, -1.0, 0.5, rng.random()]),
                  "timestamp": rng.randrange(3), "step": rng.choice([-1, 0, 3, 5, 10])} for _ in range(size)]
        if size == 1:
            site.ok(site.server.post("/api/2.0/mlflow/runs/log-metric", {"run_id": run, **batch[0]}))
        else:
            site.ok(site.server.post("/api/2.0/mlflow/runs/log-batch", {"run_id": run, "metrics": batch}))
        points += batch
        shown = site.ok(site.server.get("/api/2.0/mlflow/runs/get", run_id=run))["run"]["data"]["metrics"]
        wanted = {}
        for point in points:
            if point["key"] not in wanted or key(point) > key(wanted[point["key"]]):
                wanted[point["key"]] = point
        got = {one["key"]: (one["step"], one["timestamp"], one["value"]) for one in shown}
        check(got == {name: key(point) for name, point in wanted.items()}, f"after {len(points)} points: {got}")
    # [step 10, step 5] over a stored step 3, and NaN that must not stick.
    run = site.new_run()
    for batch in ([(3, 1)], [(10, 2), (5, 3)]):
        site.ok(site.server.post("/api/2.0/mlflow/runs/log-batch", {"run_id": run, "metrics": [
            {"key": "m", "value": value, "timestamp": 1, "step": step} for step, value in batch]}))
    for value, step in (("NaN", 11), (7, 12), ("NaN", 10)):
        site.ok(site.server.post("/api/2.0/mlflow/runs/log-metric", {"run_id": run, "key": "m", "value": value, "timestamp": 1, "step": step}))
    latest = site.ok(site.server.get("/api/2.0/mlflow/runs/get", run_id=run))["run"]["data"]["metrics"]
    check([(one["step"], one["value"]) for one in latest] == [(12, 7)], latest)
    site.settle()


@row("D19")
def page_sizes(site):
    for method, path, fields in searches(site):
        for size in ("2147483648", "-1", "1e3", "x", "1.5", "9223372036854775808", "1000000"):
            sent = {**fields, "max_results": size}
            if path == "metrics/get-history" and size == "1000000":
                continue  # that much is a wish, not a page that is allocated
            refuse_search(site, method, path, sent)
    for size in ("0", "-1", "2501", "x"):
        site.refuses_value("GET", f"/api/2.0/mlflow/metrics/get-history-bulk-interval?run_ids={site.run}&metric_key=m&max_results={size}")
    many = "&".join(f"run_id=r{i}" for i in range(101))
    site.refuses_value("GET", f"/ajax-api/2.0/mlflow/metrics/get-history-bulk?{many}&metric_key=m")
    site.refuses_value("POST", "/ajax-api/2.0/mlflow/experiments/search-datasets", {"experiment_ids": [str(i) for i in range(21)]})


@row("D21")
def filters(site):
    million = "tags.a = 'b' AND " * 60_000 + "tags.a = 'b'"
    for method, path, fields in searches(site):
        if path == "metrics/get-history":
            continue
        if method == "POST":
            refuse_search(site, method, path, {**fields, "filter": million})
            site.refuses_value("POST", f"/api/2.0/mlflow/{path}", json.dumps({**fields, "filter": "@"}).encode().replace(b"@", b"tags.a = '\xff'"))
        else:
            target = f"/api/2.0/mlflow/{path}?{urlencode(fields)}&filter="
            site.refuses_value("GET", target + "name%20%3D%20%27%ff%27")
            answer = site.server.send("GET", target + "a" * 1_000_000)
            check(answer.status in (400, 414, 431), answer)
        for text in ("'", "\"", "`", "x", "name =", "= 'x'", "name = 'a'; DROP TABLE runs", "name = 'a' UNION SELECT 1", "name @ 'x'",
                     "name = 'a' --", "name IN ()", "tags.`a = 'b'", "(name = 'x'", "name = 'x')", "name == 'x'",
                     "secret.x = 'y'", "\x00", "name = '\x00'"):
            refuse_search(site, method, path, {**fields, "filter": text})
        for order in ("x", "name; DROP TABLE runs", "name ASC DESC", "(SELECT 1)", "`", "name,name", "'name'", "\x00"):
            if path == "logged-models/search":
                order = {"field_name": order}
            refuse_search(site, method, path, {**fields, "order_by": [order]})


@row("D22")
def large_keys(site):
    for size in (10 << 20, 40 << 20):
        for path, fields in (("runs/set-tag", {"run_id": site.run}), ("experiments/set-experiment-tag", {"experiment_id": site.experiment}),
                             ("registered-models/set-tag", {"name": "m"})):
            answer = site.server.post(f"/api/2.0/mlflow/{path}", {**fields, "key": "k" * size, "value": "v"})
            check(answer.status in (400, 413) and (answer.error_code or answer.status == 413), answer)
    for head in (b"GET /" + b"a" * 500_000, b"GET /health HTTP/1.1\r\nX: " + b"a" * 500_000, b"GET /health HTTP/1.1\r\n" + b"A: b\r\n" * 50_000):
        with site.server.connect(5) as connection:
            try:
                connection.sendall(head)
                got = connection.recv(1000)
            except (ConnectionResetError, BrokenPipeError):
                got = b""
        check(got == b"" or re.match(rb"HTTP/1\.1 4(00|14|31)", got), f"{head[:30]}: {got[:100]}")


# --- 3.9 what must still be accepted ----------------------------------------------------------------------------------

@row("accepted paths")
def good_paths(site):
    where = f"{site.experiment}/{site.run}/artifacts"
    for path in ("path", "folder/to/file", "dog%step%100%timestamp%100", "dog+step+100+timestamp+100", "ä ö/ß.txt", "..a", "a..", "a.b..c"):
        for api in API:
            target = f"{api}/mlflow-artifacts/artifacts/{where}/{quote(path)}"
            put = site.server.send("PUT", target, path)
            check(put.status == 200, f"PUT {path}: {put}")
            got = site.server.send("GET", target)
            check(got.status == 200 and got.text == path, f"GET {path}: {got}")
        got = site.server.get("/get-artifact", run_id=site.run, path=path)
        check(got.status == 200 and got.text == path, f"get-artifact {path}: {got}")
    for path in ("path/", "folder/to/", "folder", ""):
        listed = site.ok(site.server.get("/api/2.0/mlflow/artifacts/list", run_id=site.run, path=path))
        check(path == "path/" or listed.get("files"), f"list {path}: {listed}")
    site.settle()


@row("accepted sources")
def good_sources(site):
    # Two of these name a host; the real server of this release takes them when its own artifact root has that host.
    for source in ("s3://bucket/models", "gs://bucket/models/a", "dbfs:/models", "s3://bucket/models/artifact/..../"):
        site.ok(site.server.post("/api/2.0/mlflow/model-versions/create", {"name": "m", "source": source}))
    for source in (site.root, site.root + "/", site.root + "///", site.root + "/foo///bar", site.root + "/model/..../", site.root + "/model",
                   f"runs:/{site.run}/model"):
        site.ok(site.server.post("/api/2.0/mlflow/model-versions/create", {"name": "m", "source": source, "run_id": site.run}))
    site.ok(site.server.post("/api/2.0/mlflow/model-versions/create",
                             {"name": "m", "source": f"models:/{site.model}", "model_id": site.model}))
    local = site.server.top / "local"
    made = site.ok(site.server.post("/api/2.0/mlflow/experiments/create", {"name": "local", "artifact_location": str(local)}))
    run = site.ok(site.server.post("/api/2.0/mlflow/runs/create", {"experiment_id": made["experiment_id"]}))["run"]["info"]
    for source in (run["artifact_uri"], run["artifact_uri"] + "/model/..", run["artifact_uri"] + "/.", run["artifact_uri"] + "/model"):
        site.ok(site.server.post("/api/2.0/mlflow/model-versions/create", {"name": "m", "source": source, "run_id": run["run_id"]}))
    site.settle()


@row("accepted hosts")
def good_hosts(site):
    for host in ("localhost", "127.0.0.1", "[::1]:8080", "192.168.1.1:8080", "10.0.0.1", "172.16.0.1", "LOCALHOST:5000"):
        site.ok(site.server.send("GET", "/api/2.0/mlflow/experiments/search?max_results=1", headers={"Host": host}))


@row("accepted origins")
def good_origins(site):
    for origin in ("http://localhost:3000", "http://127.0.0.1:3000", None):
        answer = site.server.post("/api/2.0/mlflow/experiments/search", {"max_results": 1}, **({"Origin": origin} if origin else {}))
        site.ok(answer)
    answer = site.server.send("GET", "/api/2.0/mlflow/experiments/search?max_results=1", headers={"Origin": "http://evil.com"})
    site.ok(answer)
    check(answer.headers.get("Access-Control-Allow-Origin") is None, answer.headers)


# --- running them -----------------------------------------------------------------------------------------------------

# Rows that do not look at paths or at a setting: once is enough.
ONCE = {"D06", "D07", "D14", "D15", "D17", "D22", "D18", "F08"}


def run_site(options, name, wanted, failures, **how):
    environment = how.pop("environment", {})
    started = time.monotonic()
    server = TrackingServer(options.starcast, environment=environment, **how)
    server.truncating = environment.get("MLFLOW_TRUNCATE_LONG_VALUES") != "false"
    server.slow = slow_clients(server) if "D13" in wanted else []
    try:
        site = Site(server, options)
        for slow in server.slow:
            slow.start()
        memory = None
        for row_name, function in [entry for entry in ROWS if entry[0] != "D13"] + [entry for entry in ROWS if entry[0] == "D13"]:
            if row_name not in wanted:
                continue
            begun = time.monotonic()
            try:
                function(site)
                site.unchanged()
            except (Wrong, OSError, ValueError, KeyError) as error:
                failures.append(f"{name} {row_name}")
                print(f"FAILED {name} {row_name}: {type(error).__name__} {error}", flush=True)
                if server.process.poll() is not None:
                    print(server.log()[-3000:].decode("utf-8", "replace"))
                    return
                site.settle()
                continue
            print(f"ok     {name} {row_name} ({time.monotonic() - begun:.1f} s)", flush=True)
            memory = memory or server.status_kib("VmRSS")
        grown = server.status_kib("VmRSS") - (memory or 0)
        status = server.stop()
        log = server.log()
        raw = [line for line in log.split(b"\n") if any(byte < 0x20 or byte == 0x7F for byte in line)]
        for claim, what in ((status == 0, f"the server ended with status {status}"),
                            (options.sanitized or grown < 64 * 1024, f"{grown} KiB more memory at the end"),
                            (len(log.splitlines()) > 5, "there is no access log"),
                            (not raw, f"control characters in the log: {raw[:3]}"),
                            (SENTINEL.encode() not in log, "the log holds what a file outside holds"),
                            (b"Sanitizer" not in log and b"runtime error" not in log, log[-3000:].decode("utf-8", "replace"))):
            if not claim:
                failures.append(name)
                print(f"FAILED {name}: {what}")
        print(f"{name}: {grown} KiB grown, {len(log.splitlines())} log lines, {time.monotonic() - started:.0f} s")
    finally:
        server.remove()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starcast", type=Path, required=True)
    parser.add_argument("--rows", default="")
    parser.add_argument("--big", action="store_true")
    parser.add_argument("--sanitized", action="store_true")
    options = parser.parse_args()
    options.starcast = options.starcast.resolve()
    all_rows = list(dict.fromkeys(name for name, _ in ROWS))
    wanted = set(options.rows.split(",")) if options.rows else set(all_rows)
    failures = []
    run_site(options, "plain", wanted, failures)
    run_site(options, "prefixed", wanted - ONCE - {"D13"}, failures, prefix="/some/prefix")
    run_site(options, "strict", wanted & {"D04"}, failures, environment={"MLFLOW_TRUNCATE_LONG_VALUES": "false"})
    for rows, reason in NOT_OURS.items():
        print(f"n/a    {rows}: {reason}")
    if failures:
        print(f"{len(failures)} failed: {', '.join(failures)}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
