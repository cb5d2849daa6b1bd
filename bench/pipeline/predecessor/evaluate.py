"""The forest's metrics on the test part, and the histogram of its residuals."""

import json
from pathlib import Path

import joblib
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
from sklearn.metrics import mean_absolute_error, mean_squared_error, median_absolute_error, r2_score

TEST = "data/processed/test.csv"
MODEL = "models/forest.joblib"
METRICS = Path("reports/metrics.json")
FIGURE = Path("reports/figures/residuals.png")

test = pd.read_csv(TEST)
forest = joblib.load(MODEL)
truth = test["Rating"]
predicted = forest.predict(test.drop(columns="Rating"))
metrics = {
    "apps": len(test),
    "r2": r2_score(truth, predicted),
    "rmse": mean_squared_error(truth, predicted) ** 0.5,
    "mae": mean_absolute_error(truth, predicted),
    "medae": median_absolute_error(truth, predicted),
}
METRICS.parent.mkdir(parents=True, exist_ok=True)
METRICS.write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")

FIGURE.parent.mkdir(parents=True, exist_ok=True)
figure, axes = plt.subplots()
axes.hist(truth - predicted, bins=50)
axes.set_title("Residuals of the test part")
axes.set_xlabel("rating - predicted rating")
axes.set_ylabel("apps")
figure.savefig(FIGURE)
