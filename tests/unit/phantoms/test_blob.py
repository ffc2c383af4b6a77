import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tumorscope.phantoms.blob import draw_outline, push_aside, soften_outline
from tumorscope.phantoms.grid import GRID_HW, measure_depth


@pytest.mark.slow
@given(seed=st.integers(0, 2**32), radius_mm=st.floats(4, 25))
def test_the_middle_of_every_outline_is_whole(seed, radius_mm):
    depth = draw_outline(np.random.default_rng(seed), (128, 120), radius_mm)
    rows, columns = np.ogrid[: GRID_HW[0], : GRID_HW[1]]
    middle = np.hypot(rows - 128, columns - 120) < 0.4 * radius_mm
    assert (depth[middle] > 0).all()


@pytest.mark.slow
@given(seed=st.integers(0, 2**32), radius_mm=st.floats(4, 25))
def test_no_outline_reaches_twice_its_radius(seed, radius_mm):
    depth = draw_outline(np.random.default_rng(seed), (128, 120), radius_mm)
    rows, columns = np.nonzero(depth > 0)
    assert np.hypot(rows - 128, columns - 120).max() < 2 * radius_mm


def test_soft_edge_is_a_share_and_half_on_the_outline(generator):
    share = soften_outline(generator, np.array([-9, 0, 9], dtype=np.float32))
    np.testing.assert_array_equal(share, [0, 0.5, 1])


def test_push_moves_tissue_outwards_and_leaves_the_skull_alone():
    rows, columns = np.ogrid[: GRID_HW[0], : GRID_HW[1]]
    below_skull = measure_depth(np.hypot(rows - 128, columns - 128) < 80)
    landmark = np.zeros(GRID_HW, dtype=np.float32)
    landmark[:, 140:144] = 1
    skull = np.where(below_skull < 0, 0.5, landmark).astype(np.float32)

    pushed = push_aside(skull, below_skull, (128, 128), 16)

    np.testing.assert_allclose(pushed[below_skull < 0], skull[below_skull < 0])
    assert np.argmax(pushed[128, 120:180]) + 120 > 144
    assert skull[128, 140] == 1, "the caller's image stays as it was"
