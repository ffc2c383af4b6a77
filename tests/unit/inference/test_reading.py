import numpy as np
import pytest

from tumorscope.errors import InputError
from tumorscope.inference.reading import AnsweredSlice, PreparedSlice, begin_reading
from tumorscope.recipe import PreprocessingSettings
from tumorscope.scans.scan import Scan, ScanSlice, Unreadable

SETTINGS = PreprocessingSettings(side_px=32, crop_to_head=False)
GRAY = np.repeat(np.arange(40, dtype=np.uint8)[:, np.newaxis, np.newaxis], 40, axis=1)


def make_slice(index: int) -> ScanSlice:
    return ScanSlice(f"a#{index}", np.repeat(GRAY + index, 3, axis=-1), "a", index)


@pytest.fixture
def series():
    """A scan of four slices, and the list of those that have been read."""
    read = []

    def read_slices():
        for index in range(4):
            read.append(index)
            yield make_slice(index)

    return read_slices, read


def test_slices_are_numbered_and_prepared_with_their_gray_levels(series):
    read_slices, _ = series
    scans = [(7, Scan("a", read_slices)), (8, Scan("a", read_slices))]
    for number, reader in zip((7, 8), begin_reading(scans, SETTINGS), strict=True):
        slices = list(reader)
        assert all(isinstance(one, PreparedSlice) and one.scan == number for one in slices)
        assert [one.slice.index for one in slices] == [0, 1, 2, 3]
        assert all(one.pixels.shape == (32, 32, 3) for one in slices)
        np.testing.assert_array_equal(slices[2].levels, GRAY[..., 0] + 2)


def test_first_slice_is_read_at_once_and_others_as_they_are_asked_for(series):
    read_slices, read = series
    (reader,) = begin_reading([(0, Scan("a", read_slices))], SETTINGS)
    assert read == [0]
    next(reader)
    next(reader)
    assert read == [0, 1]


def test_nothing_of_a_large_scan_is_read_before_its_turn(series):
    read_slices, read = series
    (reader,) = begin_reading([(0, Scan("a", read_slices, is_large=True))], SETTINGS)
    assert read == []
    assert len(list(reader)) == 4


def test_a_segmentation_is_refused_unread(series):
    read_slices, read = series
    scan = Scan("mask.dcm", read_slices, is_segmentation=True)
    ((answered,),) = begin_reading([(3, scan)], SETTINGS)
    assert answered.scan == 3
    assert str(answered.answer).startswith("mask.dcm: a segmentation, no scan")
    assert read == []


def test_what_cannot_be_read_is_answered_by_that_in_its_place():
    damaged = Unreadable("a#1", "damaged")

    def read_slices():
        yield make_slice(0)
        yield damaged
        raise InputError("a: ends too early")

    gone = Unreadable("gone.png", "no such file")
    first, second = begin_reading([(0, gone), (1, Scan("a", read_slices))], SETTINGS)
    assert list(first) == [AnsweredSlice(0, gone)]
    read, *answered = second
    assert isinstance(read, PreparedSlice)
    assert answered == [
        AnsweredSlice(1, damaged),
        AnsweredSlice(1, Unreadable("a", "ends too early")),
    ]
