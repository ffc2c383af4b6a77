"""Put single-frame DICOM files together to series, whatever the folders they lie in."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import file_digest
from typing import TYPE_CHECKING, NamedTuple

from tumorscope.errors import InputError
from tumorscope.scans.dicom.file import VOLUME_ELEMENTS, open_dicom
from tumorscope.scans.dicom.pixels import count_frames
from tumorscope.scans.dicom.place import Place, find_place
from tumorscope.scans.dicom.scan import read_dicom, read_series
from tumorscope.scans.quiet import quiet
from tumorscope.scans.refusal import refusing
from tumorscope.scans.scan import Scan, Unreadable
from tumorscope.scans.stored_file import StoredFile

if TYPE_CHECKING:
    from pydicom import Dataset

# Segmentation Storage and Label Map Segmentation Storage.
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")


class Member(NamedTuple):
    """What is known of a DICOM file before it is decoded."""

    file: StoredFile
    number_of_frames: int
    series_uid: str
    series_number: str
    instance_uid: str
    instance_number: int | None
    size: tuple[int, int]
    place: Place | None
    told: tuple[str, ...]
    """The values of `VOLUME_ELEMENTS`."""
    is_segmentation: bool


def inspect_dicom(file: StoredFile) -> Member | Unreadable:
    """Read what tells the series of a file and its place there, and check that it holds images."""
    try:
        with refusing("DICOM file"), quiet(), open_dicom(file) as dicom:
            header = dicom.header
            number = header.get("InstanceNumber")
            return Member(
                file,
                count_frames(dicom),
                str(header.get("SeriesInstanceUID") or ""),
                str(header.get("SeriesNumber") or ""),
                str(header.get("SOPInstanceUID") or ""),
                None if number is None else int(number),
                (int(header.Rows), int(header.Columns)),
                find_place(header),
                tuple(str(header.get(element, "")) for element in VOLUME_ELEMENTS),
                is_segmentation(header),
            )
    except InputError as error:
        return Unreadable(file.name, str(error))


def is_segmentation(header: "Dataset") -> bool:
    """Tell whether a DICOM file says where something is, and shows nothing itself."""
    return header.get("SOPClassUID") in _SEGMENTATIONS


def list_scans(members: Sequence[Member]) -> Iterator[Scan | Unreadable]:
    """Put files together to series, and tell apart what a series should not mix.

    Images of another size or orientation (localizers) and images at a position already taken
    (further echoes or volumes) make a series of their own. A copy of an image is reported and
    left out. A file of several frames, a segmentation, and one without a series or alone in it
    is a scan by itself.
    """
    groups: dict[tuple[object, ...], list[Member]] = defaultdict(list)
    for member, original in _find_copies(members):
        if original is not None:
            yield Unreadable(member.file.name, f"a copy of {original.name}, which is read instead")
        elif member.series_uid and member.number_of_frames == 1 and not member.is_segmentation:
            orientation = member.place and member.place.orientation
            groups[member.series_uid, member.size, orientation].append(member)
        else:
            groups[(member.file.name,)].append(member)
    _join_placeless(groups)
    uses: dict[str, int] = defaultdict(int)
    for stack in (stack for group in groups.values() for stack in _split_stacks(group)):
        file, files = stack[0].file, tuple(member.file for member in stack)
        is_mask = stack[0].is_segmentation
        if len(stack) == 1:
            is_large = stack[0].number_of_frames > 1
            read = partial(read_dicom, file)
            yield Scan(file.name, read, is_large, members=files, is_segmentation=is_mask)
            continue
        name = f"{file.folder}/series {stack[0].series_number}".rstrip()
        uses[name] += 1
        numbered = f"{name} ({uses[name]})" if uses[name] > 1 else name
        read = partial(read_series, numbered, files)
        yield Scan(numbered, read, members=files, is_segmentation=is_mask)


def _join_placeless(groups: dict[tuple[object, ...], list[Member]]) -> None:
    """Put images without a position to the one stack of their series, where there is only one."""
    for key in [key for key in groups if key[-1] is None]:
        stacks = [other for other in groups if other[:-1] == key[:-1] and other != key]
        if len(stacks) == 1:
            groups[stacks[0]] += groups.pop(key)


def _find_copies(members: Sequence[Member]) -> Iterator[tuple[Member, StoredFile | None]]:
    """Give each file with the earlier one of the same bytes; only equal instances are compared."""
    uses = Counter(member.instance_uid for member in members)
    files: dict[tuple[str, str], StoredFile] = {}
    for member in members:
        if not member.instance_uid or uses[member.instance_uid] == 1:
            yield member, None
            continue
        original = files.setdefault((member.instance_uid, _digest(member.file)), member.file)
        yield member, None if original is member.file else original


def _digest(file: StoredFile) -> str:
    try:
        with refusing("DICOM file"), file.open() as stream:
            return file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
    except InputError:  # gone or changed since it was found; whoever reads it will say so
        return file.name


def _split_stacks(group: list[Member]) -> list[list[Member]]:
    """Order a group, and divide it where several images have one position.

    What was measured differently goes to stacks of its own. Where the files do not say that, the
    second image at a position goes to a second stack, and so on.
    """
    if any(member.place is None for member in group):
        return [sorted(group, key=_order_by_number)]
    ordered = sorted(group, key=lambda member: (_get_distance(member), _order_by_number(member)))
    return _divide_by_element(ordered) or _divide_by_position(ordered)


def _divide_by_element(ordered: list[Member]) -> list[list[Member]] | None:
    """Divide by the first element, or by all, if that gives as many volumes as share a position."""
    most = max(Counter(map(_get_distance, ordered)).values())
    every = range(len(VOLUME_ELEMENTS))
    for chosen in (*((at,) for at in every), every):
        volumes: dict[tuple[str, ...], list[Member]] = defaultdict(list)
        for member in ordered:
            volumes[tuple(member.told[at] for at in chosen)].append(member)
        if len(volumes) == most and all(map(_has_one_each, volumes.values())):
            return sorted(volumes.values(), key=lambda volume: min(map(_order_by_number, volume)))
    return None


def _has_one_each(stack: list[Member]) -> bool:
    return len(set(map(_get_distance, stack))) == len(stack)


def _divide_by_position(ordered: list[Member]) -> list[list[Member]]:
    stacks: list[list[Member]] = []
    taken: dict[float, int] = defaultdict(int)
    for member in ordered:
        distance = _get_distance(member)
        if taken[distance] == len(stacks):
            stacks.append([])
        stacks[taken[distance]].append(member)
        taken[distance] += 1
    return stacks


def _get_distance(member: Member) -> float:
    return member.place.distance_mm if member.place else 0.0


def _order_by_number(member: Member) -> tuple[bool, int, list[tuple[int, str]]]:
    """Order by instance number, files without one after the others by name: IM2 before IM10."""
    words = re.findall(r"(\d+)|(\D+)", member.file.name)
    natural = [(int(digits or 0), text) for digits, text in words]
    return member.instance_number is None, member.instance_number or 0, natural
