"""What a cross-validation that leaves out the parts of `hospitals` is worth, line by line.

    python -m benchmarks.accuracy.left_out CV

Tumor slices are those with lesions of at least 1 % of the picture; tumor-free ones lie two slices
and more away from any lesion. "At level" counts pairs of slices at the same tenth of the head, so
that the level cannot help. An "uncertain" or "not assessable" verdict is not right.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from tumorscope.dataset.manifest import read_table
from tumorscope.workflows.measuring.verdicts import find_verdicts

LEAST_SHARE = 0.01
TENTHS = 10


def compute_auroc(positive: pd.Series, negative: pd.Series) -> float:
    """Compute the share of pairs in which the first is larger, half of it where they are equal."""
    ranks = pd.concat([positive, negative]).rank().to_numpy()[: len(positive)]
    pairs = len(positive) * len(negative)
    return float((ranks.sum() - len(positive) * (len(positive) + 1) / 2) / pairs)


def compute_auroc_at_level(positive: pd.DataFrame, negative: pd.DataFrame) -> float:
    """Compute the AUROC over pairs at the same tenth of the head."""
    tenths = [(part["level"] * TENTHS // 1).clip(upper=TENTHS - 1) for part in (positive, negative)]
    counted = correct = 0.0
    for tenth in range(TENTHS):
        chosen = [
            part.loc[level == tenth, "probability"]
            for part, level in zip((positive, negative), tenths, strict=True)
        ]
        if all(map(len, chosen)):
            pairs = len(chosen[0]) * len(chosen[1])
            counted += pairs
            correct += pairs * compute_auroc(*chosen)
    return correct / counted


def find_clear_slices(answers: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find tumor slices with a lesion that can be seen, and slices away from any."""
    is_near = pd.Series(False, answers.index)
    for _, scan in answers.groupby(["patient_id", "sequence"]):
        lesions = scan.loc[scan["label"] == 1, "number"].to_numpy()
        distance = np.abs(scan["number"].to_numpy()[:, np.newaxis] - lesions[np.newaxis])
        is_near[scan.index] = (distance <= 1).any(axis=1)
    tumors = answers[(answers["label"] == 1) & (answers["lesion_share"] >= LEAST_SHARE)]
    return tumors, answers[(answers["label"] == 0) & ~is_near]


def describe_lgg(answers: pd.DataFrame) -> pd.DataFrame:
    """List what the gliomas of each part come to, by sequence."""
    rows = []
    for (part, sequence), scan in answers.groupby(["left_out", "sequence"]):
        tumors, others = find_clear_slices(scan)
        rows.append(
            {
                "left out": part,
                "sequence": sequence,
                "at level": compute_auroc_at_level(tumors, others),
                "whole heads": compute_auroc(tumors["probability"], others["probability"]),
                "sensitivity": (tumors["shown"] == "tumor").mean(),
                "specificity": (others["shown"] == "no tumor").mean(),
            }
        )
    return pd.DataFrame(rows)


def describe_sources(answers: pd.DataFrame) -> pd.DataFrame:
    """List the shares of verdicts of each source by plane, sequence and label."""
    keys = ["source", "plane", "sequence", "label"]
    named = answers.assign(**{key: answers[key].fillna("") for key in keys[:3]})
    shares = named.groupby(keys)["shown"].value_counts(normalize=True).unstack(fill_value=0.0)
    called = (named["probability"] >= 0.5).groupby([named[key] for key in keys]).mean()
    return shares.assign(slices=named.groupby(keys).size(), called_tumor=called)


def read_answers(cv: Path) -> pd.DataFrame:
    """Read the answers with the number of each slice in its series and the verdict it shows."""
    answers = read_table(cv / "predictions.csv")
    numbers = read_table(cv / "manifest.csv").set_index("path")["slice"]
    return answers.assign(number=answers["path"].map(numbers), shown=find_verdicts(answers))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cv", type=Path)
    cv = parser.parse_args().cv
    answers = read_answers(cv)
    pd.set_option("display.width", 160)
    print(describe_lgg(answers[answers["source"] == "lgg"]).round(3).to_string(index=False))
    print(describe_sources(answers).round(3).to_string())
    series = read_table(cv / "series.csv")
    keys = ["source", "sequence", "plane", "label"]
    verdicts = series.groupby(keys, dropna=False)["verdict"].value_counts().unstack(fill_value=0)
    print(verdicts.to_string())


if __name__ == "__main__":
    main()
