"""Measure how much answers change by the faster precision and by reading large pictures reduced.

    python -m benchmarks.accuracy.precision DATA --model dist/model

Every labelled slice is answered for in fp32 at full size and, for comparison, with either change
and with both, as `predict` does.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from tumorscope.dataset.sources import list_labelled_files
from tumorscope.inference.engine import EXACT, choose_precision
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.predictor import Predictor
from tumorscope.scans.find import find_scans


def answer_all(paths: list[Path], model: Path, precision: str, reduced: bool) -> list[Prediction]:
    """Answer for image files, which are all readable: training read them."""
    predictor = Predictor.load(model, precision=precision)
    answers = predictor.answer(find_scans(paths)) if reduced else predictor.predict(paths)
    found = [answer for answer in answers if isinstance(answer, Prediction)]
    assert len(found) == len(paths)
    return found


def main() -> None:
    """Print what changes, a row for each change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    arguments = parser.parse_args()
    files = list_labelled_files(arguments.data, "yes")
    labels = [file.label for file in files]
    paths = [file.path for file in files]
    fast = choose_precision()
    exact = answer_all(paths, arguments.model, EXACT, reduced=False)
    expected = np.array([answer.tumor_probability for answer in exact])
    area = roc_auc_score(labels, expected)
    print(f"{len(paths)} slices; AUROC in fp32 at full size: {area:.4f}\n")
    print("| change | read reduced | AUROC | verdicts changed | probability, mean change |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for precision, reduced in ((fast, False), (EXACT, True), (fast, True)):
        changed = answer_all(paths, arguments.model, precision, reduced)
        pairs = list(zip(exact, changed, strict=True))
        found = np.array([answer.tumor_probability for answer in changed])
        verdicts = sum(one.verdict != other.verdict for one, other in pairs)
        small = sum(one.image.shape != other.image.shape for one, other in pairs)
        print(
            f"| {precision}{', reduced' if reduced else ''} | {small} "
            f"| {roc_auc_score(labels, found):.4f} | {verdicts} ({verdicts / len(paths):.2%}) "
            f"| {np.abs(found - expected).mean():.4f} |"
        )


if __name__ == "__main__":
    main()
