import pytest

from tumorscope.errors import InputError
from tumorscope.scans.refusal import naming, refusing


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("could not convert string to float: 'Secret^Patient'", "to float: '…'"),
        ("value 'O'Secret' of (0028,0004) 'Name' is odd", "value '…' is odd"),
        ("""not "O'Secret" at all""", "not '…' at all"),
        ("found b'Secret' here", "found b'…' here"),
        ("'Secret\nSecret' twice", "'…' twice"),
        ("it doesn't match (4 vs. 5 bytes)", "it doesn't match (4 vs. 5 bytes)"),
        ("", "ValueError"),
    ],
)
def test_what_a_reader_quotes_from_a_file_is_not_repeated(message, said):
    with (
        pytest.raises(InputError, match="not a readable DICOM file") as caught,
        refusing("DICOM file"),
    ):
        raise ValueError(message)
    assert f"{said})" in str(caught.value)
    assert "ecret" not in str(caught.value)


def test_error_of_the_system_is_told_without_the_path():
    with pytest.raises(InputError, match=r"^cannot be read: Permission denied$"), refusing("file"):
        raise PermissionError(13, "Permission denied", "/some/where")


def test_name_is_put_before_the_reason():
    with pytest.raises(InputError, match=r"^a\.dcm: truncated$"), naming("a.dcm"):
        raise InputError("truncated")


def test_errors_of_the_program_itself_are_not_hidden():
    with pytest.raises(KeyboardInterrupt), refusing("file"):
        raise KeyboardInterrupt
