import json

import pytest
from pydantic import ValidationError

from tumorscope.artifact.reader import read_artifact
from tumorscope.artifact.spec import SPEC_FILE, ArtifactSpec, ConformalSpec, SeriesSpec
from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.conformal import ConformalLimits, predict_sets


@pytest.fixture
def spec(tiny_artifact):
    return read_artifact(tiny_artifact)


def test_threshold_is_that_of_the_operating_point(spec):
    assert (spec.operating_point, spec.threshold) == ("half", 0.5)
    assert spec.apply_operating_point("youden").threshold == 0.6
    assert spec.apply_operating_point("target_sensitivity").threshold == 0.2


def test_applying_an_operating_point_changes_nothing_else(spec):
    other = spec.apply_operating_point("youden")
    assert other != spec
    assert other.apply_operating_point("half") == spec


def test_unknown_operating_point_names_those_there_are(spec):
    with pytest.raises(InputError, match="'best'; choose half or youden or target_sensitivity"):
        spec.apply_operating_point("best")


def test_numbers_stand_in_the_file_under_their_names(tiny_artifact):
    document = json.loads((tiny_artifact / SPEC_FILE).read_text("utf-8"))
    assert document["temperature"] == 1
    assert document["operating_points"] == {
        "half": 0.5,
        "youden": 0.6,
        "target_sensitivity": 0.2,
    }
    assert document["operating_point"] == "half"
    assert document["conformal"] == {"error": 0.1, "no_tumor": 0.55, "tumor": 0.55}


def test_limits_keep_their_classes_apart():
    limits = ConformalSpec(no_tumor=0.3, tumor=0.6).limits
    assert limits == ConformalLimits(no_tumor=0.3, tumor=0.6)


def test_before_any_fit_no_class_is_excluded():
    assert predict_sets([0.0, 0.5, 1.0], ConformalSpec().limits).all()


def test_cannot_be_changed(spec):
    with pytest.raises(ValidationError, match="frozen"):
        spec.temperature = 2.0


class TestSeries:
    @pytest.fixture
    def rule(self):
        return SeriesSpec(
            slope=0.5,
            intercept=-2,
            operating_points={"half": 0.5, "youden": 0.3, "target_sensitivity": 0.1},
            conformal=ConformalSpec(no_tumor=0.3, tumor=0.6),
            no_tumor=20,
            tumor=30,
        )

    def test_a_model_without_a_rule_has_none(self, spec):
        assert spec.series is None
        old = spec.model_dump()
        del old["series"]
        assert ArtifactSpec.model_validate(old) == spec

    def test_a_rule_is_read_back_as_it_was_written(self, spec, rule):
        fitted = spec.model_copy(update={"series": rule})
        assert ArtifactSpec.model_validate_json(fitted.model_dump_json()) == fitted

    def test_a_rule_without_the_operating_point_is_refused(self, spec, rule):
        other = rule.model_copy(update={"operating_points": {"youden": 0.3}})
        with pytest.raises(ValidationError, match="no threshold for the operating point half"):
            ArtifactSpec.model_validate({**spec.model_dump(), "series": other})

    def test_a_slope_that_turns_the_order_is_refused(self, rule):
        with pytest.raises(ValidationError, match="greater than or equal to 0"):
            SeriesSpec.model_validate({**rule.model_dump(), "slope": -0.1})
