#!/usr/bin/env python3
"""The same bodies to /invocations of `starcast models serve` and of MLflow's own scoring server: the same status, the
same predictions to the last bit, the same error code.

  test_invocations.py --starcast PROGRAM [--messages] [unittest's arguments]

--messages  prints where only the texts of errors differ

Models are trained here by the real LightGBM and XGBoost and logged by the real mlflow, whose scoring server runs in this
process. MLflow is that of tools/peers ($STARCAST_PEERS, else build/peers); without it the test skips itself (exit status
77). No network is used.
"""

import argparse
import asyncio
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import warnings
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
PEERS = Path(os.environ.get("STARCAST_PEERS") or REPO / "build" / "peers")
PYTHON = PEERS / "mlflow" / "bin" / "python"
SKIPPED = 77


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


if not PYTHON.exists():
    skip("needs the real mlflow; install it by tools/peers")
if Path(sys.prefix) != PYTHON.parent.parent:
    os.execv(PYTHON, [str(PYTHON), "-B", *sys.argv])

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", MLFLOW_LOGGING_LEVEL="CRITICAL")
warnings.simplefilter("ignore")
try:
    import lightgbm
    import xgboost
except ImportError as error:
    skip(f"needs {error.name}; install it by tools/peers")
import mlflow  # noqa: E402
import mlflow.lightgbm  # noqa: E402
import mlflow.models  # noqa: E402
import mlflow.pyfunc  # noqa: E402
import mlflow.pyfunc.scoring_server  # noqa: E402
import mlflow.xgboost  # noqa: E402
import numpy  # noqa: E402
import pandas  # noqa: E402

JSON = "application/json"
CSV = "text/csv"

# Where ours is to differ: (name of the case, status of MLflow's, status of ours), with the reason.
DELIBERATE = {
    # Names that are there twice, and integers that would be rounded unasked, are refused.
    "a name twice": (200, 400),
    "columns twice": (None, 400),
    "integer beyond 2^53": (200, 400),
    # Rows of another length than the header are refused with their line, not filled up.
    "csv: short row": (200, 400),
    # The body of MLflow 1 is answered, with a Deprecation header.
    "old form": (400, 200),
    "old form, format parameter": (415, 200),
    # MLflow fails on a request without a content type.
    "no content type": (500, 415),
    # pandas repeats a single row for every index.
    "split: index for one row": (200, 400),
}


class Asgi:
    """MLflow's app, asked without sockets."""

    def __init__(self, model):
        self.app = mlflow.pyfunc.scoring_server.init(mlflow.pyfunc.load_model(str(model)))

    def ask(self, body, content_type):
        headers = [(b"content-type", content_type.encode())] if content_type is not None else []
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
                 "path": "/invocations", "raw_path": b"/invocations", "query_string": b"", "headers": headers,
                 "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 2), "root_path": ""}
        sent = []

        async def run():
            messages = [{"type": "http.request", "body": body, "more_body": False}]

            async def receive():
                if messages:
                    return messages.pop(0)
                await asyncio.sleep(3600)

            async def send(message):
                sent.append(message)

            try:
                await self.app(scope, receive, send)
            except Exception:  # noqa: BLE001: what a server makes a 500 of
                sent.append({"type": "http.response.start", "status": 500})

        asyncio.run(run())
        status = next(message["status"] for message in sent if message["type"] == "http.response.start")
        return status, b"".join(message.get("body", b"") for message in sent)


class Served:
    """`starcast models serve` of one folder."""

    def __init__(self, starcast, model, *flags):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [starcast, "models", "serve", "-m", str(model), "-h", "127.0.0.1", "-p", str(self.port), "--env-manager", "local",
             *flags],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        for _ in range(400):
            try:
                status, _ = self.request("GET", "/ping", None, None)
                if status == 200:
                    return
            except OSError:
                pass
            if self.process.poll() is not None:
                raise AssertionError(f"starcast models serve ended: {self.process.stderr.read().decode()}")
            time.sleep(0.05)
        raise AssertionError("starcast models serve does not answer")

    def request(self, method, path, body, content_type):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": content_type} if content_type is not None else {}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def ask(self, body, content_type):
        return self.request("POST", "/invocations", body, content_type)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stderr.close()


