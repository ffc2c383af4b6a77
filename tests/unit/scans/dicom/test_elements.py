import pytest
from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from tumorscope.errors import InputError
from tumorscope.scans.dicom.elements import (
    read_integer,
    read_number,
    read_optional,
    read_optional_number,
    read_optional_numbers,
)


def make_header(keyword: str, vr: str, value: bytes) -> Dataset:
    """A header as it is read from a file: what an element holds is not looked at yet."""
    header, tag = Dataset(), Tag(keyword)
    header[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
    return header


def test_nonsense_is_as_if_it_were_not_there():
    assert read_optional(make_header("Rows", "US", b"\1"), "Rows") is None
    header = make_header("WindowCenter", "DS", b"Secret")
    assert read_optional_number(header, "WindowCenter") is None
    assert read_optional_number(Dataset(), "WindowCenter") is None


@pytest.mark.parametrize(("value", "number"), [(b"40\\80", 40), (b"-1.5", -1.5), (b"", None)])
def test_first_of_several_numbers_counts(value, number):
    assert read_optional_number(make_header("WindowCenter", "DS", value), "WindowCenter") == number


@pytest.mark.parametrize(("vr", "value"), [("DS", b"Secret"), ("DS", b"1\\2"), ("US", b"\1")])
def test_number_that_is_needed_is_refused_by_its_name(vr, value):
    with pytest.raises(InputError, match=r"^its RescaleSlope is no number$") as caught:
        read_number(make_header("RescaleSlope", vr, value), "RescaleSlope", 1)
    assert "ecret" not in str(caught.value)


@pytest.mark.parametrize("value", [b"", None])
def test_default_holds_where_it_is_missing(value):
    header = Dataset() if value is None else make_header("RescaleSlope", "DS", value)
    assert read_number(header, "RescaleSlope", 1) == 1


@pytest.mark.parametrize(
    ("value", "numbers"), [(b"1\\2", (1, 2)), (b"1", None), (b"1\\x", None), (b"1\\2\\3", None)]
)
def test_as_many_numbers_as_are_wanted(value, numbers):
    header = make_header("PixelSpacing", "DS", value)
    assert read_optional_numbers(header, "PixelSpacing", 2) == numbers


def test_half_a_frame_is_no_number_of_frames():
    assert read_integer(make_header("NumberOfFrames", "IS", b"12"), "NumberOfFrames", 1) == 12
    assert read_integer(Dataset(), "NumberOfFrames", 1) == 1
    with pytest.raises(InputError, match="its NumberOfFrames is no number"):
        read_integer(make_header("NumberOfFrames", "DS", b"1.5"), "NumberOfFrames", 1)
