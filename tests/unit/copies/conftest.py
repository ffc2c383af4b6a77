import numpy as np
import pytest

from tumorscope.phantoms import draw_phantom


@pytest.fixture(scope="session")
def pictures() -> list[np.ndarray]:
    """Twelve different synthetic slices, each (H, W, 3), uint8."""
    drawn = [draw_phantom(seed=3, index=index, has_tumor=index % 2 == 0) for index in range(12)]
    return [np.repeat(phantom.image_hw[..., np.newaxis], 3, axis=-1) for phantom in drawn]