def frame(rows=400, seed=1):
    random = numpy.random.default_rng(seed)
    return pandas.DataFrame({"a": random.normal(size=rows), "b c": random.integers(0, 50, rows),
                             "d": random.normal(size=rows) * 10})


def target(data):
    return data["a"] * 2 + data["b c"] / 10 + (data["d"] > 0) * 3


def lightgbm_booster(objective="regression", classes=1, data=None):
    data = frame() if data is None else data
    values = target(frame())
    if classes > 1:
        values = pandas.qcut(values, classes, labels=False)
    parameters = {"objective": objective, "num_leaves": 7, "verbose": -1, "seed": 1, "num_threads": 1}
    if classes > 2:
        parameters["num_class"] = classes
    return lightgbm.train(parameters, lightgbm.Dataset(data, values), num_boost_round=20)


class Models:
    """Each model as the real mlflow saves it."""

    @staticmethod
    def make(folder):
        data = frame()
        infer = mlflow.models.infer_signature
        booster = lightgbm_booster()
        made = {}

        def lgb(name, model, **options):
            made[name] = folder / name
            mlflow.lightgbm.save_model(model, str(made[name]), pip_requirements=[], **options)

        def xgb(name, model, **options):
            made[name] = folder / name
            mlflow.xgboost.save_model(model, str(made[name]), pip_requirements=[], **options)

        lgb("lightgbm", booster, signature=infer(data, booster.predict(data)), input_example=data.head(2))
        lgb("no signature", booster, signature=False)
        numbers = data.to_numpy()
        lgb("tensor", lightgbm_booster(data=numbers), signature=infer(numbers, booster.predict(data)))
        classes = lightgbm_booster("multiclass", 3)
        lgb("classes", classes, signature=infer(data, classes.predict(data)))
        double = data.astype(float)
        xgb("xgboost", xgboost.train({"max_depth": 4, "nthread": 1}, xgboost.DMatrix(double, target(data)), 20),
            signature=infer(double, numpy.array([1.0], dtype=numpy.float32)))
        for name, count in (("labels of two", 2), ("labels of three", 3)):
            classifier = xgboost.XGBClassifier(n_estimators=15, max_depth=3, n_jobs=1)
            classifier.fit(double, pandas.qcut(target(data), count, labels=False))
            xgb(name, classifier, signature=infer(double, classifier.predict(double)))
        regressor = xgboost.XGBRegressor(n_estimators=60, max_depth=3, n_jobs=1, early_stopping_rounds=2)
        regressor.fit(double[:200], target(data)[:200], eval_set=[(double[200:], target(data)[200:])], verbose=False)
        xgb("stopped early", regressor, model_format="json", signature=infer(double, regressor.predict(double)))
        return made


def split(data, **more):
    return {"dataframe_split": {"columns": list(data.columns), "data": json.loads(data.to_json(orient="values")), **more}}


def good_bodies():
    """Bodies that every model with the columns a, b c, d answers."""
    data = frame(5, seed=7)
    values = json.loads(data.to_json(orient="values"))
    records = json.loads(data.to_json(orient="records"))
    yield "split", split(data)
    yield "split with index", split(data, index=[5, 6, 7, 8, 9])
    yield "split, columns in another order", split(data[["d", "a", "b c"]])
    yield "split, extra column", split(data.assign(extra="x"))
    yield "records", {"dataframe_records": records}
    yield "one record", {"dataframe_records": records[:1]}
    yield "records, missing cell", {"dataframe_records": [{**records[0], "a": None}, records[1]]}
    yield "records, absent cell", {"dataframe_records": [{"b c": 1, "d": 2.0}, records[1]]}
    yield "instances of records", {"instances": records}
    yield "inputs of records", {"inputs": records}
    yield "inputs of columns", {"inputs": {name: data[name].tolist() for name in data}}
    yield "inputs of one row", {"inputs": {"a": 1.5, "b c": 3, "d": 0.5}}
    yield "params beside it", {"dataframe_records": records, "params": {"k": 1}}
    yield "another member beside it", {"dataframe_records": records, "foo": 1}
    yield "numbers as texts", {"dataframe_records": [{"a": "1.5", "b c": "3", "d": "-2e1"}]}
    yield "texts with spaces", {"dataframe_records": [{"a": " 1.5 ", "b c": 3, "d": 1.0}]}
    yield "integers for floats", {"dataframe_records": [{"a": 1, "b c": 3, "d": 2}]}
    yield "booleans for floats", {"dataframe_records": [{"a": True, "b c": 3, "d": False}]}
    yield "minus zero", {"dataframe_records": [{"a": -0.0, "b c": 0, "d": 0.0}]}
    yield "values as lists", {"dataframe_split": {"columns": list(data.columns), "data": values[:1]}}


