"""Makes the eight columns that the forest sees: text as codes, missing sizes as the mean."""

from pathlib import Path

import pandas as pd
from sklearn.preprocessing import OrdinalEncoder

IN = "data/interim/apps.csv"
OUT = Path("data/processed/features.csv")
TEXT = ["Category", "Type", "Content Rating", "Genres"]

apps = pd.read_csv(IN)
apps["Size"] = apps["Size"].fillna(apps["Size"].mean())
apps[TEXT] = OrdinalEncoder().fit_transform(apps[TEXT].fillna("").astype(str))

OUT.parent.mkdir(parents=True, exist_ok=True)
columns = ["Category", "Reviews", "Size", "Installs", "Type", "Price", "Content Rating", "Genres", "Rating"]
apps[columns].to_csv(OUT, index=False)
