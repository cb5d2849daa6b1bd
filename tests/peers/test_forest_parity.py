#!/usr/bin/env python3
"""Random models of LightGBM and XGBoost, trained here: each of our kernels predicts every bit of theirs.

  test_forest_parity.py --forest-predict PROGRAM [--models N] [--rows N] [unittest's arguments]

200 models and 1,000 rows each by default: objectives, boosters, classes, missing values of every kind, categories (also
unseen ones), zeros of both signs, numbers around LightGBM's zero threshold of 1e-35, each model's own thresholds and their
neighbours, columns of float32 and float64. Sums, predictions and leaves are equal bit for bit, one row at a time and all at
once; LightGBM's reasons within 1e-12 of a row's sum of absolute shares, XGBoost's, which it adds up in float32, within 5e-6.

The libraries are those of tools/peers ($STARCAST_PEERS, else build/peers); without them the test skips itself (exit status
77). No network is used.
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


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(SKIPPED)


if not PYTHON.exists():
    skip("needs LightGBM and XGBoost in Python; install them by tools/peers")
if Path(sys.prefix) != PYTHON.parent.parent:
    os.execv(PYTHON, [str(PYTHON), "-B", *sys.argv])

os.environ["OMP_NUM_THREADS"] = "1"
warnings.simplefilter("ignore")
import lightgbm  # noqa: E402
import numpy  # noqa: E402

try:
    import xgboost  # noqa: E402
except ImportError:
    skip("needs XGBoost in Python; install it by tools/peers")
xgboost.set_config(verbosity=0)
numpy.seterr(over="ignore")

COLUMNS = ["normal", "integer", "tiny", "sparse", "wild", "few", "many"]
FIRST_CATEGORY = 5
TRAINING_ROWS = 400
SHARE_ROWS = 60
ZERO = float(numpy.float32(1e-35))
LIGHTGBM_OBJECTIVES = ["regression", "regression_l1", "quantile", "poisson", "binary", "huber", "fair", "cross_entropy", "gamma",
                       "tweedie", "mape", "cross_entropy_lambda", "lambdarank", "rank_xendcg", "multiclass", "multiclassova"]
XGBOOST_OBJECTIVES = ["reg:squarederror", "binary:logistic", "multi:softprob", "count:poisson", "reg:logistic",
                      "binary:logitraw", "multi:softmax", "reg:gamma", "reg:tweedie", "rank:pairwise", "rank:ndcg",
                      "reg:squaredlogerror", "reg:pseudohubererror", "reg:absoluteerror", "binary:hinge", "survival:cox",
                      "survival:aft", "rank:map", "reg:quantileerror"]


class Options:
    forest_predict = None
    models = 200
    rows = 1000


def draw(random, rows, missing, finite):
    """Training-like rows: one column of each kind."""
    x = numpy.empty((rows, len(COLUMNS)))
    x[:, 0] = random.normal(size=rows)
    x[:, 1] = random.integers(-4, 5, rows)
    x[:, 2] = random.normal(size=rows) * 1e-35
    x[:, 3] = numpy.where(random.random(rows) < 0.7, random.choice([0.0, -0.0], rows), random.normal(size=rows))
    wild = [1e30, -1e30, 3e38, 5e-324, -5e-324, 1e-40, 0.0, 1.0] + ([] if finite else [numpy.inf, -numpy.inf, 1e300, -1e300])
    x[:, 4] = numpy.where(random.random(rows) < 0.5, random.normal(size=rows), random.choice(wild, rows))
    x[:, 5] = random.integers(0, 6, rows)
    x[:, 6] = random.integers(0, 90, rows)
    x[random.random(x.shape) < missing] = numpy.nan
    return x


def signal(x):
    """Something that every column has a say in, missing values too."""
    z = [numpy.where(numpy.isnan(x[:, i]), fallback, x[:, i]) for i, fallback in enumerate([1.5, -2, 0, 2, 0, 7, 100])]
    total = z[0] + 0.5 * z[1] + (z[2] > 1e-35) + 0.5 * (z[2] < -1e-35) + numpy.where(z[3] == 0, -1, z[3])
    return total + (z[4] > 10) + numpy.sin(2 * z[5]) + numpy.cos(z[6])


def awkward(random, rows, thresholds, finite):
    """A third as in training, a third at the model's own thresholds, a third odd values; categories never seen."""
    x = draw(random, rows, 0.1, finite)
    odd = [numpy.nan, 0.0, -0.0, ZERO, -ZERO, numpy.nextafter(ZERO, 1), numpy.nextafter(-ZERO, -1), 1e-35, -1e-35, 1e-36, 5e-324,
           1e-45, -1e-45, 1.1754944e-38, -0.5, -1.0, -7.0, 2.999999, 31.0, 32.0, 95.0, 1000.0, 16777215.0, 16777216.0, 2147483647.0,
           2147483648.0, 1e18, -1e18, 3.4e38]
    odd += [] if finite else [numpy.inf, -numpy.inf, 1e308, -1e308]
    for column in range(x.shape[1]):
        kind = random.random(rows)
        own = numpy.asarray(thresholds.get(column, []), dtype="f8")
        if len(own):
            step = numpy.float32 if finite else numpy.float64
            at = random.choice(own, rows).astype(step)
            ends = random.choice(numpy.array([-numpy.inf, at.dtype.type(0), numpy.inf], dtype=step), rows)
            near = numpy.where(ends == 0, at, numpy.nextafter(at, ends))
            if finite:
                near = numpy.clip(near, -3.4e38, 3.4e38)  # it refuses infinite cells
            x[kind < 0.33, column] = near[kind < 0.33]
        x[kind > 0.67, column] = random.choice(odd, rows)[kind > 0.67]
    return x


