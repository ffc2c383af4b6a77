from io import BytesIO

import numpy as np
import pydicom
import pytest

from scan_files import make_dataset, write_dataset
from tumorscope.errors import InputError
from tumorscope.scans.dicom.color import has_palette, show_color

_COLORS = ("Red", "Green", "Blue")


def read_back(values: np.ndarray, **elements: object) -> pydicom.Dataset:
    return pydicom.dcmread(BytesIO(write_dataset(make_dataset(values, **elements))))


def test_rgb_of_8_bits_is_kept_and_of_more_reduced_to_its_high_byte(gray_hw):
    color = np.stack([gray_hw, gray_hw[::-1], gray_hw // 2], axis=-1)
    np.testing.assert_array_equal(show_color(color, make_dataset(color)), color)
    deep = color.astype(np.uint16) << 4
    np.testing.assert_array_equal(show_color(deep, make_dataset(deep, BitsStored=12)), color)


def test_only_a_palette_is_one(gray_hw):
    assert not has_palette(make_dataset(gray_hw))
    assert has_palette(make_dataset(gray_hw, PhotometricInterpretation="PALETTE COLOR"))


def test_palette_is_looked_up(gray_hw):
    ramp = np.arange(256, dtype=np.uint16) * 257
    tables = {
        f"{color}PaletteColorLookupTable{part}": value
        for color, entries in (("Red", ramp), ("Green", ramp[::-1]), ("Blue", ramp * 0))
        for part, value in (("Descriptor", [256, 0, 16]), ("Data", entries.tobytes()))
    }
    dataset = read_back(gray_hw, PhotometricInterpretation="PALETTE COLOR", **tables)
    shown = show_color(gray_hw, dataset)
    np.testing.assert_array_equal(shown[..., 0], gray_hw)
    np.testing.assert_array_equal(shown[..., 1], 255 - gray_hw)
    assert (shown[..., 2] == 0).all()


def test_segmented_palette_that_unfolds_without_end_is_refused(gray_hw):
    bomb = np.array([0, 1, 7, *[1, 65_535, 9] * 3000], "<u2").tobytes()
    tables = {
        **{f"{c}PaletteColorLookupTableDescriptor": [256, 0, 16] for c in _COLORS},
        **{f"Segmented{c}PaletteColorLookupTableData": bomb for c in _COLORS},
    }
    dataset = read_back(gray_hw, PhotometricInterpretation="PALETTE COLOR", **tables)
    with pytest.raises(InputError, match="palette"):
        show_color(gray_hw, dataset)