def bad_bodies():
    record = {"a": 1.0, "b c": 2, "d": 3.0}
    yield "empty object", {}
    yield "two forms", {"inputs": [1], "instances": [1]}
    yield "list", [[1, 2, 3]]
    yield "number", 5
    yield "null", None
    yield "unknown form", {"data": {"a": [1]}, "foo": 1}
    yield "missing column", {"dataframe_records": [{"a": 1.0, "d": 3.0}]}
    yield "missing and extra column", {"dataframe_records": [{"a": 1.0, "d": 3.0, "x": 1}]}
    yield "no columns at all", {"dataframe_split": {"data": [[1, 2, 3]]}}
    yield "text in a float", {"dataframe_records": [{**record, "a": "abc"}]}
    yield "empty text in a float", {"dataframe_records": [{**record, "a": ""}]}
    yield "list in a float", {"dataframe_records": [{**record, "a": [1]}]}
    yield "object in a float", {"dataframe_records": [{**record, "a": {"x": 1}}]}
    yield "split: no data", {"dataframe_split": {"columns": ["a", "b c", "d"]}}
    yield "split: list", {"dataframe_split": [[1, 2, 3]]}
    yield "split: another member", {"dataframe_split": {"columns": ["a"], "data": [[1]], "x": 1}}
    yield "split: too few cells", {"dataframe_split": {"columns": ["a", "b c", "d"], "data": [[1, 2]]}}
    yield "split: too many cells", {"dataframe_split": {"columns": ["a", "b c", "d"], "data": [[1, 2, 3, 4]]}}
    columns = ["a", "b c", "d"]
    yield "split: index for one row", {"dataframe_split": {"columns": columns, "index": [1, 2], "data": [[1, 2, 3]]}}
    yield "split: index of another length", {"dataframe_split": {"columns": columns, "index": [1], "data": [[1, 2, 3]] * 2}}
    yield "inputs of records: absent cell", {"inputs": [record, {"a": 1.0, "d": 2.0}]}
    yield "instances: list in a float", {"instances": [{**record, "a": [1.0]}]}
    yield "inputs: object in a float", {"inputs": {"a": [{"x": 1}], "b c": [1], "d": [1.0]}}
    yield "inputs: matrix with a text", {"inputs": [["x", 2, 3.0]]}
    yield "records: object", {"dataframe_records": {"a": [1]}}
    yield "records: text", {"dataframe_records": "abc"}
    yield "records: numbers", {"dataframe_records": [1, 2]}
    yield "instances: uneven", {"instances": [record, {"a": 1.0}]}
    yield "inputs: uneven", {"inputs": {"a": [1.0, 2.0], "b c": [1], "d": [1.0]}}
    yield "inputs: two dimensions", {"inputs": {"a": [[1.0]], "b c": [[1]], "d": [[1.0]]}}
    yield "inputs: matrix for names", {"inputs": [[1.0, 2, 3.0]]}
    yield "inputs: ragged", {"inputs": [[1.0, 2], [1.0]]}
    yield "inputs: text", {"inputs": "abc"}
    yield "inputs: text for a number", {"inputs": {"a": ["x"], "b c": [1], "d": [1.0]}}
    yield "old form", {"columns": ["a", "b c", "d"], "data": [[1.0, 2, 3.0]]}


