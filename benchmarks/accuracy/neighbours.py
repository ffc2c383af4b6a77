"""What neighbours bring to slices of a series, in a cross-validation that leaves out `hospitals`.

    python -m benchmarks.accuracy.neighbours CV

Of the gliomas that each finished fold left out: AUROC of slices "at level" and over whole heads, as
in `left_out`, and of slices with smaller lesions, by how far neighbours have a say.
"""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.accuracy.left_out import (
    LEAST_SHARE,
    compute_auroc,
    compute_auroc_at_level,
    find_clear_slices,
)
from tumorscope.dataset.manifest import read_table
from tumorscope.dataset.series import find_levels
from tumorscope.dataset.splits import TEST
from tumorscope.workflows.measuring.neighbours import heed_series

REACHES = (0.0, 0.06, 0.09, 0.12, 0.16)


def read_answers(cv: Path, folder: Path) -> pd.DataFrame:
    """Read the answers of a fold for gliomas, with what the manifest says of them."""
    manifest = read_table(cv / "manifest.csv")
    known = manifest[["path", "source", "patient_id", "sequence", "lesion_share", "slice"]]
    known = known.assign(level=find_levels(manifest)).rename(columns={"slice": "number"})
    answers = read_table(folder / "predictions.csv")
    answers = answers[answers["part"] == TEST].merge(known, on="path")
    return answers[answers["source"] == "lgg"]


def measure(answers: pd.DataFrame, reach: float) -> list[dict[str, object]]:
    """Measure each sequence with one reach."""
    heeded = answers.assign(probability=heed_series(answers, answers["probability"], reach))
    rows: list[dict[str, object]] = []
    for sequence, scan in heeded.groupby("sequence"):
        tumors, others = find_clear_slices(scan)
        small = scan[(scan["label"] == 1) & (scan["lesion_share"] < LEAST_SHARE)]
        rows.append(
            {
                "sequence": sequence,
                "reach": reach,
                "at level": compute_auroc_at_level(tumors, others),
                "whole heads": compute_auroc(tumors["probability"], others["probability"]),
                "small lesions": compute_auroc(small["probability"], others["probability"]),
            }
        )
    return rows


def main() -> None:
    """Print a table for each fold that left out gliomas."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cv", type=Path)
    cv = parser.parse_args().cv
    for table in sorted(cv.glob("folds/*/predictions.csv")):
        answers = read_answers(cv, table.parent)
        if answers.empty:
            continue
        rows = [row for reach in REACHES for row in measure(answers, reach)]
        print(table.parent.name)
        print(pd.DataFrame(rows).sort_values(["sequence", "reach"]).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
