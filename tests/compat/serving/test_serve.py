#!/usr/bin/env python3
"""`starcast models serve` of models that the real mlflow client logged and registered at `starcast server`: every kind of
model URI, MLflow's own scoring client, aliases that move, status 78, waiting, limits, systemd, `starcast up`.

  test_serve.py --starcast PROGRAM [unittest's arguments]
"""

import concurrent.futures
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import serving  # noqa: E402

serving.run_under("mlflow")
os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", MLFLOW_LOGGING_LEVEL="ERROR",
                  MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false", MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
                  GIT_PYTHON_REFRESH="quiet", MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true", NO_PROXY="127.0.0.1",
                  no_proxy="127.0.0.1")
for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_NAME", "MLFLOW_RUN_ID", "NOTIFY_SOCKET"):
    os.environ.pop(name, None)
warnings.simplefilter("ignore")
import lightgbm  # noqa: E402
import mlflow  # noqa: E402
import mlflow.lightgbm  # noqa: E402
import mlflow.sklearn  # noqa: E402
import numpy  # noqa: E402
import pandas  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402
from mlflow.pyfunc.scoring_server.client import ScoringServerClient  # noqa: E402
from mlflow.tracking import MlflowClient  # noqa: E402
from sklearn.linear_model import LinearRegression  # noqa: E402

STARCAST = None
NO_MODEL = 78
WATCH = "0.1"


def frame():
    random = numpy.random.default_rng(3)
    return pandas.DataFrame(random.normal(size=(500, 4)), columns=["a", "b", "c", "d"])


def booster(factor, trees=20):
    data = frame()
    return lightgbm.train({"objective": "regression", "verbose": -1, "num_threads": 1, "num_leaves": 7},
                          lightgbm.Dataset(data, factor * data["a"] - data["b"]), trees)


