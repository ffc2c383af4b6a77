"""Compare two cross-validations on the same folds: what one does better, and how surely."""

import json
from pathlib import Path

import pandas as pd

from tumorscope.copies.groups import DisjointSets
from tumorscope.dataset.source_names import take_sources
from tumorscope.errors import InputError
from tumorscope.evaluation.comparison import Comparison, compare_scores
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.provenance import RESEARCH_USE_ONLY
from tumorscope.replacing import check_replaceable, replace_folder
from tumorscope.workflows.crossval.metrics import stack_repeats
from tumorscope.workflows.crossval.results import read_answers

_COMMAND, _RESULT_FILE = "compare", "comparison.json"


class NamedComparison(Comparison):
    """A comparison that knows the names of what it compares."""

    first: str
    second: str


def compare(first: str | Path, second: str | Path, out: str | Path) -> NamedComparison:
    """Measure the paired differences of two cross-validations, second minus first.

    Parameters
    ----------
    first, second
        The folders that `crossval` wrote, for the same slices on the same folds. The second may
        have more sources than the first: then the slices of the first are compared.
    out
        The folder for ``comparison.json`` and its figure, replacing an earlier comparison.

    Returns
    -------
    NamedComparison
        As written: calibrated probabilities, called a tumor from 0.5 on.

    Raises
    ------
    InputError
        One is no finished cross-validation, they differ in slices, labels, groups or folds, or
        `out` holds other files, or lies in one of them.
    """
    folder, names = Path(out), _name(Path(first), Path(second))
    check_replaceable(folder, _COMMAND, [first, second])
    answers = _share_slices(read_answers(Path(first)), read_answers(Path(second)))
    _check_same_folds(*answers, names)
    of_first, of_second = (stack_repeats(table, "probability") for table in answers)
    labels, groups = (stack_repeats(answers[0], name)[0] for name in ("label", "group"))
    comparison = compare_scores(labels, of_first, of_second, HALF, groups)
    document: NamedComparison = {"first": names[0], "second": names[1], **comparison}
    with replace_folder(folder, _COMMAND) as temporary:
        text = json.dumps({**document, "notice": RESEARCH_USE_ONLY}, indent=2)
        (temporary / _RESULT_FILE).write_text(text + "\n", "utf-8")
        _write_figure(temporary, comparison, names)
    return document


def _share_slices(first: pd.DataFrame, second: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take from the second the sources of the first, if it has more.

    Slices that are copies of one of another source are one group there, though in the first they
    may be two: both then get the groups that join all who are joined in either.
    """
    shared = take_sources(second, first).sort_values(["repeat", "slice"], ignore_index=True)
    if len(shared) < len(second) and shared["slice"].equals(first["slice"]):
        sets = DisjointSets(len(first))
        for answers in (first, shared):
            sets.join_equal(answers["group"])
        joined = sets.number()
        return first.assign(group=joined), shared.assign(group=joined)
    return first, shared


def _check_same_folds(first: pd.DataFrame, second: pd.DataFrame, names: tuple[str, str]) -> None:
    """Refuse answers that are not for the same slices, divided in the same way."""
    both = " and ".join(names)
    key = ["repeat", "slice"]
    if not first[key].equals(second[key]):
        raise InputError(
            f"{both}: not the same slices and repeats; cross-validate the second with "
            "--folds-file FIRST/folds.csv"
        )
    for column, meaning in (("sha256", "bytes"), ("label", "labels")):
        differing = first[column] != second[column]
        if differing.any():
            raise InputError(f"{both}: {first.loc[differing, 'slice'].iloc[0]} has other {meaning}")
    if not first["fold"].equals(second["fold"]):
        raise InputError(
            f"{both}: other folds, so that differences would be of folds, not of models; "
            "cross-validate the second with --folds-file FIRST/folds.csv"
        )
    if not _name_groups(first).equals(_name_groups(second)):
        raise InputError(f"{both}: other groups of copies; cross-validate both with one version")


def _name_groups(answers: pd.DataFrame) -> pd.Series:
    """Name each group by its first slice: numbers depend on the order of files."""
    return answers.groupby("group")["slice"].transform("min")


def _name(first: Path, second: Path) -> tuple[str, str]:
    """Name both by the last part of their paths, or the last two where that is the same."""
    one, other = first.resolve().parts, second.resolve().parts
    length = 1 if one[-1] != other[-1] else 2
    return "/".join(one[-length:]), "/".join(other[-length:])


def _write_figure(folder: Path, comparison: Comparison, names: tuple[str, str]) -> None:
    from tumorscope.evaluation import figures

    figures.save_figure(figures.plot_comparison(comparison, names), folder / "comparison")
