import pandas as pd

from tumorscope.workflows.crossval.alarms import list_fold_alarms


def make_fold(no_tumor: float = 0.4) -> dict[str, object]:
    return {
        "thresholds": {"half": 0.5},
        "conformal_limits": {"no_tumor": no_tumor, "tumor": 0.4},
        "temperature": 1.0,
    }


def make_answers(raw: float | None = None) -> pd.DataFrame:
    labels = [0, 1] * 24
    table = pd.DataFrame({"label": labels, "group": range(48), "repeat": 0})
    return table.assign(
        fold=table.index // 24,
        raw_probability=[label * 0.8 + 0.1 for label in labels] if raw is None else raw,
        verdict=["no tumor", "tumor"] * 24,
    )


def test_good_folds_raise_no_alarm():
    assert list_fold_alarms(make_answers(), [make_fold(), make_fold()], "half") == []


def test_folds_in_which_a_verdict_cannot_come_are_counted():
    (alarm,) = list_fold_alarms(make_answers(), [make_fold(), make_fold(1.0)], "half")
    assert alarm.startswith('In 1 of 2 folds no slice can be answered "tumor": too few groups')


def test_folds_whose_network_collapsed_are_counted():
    (alarm,) = list_fold_alarms(make_answers(raw=0.7), [make_fold(), make_fold()], "half")
    assert alarm.startswith("In 2 of 2 folds the network has collapsed")
