"""MLflow's python_function loader of a starcast model package: it calls the starcast executable, so that Python gets
the same numbers as every other caller. The executable is $STARCAST, else `starcast` on the PATH."""

import csv
import io
import os
import shutil
import subprocess

import pandas
from mlflow.models import Model


def _executable():
    path = os.environ.get("STARCAST") or shutil.which("starcast")
    if not path:
        raise RuntimeError(
            "the starcast executable was not found: put it on the PATH or set STARCAST to its path"
        )
    return path


def _csv_bytes(frame):
    """Every cell in quotes, whatever it holds; what CSV or UTF-8 cannot carry is left to the reader's mending."""
    text = frame.to_csv(index=False, quoting=csv.QUOTE_ALL, lineterminator="\n")
    return text.replace("\0", " ").encode("utf-8", "surrogatepass")


class _RatingModel:
    def __init__(self, folder):
        self._folder = folder
        self._columns = Model.load(folder).get_input_schema().input_names()

    def predict(self, model_input, params=None):
        """Raw listings in, cells as texts or numbers; any of the signature's columns may be missing, others are
        ignored. Rating, low and high out, a row each."""
        frame = pandas.DataFrame(model_input)
        if not any(column in frame.columns for column in self._columns):
            raise ValueError(
                f"none of the columns {', '.join(map(str, frame.columns)) or '(there are none)'} is known; "
                f"a listing has {', '.join(self._columns)}"
            )
        result = subprocess.run(
            [_executable(), "predict", "-", "--model", self._folder, "--quiet", "--output-columns", "numbers"],
            input=_csv_bytes(frame.reindex(columns=self._columns)),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if result.returncode != 0:
            raise RuntimeError(result.stderr.decode(errors="replace").strip())
        # float() gives every bit back; pandas' own CSV reader does not in all of its versions.
        names, *rows = csv.reader(io.StringIO(result.stdout.decode()))
        return pandas.DataFrame(
            [[float(number) for number in row] for row in rows], columns=names, index=frame.index, dtype=float
        )


def _load_pyfunc(path):
    return _RatingModel(os.path.abspath(path))
