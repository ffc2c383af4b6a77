import numpy as np
import pandas as pd
import pytest
from PIL import Image

GROUPS = [0, 0, 0, 0, 0, 1, 1, 2, 3, 4]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory) -> pd.DataFrame:
    """Slices whose brightest pixel tells their number."""
    folder = tmp_path_factory.mktemp("slices")
    for number in range(len(GROUPS)):
        pixels = np.random.default_rng(number).integers(0, 100, (40, 36), np.uint8)
        pixels[:20] = 100 + number
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return pd.DataFrame(
        {
            "path": [str(folder / f"{n}.png") for n in range(len(GROUPS))],
            "label": [0, 1] * 5,
            "group": GROUPS,
        }
    )
