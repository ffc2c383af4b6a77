import codecs
from pathlib import Path

import pytest

from tumorscope.errors import InputError
from tumorscope.tables import find_column, find_path, read_rows

TEXT = "path,label,patient_id\nYüz 1.png,yes,007\nb.png,no,\n"


@pytest.fixture
def write(tmp_path):
    def write(text: str, encoding: str = "utf-8") -> Path:
        (tmp_path / "table.csv").write_bytes(text.encode(encoding))
        return tmp_path / "table.csv"

    return write


def read(table: Path) -> list[list[str]]:
    rows = read_rows(table, ("path", "label"), ("patient_id",))
    return [list(rows.columns), *rows.to_numpy().tolist()]


EXPECTED = [["path", "label", "patient_id"], ["Yüz 1.png", "yes", "007"], ["b.png", "no", ""]]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_the_same_however_a_program_saved_it(write, separator, encoding, end):
    assert read(write(TEXT.replace(",", separator).replace("\n", end), encoding)) == EXPECTED


def test_big_endian_and_empty_lines_in_front(write):
    table = write("\n\n" + TEXT)
    assert read(table) == EXPECTED
    table.write_bytes(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"))
    assert read(table) == EXPECTED


@pytest.mark.parametrize(
    "header",
    ["Path,Label,Patient ID", "PATH, label ,PatientID", '"path","Label",patient-id'],
)
def test_columns_that_mean_something_are_known_in_any_spelling(write, header):
    assert read(write(TEXT.replace("path,label,patient_id", header))) == EXPECTED


def test_other_columns_keep_their_names_and_an_exact_one_comes_first(write):
    table = write("Path,path,label,Scanner Name\nx,a.png,yes,A\n")
    rows = read_rows(table, ("path", "label"))
    assert list(rows.columns) == ["Path", "path", "label", "Scanner Name"]
    assert rows["path"].tolist() == ["a.png"]


def test_the_separator_is_the_one_that_gives_the_columns(write):
    table = write("path;label;note, if any\na.png;yes;1,5\n")
    assert read_rows(table, ("path", "label"))["note, if any"].tolist() == ["1,5"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,class\na,yes\n", "the column 'path' is missing; found 'file', 'class'"),
        ("path;class\na;yes\n", "the column 'label' is missing; found 'path', 'class'"),
        ("path|label\na|yes\n", r"the column 'path' is missing; found 'path\|label'"),
        ("", "the column 'path' is missing; found none"),
        ("path,Label,LABEL\na,yes,no\n", "'Label' and 'LABEL' may both be 'label'; rename one"),
        ("path,label,label\na,yes,no\n", "'label' and 'label' may both be 'label'; rename one"),
    ],
)
def test_missing_and_ambiguous_columns_are_named_with_what_was_found(write, text, message):
    with pytest.raises(InputError, match=f"table.csv: {message}"):
        read(write(text))


def test_bytes_that_are_no_text_are_told_by_their_place(write):
    table = write(TEXT, "latin-1")
    with pytest.raises(InputError, match=r"table\.csv: .* byte 23 is not utf-8 .*CSV UTF-8"):
        read(table)
    rows = read_rows(table, ("path",), errors="surrogateescape")
    assert rows["path"].tolist() == ["Y\udcfcz 1.png", "b.png"]


def test_what_is_no_table_gives_one_short_line(write):
    with pytest.raises(InputError) as caught:
        read(write("x" * 200_000 + ";y"))
    assert len(str(caught.value)) < 300


def test_backslashes_separate_folders_unless_a_file_is_called_so(tmp_path):
    table = tmp_path / "table.csv"
    assert find_path(table, r"img\a.png") == tmp_path / "img" / "a.png"
    (tmp_path / r"img\a.png").touch()
    assert find_path(table, r"img\a.png") == tmp_path / r"img\a.png"


def test_a_column_is_found_but_for_case_where_only_one_is_meant():
    assert find_column(["site", "Site"], "Site") == "Site"
    assert find_column(["Site"], "site") == "Site"
    assert find_column(["Site", "SITE"], "site") is None
