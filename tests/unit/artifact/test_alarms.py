import pytest

from tumorscope.artifact.alarms import COLLAPSED, list_alarms, read_alarms
from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import ConformalSpec, SeriesSpec
from tumorscope.errors import InputError


@pytest.fixture
def spec(tiny_artifact):
    return read_artifact(tiny_artifact)


def test_model_that_can_give_both_verdicts_raises_no_alarm(spec):
    assert list_alarms(spec) == []


def test_verdict_that_can_never_come_is_named_with_its_cause_and_cure(spec):
    few = spec.model_copy(update={"conformal": ConformalSpec(no_tumor=1.0, tumor=0.4)})
    (alarm,) = list_alarms(few)
    assert alarm.startswith('This model can never answer "tumor": too few groups of "no tumor"')
    assert "--crossval" in alarm


def test_rule_for_series_is_looked_at_by_itself(spec):
    rule = SeriesSpec(
        slope=1, intercept=0, operating_points=spec.operating_points, no_tumor=9, tumor=8,
        conformal=ConformalSpec(no_tumor=0.3, tumor=1.0),
    )  # fmt: skip
    (alarm,) = list_alarms(spec.model_copy(update={"series": rule}))
    assert alarm.startswith('Of a whole series this model can never answer "no tumor"')


def test_collapsed_network_is_called_one(spec):
    assert list_alarms(spec.model_copy(update={"collapsed": True})) == [COLLAPSED]


def test_alarms_are_read_without_loading_and_leave_damage_to_the_loader(tiny_artifact, tmp_path):
    assert read_alarms(tiny_artifact, "youden") == []
    assert read_alarms(tmp_path) == []
    with pytest.raises(InputError, match="no operating point 'best'"):
        read_alarms(tiny_artifact, "best")
