"""Say how a copy differs from its original: what was done to it."""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.copies.codes import (
    Codes,
    describe_orientation,
    keep_indexed,
    orient,
    orient_codes,
)
from tumorscope.copies.comparison import (
    align_frames,
    compare_frames,
    correlate_unaligned,
)
from tumorscope.copies.thumbnails import Gray, cut_frames, measure_range

CROPPED, RESCALED, INTENSITY, RECOMPRESSED = "cropped", "rescaled", "intensity", "recompressed"

# So many of the nearest pairs of frames are compared before two slices are called different.
_ATTEMPTS = 6
# Whole frames that agree less than this as they lie are framed differently: copies that are cut by
# 1.5 % stay below 0.92, those that are only re-scaled, re-compressed or brightened above 0.96.
# From the second limit on there is nothing to align.
_SAME_FRAMING, _EQUAL_FRAMING = 0.94, 0.99
# What is due to re-scaling, JPEG and alignment stays below these: the gray levels by which copies
# differ on average, and the share of their detail that differs, as it does after sharpening.
_LEAST_LEVELS, _NOISE_PX = 3.0, 1.5
_LEAST_DETAIL = 0.2
_DETAIL_PX, _SURROUNDINGS_PX = 0.7, 3.3
# A side as long as this share of the original's may be what is left of it after a cut.
_LARGEST_CUT = 0.85
_WHOLE = 0
_TRANSPOSED = 4


class Picture(NamedTuple):
    """A slice as it is compared: thumbnail, frames, codes, and its width and height in px."""

    thumbnail: Gray
    frames: Gray
    codes: Codes
    size: tuple[int, int]


def take_picture(thumbnail: Gray, codes: Codes, size: tuple[int, int]) -> Picture:
    """Prepare a slice, known by its thumbnail and codes, for `match_pictures`."""
    return Picture(thumbnail, cut_frames(thumbnail), codes, size)


class Match(NamedTuple):
    """Two frames that show the same, the first in an orientation.

    `is_swapped` tells that the first is the original's frame, not the member's.
    """

    is_swapped: bool
    first_frame: int
    orientation: int
    second_frame: int
    correlation: float


def match_pictures(member: Picture, original: Picture) -> Match | None:
    """Find the frames, among those with the nearest codes, that prove a copy; None if none do."""
    for is_swapped, first_frame, orientation, second_frame in _propose(member, original):
        first, second = (original, member) if is_swapped else (member, original)
        frames = first.frames[first_frame], second.frames[second_frame]
        comparison = compare_frames(*frames, orientation)
        if comparison.is_copy:
            return Match(is_swapped, first_frame, orientation, second_frame, comparison.correlation)
    return None


def _propose(member: Picture, original: Picture) -> Iterator[tuple[bool, int, int, int]]:
    """Propose the frames and orientations in which two slices are most alike, nearest first."""
    turned = orient_codes(np.stack([member.codes, original.codes]))
    indexed = keep_indexed(np.stack([original.codes, member.codes]))
    differing = turned[:, :, :, np.newaxis] ^ indexed[:, np.newaxis, np.newaxis]
    distances = np.unpackbits(differing, axis=-1).sum(axis=-1)
    nearest = np.argsort(distances, axis=None, kind="stable")[:_ATTEMPTS]
    for place in nearest:
        side, first_frame, orientation, second_frame = np.unravel_index(place, distances.shape)
        yield bool(side), int(first_frame), int(orientation), int(second_frame)


def describe_copy(member: Picture, original: Picture, match: Match) -> str:
    """Name what was done to a copy, in the order in which it was probably done."""
    first, second = (original, member) if match.is_swapped else (member, original)
    wholes = first.frames[_WHOLE], second.frames[_WHOLE]
    agreement = correlate_unaligned(*wholes, match.orientation)
    is_cropped = agreement < _SAME_FRAMING
    found = [
        describe_orientation(match.orientation),
        CROPPED if is_cropped else None,
        RESCALED if _is_rescaled(member, original, match.orientation, is_cropped) else None,
        INTENSITY if _is_brightened(first, second, match, agreement >= _EQUAL_FRAMING) else None,
    ]
    return "+".join(kind for kind in found if kind) or RECOMPRESSED


def _is_rescaled(member: Picture, original: Picture, orientation: int, is_cropped: bool) -> bool:
    """Tell whether the size in px differs by more than a cut explains."""
    size = member.size[::-1] if orientation & _TRANSPOSED else member.size
    if not is_cropped:
        return size != original.size
    shares = [own / full for own, full in zip(size, original.size, strict=True)]
    return not all(_LARGEST_CUT <= share <= 1 for share in shares)


def _is_brightened(first: Picture, second: Picture, match: Match, is_aligned: bool) -> bool:
    """Tell whether brightness, contrast or sharpness differ where two copies overlap."""
    if is_aligned:
        frames = first.frames[_WHOLE], second.frames[_WHOLE]
        to_second = np.eye(2, 3, dtype=np.float32)
    else:
        frames = first.frames[match.first_frame], second.frames[match.second_frame]
        to_second = align_frames(*frames, match.orientation)
    fixed = _restore_levels(orient(frames[0], match.orientation), first)
    moving = _restore_levels(frames[1], second)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    aligned = cv2.warpAffine(moving, to_second, moving.shape, flags=flags).astype(np.float32)
    shared = cv2.warpAffine(np.ones_like(moving), to_second, moving.shape, flags=flags) > 0.99
    levels = np.abs(_blur(fixed, _NOISE_PX) - _blur(aligned, _NOISE_PX))[shared].mean()
    detail, other = _take_detail(fixed)[shared], _take_detail(aligned)[shared]
    share = np.abs(detail - other).mean() / max(np.abs(detail).mean(), np.abs(other).mean(), 1e-6)
    return bool(levels >= _LEAST_LEVELS or share >= _LEAST_DETAIL)


def _restore_levels(frame: NDArray[np.generic], picture: Picture) -> NDArray[np.float32]:
    """Give a frame the gray levels back that it had before it was stretched."""
    low, high = measure_range(picture.thumbnail)
    return frame.astype(np.float32) * np.float32((high - low) / 255) + np.float32(low)


def _take_detail(gray: NDArray[np.float32]) -> NDArray[np.float32]:
    detail = _blur(gray, _DETAIL_PX)
    return detail - _blur(detail, _SURROUNDINGS_PX)


def _blur(gray: NDArray[np.float32], radius_px: float) -> NDArray[np.float32]:
    return cv2.GaussianBlur(gray, (0, 0), radius_px).astype(np.float32)
