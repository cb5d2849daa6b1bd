#!/usr/bin/env python3
"""Odd requests, sent to `starcast server` and to the real `mlflow server`: the same status and error code.

  test_mlflow_odd.py --starcast PROGRAM [--messages] [unittest's arguments]

--messages  shows as well where only the texts differ

MLflow is that of tools/peers ($STARCAST_PEERS, else build/peers); without it the test skips itself (exit status 77).
"""

import argparse
import json
import os
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import test_mlflow_server as servers  # noqa: E402  (starts this file again under mlflow's Python)

API = "/api/2.0/mlflow/"
LONG = "a" * 257
IDS = {"empty": "", "too long": LONG, "as long as may be": "a" * 256, "path": "../x", "slash": "a/b", "space": "a b",
       "dash first": "-a", "underscore first": "_a", "dot": "a.b", "unicode": "ä", "newline": "a\n", "nul": "a\0b",
       "quote": "a'b", "percent": "%41", "number": 5, "null": None, "list": [], "object": {}, "true": True,
       "unknown": "0" * 32}


# Of sources of model versions: those of runs, and s3://models/.
PATTERN = r"^(s3://models/|mlflow-artifacts:/\d+/[0-9a-f]{32}/)"


def run_requests():
    """Every request about one run, as (route, method, body without the id)."""
    metric = {"key": "m", "value": 1, "timestamp": 1, "step": 0}
    return [
        ("runs/get", "GET", {}),
        ("runs/update", "POST", {"status": "FINISHED"}),
        ("runs/update", "POST", {"run_name": "x"}),
        ("runs/delete", "POST", {}),
        ("runs/restore", "POST", {}),
        ("runs/log-metric", "POST", metric),
        ("runs/log-parameter", "POST", {"key": "p", "value": "1"}),
        ("runs/set-tag", "POST", {"key": "t", "value": "1"}),
        ("runs/delete-tag", "POST", {"key": "t"}),
        ("runs/log-batch", "POST", {"metrics": [metric]}),
        ("runs/log-batch", "POST", {}),
        ("runs/log-inputs", "POST", {"datasets": [{"dataset": {"name": "n", "digest": "d", "source_type": "s",
                                                              "source": "s"}}]}),
        ("runs/outputs", "POST", {"models": [{"model_id": "m-1", "step": 0}]}),
        ("metrics/get-history", "GET", {"metric_key": "m"}),
        ("artifacts/list", "GET", {}),
    ]


