import numpy as np
import pytest

from tumorscope.artifact.spec import OPENVINO_FILE
from tumorscope.inference import engine as engine_module
from tumorscope.inference.engine import Engine, count_cores


@pytest.fixture(scope="module")
def engine(tiny_artifact):
    return Engine(tiny_artifact / OPENVINO_FILE)


def make_slices(*brightness: int) -> np.ndarray:
    return np.stack([np.full((32, 32, 3), value, np.uint8) for value in brightness])


@pytest.mark.parametrize("brightness", [(48,), (64, 80), (90, 64, 48, 80, 32, 16, 100, 20, 70)])
def test_any_number_of_slices_is_answered_each_in_its_place(engine, brightness):
    probabilities, cams, features = engine.infer(make_slices(*brightness))
    above = np.subtract(brightness, 64).reshape(-1, 1, 1)
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-above[:, 0, 0] / 16)), rtol=1e-5)
    np.testing.assert_allclose(cams, np.tile(above / 64, (2, 2)), atol=1e-6)
    np.testing.assert_allclose(features, np.tile(64 + above[..., 0], 3), rtol=1e-6)
    assert probabilities.dtype == cams.dtype == features.dtype == np.float32


def test_answer_does_not_depend_on_the_rest_of_the_batch(engine):
    together = engine.infer(make_slices(20, 70, 200))[0]
    alone = [engine.infer(make_slices(value))[0][0] for value in (20, 70, 200)]
    np.testing.assert_allclose(together, alone, rtol=1e-6)


def test_later_answers_leave_earlier_ones_alone(engine):
    first = engine.infer(make_slices(20, 40))
    kept = [answer.copy() for answer in first]
    engine.infer(make_slices(200, 220))
    for answer, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(answer, copy)


def test_slices_are_unchanged(engine):
    slices = make_slices(20, 40)
    before = slices.copy()
    engine.infer(slices)
    np.testing.assert_array_equal(slices, before)


def test_number_of_cores_changes_no_answer(engine, tiny_artifact):
    single = Engine(tiny_artifact / OPENVINO_FILE, cores=1)
    slices = make_slices(*range(20, 200, 20))
    for answer, expected in zip(single.infer(slices), engine.infer(slices), strict=True):
        np.testing.assert_array_equal(answer, expected)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000", None),
        ("50000 100000", 1),
        ("100000 100000", 1),
        ("99900000 100000", None),
        ("nonsense", None),
    ],
)
def test_cores_are_those_that_a_container_may_use(limit, expected, tmp_path, monkeypatch):
    allowed = count_cores()
    (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(engine_module, "_CPU_LIMIT", tmp_path / "cpu.max")
    assert count_cores() == (expected or allowed)
