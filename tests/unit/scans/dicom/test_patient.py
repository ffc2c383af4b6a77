import numpy as np
import pytest

from scan_files import make_dicom
from tumorscope.errors import InputError
from tumorscope.scans.dicom.patient import read_patient_id
from tumorscope.scans.stored_file import store_bytes, store_path

FRAME = np.arange(1600, dtype=np.uint16).reshape(40, 40)


@pytest.mark.parametrize(("written", "read"), [(" P-17 ", "P-17"), ("", None), (None, None)])
def test_gives_the_patient_id_of_a_file(written, read):
    assert read_patient_id(store_bytes("a.dcm", make_dicom(FRAME, PatientID=written))) == read


def test_names_no_patient_where_a_file_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"^cannot be read: No such file or directory$"):
        read_patient_id(store_path(tmp_path / "gone.dcm"))
