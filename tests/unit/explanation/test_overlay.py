import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from matplotlib import colormaps

from tumorscope.explanation.overlay import blend, color, project_map
from tumorscope.preprocessing import Box

signed_maps = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(-100, 100, width=32, allow_subnormal=False),
)


class TestProjectMap:
    def test_map_lies_in_the_box_and_nothing_outside(self):
        evidence = project_map(np.ones((7, 7), np.float32), Box(10, 20, 30, 40), (60, 90))
        assert evidence.shape == (60, 90)
        assert evidence.dtype == np.float32
        np.testing.assert_allclose(evidence[10:40, 20:60], 1, rtol=1e-5)
        evidence[10:40, 20:60] = 0
        assert not evidence.any()

    def test_hot_corner_stays_in_its_corner(self):
        cam = np.full((4, 4), -1, np.float32)
        cam[0, 3] = 5
        evidence = project_map(cam, Box(0, 0, 80, 80), (80, 80))
        assert np.unravel_index(evidence.argmax(), evidence.shape)[0] < 20
        assert np.unravel_index(evidence.argmax(), evidence.shape)[1] >= 60
        assert not evidence[40:, :40].any()

    def test_evidence_against_a_tumor_is_left_out(self):
        assert not project_map(-np.ones((7, 7), np.float32), Box(0, 0, 50, 50), (50, 50)).any()

    def test_unit_is_kept(self):
        evidence = project_map(np.full((7, 7), 3.25, np.float32), Box(0, 0, 50, 50), (50, 50))
        np.testing.assert_allclose(evidence, 3.25, rtol=1e-5)

    def test_a_strong_region_has_one_highest_point_at_the_unit_of_the_map(self):
        cam = np.zeros((14, 14), np.float32)
        cam[4:8, 5:9] = 0.98
        cam[5, 6] = 0.99
        evidence = project_map(cam, Box(0, 0, 224, 224), (224, 224))
        assert evidence.max() == pytest.approx(0.99)
        assert (evidence > 0.9899).sum() < 60  # a position has 16 x 16 px

    @pytest.mark.slow
    @settings(max_examples=80, deadline=None)
    @given(cam=signed_maps, drawn=st.data())
    def test_any_map_is_never_negative_and_never_outside(self, cam, drawn):
        before = cam.copy()
        height, width = drawn.draw(st.tuples(st.integers(1, 60), st.integers(1, 60)))
        top, left = drawn.draw(st.integers(0, height - 1)), drawn.draw(st.integers(0, width - 1))
        box = Box(
            top,
            left,
            drawn.draw(st.integers(1, height - top)),
            drawn.draw(st.integers(1, width - left)),
        )
        evidence = project_map(cam, box, (height, width))
        assert evidence.min() >= 0
        assert evidence.max() <= max(float(cam.max()), 0)
        evidence[box.top : box.top + box.height, box.left : box.left + box.width] = 0
        assert not evidence.any()
        np.testing.assert_array_equal(cam, before)


class TestBlend:
    def test_slice_is_unchanged_where_there_is_no_evidence(self, phantom_slice):
        evidence = np.zeros(phantom_slice.shape[:2], np.float32)
        np.testing.assert_array_equal(blend(phantom_slice, evidence, 1.0), phantom_slice)
        evidence[50:80, 60:90] = 1
        mixed = blend(phantom_slice, evidence, 1.0)
        is_free = evidence == 0
        np.testing.assert_array_equal(mixed[is_free], phantom_slice[is_free])
        assert (mixed[~is_free] != phantom_slice[~is_free]).any(axis=-1).mean() > 0.9

    def test_arguments_are_unchanged(self, phantom_slice):
        image = phantom_slice.copy()
        evidence = np.random.default_rng(0).random(image.shape[:2], np.float32)
        before = evidence.copy()
        blend(image, evidence, 0.5)
        np.testing.assert_array_equal(image, phantom_slice)
        np.testing.assert_array_equal(evidence, before)

    def test_slice_shows_less_the_more_evidence_there_is(self):
        """The difference that two slices keep under the same map is the transparency."""
        evidence = np.linspace(0, 1, 50, dtype=np.float32)[np.newaxis]
        black, white = np.zeros((1, 50, 3), np.uint8), np.full((1, 50, 3), 255, np.uint8)
        kept = blend(white, evidence, 1.0).astype(int) - blend(black, evidence, 1.0)
        assert (kept[0, 0] == 255).all()
        assert (np.diff(kept[0], axis=0) < 0).all()
        assert (kept[0, -1] > 0).all()

    @settings(max_examples=60, deadline=None)
    @given(
        evidence=hnp.arrays(
            np.float32, (3, 4), elements=st.floats(0, 100, width=32, allow_subnormal=False)
        ),
        scale=st.floats(0.01, 100),
    )
    @pytest.mark.slow
    def test_color_depends_on_the_evidence_there_and_not_on_the_rest(self, evidence, scale):
        gray = np.full((3, 4, 3), 90, np.uint8)
        together = blend(gray, evidence, scale)
        alone = np.zeros_like(evidence)
        alone[1, 2] = evidence[1, 2]
        np.testing.assert_array_equal(blend(gray, alone, scale)[1, 2], together[1, 2])

    def test_evidence_over_the_scale_has_the_strongest_color(self):
        gray = np.full((1, 3, 3), 90, np.uint8)
        evidence = np.array([[2, 2.5, 1e9]], np.float32)
        mixed = blend(gray, evidence, 2.0)
        assert (mixed == mixed[0, 0]).all()


class TestColor:
    def test_levels_run_from_dark_to_light(self):
        strip = color(np.linspace(0, 1, 64, dtype=np.float32)[np.newaxis])
        assert strip.shape == (1, 64, 3)
        assert strip.dtype == np.uint8
        luminance = strip[0] @ np.array([0.2126, 0.7152, 0.0722])
        assert (np.diff(luminance) > -2).all()
        assert luminance[-1] > luminance[0] + 150

    def test_levels_are_those_of_inferno_from_end_to_end(self):
        levels = np.linspace(0, 1, 256, dtype=np.float32)[np.newaxis]
        expected = 255 * colormaps["inferno"](levels)[..., :3]
        np.testing.assert_allclose(color(levels), expected, atol=2)


def test_a_box_with_padding_leaves_out_what_lies_beyond_the_slice():
    cam = np.zeros((4, 4), np.float32)
    cam[:, :2] = 1.0
    evidence = project_map(cam, Box(0, -25, 100, 100), (100, 50))
    assert evidence.shape == (100, 50)
    assert evidence[:, :15].min() > 0.5
    assert evidence[:, 40:].max() < 0.1
    tall = project_map(cam.T.copy(), Box(-25, 0, 100, 100), (50, 100))
    np.testing.assert_allclose(tall, evidence.T, atol=1e-6)
