"""Whose a DICOM file is, for what must keep people apart and never says who they are."""

from tumorscope.scans.quiet import quiet
from tumorscope.scans.refusal import refusing
from tumorscope.scans.stored_file import StoredFile

_PATIENT_ID = 0x00100020


def read_patient_id(file: StoredFile) -> str | None:
    """Read the PatientID of a file, and nothing else; None where it has none.

    It is not to be written anywhere as it is.

    Raises
    ------
    InputError
        The file cannot be read. The message repeats nothing of it.
    """
    from pydicom.filereader import read_partial
    from pydicom.tag import Tag

    with refusing("DICOM file"), file.open_stream() as stream, quiet():
        header = read_partial(
            stream,
            lambda tag, _vr, _length: tag > _PATIENT_ID,
            force=True,
            specific_tags=[Tag(_PATIENT_ID)],
        )
        return str(header.get("PatientID") or "").strip() or None