class Process:
    """A starcast that serves; its start line is JSON."""

    def __init__(self, *arguments, folder=None, **environment):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([STARCAST, "--json", *arguments], cwd=folder, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=dict(os.environ, **environment))
        text = ""
        while True:
            line = self.process.stdout.readline().decode()
            text += line
            if not line or line.rstrip() == "}":
                break
        if not line:
            raise AssertionError(f"{arguments}: {self.process.wait(30)} {self.log()}")
        self.start = json.loads(text)
        self.uri = self.start["address"]

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(30)
        self.process.stdout.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        self.errors.close()

    def get(self, path):
        return self.send(path)

    def send(self, path, body=None, content_type="application/json"):
        """Status, headers and text."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        headers = {"Content-Type": content_type} if body is not None else {}
        request = urllib.request.Request(self.uri + path, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read().decode()

    def predictions(self, data, path="/invocations"):
        status, _, text = self.send(path, {"dataframe_split": data.to_dict(orient="split")})
        if status != 200:
            raise AssertionError(f"{status} {text}")
        return json.loads(text)["predictions"]


def serve(*arguments, **options):
    return Process("models", "serve", "-p", "0", *arguments, **options)


def ends(*arguments, timeout=60, **environment):
    """Status, output and errors of a starcast that ends by itself."""
    done = subprocess.run([STARCAST, *arguments], capture_output=True, text=True, timeout=timeout,
                          env=dict(os.environ, **environment))
    return done.returncode, done.stdout, done.stderr


def wait_for(what, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.02)
    raise AssertionError("it did not come true in time")


class Serve(unittest.TestCase):
    """One tracking server with model "x": version 1 in stage Production, version 2 the champion."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="starcast-serve-")
        cls.tracking = Process("server", "--port", "0", folder=cls.folder)
        os.environ["MLFLOW_TRACKING_URI"] = cls.tracking.uri
        mlflow.set_tracking_uri(cls.tracking.uri)
        cls.client = MlflowClient()
        cls.boosters, cls.infos = [], []
        for factor in (1, 2):
            cls.register("x", factor)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            cls.client.transition_model_version_stage("x", "1", "Production")
        cls.client.set_registered_model_alias("x", "champion", "2")
        cls.rows = frame().head(50)

    @classmethod
    def register(cls, name, factor):
        made = booster(factor)
        with mlflow.start_run():
            info = mlflow.lightgbm.log_model(made, name="model", registered_model_name=name,
                                             signature=infer_signature(frame(), made.predict(frame())),
                                             input_example=frame().head(2))
        cls.boosters.append(made)
        cls.infos.append(info)
        return info

    @classmethod
    def tearDownClass(cls):
        status = cls.tracking.stop()
        shutil.rmtree(cls.folder, ignore_errors=True)
        del os.environ["MLFLOW_TRACKING_URI"]
        if status != 0:
            raise AssertionError(f"the tracking server ended with {status}")

    def expect(self, server, version, path="/invocations"):
        self.assertEqual(server.predictions(self.rows, path), self.boosters[version - 1].predict(self.rows).tolist())

    def test_every_kind_of_uri(self):
        info = self.infos[0]
        location = self.client.get_logged_model(info.model_id).artifact_location
        folder = Path(self.folder) / "mlartifacts" / location.removeprefix("mlflow-artifacts:/")
        self.assertTrue((folder / "MLmodel").exists(), folder)
        uris = {"models:/x/1": 1, "models:/x/2": 2, "models:/x@champion": 2, "models:/x/Production": 1,
                "models:/x/latest": 2, f"models:/{info.model_id}": 1, f"runs:/{info.run_id}/model": 1, location: 1,
                str(folder): 1, folder.as_uri(): 1}
        arguments = []
        for number, uri in enumerate(uris):
            arguments += ["-m", f"m{number}={uri}"]
        with serve(*arguments) as server:
            for number, version in enumerate(uris.values()):
                with self.subTest(uri=list(uris)[number]):
                    self.expect(server, version, f"/invocations/m{number}")
            self.expect(server, 1)  # the first one answers where no name is given
            self.assertEqual(len(server.start["models"]), len(uris))
            self.assertEqual(server.stop(), 0)
        self.assertFalse(list(Path(tempfile.gettempdir()).glob("starcast-model-*")))

    def test_mlflows_own_client(self):
        with serve("-m", "models:/x@champion") as server:
            client = ScoringServerClient("127.0.0.1", server.start["port"])
            client.wait_server_ready()
            self.assertEqual(client.get_version(), mlflow.__version__)
            answer = client.invoke(self.rows).get_predictions()
            self.assertEqual(answer[0].tolist(), self.boosters[1].predict(self.rows).tolist())
            pyfunc = mlflow.pyfunc.load_model("models:/x@champion").predict(self.rows)
            self.assertEqual(answer[0].tolist(), pyfunc.tolist())

    def test_health_and_metrics(self):
        with serve("-m", "models:/x@champion", "--no-conda", "--workers", "2", "--env-manager", "local") as server:
            self.assertEqual(server.get("/ping")[0], 200)
            self.assertEqual(server.get("/health")[0], 200)
            self.assertEqual(server.get("/v2/health/ready")[0], 200)
            self.expect(server, 2)
            metrics = server.get("/metrics")[2]
            self.assertIn('starcast_model_info{slot="x",version="2",uri="models:/x/2",flavor="lightgbm"', metrics)
            self.assertIn('starcast_scoring_rows_total{slot="x",version="2",protocol="mlflow"} 50', metrics)
            self.assertIn('starcast_scoring_step_seconds_count{slot="x",protocol="mlflow",step="score"} 1', metrics)
            self.assertIn("starcast_http_requests_total", metrics)

    def test_the_predecessors_command_and_body(self):
        folder = str(Path(self.folder) / "predecessor")
        mlflow.lightgbm.save_model(self.boosters[0], folder, signature=infer_signature(frame(), [0.5]))
        rows = self.rows.to_dict(orient="split")
        body = {"columns": rows["columns"], "data": rows["data"]}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        with Process("models", "serve", "--no-conda", "-m", folder, "-h", "0.0.0.0", "-p", str(port)) as server:
            server.uri = f"http://127.0.0.1:{port}"
            status, headers, text = server.send("/invocations", body)
            self.assertEqual(status, 200, text)
            self.assertIn("Deprecation", headers)
            self.assertEqual(json.loads(text)["predictions"], self.boosters[0].predict(self.rows).tolist())
        with serve("-m", folder, "--strict") as server:
            self.assertEqual(server.send("/invocations", body)[0], 400)

    def test_a_missing_model_ends_with_78_and_one_line(self):
        for uri in ("models:/nobody@champion", "models:/x@nobody", "models:/x/77", "models:/nobody/Production",
                    "runs:/" + "0" * 32 + "/model", "/nowhere/at/all"):
            with self.subTest(uri=uri):
                status, output, errors = ends("models", "serve", "-p", "0", "-m", uri)
                self.assertEqual((status, output), (NO_MODEL, ""), errors)
                self.assertEqual(len(errors.splitlines()), 1, errors)
                self.assertIn(uri, errors)

    def test_what_is_not_served_says_why(self):
        with mlflow.start_run():
            info = mlflow.sklearn.log_model(LinearRegression().fit(self.rows, self.rows["a"]), name="pickle",
                                            serialization_format="cloudpickle")
        status, _, errors = ends("models", "serve", "-p", "0", "-m", f"models:/{info.model_id}")
        self.assertEqual(status, 69, errors)
        self.assertIn("pickle", errors)
        status, _, errors = ends("models", "serve", "-p", "0", "-m", "s3://bucket/model")
        self.assertEqual(status, 69, errors)
        self.assertIn("s3://bucket/model", errors)
        status, _, errors = ends("models", "serve", "--enable-mlserver", "-m", "models:/x/1")
        self.assertEqual(status, 69, errors)
        self.assertIn("--enable-mlserver", errors)
        status, _, errors = ends("models", "serve", "-p", "0", "-m", "models:/x/1", "-m", "models:/x/2")
        self.assertEqual(status, 73, errors)
        self.assertIn("NAME=URI", errors)

    def test_a_registry_that_is_away_is_no_missing_model(self):
        status, _, errors = ends("models", "serve", "-p", "0", "-m", "models:/x/1",
                                 MLFLOW_TRACKING_URI="http://127.0.0.1:9")
        self.assertEqual(status, 69, errors)

    def test_waits_for_a_model(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            started = pool.submit(serve, "--wait-for-model", "-m", "models:/later@champion")
            time.sleep(0.5)
            self.assertFalse(started.done())
            self.register("later", 1)
            self.assertFalse(started.done())
            self.client.set_registered_model_alias("later", "champion", "1")
            with started.result(30) as server:
                self.expect(server, 1)

    def test_waiting_ends_with_a_signal(self):
        process = subprocess.Popen([STARCAST, "models", "serve", "-p", "0", "--wait-for-model", "-m", "models:/never/1"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.communicate(timeout=30)[0], b"")
        self.assertEqual(process.returncode, 0)

    def test_an_alias_that_moves_is_followed(self):
        self.client.set_registered_model_alias("x", "moving", "1")
        with serve("-m", "models:/x@moving", "--watch", WATCH) as server:
            self.expect(server, 1)
            self.client.set_registered_model_alias("x", "moving", "2")
            wait_for(lambda: 'starcast_model_info{slot="x",version="2"' in server.get("/metrics")[2])
            self.expect(server, 2)

    def test_a_shadow_scores_beside(self):
        with serve("-m", "models:/x/1", "--shadow", "x@champion", "--shadow-share", "1") as server:
            self.expect(server, 1)
            wait_for(lambda: 'starcast_shadow_rows_total{slot="x",version="2"} 50' in server.get("/metrics")[2])
        status, _, errors = ends("models", "serve", "-m", "models:/x/1", "--shadow", "y@champion")
        self.assertEqual(status, 65, errors)

    def test_limits(self):
        with serve("-m", "models:/x/1", "--max-body-mib", "1", "--max-rows", "100", "--max-requests-per-second", "20",
                   "--max-connections", "4") as server:
            self.assertEqual(server.send("/invocations", b"[" + b"1," * 600_000 + b"1]")[0], 413)
            many = frame().head(101).to_dict(orient="split")
            self.assertEqual(server.send("/invocations", {"dataframe_split": many})[0], 413)
            answers = [server.send("/invocations", {"dataframe_split": self.rows.to_dict(orient="split")})
                       for _ in range(60)]
            self.assertEqual({status for status, _, _ in answers}, {200, 429})
            refused = next(headers for status, headers, _ in answers if status == 429)
            self.assertEqual(refused["Retry-After"], "1")
            with contextlib.ExitStack() as held:
                for _ in range(4):
                    held.enter_context(socket.create_connection(("127.0.0.1", server.start["port"])))
                time.sleep(0.3)
                status, headers, _ = server.get("/ping")
                self.assertEqual(status, 503)
                self.assertIn("Retry-After", headers)
            wait_for(lambda: server.get("/ping")[0] == 200)

    def test_slow_clients_hold_nobody_up(self):
        with serve("-m", "models:/x/1") as server, contextlib.ExitStack() as held:
            for _ in range(64):
                slow = held.enter_context(socket.create_connection(("127.0.0.1", server.start["port"])))
                slow.sendall(b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                             b"Content-Length: 1000000\r\n\r\n{")
            started = time.monotonic()
            self.expect(server, 1)
            self.assertLess(time.monotonic() - started, 5)

    def test_the_service_manager_is_told(self):
        path = str(Path(self.folder) / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(path)
            manager.settimeout(20)
            with serve("-m", "models:/x/1", NOTIFY_SOCKET=path) as server:
                self.assertEqual(manager.recv(256), b"READY=1")
                self.assertEqual(server.stop(), 0)
                self.assertEqual(manager.recv(256), b"STOPPING=1")

    def test_models_predict(self):
        rows = str(Path(self.folder) / "rows.csv")
        self.rows.to_csv(rows, index=False)
        status, output, errors = ends("models", "predict", "-m", "models:/x@champion", "-i", rows, "-t", "csv")
        self.assertEqual(status, 0, errors)
        self.assertEqual(json.loads(output)["predictions"], self.boosters[1].predict(self.rows).tolist())
        body = Path(self.folder) / "rows.json"
        body.write_text(json.dumps({"dataframe_split": self.rows.to_dict(orient="split")}))
        answer = Path(self.folder) / "answer.json"
        status, _, errors = ends("models", "predict", "-m", "models:/x/1", "-i", str(body), "-o", str(answer),
                                 "--env-manager", "local")
        self.assertEqual(status, 0, errors)
        self.assertEqual(json.loads(answer.read_text())["predictions"], self.boosters[0].predict(self.rows).tolist())
        body.write_text("{}")
        status, _, errors = ends("models", "predict", "-m", "models:/x/1", "-i", str(body))
        self.assertEqual(status, 65, errors)

    def test_a_dockerfile(self):
        folder = Path(self.folder) / "image"
        status, _, errors = ends("models", "generate-dockerfile", "-m", "models:/x@champion", "-d", str(folder))
        self.assertEqual(status, 0, errors)
        text = (folder / "Dockerfile").read_text()
        self.assertIn('"models", "serve", "-m", "/opt/ml/model"', text)
        with Process("models", "serve", "-p", "0", "-m", str(folder / "model")) as server:
            self.expect(server, 2)
        self.assertTrue(os.access(folder / "starcast", os.X_OK))
        self.assertEqual(ends("models", "generate-dockerfile", "-d", str(folder))[0], 73)
        if not shutil.which("docker"):
            status, _, errors = ends("models", "build-docker", "-m", "models:/x@champion", "-n", "image", TMPDIR=self.folder)
            self.assertEqual(status, 69, errors)
            self.assertIn("docker build -t image", errors)


class Up(unittest.TestCase):
    """`starcast up`: the tracking server and what it has registered, on one port."""

    def test_a_champion_is_served_as_soon_as_there_is_one(self):
        with tempfile.TemporaryDirectory() as folder, Process("up", "--port", "0", "--watch", WATCH, folder=folder) as up:
            rows = frame().head(10)
            status, _, text = up.send("/invocations", {"dataframe_split": rows.to_dict(orient="split")})
            self.assertIn(status, (404, 503), text)
            self.assertIn("rating", text)
            self.assertEqual(up.get("/health")[2], "OK")
            mlflow.set_tracking_uri(up.uri)
            made = booster(3)
            with mlflow.start_run():
                mlflow.lightgbm.log_model(made, name="model", registered_model_name="rating",
                                          signature=infer_signature(rows, made.predict(rows)))
            MlflowClient().set_registered_model_alias("rating", "champion", "1")
            wait_for(lambda: up.send("/invocations", {"dataframe_split": rows.to_dict(orient="split")})[0] == 200)
            self.assertEqual(up.predictions(rows), made.predict(rows).tolist())
            self.assertIn('starcast_model_info{slot="rating",version="1"', up.get("/metrics")[2])
            with mlflow.start_run():
                mlflow.lightgbm.log_model(made, name="model", registered_model_name="other")
            MlflowClient().set_registered_model_alias("other", "champion", "1")
            wait_for(lambda: 'starcast_model_info{slot="other",version="1"' in up.get("/metrics")[2])
            self.assertEqual(up.stop(), 0)


def setup(starcast, _):
    global STARCAST
    STARCAST = str(starcast)
    return lambda: None


if __name__ == "__main__":
    serving.main(setup)
