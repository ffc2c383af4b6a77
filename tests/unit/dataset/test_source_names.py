import pandas as pd
import pytest

from tumorscope.dataset.source_names import take_sources
from tumorscope.errors import InputError


def make_table(*rows: str) -> pd.DataFrame:
    """Rows such as ``a no/1.png 7``: source, slice below it, bytes."""
    cells = [row.split() for row in rows]
    return pd.DataFrame(
        [(f"{source}/{name}", sha256, source) for source, name, sha256 in cells],
        columns=["slice", "sha256", "source"],
    )


def make_slices(*rows: str) -> pd.DataFrame:
    return pd.DataFrame([row.split() for row in rows], columns=["slice", "sha256"])


TABLE = make_table("a no/1.png 1", "a yes/1.png 2", "b no/1.png 3", "b yes/1.png 4")


def test_slices_are_found_by_the_end_of_their_name_and_their_bytes():
    before = TABLE.copy()
    taken = take_sources(TABLE, make_slices("no/1.png 3", "yes/1.png 4"))
    assert taken["slice"].tolist() == ["no/1.png", "yes/1.png"]
    assert taken["sha256"].tolist() == ["3", "4"]
    pd.testing.assert_frame_equal(TABLE, before)


def test_rest_of_a_source_is_kept_so_that_what_is_missing_can_be_told():
    taken = take_sources(TABLE, make_slices("no/1.png 3"))
    assert taken["slice"].tolist() == ["no/1.png", "yes/1.png"]


def test_end_of_a_file_name_alone_is_no_match():
    table = make_table("a no/11.png 1", "b no/1.png 3")
    assert take_sources(table, make_slices("1.png 1", "no/1.png 3"))["source"].tolist() == ["b"]


def test_slices_of_several_sources_take_them_all():
    slices = make_slices("a/no/1.png 1", "b/no/1.png 3")
    more = pd.concat([TABLE, make_table("c no/1.png 5")])
    pd.testing.assert_frame_equal(take_sources(more, slices), TABLE)


def test_table_without_sources_or_without_the_slices_stays_whole():
    slices = make_slices("no/1.png 3")
    alone = TABLE.drop(columns="source")
    pd.testing.assert_frame_equal(take_sources(alone, slices), alone)
    pd.testing.assert_frame_equal(take_sources(TABLE, make_slices("no/1.png 9")), TABLE)


def test_source_that_repeats_another_is_refused():
    table = make_table("a no/1.png 1", "b no/1.png 1")
    with pytest.raises(InputError, match="both below 'a/' and below 'b/'"):
        take_sources(table, make_slices("no/1.png 1"))