def cases():
    """Named requests; {run}, {experiment}, {model} stand for things that both servers have."""
    for what, value in IDS.items():
        for number, (route, method, body) in enumerate(run_requests()):
            if method == "GET" and not isinstance(value, str):
                continue
            yield f"run id {what}: {route} {number}", method, route, {"run_id": value, **body}
    for what, value in {**IDS, "not a number": "abc", "negative": "-1", "huge": "9" * 30, "unknown": "987654321",
                        "float": "1.5", "plus": "+1", "zeros": "000"}.items():
        for route, method, body in (("experiments/get", "GET", {}), ("experiments/delete", "POST", {}),
                                    ("experiments/update", "POST", {"new_name": "x"}),
                                    ("experiments/restore", "POST", {}),
                                    ("experiments/set-experiment-tag", "POST", {"key": "k", "value": "v"}),
                                    ("runs/create", "POST", {})):
            if method == "GET" and not isinstance(value, str):
                continue
            if route == "experiments/delete" and value == "000":
                continue  # the default experiment
            yield f"experiment id {what}: {route}", method, route, {"experiment_id": value, **body}
        yield f"experiment ids {what}: runs/search", "POST", "runs/search", {"experiment_ids": [value]}
    keys = {"empty": "", "too long": "k" * 251, "longest": "k" * 250, "dots": "..", "dot": ".", "inner": "a/../b",
            "slash first": "/a", "slash last": "a/", "double slash": "a//b", "unicode": "ключ", "emoji": "😀", "comma": "a,b",
            "colon": "a:b", "space": " ", "newline": "a\nb", "nul": "a\0", "tab": "\t", "number": 5, "null": None}
    for what, key in keys.items():
        yield f"metric key {what}", "POST", "runs/log-metric", {"run_id": "{run}", "key": key, "value": 1, "timestamp": 1}
        yield f"param key {what}", "POST", "runs/log-parameter", {"run_id": "{run}", "key": key, "value": "1"}
        yield f"tag key {what}", "POST", "runs/set-tag", {"run_id": "{run}", "key": key, "value": "1"}
        yield f"tag key {what}, deleted", "POST", "runs/delete-tag", {"run_id": "{run}", "key": key}
        yield (f"experiment tag key {what}", "POST", "experiments/set-experiment-tag",
               {"experiment_id": "{experiment}", "key": key, "value": "1"})
        yield (f"batch keys {what}", "POST", "runs/log-batch",
               {"run_id": "{run}", "params": [{"key": key, "value": "1"}]})
    for what, value in {"text": "abc", "nan": "NaN", "infinity": "Infinity", "minus infinity": "-Infinity", "null": None,
                        "number as text": "1.5", "list": [1], "true": True, "inf": "inf", "huge": 1e308}.items():
        yield f"metric value {what}", "POST", "runs/log-metric", {"run_id": "{run}", "key": "v", "value": value,
                                                                 "timestamp": 1}
    for field in ("timestamp", "step"):
        for what, value in {"text": "abc", "text number": "5", "float": 1.5, "whole float": 2.0, "negative": -5,
                            "huge": 2**63, "largest": 2**63 - 1, "null": None, "true": True}.items():
            yield (f"metric {field} {what}", "POST", "runs/log-metric",
                   {"run_id": "{run}", "key": "s", "value": 1, "timestamp": 1, **{field: value}})
    for what, value in {"empty": "", "too long": "v" * 6001, "longest": "v" * 6000, "null": None, "number": 5, "nul": "a\0",
                        "changed": "other"}.items():
        yield f"param value {what}", "POST", "runs/log-parameter", {"run_id": "{run}", "key": f"pv{what}", "value": value}
        yield f"tag value {what}", "POST", "runs/set-tag", {"run_id": "{run}", "key": "tv", "value": value}
    yield "a param once more", "POST", "runs/log-parameter", {"run_id": "{run}", "key": "pvchanged", "value": "new"}
    for what, value in {"0": 0, "1": 1, "text": "abc", "negative": -1, "too many": 50001, "null": None, "float": 1.5}.items():
        for route in ("runs/search", "experiments/search"):
            yield (f"max_results {what}: {route}", "POST", route,
                   {"experiment_ids": ["{experiment}"], "max_results": value} if route == "runs/search"
                   else {"max_results": value})
        if isinstance(value, (int, str)):
            for route in ("registered-models/search", "model-versions/search", "experiments/search"):
                yield f"max_results {what}: GET {route}", "GET", route, {"max_results": value}
    for what, text in {"empty": "", "half": "metrics.", "no value": "metrics.a >", "quotes": "params.a = b", "or": "a OR b",
                       "unknown": "nothing.a = 'b'", "open quote": "params.a = 'b", "like": "params.a LIKE 'x%'",
                       "number as text": "metrics.a > '5'", "in": "attributes.run_id IN ('a', 'b')",
                       "status": "status = 'FINISHED'", "bad in": "run_id IN ()", "semicolon": "params.a = 'b';",
                       "metric like": "metrics.a LIKE 'x'", "is null": "params.a IS NULL"}.items():
        if what == "or":
            continue  # ours takes OR
        for route in ("runs/search", "experiments/search"):
            body = {"filter": text, "max_results": 10, "experiment_ids": ["{experiment}"]}
            if route == "experiments/search":
                del body["experiment_ids"]
            yield f"filter {what}: {route}", "POST", route, body
        for route in ("registered-models/search", "model-versions/search"):
            yield f"filter {what}: {route}", "GET", route, {"filter": text}
    for what, order in {"unknown": "x", "twice": "metrics.a, metrics.a", "bad direction": "metrics.a UP", "empty": "",
                        "metric": "metrics.a DESC", "attribute": "start_time ASC"}.items():
        yield (f"order {what}", "POST", "runs/search", {"experiment_ids": ["{experiment}"], "order_by": [order]})
        yield f"order {what}: experiments", "POST", "experiments/search", {"order_by": [order], "max_results": 10}
    for what, token in {"text": "abc", "number": 5, "base64": "YWJj", "empty": ""}.items():
        yield f"token {what}", "POST", "runs/search", {"experiment_ids": ["{experiment}"], "page_token": token}
        yield f"token {what}: experiments", "POST", "experiments/search", {"page_token": token, "max_results": 10}
        yield f"token {what}: models", "GET", "registered-models/search", {"page_token": token}
    for what, name in {"empty": "", "space": " ", "long": "n" * 501, "longest": "n" * 500, "number": 5, "null": None,
                       "unicode": "имя", "nul": "a\0b", "taken": "odd"}.items():
        yield f"experiment name {what}", "POST", "experiments/create", {"name": name}
    for what, name in {"empty": "", "space": " ", "long": "n" * 257, "longest": "n" * 256, "slash": "a/b", "colon": "a:b",
                       "number": 5, "null": None, "unicode": "имя", "taken": "odd", "dots": ".."}.items():
        yield f"model name {what}", "POST", "registered-models/create", {"name": name}
        yield f"model name {what}, asked", "GET", "registered-models/get", {"name": "" if name is None else name}
        yield f"model name {what}, renamed", "POST", "registered-models/rename", {"name": name, "new_name": "odd"}
        yield f"model name {what}, as new one", "POST", "registered-models/rename", {"name": "odd", "new_name": name}
        yield f"model name {what}, deleted version", "DELETE", "model-versions/delete", {"name": name, "version": "1"}
    for what, version in {"text": "abc", "number": 77, "zero": "0", "negative": "-1", "empty": "", "null": None, "float": "1.5",
                          "huge": "9" * 25, "unknown": "77"}.items():
        for route, method, body in (("model-versions/get", "GET", {}),
                                    ("model-versions/update", "PATCH", {"description": "x"}),
                                    ("model-versions/set-tag", "POST", {"key": "k", "value": "v"}),
                                    ("model-versions/transition-stage", "POST", {"stage": "Staging",
                                                                                 "archive_existing_versions": False}),
                                    ("registered-models/alias", "POST", {"alias": "x"})):
            if method == "GET" and version is None:
                continue
            yield f"version {what}: {route}", method, route, {"name": "odd", "version": version, **body}
    for what, alias in {"empty": "", "latest": "latest", "version": "v5", "space": "a b", "long": "a" * 256, "longest": "a" * 255,
                        "unicode": "ä", "null": None, "number": 5, "dash": "a-b_c"}.items():
        yield f"alias {what}", "POST", "registered-models/alias", {"name": "odd", "alias": alias, "version": "1"}
        yield f"alias {what}, asked", "GET", "registered-models/alias", {"name": "odd", "alias": "" if alias is None else alias}
        yield f"alias {what}, deleted", "DELETE", "registered-models/alias", {"name": "odd", "alias": alias}
    for what, model in {"unknown": "m-1", "empty": "", "path": "../x", "long": "m" * 300}.items():
        quoted = urllib.parse.quote(model, safe="")
        if quoted and ".." not in model:
            yield f"logged model {what}", "GET", f"logged-models/{quoted}", {}
            yield f"logged model {what}, finalized", "PATCH", f"logged-models/{quoted}", {"status": "LOGGED_MODEL_READY"}
            yield f"logged model {what}, deleted", "DELETE", f"logged-models/{quoted}", {}
    for what, body in {"no experiment": {"name": "x"}, "bad experiment": {"experiment_id": "abc", "name": "x"},
                       "unknown experiment": {"experiment_id": "987654", "name": "x"},
                       "bad name": {"experiment_id": "{experiment}", "name": "a/b"},
                       "bad run": {"experiment_id": "{experiment}", "name": "x", "source_run_id": LONG},
                       "number as name": {"experiment_id": "{experiment}", "name": 5}}.items():
        yield f"logged model with {what}", "POST", "logged-models", body
    for what, source in {"of the pattern": "s3://models/x", "not of the pattern": "s3://other/x", "that holds it": "x/s3://models/",
                         "empty": "", "of a query": "s3://models/?../x"}.items():
        yield f"source {what}", "POST", "model-versions/create", {"name": "odd", "source": source}
    for what, path in {"dots": "..", "inner": "a/../../b", "absolute": "/etc", "missing": "nothing", "encoded": "%2e%2e",
                       "empty": ""}.items():
        yield f"artifact path {what}", "GET", "artifacts/list", {"run_id": "{run}", "path": path}


