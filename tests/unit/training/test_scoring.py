import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tumorscope.recipe import load_recipe
from tumorscope.training.scoring import score_slices


@pytest.fixture
def slices(tmp_path) -> pd.DataFrame:
    """Seven slices, the left half of each of a brightness of its own."""
    rows = []
    for number in range(7):
        pixels = np.full((32, 32), 40, np.uint8)
        pixels[:, :16] = 100 + 20 * number
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        rows.append({"path": str(tmp_path / f"{number}.png"), "label": number % 2, "group": number})
    return pd.DataFrame(rows, index=range(50, 57))


def test_each_slice_has_its_own_probability_in_their_order_over_several_batches(slices):
    recipe = load_recipe(
        "default",
        [
            "preprocessing.side_px=32",
            "preprocessing.crop_to_head=false",
            "training.batch_size=3",
        ],
    )
    image = keras.Input((32, 32, 3))
    brightness = keras.layers.GlobalAveragePooling2D()(image)[:, :1] / 255
    probabilities = score_slices(keras.Model(image, brightness), slices, recipe)
    assert probabilities.shape == (7,)
    assert probabilities.dtype == np.float64
    expected = [(40 + 100 + 20 * number) / 2 / 255 for number in range(7)]
    np.testing.assert_allclose(probabilities, expected, rtol=1e-5)
