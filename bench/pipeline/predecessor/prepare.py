"""Cleans the raw Play Store file: only rated apps, one row an app, numbers as numbers."""

from pathlib import Path

import pandas as pd

RAW = "data/raw/googleplaystore.csv"
OUT = Path("data/interim/apps.csv")


def size_in_mb(text):
    """"19M" is 19, "201k" is 0.201, "Varies with device" is missing."""
    if text.endswith("M"):
        return float(text[:-1])
    if text.endswith("k"):
        return float(text[:-1]) / 1000
    return float("nan")


apps = pd.read_csv(RAW)

# One row lacks its category: its other cells stand one column too far to the left.
for row in apps.index[apps["Rating"] > 5]:
    cells = apps.loc[row].tolist()
    apps.loc[row] = [cells[0], "LIFESTYLE", float(cells[1]), str(int(cells[2])), *cells[3:-1]]

apps = apps.dropna(subset=["Rating"])
apps["Reviews"] = apps["Reviews"].astype(int)
apps["Size"] = apps["Size"].map(size_in_mb)
apps["Installs"] = apps["Installs"].str.replace("[+,]", "", regex=True).astype(int)
apps["Price"] = apps["Price"].str.lstrip("$").astype(float)

key = apps["App"].str.lower().str.split().str.join(" ")
apps = apps.sort_values("Reviews", ascending=False, kind="stable")
apps = apps[~key[apps.index].duplicated()].sort_index()

OUT.parent.mkdir(parents=True, exist_ok=True)
apps.drop(columns=["Last Updated", "Current Ver", "Android Ver"]).to_csv(OUT, index=False)