# What differs on purpose, by the beginning of a case's name, and why; docs/compat/mlflow.md tells of the groups.
REFUSED = "the real one answers 200 and stores or does something else than was said"
NO_5XX = "the real one answers 500"
DIFFERENT = {
    "run id newline: runs/log-": "to Python's $ a final newline is none",
    "experiment id empty: runs/create": "the code of the real one is that of its database",
    "experiment id null: runs/create": "the code of the real one is that of its database",
    "experiment ids number": REFUSED,
    "experiment ids null": REFUSED,
    "experiment ids list": REFUSED,
    "experiment ids object": REFUSED,
    "experiment ids true": REFUSED,
    "experiment id huge": NO_5XX,
    "experiment ids huge": NO_5XX,
    "experiment id plus": "+1 is no way to write an id",
    "experiment ids plus": "+1 is no way to write an id",
    "metric value list": NO_5XX,
    "metric value true": REFUSED,
    "metric value inf": "as JSON goes, it is Infinity",
    "metric timestamp": REFUSED,
    "metric step": REFUSED,
    "param value nul": REFUSED,
    "tag value nul": REFUSED,
    "experiment name nul": REFUSED,
    "max_results 0: GET registered-models": REFUSED,
    "max_results negative: GET registered-models": REFUSED,
    "max_results null: runs/search": NO_5XX,
    "max_results null: experiments/search": "without max_results there is a default",
    "max_results float: runs/search": REFUSED,
    "filter is null": NO_5XX,
    "token number": REFUSED,
    "model name long": "a name is no longer than its column, which SQLite lets pass",
    "version huge": NO_5XX,
    "logged model with bad run": "an id is no longer than its column, which SQLite lets pass",
}


