from pydicom import Dataset

from scan_files import make_item
from tumorscope.scans.dicom.functional_groups import find_item, tell_volume

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


def list_numbers(told: tuple[str, ...]) -> list[float]:
    return [float(one) for one in told if one.replace(".", "").isdigit()]


def test_volumes_of_frames_and_of_files_are_told_by_the_same():
    enhanced = Dataset()
    enhanced.PerFrameFunctionalGroupsSequence = [
        make_item(
            MRDiffusionSequence=make_item(DiffusionBValue=b),
            MREchoSequence=make_item(EffectiveEchoTime=20.0),
            MRImageFrameTypeSequence=make_item(ComplexImageComponent=part),
        )[0]
        for b, part in ((0.0, "MAGNITUDE"), (1000.0, "MAGNITUDE"), (1000.0, "PHASE"))
    ]
    classic = Dataset()
    classic.DiffusionBValue, classic.EchoTime, classic.ComplexImageComponent = 0.0, 20, "MAGNITUDE"
    first, second, third = (tell_volume(enhanced, index) for index in range(3))
    assert len({first, second, third}) == 3
    assert [float(one) for one in tell_volume(classic, 0) if one.replace(".", "").isdigit()] == [
        20,
        0,
    ]
