import pandas as pd
import pytest

from tumorscope.errors import InputError
from tumorscope.workflows.crossval.fold import find_fold_folder, read_parts, train_fold


@pytest.fixture
def cv(copy_finished):
    """A finished cross-validation of three folds of whole groups."""
    return copy_finished(folds=3, repeats=1)


def edit(path, change) -> None:
    table = pd.read_csv(path)
    change(table)
    table.to_csv(path, index=False)


@pytest.mark.slow
def test_parts_of_a_fold_are_read_from_the_files(cv):
    folds = pd.read_csv(cv / "folds.csv").set_index("slice")
    for fold in range(3):
        recipe, parts = read_parts(cv, 0, fold)
        assert recipe.name == "default"
        names = parts["path"].str.extract(r"((?:no|yes)/\d+\.png)$")[0]
        assert ((parts["split"] == "test").to_numpy() == (folds["fold"][names] == fold)).all()
        assert set(parts["split"]) == {"train", "validation", "test"}


@pytest.mark.slow
def test_predictions_are_of_validation_first_and_then_of_the_test_part(cv):
    table = pd.read_csv(find_fold_folder(cv, 0, 1) / "predictions.csv")
    assert table.columns.tolist() == [
        "part", "path", "label", "label_name", "group", "probability", "reason"
    ]  # fmt: skip
    assert table["part"].drop_duplicates().tolist() == ["validation", "test"]
    _, parts = read_parts(cv, 0, 1)
    for part, rows in table.groupby("part"):
        assert rows["path"].tolist() == parts.loc[parts["split"] == part, "path"].tolist()


@pytest.mark.slow
def test_reasons_are_those_of_a_guard_fitted_on_the_training_part_alone(cv, trainer):
    assert len(trainer.guarded) == 3
    for fold, fitted_on in enumerate(trainer.guarded):
        _, parts = read_parts(cv, 0, fold)
        assert fitted_on["path"].tolist() == parts.loc[parts["split"] == "train", "path"].tolist()
        table = pd.read_csv(find_fold_folder(cv, 0, fold) / "predictions.csv")
        assert (table["reason"].notna() == table["path"].str.endswith("7.png")).all()


def test_exported_graph_is_gone_when_the_fold_is_done(cv):
    names = {path.name for path in find_fold_folder(cv, 0, 0).iterdir()}
    assert names == {"checkpoints", "history.csv", "predictions.csv"}


@pytest.mark.parametrize("column", ["group", "sha256"])
def test_copy_planted_in_the_files_is_refused_before_training(cv, trainer, column):
    _, parts = read_parts(cv, 0, 0)
    in_test, learned = (parts.index[parts["split"] == part][0] for part in ("test", "train"))

    def plant(table: pd.DataFrame) -> None:
        table.loc[in_test, column] = table.loc[learned, column]

    names = pd.read_csv(cv / "folds.csv")["slice"]
    assert parts["path"].str.endswith(tuple(names)).all()
    edit(cv / "manifest.csv", plant)
    edit(cv / "folds.csv", plant)  # both list the slices in one order
    trainer.shown.clear()
    with pytest.raises(InputError, match="are copies or of one patient, yet in different"):
        train_fold(cv, 0, 0, lambda *_: None)
    assert not trainer.shown