class Side:
    """One server and the things that the cases name."""

    def __init__(self, uri):
        self.uri = uri
        self.names = {}
        self.names["experiment"] = self.made("experiments/create", {"name": "odd"})["experiment_id"]
        run = self.made("runs/create", {"experiment_id": self.names["experiment"]})
        self.names["run"] = run["run"]["info"]["run_id"]
        self.made("registered-models/create", {"name": "odd"})
        self.made("model-versions/create", {"name": "odd", "source": run["run"]["info"]["artifact_uri"],
                                            "run_id": self.names["run"]})

    def made(self, route, body):
        status, answer = self.send("POST", route, body)
        assert status == 200, answer
        return answer

    def filled(self, value):
        if isinstance(value, str) and value.startswith("{"):
            return self.names[value[1:-1]]
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        if isinstance(value, dict):
            return {key: self.filled(one) for key, one in value.items()}
        return value

    def send(self, method, route, fields):
        target, body, headers = self.uri + API + route, None, {}
        if method == "GET":
            target += "?" + urllib.parse.urlencode(self.filled(fields))
        else:
            body, headers = json.dumps(self.filled(fields)).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(target, body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            text = refusal.read()
            try:
                return refusal.code, json.loads(text)
            except ValueError:
                return refusal.code, {"message": text.decode(errors="replace")}

    def outcome(self, method, route, fields):
        status, answer = self.send(method, route, fields)
        message = str(answer.get("message", ""))
        for name, value in self.names.items():
            if len(value) > 10:
                message = message.replace(value, "{" + name + "}")
        return status, answer.get("error_code", ""), message


class Odd(unittest.TestCase):
    maxDiff = None

    def test_the_same_refusals(self):
        with tempfile.TemporaryDirectory(prefix="starcast-odd-") as folder:
            ours, theirs = Path(folder, "ours"), Path(folder, "theirs")
            ours.mkdir()
            theirs.mkdir()
            # Both read it from their environment.
            os.environ["MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX"] = PATTERN
            self.addCleanup(os.environ.pop, "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX")
            with servers.StarcastServer(ours) as starcast, servers.MlflowServer(
                    theirs, f"sqlite:///{theirs}/mlflow.db") as mlflow:
                self.compare(Side(starcast.uri), Side(mlflow.uri))

    def compare(self, ours, theirs):
        wrong, used, count = [], set(), 0
        for name, method, route, fields in cases():
            count += 1
            mine, real = (side.outcome(method, route, fields) for side in (ours, theirs))
            reason = next((one for one in DIFFERENT if name.startswith(one)), None)
            if mine[:2] != real[:2]:
                if reason:
                    used.add(reason)
                else:
                    wrong.append(f"{name}: ours {mine[0]} {mine[1]} {mine[2][:150]!r}\n    real {real[0]} {real[1]} "
                                 f"{real[2][:150]!r}")
            elif servers.OPTIONS.messages and mine[2] != real[2]:
                print(f"{name}:\n    ours {mine[2][:200]!r}\n    real {real[2][:200]!r}")
        self.assertEqual(set(DIFFERENT) - used, set(), "these answer alike by now")
        self.assertEqual(len(wrong), 0, f"of {count}:\n" + "\n".join(wrong))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", required=True)
    parser.add_argument("--messages", action="store_true")
    servers.OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
