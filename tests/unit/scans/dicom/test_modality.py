import numpy as np
import pytest

from scan_files import make_dataset, make_item
from tumorscope.scans.dicom.modality import measure, replace_padding, sample_measured

RAMP = np.arange(1600, dtype=np.uint16).reshape(40, 40)


@pytest.mark.parametrize(
    ("slope", "intercept", "expected"),
    [(2, -100, 1100), (0.5, 0, 300), (1, 7, 607), (0, 3, 603), (1, 0, 600)],
)
def test_values_are_rescaled_and_a_slope_of_nothing_is_one_of_1(slope, intercept, expected):
    header = make_dataset(RAMP, RescaleSlope=slope, RescaleIntercept=intercept)
    assert measure(RAMP, header, 0)[15, 0] == expected


def test_table_comes_before_slope_and_intercept():
    table = make_item(LUTDescriptor=[1600, 0, 16], LUTData=np.arange(1600)[::-1].tolist())
    header = make_dataset(RAMP, ModalityLUTSequence=table, RescaleSlope=2, RescaleIntercept=0)
    assert measure(RAMP, header, 0)[0, 0] == 1599


def test_frame_of_padding_alone_or_of_none_stays_as_it_is():
    header = make_dataset(RAMP, PixelPaddingValue=2000)
    assert replace_padding(RAMP, header) is RAMP
    blank = np.full((4, 4), 2000, np.uint16)
    assert replace_padding(blank, header) is blank


def test_sample_is_of_measured_values_and_leaves_padding_out():
    values = RAMP.astype(np.int16) + 100
    values[:20] = -2000
    header = make_dataset(values, PixelPaddingValue=-2000, RescaleSlope=2, RescaleIntercept=0)
    sample = sample_measured(values, header, 0)
    assert (sample.min(), sample.max()) == (1800, 3398)


def test_sample_of_a_large_frame_is_a_part_and_of_an_even_one_nothing():
    large = np.arange(500 * 500, dtype=np.int32).reshape(500, 500)
    assert 20_000 <= len(sample_measured(large, make_dataset(RAMP), 0)) <= 25_000
    assert len(sample_measured(np.full((40, 40), 7), make_dataset(RAMP), 0)) == 0
