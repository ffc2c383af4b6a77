import numpy as np
import pytest

from tumorscope.phantoms.grid import measure_depth


def test_depth_is_positive_inside_and_negative_outside():
    region = np.zeros((40, 40), dtype=bool)
    region[10:30, 10:30] = True
    depth = measure_depth(region)
    assert (depth[region] > 0).all()
    assert (depth[~region] < 0).all()


def test_depth_counts_pixels_from_the_border():
    region = np.zeros((40, 40), dtype=bool)
    region[:, 20:] = True
    depth = measure_depth(region)
    assert depth[20, 25] == pytest.approx(6, abs=0.1)
    assert depth[20, 10] == pytest.approx(-10, abs=0.1)