class Model:
    """A trained model: its file, its rows, and what its library says of them."""

    def __init__(self, name, path, rows):
        self.name, self.path, self.rows = name, path, rows
        self.predictions = self.sums = self.leaves = self.shares = None
        self.share_scale = 1.0
        self.share_margin = 0.0


def labels_of(objective, y, random):
    if objective in ("binary", "binary:logistic", "binary:logitraw", "binary:hinge", "rank:map"):
        return (y > 0).astype("f8")
    if objective in ("cross_entropy", "cross_entropy_lambda", "reg:logistic"):
        return 1 / (1 + numpy.exp(-y))
    if objective in ("poisson", "tweedie", "count:poisson", "reg:tweedie"):
        return numpy.floor(numpy.exp(0.3 * y))
    if objective in ("gamma", "reg:gamma", "survival:aft", "reg:squaredlogerror"):
        return numpy.exp(0.3 * y)
    if objective == "survival:cox":
        return numpy.exp(0.3 * y) * random.choice([1, -1], len(y), p=[0.8, 0.2])
    if objective in ("lambdarank", "rank_xendcg", "rank:pairwise", "rank:ndcg"):
        return numpy.clip(numpy.floor(y + 2), 0, 4)
    return y


def lightgbm_model(index, folder):
    random = numpy.random.default_rng(1000 + index)
    objective = LIGHTGBM_OBJECTIVES[index % len(LIGHTGBM_OBJECTIVES)]
    dtype = random.choice(["f4", "f8"])
    x = draw(random, TRAINING_ROWS, random.choice([0, 0.15, 0.5]), False).astype(dtype)
    y = signal(x.astype("f8"))
    parameters = {"objective": objective, "num_leaves": int(2 + random.integers(90 if index % 5 == 0 else 40)), "verbosity": -1,
                  "min_data_in_leaf": int(1 + random.integers(15)), "learning_rate": float(random.choice([0.05, 0.1, 0.7])),
                  "use_missing": bool(random.random() < 0.8), "zero_as_missing": bool(random.random() < 0.35),
                  "max_bin": int(random.choice([15, 63, 255])), "num_threads": 1, "seed": index, "deterministic": True,
                  "force_row_wise": True, "max_cat_threshold": int(1 + random.integers(40)),
                  "max_cat_to_onehot": int(1 + random.integers(8)), "cat_smooth": 1, "min_data_per_group": 2,
                  "reg_sqrt": bool(random.random() < 0.3)}
    if objective in ("multiclass", "multiclassova"):
        parameters["num_class"] = int(random.integers(2, 6))
        label = random.integers(0, parameters["num_class"], len(y)) * (y > 0)
    else:
        label = labels_of(objective, y, random)
    kind = random.integers(5)
    if kind == 0 and not objective.startswith(("lambdarank", "rank_")):
        parameters.update(boosting="rf", bagging_fraction=0.632, bagging_freq=1)
    elif kind == 1:
        parameters["boosting"] = "dart"
    group = [20] * (TRAINING_ROWS // 20) if objective in ("lambdarank", "rank_xendcg") else None
    categories = [5, 6] if random.random() < 0.6 else []
    data = lightgbm.Dataset(x, label, group=group, categorical_feature=categories, feature_name=COLUMNS, free_raw_data=False)
    booster = lightgbm.train(parameters, data, int(1 + random.integers(25)))
    path = folder / f"lightgbm-{index}.txt"
    booster.save_model(path)

    thresholds = {}
    for tree in booster.dump_model()["tree_info"]:
        waiting = [tree["tree_structure"]]
        while waiting:
            node = waiting.pop()
            if "split_feature" not in node:
                continue
            waiting += [node["left_child"], node["right_child"]]
            if node["decision_type"] == "<=":
                thresholds.setdefault(node["split_feature"], []).append(float(node["threshold"]))
    rows = awkward(random, Options.rows, thresholds, False)
    if dtype == "f4":
        rows = rows.astype("f4")
    model = Model(f"LightGBM {index} {parameters}", path, rows.astype("f8"))
    # Of the booster as it was trained, not read again from the file that we read.
    model.predictions = booster.predict(rows, num_threads=1)
    model.sums = booster.predict(rows, num_threads=1, raw_score=True)
    model.leaves = booster.predict(rows, num_threads=1, pred_leaf=True)
    model.shares = booster.predict(rows[:SHARE_ROWS], num_threads=1, pred_contrib=True)
    if parameters.get("boosting") == "rf":
        # Its raw scores and reasons are sums where its predictions, and all that is ours, are means.
        model.share_scale = booster.num_trees() / parameters.get("num_class", 1)
        model.sums = model.sums / model.share_scale
    model.share_margin = 1e-12
    return model


def xgboost_model(index, folder):
    random = numpy.random.default_rng(5000 + index)
    objective = XGBOOST_OBJECTIVES[index % len(XGBOOST_OBJECTIVES)]
    dtype = random.choice(["f4", "f8"])
    x = draw(random, TRAINING_ROWS, random.choice([0, 0.15, 0.5]), True).astype(dtype)
    y = signal(x.astype("f8"))
    method = str(random.choice(["hist", "approx", "exact"]))
    with_categories = method != "exact" and random.random() < 0.6
    types = ["float", "int", "q", "float", "float", "c", "c"] if with_categories else None
    parameters = {"objective": objective, "tree_method": method, "nthread": 1, "seed": index, "verbosity": 0,
                  "eta": float(random.choice([0.05, 0.3, 1.0])), "max_depth": int(random.integers(1, 8)),
                  "max_bin": int(random.choice([15, 64, 256])), "min_child_weight": float(random.choice([0.01, 1, 5])),
                  "subsample": float(random.choice([0.6, 1.0])), "max_cat_to_onehot": int(random.choice([1, 4, 100])),
                  "num_parallel_tree": int(random.choice([1, 1, 3]))}
    if objective in ("reg:absoluteerror", "reg:quantileerror"):
        parameters["num_parallel_tree"] = 1  # older versions refuse more
    if method != "exact" and random.random() < 0.5:
        parameters.update(grow_policy="lossguide", max_leaves=int(2 + random.integers(90 if index % 5 == 0 else 40)), max_depth=0)
    if random.random() < 0.3:
        parameters.update(booster="dart", rate_drop=0.3, skip_drop=0.2)
    if random.random() < 0.4:
        parameters["base_score"] = float(random.choice([0.1, 0.5, 0.9]))
    if objective.startswith("multi:"):
        parameters["num_class"] = int(random.integers(2, 6))
        label = random.integers(0, parameters["num_class"], len(y)) * (y > 0)
    else:
        label = labels_of(objective, y, random)
        if objective == "reg:squarederror" and random.random() < 0.3:
            label = numpy.stack([label, -label, label ** 2], axis=1)
        if objective == "reg:quantileerror":
            parameters["quantile_alpha"] = [0.1, 0.5, 0.9]
    data = xgboost.DMatrix(x, label, feature_types=types, enable_categorical=with_categories, nthread=1,
                           feature_names=COLUMNS if random.random() < 0.5 else None)
    if objective.startswith("rank:"):
        data.set_group([20] * (TRAINING_ROWS // 20))
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", label)
        data.set_float_info("label_upper_bound", label * 2)
    booster = xgboost.train(parameters, data, int(1 + random.integers(12)))
    path = folder / f"xgboost-{index}.{'json' if index % 2 else 'ubj'}"
    booster.save_model(path)

    thresholds = {}
    learner = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]
    trees = learner.get("model", learner.get("gbtree", {}).get("model"))["trees"]
    for tree in trees:
        for left, feature, condition, split in zip(tree["left_children"], tree["split_indices"], tree["split_conditions"],
                                                   tree["split_type"]):
            if left >= 0 and split == 0:
                thresholds.setdefault(feature, []).append(condition)
    rows = awkward(random, Options.rows, thresholds, True)
    if dtype == "f4":
        rows = rows.astype("f4")
    model = Model(f"XGBoost {index} {parameters}", path, rows.astype("f8"))
    matrix = xgboost.DMatrix(rows, feature_types=types, enable_categorical=with_categories, nthread=1,
                             feature_names=booster.feature_names)
    model.predictions = booster.predict(matrix)
    model.sums = booster.predict(matrix, output_margin=True)
    model.leaves = booster.predict(matrix, pred_leaf=True).reshape(len(rows), -1)
    few = xgboost.DMatrix(rows[:SHARE_ROWS], feature_types=types, enable_categorical=with_categories, nthread=1,
                          feature_names=booster.feature_names)
    model.shares = booster.predict(few, pred_contribs=True)
    model.share_margin = 5e-6
    return model


def differing(ours, theirs):
    """The rows in which any bit differs; float32 answers are widened."""
    theirs = numpy.ascontiguousarray(theirs, dtype="f8").reshape(len(theirs), -1)
    ours = ours.reshape(theirs.shape)
    return numpy.flatnonzero((ours.view("u8") != theirs.view("u8")).any(axis=1)).tolist()


class Parity(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="starcast-forests-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        makers = [lightgbm_model, xgboost_model]
        cls.models = [makers[i % 2](i // 2, cls.folder) for i in range(Options.models)]
        lines = []
        for i, model in enumerate(cls.models):
            rows = cls.folder / f"{i}.rows"
            model.rows.tofile(rows)
            model.out = cls.folder / f"{i}.out"
            lines.append(f"{model.path} {rows} {model.out}\n")
        (cls.folder / "list").write_text("".join(lines))
        done = subprocess.run([Options.forest_predict, str(cls.folder / "list")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=500)
        if done.returncode != 0:
            raise AssertionError(f"forest_predict: exit {done.returncode}\n{done.stdout.decode()}")
        cls.said = done.stdout.decode()

    def read(self, model, what, dtype="f8"):
        return numpy.fromfile(f"{model.out}.{what}", dtype=dtype)

    def test_every_kernel_predicts_the_bits_of_the_library(self):
        files = sorted(path.name.split(".", 2)[2] for path in self.folder.glob("0.out.*.f64"))
        kernels = [name for name in files if name not in ("raw.f64", "shares.f64")]
        self.assertGreaterEqual(len(kernels), 4, kernels)
        compared = 0
        for model in self.models:
            for kernel in kernels:
                with self.subTest(model=model.name, kernel=kernel):
                    self.assertEqual(differing(self.read(model, kernel), model.predictions)[:5], [])
                compared += len(model.rows)
        names = sorted({name.split(".")[0] for name in kernels})
        print(f"{len(self.models)} models of LightGBM {lightgbm.__version__} and XGBoost {xgboost.__version__}, {compared} predictions "
              f"by the kernels {', '.join(names)}: every bit compared")

    def test_the_models_are_of_every_kind(self):
        """Guards the others: were the models to lose their variety, parity would mean little."""
        names = "\n".join(model.name for model in self.models)
        texts = "\n".join(model.path.read_text() for model in self.models if model.path.suffix in (".txt", ".json"))
        for kind in LIGHTGBM_OBJECTIVES + XGBOOST_OBJECTIVES + ["'boosting': 'rf'", "'boosting': 'dart'", "'booster': 'dart'",
                                                                "'lossguide'", "'exact'", "'approx'", "'zero_as_missing': True"]:
            self.assertIn(kind, names)
        self.assertRegex(texts, r"num_cat=[1-9]")
        self.assertRegex(texts, r'"categories_nodes": ?\[\d')
        self.assertRegex(texts, r'"num_target": ?"3"')

    def test_sums_before_the_transform_have_the_same_bits(self):
        for model in self.models:
            with self.subTest(model=model.name):
                self.assertEqual(differing(self.read(model, "raw.f64"), model.sums)[:5], [])

    def test_rows_reach_the_same_leaves(self):
        for model in self.models:
            with self.subTest(model=model.name):
                ours = self.read(model, "leaves.i32", "i4").reshape(len(model.rows), -1)
                self.assertTrue(numpy.array_equal(ours, model.leaves.astype("i4").reshape(ours.shape)))

    def test_reasons_are_those_of_the_library(self):
        worst = {}
        explained = 0
        for model in self.models:
            if not Path(f"{model.out}.shares.f64").exists():
                continue
            explained += 1
            width = model.rows.shape[1] + 1
            theirs = numpy.asarray(model.shares, dtype="f8").reshape(SHARE_ROWS, -1, width) / model.share_scale
            ours = self.read(model, "shares.f64").reshape(len(model.rows), -1, width)[:SHARE_ROWS]
            size = numpy.abs(theirs[:, :, :-1]).sum(axis=2, keepdims=True)
            scale = size + (numpy.abs(theirs[:, :, -1:]) if model.name.startswith("XGBoost") else 0)
            difference = numpy.abs(ours - theirs)[:, :, :-1] / numpy.maximum(scale, 1e-300)
            with self.subTest(model=model.name):
                self.assertLess(difference.max(), model.share_margin)
                bias = numpy.abs(ours - theirs)[:, :, -1:] / numpy.maximum(numpy.abs(theirs[:, :, -1:]) + size, 1e-300)
                self.assertLess(bias.max(), model.share_margin)
            library = model.name.split()[0]
            worst[library] = max(worst.get(library, 0), difference.max())
        self.assertGreater(explained, 0.8 * len(self.models), self.said)
        print(f"{explained} models explained; the largest difference of a share, as part of the row's sum of absolute shares: {worst}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--forest-predict", required=True)
    parser.add_argument("--models", type=int, default=Options.models)
    parser.add_argument("--rows", type=int, default=Options.rows)
    options, rest = parser.parse_known_args()
    Options.forest_predict, Options.models, Options.rows = options.forest_predict, options.models, options.rows
    unittest.main(argv=[sys.argv[0], *rest])
