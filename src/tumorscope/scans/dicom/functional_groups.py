"""What the functional groups of a DICOM file say of one frame."""

from typing import TYPE_CHECKING

from tumorscope.scans.dicom.elements import read_optional

if TYPE_CHECKING:
    from pydicom import Dataset

# What each functional group may hold; files without groups have that in their header, where it
# may have another name.
_VOLUME_ELEMENTS = {
    "MREchoSequence": (("EchoTime", "EffectiveEchoTime"), ("EchoNumbers",)),
    "MRDiffusionSequence": (
        ("DiffusionBValue",),
        ("DiffusionGradientOrientation", "DiffusionGradientDirectionSequence"),
    ),
    "MRModifierSequence": (("InversionTime", "InversionTimes"),),
    "FrameContentSequence": (
        ("TemporalPositionIdentifier", "TemporalPositionIndex"),
        ("AcquisitionNumber", "FrameAcquisitionNumber"),
    ),
    "MRImageFrameTypeSequence": (("ImageType", "FrameType"), ("ComplexImageComponent",)),
}
VOLUME_KEYWORDS = tuple(
    word for elements in _VOLUME_ELEMENTS.values() for words in elements for word in words
)
"""The names of what differs between the volumes of a series that holds several."""


def find_item(header: "Dataset", index: int, sequence: str) -> "Dataset":
    """Find what a functional group says of one frame (PS3.3, C.7.6.16).

    The frame's own group comes before the one that is shared; a file without groups, as any
    single-frame one, says it in the header itself, which is then returned.
    """
    per_frame = header.get("PerFrameFunctionalGroupsSequence") or []
    shared = header.get("SharedFunctionalGroupsSequence") or []
    for groups in ([*per_frame[index : index + 1]], shared[:1]):
        for group in groups:
            if items := group.get(sequence):
                return items[0]
    return header


def tell_volume(header: "Dataset", index: int) -> tuple[str, ...]:
    """Tell by what a frame differs from those of other volumes at its position.

    Returns
    -------
    tuple
        The value of each element that may tell volumes apart; empty where it is missing.
    """
    return tuple(
        _tell_first(item, words)
        for sequence, elements in _VOLUME_ELEMENTS.items()
        for item in (find_item(header, index, sequence),)
        for words in elements
    )


def _tell_first(item: "Dataset", keywords: tuple[str, ...]) -> str:
    values = (read_optional(item, keyword) for keyword in keywords)
    return next((str(value) for value in values if value is not None), "")
