import numpy as np
import pandas as pd

from tumorscope.dataset.series import find_levels, find_places, name_series


def test_numbered_slices_of_one_patient_and_sequence_are_a_series():
    manifest = pd.DataFrame(
        {
            "patient_id": ["P1", "P1", "P1", "P2", None],
            "sequence": ["T1", "T1", "T2", "T1", "T1"],
            "slice": [1, 2, 1, 1, 1],
        }
    )
    names = name_series(manifest)["series"]
    assert names.tolist()[:4] == ["P1/T1", "P1/T1", "P1/T2", "P2/T1"]
    assert pd.isna(names[4])


def test_series_that_each_patient_counts_anew_are_told_apart_and_others_named_beside_them():
    manifest = pd.DataFrame(
        {
            "source": ["a", "a", "a", "b"],
            "patient_id": ["P1", "P1", "P2", "P3"],
            "slice": [1, 1, 1, 1],
            "series": ["1", "2", "1", None],
        }
    )
    assert name_series(manifest)["series"].tolist() == ["a/P1/1", "a/P1/2", "a/P2/1", "b/P3/-"]
    plain = manifest[["source"]]
    assert name_series(plain) is plain


def test_levels_go_from_the_first_to_the_last_slice_whatever_their_order():
    manifest = pd.DataFrame(
        {"series": ["a"] * 5 + ["b"] * 2, "slice": [10, 2, 4, 8, 6, 0, 1]}, index=range(7, 14)
    )
    levels = find_levels(manifest)
    assert levels.index.tolist() == list(range(7, 14))
    np.testing.assert_allclose(levels[:5], [1, 0, 0.25, 0.75, 0.5])
    assert levels[5:].isna().all()


def test_without_series_there_are_no_levels():
    assert find_levels(pd.DataFrame({"path": ["a", "b"]})).isna().all()


def test_places_are_counted_without_gaps_whatever_the_order():
    manifest = pd.DataFrame(
        {"series": ["a"] * 5 + ["b"] * 4, "slice": [10, 2, 4, 8, 6, 0, 1, 2, 3]},
        index=range(7, 16),
    )
    places = find_places(manifest)
    assert places[:5].tolist() == [4, 0, 1, 3, 2]
    assert places[5:].isna().all()  # four slices are no head


def test_a_series_that_several_parts_share_has_no_places():
    manifest = pd.DataFrame({"series": ["a"] * 5 + ["b"] * 5, "slice": [*range(5)] * 2})
    places = find_places(manifest.assign(split=["test"] * 5 + ["test", "train"] * 2 + ["test"]))
    assert places[:5].tolist() == [0, 1, 2, 3, 4]
    assert places[5:].isna().all()


def test_without_series_there_are_no_places():
    assert find_places(pd.DataFrame({"path": ["a", "b"]})).isna().all()