def integer_bodies():
    """Of the model whose column "b c" is a long."""
    record = {"a": 1.0, "b c": 2, "d": 3.0}
    yield "missing integer", {"dataframe_records": [{**record, "b c": None}, record]}
    yield "float for an integer", {"dataframe_records": [{**record, "b c": 2.7}]}
    yield "text for an integer", {"dataframe_records": [{**record, "b c": "2.7"}]}
    yield "integer beyond 2^53", {"dataframe_records": [{**record, "a": 2**53 + 1}]}
    yield "integer that a double holds", {"dataframe_records": [{**record, "a": 2**60}]}


def raw_bodies():
    good = '{"dataframe_records": [{"a": 1.0, "b c": 2, "d": 3.0}]}'
    csv = "a,b c,d\n1.5,2,3\n-1,40,-2.5\n"
    yield "nothing", "", JSON
    yield "broken", '{"dataframe_records": [', JSON
    yield "text behind it", good + " x", JSON
    yield "comma at the end", '{"dataframe_records": [{"a": 1.0, "b c": 2, "d": 3.0},]}', JSON
    yield "no UTF-8", b'{"dataframe_records": "\xff"}', JSON
    yield "byte order mark", b"\xef\xbb\xbf" + good.encode(), JSON
    yield "half a surrogate", good.replace('"d"', '"x": "\\ud800", "d"'), JSON
    yield "escaped name", good.replace('"a"', '"\\u0061"'), JSON
    yield "NaN", good.replace("1.0", "NaN"), JSON
    yield "a name twice", good.replace('"a": 1.0', '"a": 1.0, "a": 2.0'), JSON
    yield "columns twice", '{"dataframe_split": {"columns": ["a", "a", "b c", "d"], "data": [[1, 1, 2, 3]]}}', JSON
    yield "no content type", good, None
    yield "charset", good, JSON + "; charset=utf-8"
    yield "CHARSET", good, JSON + "; charset=UTF-8"
    yield "other charset", good, JSON + "; charset=latin-1"
    yield "other parameter", good, JSON + "; version=1"
    yield "old form, format parameter", '{"columns": ["a", "b c", "d"], "data": [[1.0, 2, 3.0]]}', JSON + "; format=pandas-split"
    yield "other type", good, "text/plain"
    yield "capitals", good, "Application/JSON"
    yield "csv", csv, CSV
    yield "csv: other order, extra column", "x,d,a,b c\nq,3,1.5,2\n", CSV
    yield "csv: CRLF and quotes", '"a","b c","d"\r\n"1.5",2,3\r\n', CSV
    yield "csv: missing cell", "a,b c,d\n,2,3\nNA,2,3\nnan,1,2\n", CSV
    yield "csv: missing column", "a,d\n1,2\n", CSV
    yield "csv: text in a float", "a,b c,d\nabc,2,3\n", CSV
    yield "csv: text in an integer", "a,b c,d\n1,2.5,3\n", CSV
    yield "csv: missing integer", "a,b c,d\n1,,3\n", CSV
    yield "csv: short row", "a,b c,d\n1,2,3\n1,2\n", CSV
    yield "csv: long row", "a,b c,d\n1,2,3\n1,2,3,4\n", CSV
    yield "csv: nothing", "", CSV
    yield "csv: quote that never closes", 'a,b c,d\n1,2,"3\n', CSV
    yield "csv: no UTF-8", b"a,b c,d\n1,2,\xff\n", CSV


def matrix_bodies():
    data = frame(4, seed=9)
    values = json.loads(data.to_json(orient="values"))
    yield "inputs", {"inputs": values}
    yield "instances", {"instances": values}
    yield "split", {"dataframe_split": {"data": values}}
    yield "split with names", split(data)
    yield "inputs: too narrow", {"inputs": [row[:2] for row in values]}
    yield "inputs: one dimension", {"inputs": values[0]}
    yield "inputs: three dimensions", {"inputs": [values]}
    yield "inputs: ragged", {"inputs": [values[0], values[1][:2]]}
    yield "inputs: missing cell", {"inputs": [[None, 2, 3.0]]}
    yield "inputs: text", {"inputs": [["x", 2, 3.0]]}
    yield "split: too narrow", {"dataframe_split": {"data": [row[:2] for row in values]}}
    yield "records", {"dataframe_records": json.loads(data.to_json(orient="records"))}


