import pandas as pd
import pytest

from tumorscope.dataset.contradictions import (
    find_contradicting,
    warn_of_contradicting,
    warn_of_spellings,
)


@pytest.fixture
def manifest():
    """Two groups of copies, the second with both labels, and one picture alone."""
    return pd.DataFrame(
        {"path": list("abcde"), "label": [1, 1, 0, 1, 1], "group": [0, 0, 1, 2, 1]},
        index=[10, 11, 12, 13, 14],
    )


def test_copies_with_both_labels_are_found_and_said(manifest, caplog):
    assert find_contradicting(manifest).index.tolist() == [12, 14]
    warn_of_contradicting(manifest)
    (record,) = caplog.records
    assert record.getMessage().startswith(
        "2 slices in 1 groups of copies have both labels, such as e and c;"
    )


@pytest.mark.parametrize("column", ["patient_id", "series"])
def test_slices_of_one_patient_or_series_may_have_both_labels(manifest, caplog, column):
    manifest[column] = [None, None, "7", None, "7"]
    assert find_contradicting(manifest).empty
    warn_of_contradicting(manifest)
    assert not caplog.records


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["1", "1.0", "2"], "'1' and '1.0'"),
        (["P7", "p7", None], "'P7' and 'p7'"),
        (["007", "7", "70"], "'007' and '7'"),
        (["1", "10", "0"], None),
        (["P1", "P2", None], None),
        (["00", "0.5", "5"], None),
    ],
)
def test_patients_that_differ_in_spelling_only_are_said(caplog, ids, said):
    warn_of_spellings(pd.DataFrame({"patient_id": ids}))
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == (said is not None)
    if said:
        assert messages[0].startswith(f"{said} are taken for different patients")


def test_a_manifest_without_patients_has_no_spellings(manifest, caplog):
    warn_of_spellings(manifest)
    assert not caplog.records
