import pytest
from pydantic import ValidationError

from tumorscope.artifact.reader import read_artifact


@pytest.fixture
def spec(tiny_artifact):
    return read_artifact(tiny_artifact)


@pytest.mark.parametrize(
    ("probability", "verdict"),
    [(0.0, "no tumor"), (0.4999, "no tumor"), (0.5, "tumor"), (1.0, "tumor")],
)
def test_probability_at_the_threshold_is_a_tumor(spec, probability, verdict):
    assert spec.decide(probability) == verdict


def test_threshold_of_the_model_decides(spec):
    strict = spec.model_copy(update={"threshold": 0.9})
    assert strict.decide(0.89) == "no tumor"
    assert strict.decide(0.9) == "tumor"


def test_cannot_be_changed(spec):
    with pytest.raises(ValidationError, match="frozen"):
        spec.threshold = 0.1
