"""Grows scikit-learn's default forest on a share of the apps; the others are set aside as the test part."""

from pathlib import Path

import joblib
import pandas as pd
import yaml
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

IN = "data/processed/features.csv"
MODEL = Path("models/forest.joblib")
TEST = Path("data/processed/test.csv")

params = yaml.safe_load(Path("params.yaml").read_text(encoding="utf-8"))["train"]
train, test = train_test_split(pd.read_csv(IN), train_size=params["share"], random_state=params["seed"])
forest = RandomForestRegressor(random_state=params["seed"])
forest.fit(train.drop(columns="Rating"), train["Rating"])

MODEL.parent.mkdir(parents=True, exist_ok=True)
joblib.dump(forest, MODEL)
test.to_csv(TEST, index=False)
