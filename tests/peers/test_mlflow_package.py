#!/usr/bin/env python3
"""A trained package in the hands of the real MLflow: its forests by MLflow's LightGBM flavor, the whole by pyfunc.

  test_mlflow_package.py --starcast PROGRAM --forest-dump PROGRAM [unittest's arguments]

Trains in a temporary workspace, on the real file where $STARCAST_TEST_DATA or ../shared/data has it, else on a generated
sample. MLflow is that of tools/peers ($STARCAST_PEERS, else build/peers); without it, or without LightGBM's library, the
test skips itself (exit status 77). No network is used.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
PEERS = Path(os.environ.get("STARCAST_PEERS") or REPO / "build" / "peers")
PYTHON = PEERS / "mlflow" / "bin" / "python"
SKIPPED = 77
COLUMNS = ["rating", "low", "high"]


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


if not PYTHON.exists():
    skip("needs the real mlflow; install it by tools/peers")
if Path(sys.prefix) != PYTHON.parent.parent:
    os.execv(PYTHON, [str(PYTHON), "-B", *sys.argv])

os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", DO_NOT_TRACK="true", MLFLOW_LOGGING_LEVEL="ERROR")
warnings.simplefilter("ignore")
import mlflow  # noqa: E402
import mlflow.lightgbm  # noqa: E402
import mlflow.models  # noqa: E402
import mlflow.pyfunc  # noqa: E402
import numpy  # noqa: E402
import pandas  # noqa: E402


class Setup:
    """What all tests share: programs, the workspace, the package."""

    starcast = forest_dump = workspace = package = raw = None

    @classmethod
    def run(cls, *arguments, **options):
        done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=300, **options)
        if done.returncode != 0:
            raise AssertionError(f"{arguments[0]}: exit {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}")
        return done.stdout

    @classmethod
    def make(cls, folder):
        library = os.environ.get("STARCAST_LIGHTGBM") or REPO / "build" / "_deps" / "lightgbm" / "lib_lightgbm.so"
        if not Path(library).exists():
            skip("needs LightGBM's library; tools/fetch-lightgbm brings it")
        os.environ.update(STARCAST_LIGHTGBM=str(library), STARCAST=cls.starcast)
        cls.workspace = folder / "workspace"
        data = Path(os.environ.get("STARCAST_TEST_DATA") or REPO / ".." / "shared" / "data") / "googleplaystore.csv"
        if data.exists():
            cls.run(cls.starcast, "new", str(cls.workspace))
            cls.run(cls.starcast, "-C", str(cls.workspace), "data", "fetch", "--from", str(data))
        else:
            cls.run(cls.starcast, "new", str(cls.workspace), "--sample")
        cls.run(cls.starcast, "-C", str(cls.workspace), "repro")
        cls.package = str(cls.workspace / "models" / "rating")
        cls.raw = str(cls.workspace / "data" / "raw" / "googleplaystore.csv")

    @classmethod
    def predict(cls, source, text=None):
        """rating, low and high as `starcast predict` prints them, every bit."""
        out = cls.run(cls.starcast, "predict", source, "--model", cls.package, "--quiet", "--output-columns", "numbers",
                      input=text)
        header, *rows = out.decode().splitlines()
        assert header == ",".join(COLUMNS), header
        return numpy.array([[float(number) for number in row.split(",")] for row in rows])


def differing(ours, theirs):
    """The rows in which any bit differs."""
    ours, theirs = numpy.ascontiguousarray(ours, dtype="f8"), numpy.ascontiguousarray(theirs, dtype="f8")
    assert ours.shape == theirs.shape, (ours.shape, theirs.shape)
    unequal = ours.view("u8") != theirs.view("u8")
    return numpy.flatnonzero(unequal.any(axis=1) if unequal.ndim == 2 else unequal).tolist()


class Forests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dump = Setup.workspace / "dump"
        Setup.run(Setup.forest_dump, Setup.package, str(Setup.workspace / "data" / "interim" / "listings.csv"), str(cls.dump))
        cls.names = sorted(path.name for path in (Path(Setup.package) / "forests").iterdir())

    def rows(self, name, columns):
        prefix = "before-launch-" if name.startswith("before-launch-") else ""
        return numpy.fromfile(self.dump / f"{prefix}rows.f64").reshape(-1, columns)

    def ours(self, name):
        return numpy.fromfile(self.dump / f"{name}.f64")

    def test_each_forest_loads_as_a_booster_and_predicts_the_same_bits(self):
        self.assertGreaterEqual(len(self.names), 4)
        compared = 0
        for name in self.names:
            booster = mlflow.lightgbm.load_model(f"{Setup.package}/forests/{name}")
            rows = self.rows(name, booster.num_feature())
            self.assertGreater(len(rows), 10000)
            theirs = booster.predict(rows, num_threads=1)
            self.assertEqual(differing(self.ours(name), theirs), [], name)
            compared += len(theirs)
        print(f"{compared} predictions of {len(self.names)} forests: every bit the same")

    def test_each_forest_is_a_pyfunc_model_with_its_columns_by_name(self):
        for name in self.names:
            model = mlflow.pyfunc.load_model(f"{Setup.package}/forests/{name}")
            columns = model.metadata.get_input_schema().input_names()
            frame = pandas.DataFrame(self.rows(name, len(columns)), columns=columns)
            shuffled = frame[sorted(columns)]
            self.assertEqual(differing(self.ours(name), model.predict(shuffled)), [], name)


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.model = mlflow.pyfunc.load_model(Setup.package)
        cls.frame = pandas.read_csv(Setup.raw)

    def predict(self, frame):
        answer = self.model.predict(frame)
        self.assertEqual(list(answer.columns), COLUMNS)
        self.assertEqual(list(answer.index), list(frame.index))
        return answer.to_numpy()

    def of_cells(self, frame):
        """Our command line on the frame's cells."""
        return Setup.predict("-", frame.to_csv(index=False).encode())

    def test_a_raw_frame_is_answered_as_the_command_line_answers_the_file(self):
        theirs = self.predict(self.frame)
        ours = Setup.predict(Setup.raw)
        # pandas puts the cells of the row without a Category into wrong columns, and MLflow drops the Rating that would
        # give it away; our reader repairs it.
        shifted = numpy.flatnonzero(self.frame["Rating"] > 5).tolist()
        self.assertEqual(len(shifted), 1)
        self.assertEqual(differing(ours, theirs), shifted)
        print(f"{len(theirs)} listings through pyfunc: every bit the same but for the shifted row")

    def test_all_rows_of_the_cells_that_mlflow_sees_are_answered_alike(self):
        cells = self.frame.assign(Rating=numpy.nan)
        self.assertEqual(differing(self.of_cells(cells), self.predict(self.frame)), [])

    def test_numbers_are_as_good_as_texts(self):
        text = self.frame[self.frame["Rating"] <= 5].head(500)
        reviews = pandas.to_numeric(text["Reviews"])
        installs = pandas.to_numeric(text["Installs"].str.replace("[+,]", "", regex=True))
        price = pandas.to_numeric(text["Price"].str.replace("$", ""))
        want = self.predict(text)
        for kind in ("int64", "float64"):
            typed = text.assign(Reviews=reviews.astype(kind), Installs=installs.astype(kind), Price=price)
            self.assertEqual(differing(want, self.predict(typed)), [], kind)

    def test_missing_columns_are_missing_values(self):
        everything = list(self.model.metadata.get_input_schema().input_names())
        part = self.frame[self.frame["Rating"] <= 5].head(200)
        for kept in (["App"], ["Reviews"], ["Category", "Installs"], everything[:6], everything[6:]):
            full = part[kept].reindex(columns=["Rating", *everything])
            self.assertEqual(differing(self.of_cells(full), self.predict(part[kept])), [], kept)

    def test_cells_that_pandas_gave_another_type_are_accepted(self):
        row = self.frame.head(1)
        want = {
            "nothing known of a column": row.assign(**{"Type": numpy.nan, "Android Ver": numpy.nan}),
            "None": row.assign(Type=None),
            "a version that looks like a number": row.assign(**{"Current Ver": 1.5}),
            "a name that looks like a number": row.assign(App=365),
            "a category that is categorical": row.assign(Category=row["Category"].astype("category")),
        }
        for name, frame in want.items():
            with self.subTest(name):
                self.assertEqual(differing(self.of_cells(frame), self.predict(frame)), [])
        dated = row.assign(**{"Last Updated": pandas.to_datetime(row["Last Updated"])})
        self.assertEqual(differing(self.predict(row), self.predict(dated)), [])

    def test_cells_that_csv_cannot_carry_as_they_are_do_no_harm(self):
        names = ['"', "a,b", "line\nbreak", "line\rbreak", "a\r\nb", "\0zero", "", " ", "é漢字😀"]
        frame = pandas.DataFrame({"App": pandas.Series(names, dtype=object), "Reviews": range(len(names))})
        frame.index = [f"row {i}" for i in frame.index]
        answer = self.predict(frame)
        self.assertEqual(answer.shape, (len(names), 3))
        self.assertTrue(numpy.isfinite(answer).all())
        self.assertEqual(differing(answer[1:2], self.predict(frame.iloc[1:2])), [])

    def test_an_empty_frame_gives_an_empty_answer(self):
        answer = self.model.predict(self.frame.head(0))
        self.assertEqual(answer.shape, (0, 3))
        self.assertEqual([str(kind) for kind in answer.dtypes], ["float64"] * 3)

    def test_a_frame_of_unknown_columns_is_refused_with_the_known_ones(self):
        with self.assertRaisesRegex(ValueError, "a listing has App, Category, Reviews"):
            self.model.predict(pandas.DataFrame({"name": ["x"]}))

    def test_a_missing_executable_is_named(self):
        path, os.environ["PATH"] = os.environ["PATH"], ""
        starcast = os.environ.pop("STARCAST")
        try:
            with self.assertRaisesRegex(RuntimeError, "set STARCAST to its path"):
                self.model.predict(self.frame.head(1))
        finally:
            os.environ.update(PATH=path, STARCAST=starcast)

    def test_signature_and_examples_load(self):
        metadata = mlflow.models.Model.load(Setup.package)
        info = mlflow.models.get_model_info(Setup.package)
        self.assertEqual(metadata.signature.outputs.input_names(), COLUMNS)
        self.assertEqual(info.signature, metadata.signature)
        self.assertEqual(sorted(info.flavors), ["python_function", "starcast"])
        self.assertEqual(metadata.flavors["starcast"]["format"], 2)
        example = metadata.load_input_example(Setup.package)
        self.assertEqual(list(example.columns), metadata.signature.inputs.input_names())
        self.assertEqual(differing(self.of_cells(example), self.predict(example)), [])
        serving = json.loads(metadata.get_serving_input(Setup.package))
        self.assertEqual(serving, {"dataframe_split": json.loads(Path(Setup.package, "input_example.json").read_text())})

    def test_mlflows_own_files_may_be_rewritten(self):
        copy = str(Setup.workspace / "rewritten")
        shutil.copytree(Setup.package, copy)
        metadata = mlflow.models.Model.load(copy)
        metadata.model_id = "m-0123456789abcdef0123456789abcdef"
        metadata.metadata = {"stage": "test"}
        metadata.save(str(Path(copy, "MLmodel")))
        Path(copy, "requirements.txt").write_text("mlflow\npandas\n")
        Path(copy, "registered_model_meta").write_text("model_name: rating\nmodel_version: '1'\n")
        rows = self.frame.head(3)
        self.assertEqual(differing(self.predict(rows), mlflow.pyfunc.load_model(copy).predict(rows).to_numpy()), [])

    def test_mlflows_registry_takes_the_package(self):
        mlflow.set_tracking_uri(f"sqlite:///{Setup.workspace}/mlflow.db")
        client = mlflow.MlflowClient()
        experiment = client.create_experiment("package", artifact_location=(Setup.workspace / "artifacts").as_uri())
        run = client.create_run(experiment)
        client.log_artifacts(run.info.run_id, Setup.package, "rating")
        version = mlflow.register_model(f"runs:/{run.info.run_id}/rating", "rating")
        rows = self.frame.head(3)
        for uri in (f"runs:/{run.info.run_id}/rating", f"models:/rating/{version.version}"):
            self.assertEqual(differing(self.predict(rows), mlflow.pyfunc.load_model(uri).predict(rows).to_numpy()), [], uri)

    def test_mlflow_models_predict_answers_by_the_command_line(self):
        rows = self.frame.head(5)
        request = Setup.workspace / "request.csv"
        rows.to_csv(request, index=False)
        answer = Setup.workspace / "answer.json"
        Setup.run(str(PYTHON.parent / "mlflow"), "models", "predict", "-m", Setup.package, "-i", str(request), "-t", "csv",
                  "-o", str(answer), "--env-manager", "local",
                  env={**os.environ, "PATH": f"{PYTHON.parent}:{os.environ['PATH']}"})
        theirs = pandas.DataFrame(json.loads(answer.read_text())["predictions"])
        self.assertEqual(differing(self.predict(rows), theirs[COLUMNS].to_numpy()), [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--starcast", required=True)
    parser.add_argument("--forest-dump", required=True)
    options, rest = parser.parse_known_args()
    Setup.starcast, Setup.forest_dump = os.path.abspath(options.starcast), os.path.abspath(options.forest_dump)
    with tempfile.TemporaryDirectory() as folder:
        Setup.make(Path(folder))
        program = unittest.main(argv=[sys.argv[0], *rest], exit=False, verbosity=2)
    sys.exit(not program.result.wasSuccessful())


if __name__ == "__main__":
    main()
