import pandas as pd
import pytest

from tumorscope.dataset.subgroups import read_subgroups
from tumorscope.errors import InputError


@pytest.fixture
def manifest(tmp_path):
    return pd.DataFrame(
        {
            "path": [str(tmp_path / f"{row}.png") for row in range(4)],
            "width": [100, 256, 300, 800],
            "height": [255, 100, 511, 512],
        },
        index=[3, 5, 7, 9],
    )


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "slices.csv"
    path.write_text(
        "path,label,plane,Site\n2.png,no,axial,A\n0.png,no,coronal,\n1.png,yes,axial,B\n"
    )
    return path


def test_folder_is_divided_by_image_size(manifest, tmp_path):
    subgroups = read_subgroups(tmp_path, manifest)
    assert subgroups.index.tolist() == [3, 5, 7, 9]
    assert subgroups["size"].tolist() == [
        "under 256 px",
        "256 to 511 px",
        "256 to 511 px",
        "512 px and more",
    ]
    assert list(subgroups) == ["size"]


def test_rows_find_their_slices_and_the_plane_is_always_used(manifest, table):
    subgroups = read_subgroups(table, manifest.iloc[:3], ["Site"])
    assert list(subgroups) == ["size", "plane", "Site"]
    assert subgroups["plane"].tolist() == ["coronal", "axial", "axial"]
    assert subgroups["Site"].tolist() == ["unknown", "B", "A"]


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_column_is_found_in_any_case_and_a_table_however_it_is_separated(
    manifest, table, separator
):
    table.write_text(table.read_text().replace(",", separator))
    subgroups = read_subgroups(table, manifest.iloc[:3], ["SITE"])
    assert subgroups["SITE"].tolist() == ["unknown", "B", "A"]


def test_misspelt_column_gets_a_hint(manifest, table):
    with pytest.raises(InputError, match=r"no column 'sites'.*did you mean 'site'"):
        read_subgroups(table, manifest.iloc[:3], ["sites"])
