import numpy as np
import pytest

from tumorscope.phantoms.noise import draw_smooth_field


@pytest.mark.parametrize("shape_hw", [(256, 256), (181, 400)])
def test_field_has_the_requested_shape_and_unit_scale(generator, shape_hw):
    field = draw_smooth_field(generator, shape_hw, 5)
    assert field.shape == shape_hw
    assert field.dtype == np.float32
    assert abs(field.mean()) < 0.2
    assert 0.5 < field.std() < 1.0


def test_larger_cells_give_a_smoother_field(generator):
    steps = [
        np.abs(np.diff(draw_smooth_field(generator, (256, 256), cell_px))).mean()
        for cell_px in (4, 16, 64)
    ]
    assert steps == sorted(steps, reverse=True)


def test_a_field_smaller_than_a_cell_is_smooth_and_not_flat(generator):
    field = draw_smooth_field(generator, (20, 30), 100)
    assert field.std() > 0.05
    assert np.abs(np.diff(field)).max() < 0.5
