"""One table of the slices of all sources, with the parts that are left out in turn.

    python -m benchmarks.accuracy.hospitals --out tables

Writes ``all.csv``, to be trained on and cross-validated with ``--leave-out part``, or for a first
look at two of the parts with ``--leave-out screen``; and ``stripped_tumors.csv``, skull-stripped
tumors, which are measured and never trained on. The data is read from TUMORSCOPE_DATA
(../shared/data).
"""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.accuracy.results import DATA

TABLES = ("lgg", "elderly", "ms", "cheng", "stripped", "various")
FOLDERS = ("navoneel", "br35h")
PARTS = {
    "elderly": "elderly",
    "ms": "ms and various",
    "various": "ms and various",
    "cheng": "cheng and stripped",
    "stripped": "cheng and stripped",
}
SCREENED = ("lgg CS and EZ", "ms and various")
LGG_PARTS = {"CS": "lgg CS and EZ", "EZ": "lgg CS and EZ", "DU": "lgg DU"}


def read_slices(data: Path) -> pd.DataFrame:
    """List the slices of all sources, with absolute paths; ``part`` is what is left out."""
    tables = [*(_read_table(data / name) for name in TABLES)]
    tables += [_list_folder(data / name) for name in FOLDERS]
    # The share of lesion is measured from the masks.
    slices = pd.concat(tables, ignore_index=True).drop(columns="lesion_share").fillna("")
    return slices.assign(screen=slices["part"].where(slices["part"].isin(SCREENED), ""))


def _read_table(source: Path) -> pd.DataFrame:
    table = pd.read_csv(source / "slices.csv", dtype=str, keep_default_na=False)
    name = source.name
    table["source"] = name
    table["path"] = [str((source / path).resolve()) for path in table["path"]]
    table["mask"] = [str((source / mask).resolve()) if mask else "" for mask in table["mask"]]
    if name == "cheng":
        table["mask"] = str((source / "boxes.json").resolve())
        table["slice"] = ""  # the number of a file, not a place in a head
    table["part"] = table["site"].map(LGG_PARTS) if name == "lgg" else PARTS[name]
    return table


def _list_folder(source: Path) -> pd.DataFrame:
    rows = [
        {"path": str(path.resolve()), "label": label, "source": source.name}
        for label in ("no", "yes")
        for path in sorted((source / label).iterdir())
    ]
    return pd.DataFrame(rows)


def main() -> None:
    """Write the tables and count what is in them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    slices = read_slices(DATA)
    is_stripped_tumor = (slices["source"] == "stripped") & (slices["label"] == "yes")
    slices[~is_stripped_tumor].to_csv(arguments.out / "all.csv", index=False)
    slices[is_stripped_tumor].to_csv(arguments.out / "stripped_tumors.csv", index=False)
    print(slices.groupby(["source", "label"]).size().unstack(fill_value=0).to_string())


if __name__ == "__main__":
    main()
