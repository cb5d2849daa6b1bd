"""What the tests of the scoring server share: models, a running server, requests.

The rating model is $STARCAST_TEST_PACKAGE, else the repository's own package, else one that is trained on a generated
sample; the plain forest is logged by the real MLflow. Peers are those of tools/peers ($STARCAST_PEERS, else build/peers);
without them a test skips itself (exit status 77).
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
PEERS = Path(os.environ.get("STARCAST_PEERS") or REPO / "build" / "peers")
SKIPPED = 77

FOREST = """
import json, sys
import lightgbm, mlflow.lightgbm, numpy, pandas
from mlflow.models import infer_signature
random = numpy.random.default_rng(7)
frame = pandas.DataFrame(random.normal(size=(2000, 5)), columns=["a", "b", "c", "d", "e"])
frame[frame > 2] = numpy.nan
value = numpy.nan_to_num(frame["a"] * 2 - frame["b"] ** 2) + random.normal(size=2000) / 10
booster = lightgbm.train({"objective": "regression", "num_leaves": 15, "verbose": -1, "num_threads": 1,
                          "seed": 1, "deterministic": True}, lightgbm.Dataset(frame, value), 40)
folder = sys.argv[1]
mlflow.lightgbm.save_model(booster, folder + "/forest", signature=infer_signature(frame, booster.predict(frame)),
                           input_example=frame.head(1).fillna(0))
rows = frame.head(200)
json.dump({"rows": rows.astype(object).where(rows.notna(), None).values.tolist(),
           "predictions": booster.predict(rows).tolist(),
           "shares": booster.predict(rows, pred_contrib=True).tolist(),
           "leaves": booster.predict(rows, pred_leaf=True).tolist()}, open(folder + "/expected.json", "w"))
"""


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


def run_under(name):
    """Goes on under the Python of build/peers/NAME."""
    python = PEERS / name / "bin" / "python"
    if not python.exists():
        skip(f"needs {name} of tools/peers")
    if Path(sys.prefix) != python.parent.parent:
        os.execv(python, [str(python), "-B", *sys.argv])


def run(*arguments, **options):
    done = subprocess.run([str(each) for each in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{arguments[0]}: exit {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}")
    return done.stdout


def rating_package(starcast, folder):
    for known in (os.environ.get("STARCAST_TEST_PACKAGE"), REPO / "models" / "rating"):
        if known and (Path(known) / "MLmodel").exists():
            return Path(known)
    library = os.environ.get("STARCAST_LIGHTGBM") or REPO / "build" / "_deps" / "lightgbm" / "lib_lightgbm.so"
    if not Path(library).exists():
        skip("needs LightGBM's library; tools/fetch-lightgbm brings it")
    environment = dict(os.environ, STARCAST_LIGHTGBM=str(library), STARCAST=str(starcast))
    workspace = folder / "workspace"
    run(starcast, "new", workspace, "--sample", env=environment)
    run(starcast, "-C", workspace, "repro", env=environment)
    return workspace / "models" / "rating"


def forest_model(folder):
    """The folder of a LightGBM model that the real MLflow wrote, and what LightGBM says of 200 rows."""
    python = PEERS / "mlflow" / "bin" / "python"
    if not python.exists():
        skip("needs mlflow of tools/peers")
    environment = dict(os.environ, MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_LOGGING_LEVEL="ERROR")
    run(python, "-W", "ignore", "-c", FOREST, folder, env=environment)
    return folder / "forest", json.loads((folder / "expected.json").read_text())


def sample_file(starcast, rows=300):
    """A made-up file of listings, as the raw file's columns."""
    header = ("App,Category,Rating,Reviews,Size,Installs,Type,Price,Content Rating,Genres,Last Updated,Current Ver,"
              "Android Ver\n")
    line = '"App {0}, the best",TOOLS,4.{1},{0}5,{2}M,"1,000+",Free,0,Everyone,Tools,"January {3}, 2018",1.{1},4.1 and up\n'
    shifted = 'Shifted App,3.9,"100",3M,"1,000+",Free,0,Everyone,Tools,"February 2, 2018",1.0,4.0 and up\n'
    return header + "".join(line.format(i, i % 10, i % 90 + 1, i % 28 + 1) for i in range(rows)) + shifted


class Server:
    """A scoring server of its own, on a port of its own."""

    def __init__(self, starcast, models, *arguments):
        command = [str(starcast), "models", "serve", "--port", "0", "--json"]
        for name, place in models.items():
            command += ["-m", f"{name}={place}"]
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(command + [str(each) for each in arguments], stdout=subprocess.PIPE, stderr=self.log)
        line = self.process.stdout.readline()
        if not line.strip():
            self.log.seek(0)
            raise AssertionError(f"{' '.join(command)}: {self.log.read().decode()}")
        text = line.decode()
        while text.count("{") > text.count("}"):
            text += self.process.stdout.readline().decode()
        self.port = json.loads(text)["port"]
        self.url = f"http://127.0.0.1:{self.port}"

    def memory_mib(self, peak=False):
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)" if peak else r"VmRSS:\s+(\d+)", status)[1]) / 1024

    def stop(self):
        self.process.terminate()
        code = self.process.wait(30)
        self.process.stdout.close()
        self.log.close()
        return code

    def request(self, path, body=None, headers=None, method=None):
        """Status, headers and body."""
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
            headers = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def json(self, path, body=None):
        status, _, text = self.request(path, body)
        if status != 200:
            raise AssertionError(f"{path}: {status} {text.decode()}")
        return json.loads(text)


def main(setup):
    """Parses --starcast, calls setup(program, folder), and runs the calling file's tests."""
    import argparse
    import unittest
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", required=True)
    arguments, rest = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        stop = setup(Path(arguments.starcast).resolve(), Path(folder))
        try:
            unittest.main(argv=[sys.argv[0], *rest], module="__main__")
        finally:
            stop()
