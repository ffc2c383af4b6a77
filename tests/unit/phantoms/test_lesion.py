import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tumorscope.phantoms.anatomy import draw_head
from tumorscope.phantoms.contrast import CONTRASTS, render_head
from tumorscope.phantoms.grid import measure_depth
from tumorscope.phantoms.lesion import LESION_KINDS, Canvas, paint_lesion

every_kind = pytest.mark.parametrize("kind", LESION_KINDS)


@pytest.fixture
def canvas(head, generator):
    image = render_head(head, CONTRASTS[0], generator)
    return Canvas(image, np.zeros(image.shape, dtype=bool))


@every_kind
def test_mask_lies_inside_the_skull_and_the_caller_keeps_its_canvas(kind, canvas, head, generator):
    before = canvas.image_hw.copy()
    painted = paint_lesion(kind, canvas, head, CONTRASTS[0], generator)
    assert painted.mask_hw.sum() > 80
    assert not (painted.mask_hw & ~head.cavity_hw).any()
    assert not canvas.mask_hw.any()
    np.testing.assert_array_equal(canvas.image_hw, before)


@every_kind
def test_skull_and_scalp_stay_as_they_are(kind, canvas, head, generator):
    painted = paint_lesion(kind, canvas, head, CONTRASTS[0], generator)
    skull = measure_depth(head.cavity_hw) < -2
    np.testing.assert_allclose(painted.image_hw[skull], canvas.image_hw[skull], atol=0.02)


def test_ring_is_bright_around_a_dark_core(canvas, head, generator):
    painted = paint_lesion("ring-enhancing", canvas, head, CONTRASTS[0], generator)
    depth = measure_depth(painted.mask_hw)
    rim = painted.image_hw[(depth > 0) & (depth < 2)].mean()
    core = painted.image_hw[depth > 5].mean()
    assert rim > 2 * core


def test_meningioma_touches_the_skull_and_a_mass_does_not(canvas, head, generator):
    below_skull = measure_depth(head.cavity_hw)
    for _ in range(5):
        seated = paint_lesion("extra-axial", canvas, head, CONTRASTS[0], generator)
        assert below_skull[seated.mask_hw].min() < 2
        inside = paint_lesion("intra-axial", canvas, head, CONTRASTS[0], generator)
        assert below_skull[inside.mask_hw].mean() > 10


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    kinds=st.lists(st.sampled_from(list(LESION_KINDS)), min_size=2, max_size=2),
)
def test_every_further_lesion_finds_a_place_of_its_own(seed, kinds):
    generator = np.random.default_rng(seed)
    head = draw_head(generator)
    empty = np.zeros(head.cavity_hw.shape)
    canvas = Canvas(empty.astype(np.float32), empty.astype(bool))
    for kind in kinds:
        grown = paint_lesion(kind, canvas, head, CONTRASTS[1], generator)
        assert grown.mask_hw.sum() > canvas.mask_hw.sum() + 20
        canvas = grown
