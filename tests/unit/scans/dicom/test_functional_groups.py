from pydicom import Dataset

from scan_files import make_item
from tumorscope.scans.dicom.functional_groups import find_item

WINDOW = "FrameVOILUTSequence"


def make_groups(*widths: float | None) -> list[Dataset]:
    """Make one group per width; None says nothing of a window."""
    return [
        make_item(**({} if width is None else {WINDOW: make_item(WindowWidth=width)}))[0]
        for width in widths
    ]


def make_header(per_frame: list[Dataset], shared: list[Dataset]) -> Dataset:
    header = Dataset()
    header.WindowWidth = 9
    header.PerFrameFunctionalGroupsSequence = per_frame
    header.SharedFunctionalGroupsSequence = shared
    return header


def test_what_a_frame_says_of_itself_comes_before_what_is_shared():
    header = make_header(make_groups(1, None), make_groups(5))
    assert [find_item(header, index, WINDOW).WindowWidth for index in (0, 1)] == [1, 5]


def test_header_says_what_no_group_does():
    header = make_header(make_groups(None), make_groups(None))
    assert find_item(header, 0, WINDOW) is header
    assert find_item(header, 7, WINDOW) is header
    assert find_item(Dataset(), 0, WINDOW) == Dataset()
