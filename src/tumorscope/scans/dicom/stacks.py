"""Divide the images of a series, files or frames alike, into stacks of slices in their order.

In a stack all images have one orientation, and no two of them one position.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from tumorscope.scans.dicom.functional_groups import tell_volume
from tumorscope.scans.dicom.place import Place, find_place
from tumorscope.scans.stored_file import StoredFile

if TYPE_CHECKING:
    from pydicom import Dataset

# Slices of a head lie farther apart, and no two files round a position so differently.
_SAME_POSITION_MM = 0.05


class Image(NamedTuple):
    """What is known of a file of one frame, or of one frame of a file, before it is decoded.

    Parameters
    ----------
    file, frame
        Where it is; frames are counted from 0.
    place
        Where it lies, if the file says so.
    number
        Its place among the others, where positions do not tell it.
    told
        What differs between volumes, as `tell_volume` gives it.
    """

    file: StoredFile
    frame: int
    place: Place | None
    number: int | None
    told: tuple[str, ...]


def describe_image(file: StoredFile, header: "Dataset", frame: int, number: int | None) -> Image:
    """Read what tells where one image belongs."""
    place = find_place(header, frame)
    return Image(file, frame, place, number, tell_volume(header, frame))


def divide_stacks(images: Sequence[Image]) -> list[list[Image]]:
    """Divide the images of one series.

    Parameters
    ----------
    images
        At least one; all of one size.

    Returns
    -------
    list
        Stacks, each in the order of the positions along its normal; where one is missing, of the
        numbers, then of the names. Of several images at one position, what was measured
        differently goes to stacks of its own. Where the files do not say that, the second image
        at a position goes to a second stack, and so on.
    """
    return [stack for group in _gather_parallel(images) for stack in _divide(group)]


def _gather_parallel(images: Sequence[Image]) -> list[list[Image]]:
    """Gather images of one orientation; those without go to the others, if these have only one."""
    groups: list[list[Image]] = []
    placeless = []
    for image in images:
        if image.place is None:
            placeless.append(image)
            continue
        for group in groups:
            first = group[0].place
            if first is not None and first.is_parallel(image.place):
                group.append(image)
                break
        else:
            groups.append([image])
    if placeless and len(groups) == 1:
        groups[0] += placeless
    elif placeless:
        groups.append(placeless)
    return groups


def _divide(group: list[Image]) -> list[list[Image]]:
    levels = _find_levels(group)
    if levels is None:
        return [sorted(group, key=_order_by_number)]
    ranked = sorted(
        zip(levels, group, strict=True), key=lambda pair: (pair[0], _order_by_number(pair[1]))
    )
    volumes = _divide_by_element(ranked) or list(_divide_by_position(ranked))
    return [[image for _, image in volume] for volume in volumes]


Ranked = list[tuple[int, Image]]
"""Images, each with the number of its position along the normal."""


def _find_levels(group: Sequence[Image]) -> list[int] | None:
    """Count the positions up to each image along the normal; None where one has none."""
    places = [image.place for image in group if image.place is not None]
    if len(places) < len(group):
        return None
    normal = places[0].find_normal()
    distances = [place.measure_distance(normal) for place in places]
    order = sorted(range(len(group)), key=distances.__getitem__)
    levels = [0] * len(group)
    for before, after in pairwise(order):
        is_next = distances[after] - distances[before] > _SAME_POSITION_MM
        levels[after] = levels[before] + is_next
    return levels


def _divide_by_element(ranked: Ranked) -> list[Ranked] | None:
    """Divide by the first criterion that gives as many volumes as share a position."""
    most = max(Counter(level for level, _ in ranked).values())
    for find_key in _list_criteria(len(ranked[0][1].told)):
        volumes: dict[object, Ranked] = defaultdict(list)
        for level, image in ranked:
            volumes[find_key(image)].append((level, image))
        if len(volumes) == most and all(map(_has_one_each, volumes.values())):
            return sorted(volumes.values(), key=_find_first)
    return None


def _list_criteria(elements: int) -> Iterator[Callable[[Image], object]]:
    """List what volumes may differ in: one element, all of them, or their folders."""
    for at in range(elements):
        yield lambda image, at=at: image.told[at]  # type: ignore[misc]
    yield lambda image: image.told
    yield lambda image: image.file.folder


def _has_one_each(volume: Ranked) -> bool:
    return len({level for level, _ in volume}) == len(volume)


def _find_first(volume: Ranked) -> tuple[object, ...]:
    return min(_order_by_number(image) for _, image in volume)


def _divide_by_position(ranked: Ranked) -> Iterator[Ranked]:
    taken: Counter[int] = Counter()
    stacks: dict[int, Ranked] = defaultdict(list)
    for level, image in ranked:
        stacks[taken[level]].append((level, image))
        taken[level] += 1
    yield from stacks.values()


def _order_by_number(image: Image) -> tuple[bool, int, list[tuple[int, str]], int]:
    """Order by number, images without one after the others by name: IM2 before IM10."""
    words = re.findall(r"(\d+)|(\D+)", image.file.name)
    natural = [(int(digits or 0), text) for digits, text in words]
    return image.number is None, image.number or 0, natural, image.frame
