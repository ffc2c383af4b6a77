"""Read what another model answered, to measure it like one's own."""

from pathlib import Path

import pandas as pd

from tumorscope.dataset.unpacking.origins import name_origins
from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.operating_points import HALF
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES, call_classes
from tumorscope.evaluation.measures.scores import check_scores
from tumorscope.tables import find_path, read_rows


def read_foreign_predictions(table: Path, manifest: pd.DataFrame) -> pd.DataFrame:
    """Read a table of predictions and give each slice its own.

    Parameters
    ----------
    table
        A CSV file with ``path``, absolute or relative to the file, and ``probability``, of a
        tumor, within [0, 1]. Slices of a volume are named as `predict` names them. Paths of other
        slices are left out.
    manifest
        The slices.

    Returns
    -------
    pandas.DataFrame
        ``path``, ``label``, ``label_name`` and ``group`` of the manifest with ``probability``,
        ``predicted_class`` at 0.5 and ``correct``.

    Raises
    ------
    InputError
        The file cannot be read, a slice has no or two predictions, or one is no probability.
    """
    rows = read_rows(table, ("path", "probability"), errors="surrogateescape")
    paths = [str(find_path(table, path).resolve()) for path in rows["path"]]
    by_path = pd.Series(rows["probability"].replace("", None).to_numpy(), index=paths)
    if twice := by_path.index[by_path.index.duplicated()].tolist():
        raise InputError(f"{table}: two predictions for {twice[0]}")
    named = manifest.assign(path=[str(Path(name).resolve()) for name in name_origins(manifest)])
    answers = named[["path", "label", "label_name", "group"]].reset_index(drop=True)
    without = answers.loc[~answers["path"].isin(by_path.index), "path"]
    if len(without):
        raise InputError(
            f"{table}: no prediction for {len(without)} of {len(answers)} slices, such as "
            f"{without.iloc[0]}; give paths that are absolute or relative to the table"
        )
    try:
        labels, probabilities = check_scores(answers["label"], answers["path"].map(by_path))
    except InputError as error:
        raise InputError(f"{table}: {error}") from error
    called = call_classes(probabilities, HALF)
    return answers.assign(
        probability=probabilities,
        predicted_class=called,
        correct=called == pd.Series(labels).map(dict(enumerate(CLASS_NAMES))).to_numpy(),
    )
