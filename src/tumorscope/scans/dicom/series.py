"""Put DICOM files together to scans, whatever the folders they lie in."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from tumorscope.errors import InputError
from tumorscope.scans.dicom.elements import read_optional, read_optional_number
from tumorscope.scans.dicom.file import open_dicom
from tumorscope.scans.dicom.instances import Instance, find_originals
from tumorscope.scans.dicom.pixels import count_frames, is_lossy
from tumorscope.scans.dicom.scan import read_frames, read_series, read_single_frame
from tumorscope.scans.dicom.stacks import Image, describe_image, divide_stacks
from tumorscope.scans.quiet import quiet
from tumorscope.scans.refusal import refusing
from tumorscope.scans.scan import Scan, Unreadable
from tumorscope.scans.stored_file import StoredFile

if TYPE_CHECKING:
    from pydicom import Dataset

# Segmentation Storage and Label Map Segmentation Storage.
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
# Anonymizers may give one series UID to several studies; of one series all images lie in one frame
# of reference.
_SERIES_ELEMENTS = ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID")


class Member(NamedTuple):
    """What is known of a DICOM file before it is decoded.

    Parameters
    ----------
    file
        The file.
    images
        Its frames.
    series
        What all images of its series have in common, their size included; None of a file that is
        a scan by itself.
    series_number
        For the name of the series.
    instance
        By which copies of it are found.
    is_segmentation
        Whether it says where something is, and shows nothing itself.
    """

    file: StoredFile
    images: tuple[Image, ...]
    series: tuple[str, ...] | None
    series_number: str
    instance: Instance
    is_segmentation: bool


def inspect_dicom(file: StoredFile) -> Member | Unreadable:
    """Read what tells the series of a file and its place there, and check that it holds images."""
    try:
        with refusing("DICOM file"), quiet(), open_dicom(file) as dicom:
            _check_is_no_mosaic(dicom.header)
            number_of_frames = count_frames(dicom)
            return _describe(file, dicom.header, number_of_frames, is_lossy(dicom))
    except InputError as error:
        return Unreadable(file.name, str(error))


def _describe(
    file: StoredFile, header: "Dataset", number_of_frames: int, has_losses: bool
) -> Member:
    number = read_optional_number(header, "InstanceNumber")
    images = tuple(
        describe_image(file, header, frame, None if number is None else int(number))
        for frame in range(number_of_frames)
    )
    words = [str(read_optional(header, element) or "") for element in _SERIES_ELEMENTS]
    size = str((header.Rows, header.Columns))
    is_segmentation = read_optional(header, "SOPClassUID") in _SEGMENTATIONS
    is_part = words[1] and number_of_frames == 1 and not is_segmentation
    is_placed = images[0].place is not None or number is not None
    return Member(
        file,
        images,
        (*words, size) if is_part else None,
        str(read_optional(header, "SeriesNumber") or ""),
        Instance(
            file,
            str(read_optional(header, "SOPInstanceUID") or ""),
            (*words, size, number, *(image[2:] for image in images)),
            has_losses and is_placed,
        ),
        is_segmentation,
    )


def _check_is_no_mosaic(header: "Dataset") -> None:
    if "MOSAIC" in (read_optional(header, "ImageType") or ()):
        raise InputError(
            "a Siemens mosaic, which shows all slices of a volume in one picture; convert it to "
            "NIfTI, for example with dcm2niix"
        )


def list_scans(members: Sequence[Member]) -> Iterator[Scan | Unreadable]:
    """Put files together to series, and tell apart what a series should not mix.

    Images of another size or orientation (localizers) and images at a position already taken
    (further echoes or volumes) make a series of their own, whether they are files or frames of
    one file. A copy of an image is reported and left out. A segmentation is one scan, and so is a
    file without a series or alone in it.
    """
    groups: dict[tuple[str, ...], list[Member]] = defaultdict(list)
    originals = find_originals([member.instance for member in members])
    for member, original in zip(members, originals, strict=True):
        if original is not None:
            yield Unreadable(member.file.name, f"a copy of {original.name}, which is read instead")
        else:
            groups[member.series or (member.file.name,)].append(member)
    uses: Counter[str] = Counter()
    for group in groups.values():
        images = [image for member in group for image in member.images]
        stacks = [images] if group[0].is_segmentation else divide_stacks(images)
        for stack in stacks:
            yield _make_scan(stack, group[0], uses)


def _make_scan(stack: list[Image], first: Member, uses: Counter[str]) -> Scan:
    """Make the scan of one stack; `uses` counts the names there are."""
    file = stack[0].file
    if len(first.images) > 1:
        name = _number(file.name, uses)
        read = partial(read_frames, name, file, [image.frame for image in stack])
        return Scan(name, read, True, members=(file,), is_segmentation=first.is_segmentation)
    files = tuple(image.file for image in stack)
    if len(stack) == 1:
        read_one = partial(read_single_frame, file)
        return Scan(file.name, read_one, members=files, is_segmentation=first.is_segmentation)
    name = _number(f"{file.folder}/series {first.series_number}".rstrip(), uses)
    return Scan(name, partial(read_series, name, files), members=files)


def _number(name: str, uses: Counter[str]) -> str:
    uses[name] += 1
    return f"{name} ({uses[name]})" if uses[name] > 1 else name