def normal(message):
    """A message without the data that it repeats."""
    message = re.sub(r"'[^']*\n[^']*'", "'...'", message)
    message = re.sub(r"Failed to predict data '.*?'\. \n", "Failed to predict data '...'. \n", message, flags=re.S)
    return re.sub(r"enforce schema of data '.*?' with schema", "enforce schema of data '...' with schema", message, flags=re.S)


class Invocations(unittest.TestCase):
    starcast = None
    show_messages = False
    folder = None
    models = None

    @classmethod
    def setUpClass(cls):
        cls.holder = tempfile.TemporaryDirectory()
        cls.models = Models.make(Path(cls.holder.name))

    @classmethod
    def tearDownClass(cls):
        cls.holder.cleanup()

    def compare(self, name, bodies):
        theirs = Asgi(self.models[name])
        ours = Served(self.starcast, self.models[name])
        try:
            for case, body, content_type in bodies:
                with self.subTest(model=name, case=case):
                    self.compare_one(case, theirs.ask(body, content_type), ours.ask(body, content_type))
        finally:
            ours.stop()

    def compare_one(self, case, theirs, ours):
        if case in DELIBERATE:
            expected, own = DELIBERATE[case]
            if expected is not None:
                self.assertEqual(theirs[0], expected, theirs[1])
            self.assertEqual(ours[0], own, ours[1])
            return
        self.assertEqual(ours[0], theirs[0], f"theirs {theirs[1][:600]}\nours {ours[1][:600]}")
        if theirs[0] == 415:
            return
        their_json, our_json = json.loads(theirs[1]), json.loads(ours[1])
        if theirs[0] == 200:
            self.assertEqual(our_json, their_json)
            return
        self.assertEqual(our_json.get("error_code"), their_json.get("error_code"), f"{theirs[1][:600]}\n{ours[1][:600]}")
        if self.show_messages and normal(their_json["message"]) != normal(our_json["message"]):
            print(f"{case}\n  theirs {their_json['message'][:400]}\n  ours   {our_json['message'][:400]}")

    @staticmethod
    def as_bytes(bodies):
        for case, body in bodies:
            yield case, json.dumps(body).encode(), JSON

    @staticmethod
    def raw():
        for case, body, content_type in raw_bodies():
            yield case, body if isinstance(body, bytes) else body.encode(), content_type

    def test_good_bodies(self):
        for name in ("lightgbm", "classes", "xgboost", "labels of two", "labels of three", "stopped early"):
            self.compare(name, self.as_bytes(good_bodies()))

    def test_bad_bodies(self):
        for name in ("lightgbm", "xgboost"):
            self.compare(name, self.as_bytes(bad_bodies()))

    def test_integers(self):
        self.compare("lightgbm", self.as_bytes(integer_bodies()))

    def test_raw_bodies(self):
        self.compare("lightgbm", self.raw())

    def test_tensors(self):
        self.compare("tensor", self.as_bytes(matrix_bodies()))

    def test_models_without_a_signature(self):
        self.compare("no signature", self.as_bytes(matrix_bodies()))

    def test_many_rows(self):
        data = frame(3000, seed=3)
        for name in ("lightgbm", "classes"):
            self.compare(name, self.as_bytes([("3000 rows", split(data))]))
        double = data.astype(float)
        for name in ("xgboost", "labels of three"):
            self.compare(name, self.as_bytes([("3000 rows", split(double))]))

    def test_strict_refuses_the_old_form(self):
        theirs = Asgi(self.models["lightgbm"])
        ours = Served(self.starcast, self.models["lightgbm"], "--strict")
        try:
            body = json.dumps({"columns": ["a", "b c", "d"], "data": [[1.0, 2, 3.0]]}).encode()
            for content_type in (JSON, JSON + "; format=pandas-split"):
                self.assertEqual(ours.ask(body, content_type)[0], theirs.ask(body, content_type)[0])
        finally:
            ours.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", required=True)
    parser.add_argument("--messages", action="store_true")
    arguments, rest = parser.parse_known_args()
    Invocations.starcast = str(Path(arguments.starcast).resolve())
    Invocations.show_messages = arguments.messages
    unittest.main(argv=[sys.argv[0], *rest])
