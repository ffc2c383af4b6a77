"""Measure how much answers change by the faster precision and by reading large pictures reduced.

    python benchmarks/precision.py DATA --model dist/model

Every labelled slice is answered for as `predict` does and, for comparison, in fp32 at full size.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from tumorscope.data.scans.find import find_scans
from tumorscope.data.sources import list_labelled_files
from tumorscope.inference.engine import EXACT, choose_precision
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.predictor import Predictor


def main() -> None:
    """Print what changes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    arguments = parser.parse_args()
    files = list_labelled_files(arguments.data, "yes")
    labels = [file.label for file in files]
    paths = [file.path for file in files]
    exact = list(Predictor.load(arguments.model, precision=EXACT).predict(paths))
    fast_predictor = Predictor.load(arguments.model, precision=choose_precision())
    fast = list(fast_predictor.answer(find_scans(paths)))
    pairs = [
        (one, other)
        for one, other in zip(exact, fast, strict=True)
        if isinstance(one, Prediction) and isinstance(other, Prediction)
    ]
    assert len(pairs) == len(files), "every slice was readable in training"
    probabilities = np.array([[x.tumor_probability for x in pair] for pair in pairs])
    change = np.abs(np.diff(probabilities)).ravel()
    changed = sum(one.verdict != other.verdict for one, other in pairs)
    reduced = sum(one.image.shape != other.image.shape for one, other in pairs)
    print(f"{len(pairs)} slices, {choose_precision()} against fp32; {reduced} were read reduced")
    for name, column in zip(("fp32, full size", "as predict"), probabilities.T, strict=True):
        print(f"AUROC, {name}: {roc_auc_score(labels, column):.5f}")
    print(f"verdicts changed: {changed} ({changed / len(pairs):.2%})")
    print(f"change of the probability: mean {change.mean():.4f}, largest {change.max():.3f}")


if __name__ == "__main__":
    main()
