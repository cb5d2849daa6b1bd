"""MLflow's python_function loader of a starcast model package: it calls the starcast executable, so that Python gets
the same numbers as every other caller. The executable is $STARCAST, else `starcast` on the PATH."""

import io
import os
import shutil
import subprocess

import pandas


def _executable():
    path = os.environ.get("STARCAST") or shutil.which("starcast")
    if not path:
        raise RuntimeError(
            "the starcast executable was not found: put it on the PATH or set STARCAST to its path"
        )
    return path


class _RatingModel:
    def __init__(self, folder):
        self._folder = folder

    def predict(self, model_input, params=None):
        """Raw listings in (any columns of the Play Store file may be missing); rating, low and high out."""
        frame = pandas.DataFrame(model_input)
        result = subprocess.run(
            [_executable(), "predict", "-", "--model", self._folder, "--quiet", "--output-columns", "numbers"],
            input=frame.to_csv(index=False).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if result.returncode != 0:
            raise RuntimeError(result.stderr.decode(errors="replace").strip())
        answer = pandas.read_csv(io.BytesIO(result.stdout), float_precision="round_trip")
        answer.index = frame.index
        return answer


def _load_pyfunc(path):
    return _RatingModel(os.path.abspath(path))
