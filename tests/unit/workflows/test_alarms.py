import pandas as pd

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import ConformalSpec
from tumorscope.workflows.alarms import count_least_groups, list_run_alarms


def make_answers(no_tumor: int = 12, tumor: int = 12, **columns: object) -> pd.DataFrame:
    labels = [0] * no_tumor + [1] * tumor
    verdicts = ["no tumor"] * no_tumor + ["tumor"] * tumor
    table = pd.DataFrame({"label": labels, "group": range(len(labels)), "verdict": verdicts})
    return table.assign(**columns)


def test_validation_part_must_decide_and_measure():
    assert count_least_groups(0.10) == 10
    assert count_least_groups(0.05) == 19


def test_good_answers_raise_no_alarm(tiny_artifact):
    assert list_run_alarms(make_answers(), read_artifact(tiny_artifact)) == []


def test_few_groups_of_a_class_are_an_alarm_however_many_slices_they_have(tiny_artifact):
    answers = make_answers(no_tumor=40, tumor=12)
    answers.loc[answers["label"] == 0, "group"] %= 3
    (alarm,) = list_run_alarms(answers, read_artifact(tiny_artifact))
    assert alarm.startswith("Measured on 3 group(s) of slices without a tumor: too few")


def test_one_class_only_is_an_alarm(tiny_artifact):
    (alarm,) = list_run_alarms(make_answers(tumor=0), read_artifact(tiny_artifact))
    assert alarm.startswith("Measured on 0 group(s) of slices with a tumor")


def test_verdict_that_never_came_is_an_alarm_once(tiny_artifact):
    spec = read_artifact(tiny_artifact)
    answers = make_answers(verdict="uncertain")
    assert list_run_alarms(answers, spec) == [
        'Not one of the 12 slices without a tumor is answered "no tumor".',
        'Not one of the 12 slices with a tumor is answered "tumor".',
    ]
    limited = spec.model_copy(update={"conformal": ConformalSpec(no_tumor=1, tumor=1)})
    (alarm,) = list_run_alarms(answers, limited)
    assert 'can never answer "no tumor" or "tumor"' in alarm
