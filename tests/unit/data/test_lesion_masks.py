import json

import numpy as np
import pytest
from PIL import Image

from tumorscope.data.lesion_masks import list_masks, read_mask
from tumorscope.errors import InputError


def test_phantom_masks_are_read_as_they_were_written(image_folder):
    masks = list_masks(image_folder / "masks")
    assert len(masks) == 8
    name, path = next(iter(masks.items()))
    written = np.asarray(Image.open(path)) > 0
    np.testing.assert_array_equal(read_mask(masks[name], *written.shape), written)


def test_outlines_are_drawn_at_the_size_of_the_slice(tmp_path):
    shape = {"name": "rect", "x": 2, "y": 3, "width": 4, "height": 5}
    entry = {"filename": "a.jpg", "size": 1, "regions": [{"shape_attributes": shape}]}
    path = tmp_path / "outlines.json"
    path.write_text(json.dumps({"a": entry}))
    mask_hw = read_mask(list_masks(path)["a.jpg"], 20, 30)
    assert (mask_hw.shape, mask_hw.dtype) == ((20, 30), bool)
    assert mask_hw.sum() == 5 * 6


def test_folder_without_pictures_and_mask_of_another_size_are_refused(tmp_path, image_folder):
    with pytest.raises(InputError, match="no pictures of masks"):
        list_masks(tmp_path)
    mask = next(iter(list_masks(image_folder / "masks").values()))
    with pytest.raises(InputError, match="its slice 10 x 10"):
        read_mask(mask, 10, 10)
