import pytest

from tumorscope.dataset.class_names import read_class_names
from tumorscope.errors import InputError


def label(found: list[str], positive="yes", negative=None, needs_both=True) -> dict[str, int]:
    return read_class_names(positive, negative).label(found, "here", needs_both)


@pytest.mark.parametrize(
    ("found", "positive", "negative", "labels"),
    [
        (["no", "yes", "masks"], "yes", None, {"no": 0, "yes": 1}),
        (["healthy", "yes"], "yes", None, {"healthy": 0, "yes": 1}),
        (["0", "1"], "tumor", None, {"0": 0, "1": 1}),
        (["a", "b", "c", "masks"], "a,C", "b", {"a": 1, "b": 0, "c": 1}),
        (["a", "b", "c"], ["a"], ["b", "c"], {"a": 1, "b": 0, "c": 0}),
    ],
)
def test_classes_get_their_labels(found, positive, negative, labels):
    assert label(found, positive, negative) == labels


@pytest.mark.parametrize(
    ("found", "labels"), [(["yes"], {"yes": 1}), (["no"], {"no": 0}), (["0"], {"0": 0})]
)
def test_one_class_is_enough_for_one_of_several_sources_only(found, labels):
    assert label(found, needs_both=False) == labels
    with pytest.raises(InputError, match=f"here: expected images of two classes.*{found[0]}"):
        label(found)


def test_a_class_that_is_neither_is_not_guessed():
    with pytest.raises(InputError, match=r"found healthy; .* --negative"):
        label(["healthy"], needs_both=False)


@pytest.mark.parametrize(
    ("positive", "negative", "message"),
    [("", None, "at least one"), ("a", ",", "at least one"), ("a,b", "B", "b: named as a class")],
)
def test_names_that_cannot_be_used_are_refused(positive, negative, message):
    with pytest.raises(InputError, match=message):
        read_class_names(positive, negative)
