"""Make the table of docs/experiments.md on what the recipe gains by outlines of lesions.

    python -m benchmarks.accuracy.outlines [--tables-only]

Two cross-validations of Navoneel and Br35H together with EfficientNet-Lite0, on the folds of seed
4, each going on where it was stopped. The data is read from TUMORSCOPE_DATA (../shared/data).
"""

import argparse
from pathlib import Path

import tumorscope
from benchmarks.accuracy.default import draw_differences, draw_table, read_metrics
from benchmarks.accuracy.experiments import DOCUMENT
from benchmarks.accuracy.results import BACKBONE, DATA, replace_part

PLAIN = Path("results/outlines/plain")
OUTLINED = Path("results/outlines/outlined")
SEED = "seed=4"


def run_all() -> None:
    """Cross-validate what is not there yet."""
    masks = DATA / "br35h" / "annotations.json"
    for cv, given, weight in ((PLAIN, None, 0), (OUTLINED, masks, 1)):
        tumorscope.crossval(
            [DATA / "navoneel", DATA / "br35h"],
            cv,
            folds=5,
            repeats=1,
            backbone=BACKBONE,
            overrides=[SEED, f"training.mask_weight={weight}"],
            masks=given,
            jobs=2,
            resume=True,
        )


def draw_figures() -> str:
    """Write the figures in Markdown by the set that was tested."""
    titles = {"navoneel": "Navoneel", "br35h": "Br35H"}
    rows = {
        (name, "both", title): read_metrics(cv)["sources"][source]
        for source, title in titles.items()
        for name, cv in {"without outlines": PLAIN, "with outlines": OUTLINED}.items()
    }
    return draw_table(rows)


def main() -> None:
    """Run what is missing, then write the document."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables-only", action="store_true", help="train nothing")
    if not parser.parse_args().tables_only:
        run_all()
    gains = draw_differences("gain by outlines, on both", PLAIN, OUTLINED)
    replace_part(DOCUMENT, "outlines", f"{draw_figures()}\n\n{gains}")


if __name__ == "__main__":
    main()
