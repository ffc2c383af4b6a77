import pytest

from tumorscope.errors import InputError
from tumorscope.report.run.folder import read_run


def test_tables_and_settings_are_read_back(run, recipe, metrics):
    folder = read_run(run)
    assert folder.recipe == recipe
    assert folder.metrics == metrics
    assert len(folder.manifest) == 8
    assert folder.predictions["correct"].tolist() == [True, False, True]
    assert folder.environment["tumorscope"] == "0.1.0"


def test_a_slice_may_be_called_like_a_missing_value(run):
    (run / "rejected.csv").write_text("path,reason\nNA,null\n", encoding="utf-8")
    assert read_run(run).rejected.to_dict("records") == [{"path": "NA", "reason": "null"}]


def test_a_missing_validation_loss_is_a_missing_number(run):
    table = "epoch,phase,val_loss,seconds\n1,frozen,,2.0\n2,frozen,0.5,2.0\n"
    (run / "history.csv").write_text(table, encoding="utf-8")
    assert read_run(run).history["val_loss"].isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("part", "content", "message"),
    [
        ("recipe.yaml", "name: [", "recipe.yaml: not valid YAML"),
        ("recipe.yaml", "- a\n", "recipe.yaml: expected named values, found list"),
        ("recipe.yaml", "name: default\n", "decision is missing; run tumorscope train again"),
        ("environment.json", "{", "environment.json: not valid JSON"),
        ("environment.json", "[]", "environment.json: expected named values, found list"),
        (
            "evaluation/metrics.json",
            '{"part": "validation"}',
            "slices, .* copies is missing; run .* evaluate",
        ),
        (
            "localization/localization.json",
            '{"slices": {}}',
            "groups, .* above is missing; run .* explain",
        ),
        ("history.csv", "", "history.csv: not a valid table"),
        ("manifest.csv", "path,label\n", "manifest.csv: the column group, split is missing"),
    ],
)
def test_a_damaged_file_is_named(run, part, content, message):
    (run / part).parent.mkdir(exist_ok=True)
    (run / part).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_run(run)
