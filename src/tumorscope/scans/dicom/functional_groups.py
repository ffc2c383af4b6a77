"""What the functional groups of a DICOM file say of one frame."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydicom import Dataset


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
