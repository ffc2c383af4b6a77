import pytest

from tumorscope.dataset.class_names import fold_name, read_class_names
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
        (["0", "1"], "0", None, {"0": 1, "1": 0}),
        (["0", "1", "2"], "1,2", "0", {"0": 0, "1": 1, "2": 1}),
        (["0", "1", "2"], "0,1", "2", {"0": 1, "1": 1, "2": 0}),
        (["false", "true"], "yes", None, {"false": 0, "true": 1}),
        (["false", "true"], "False", None, {"false": 1, "true": 0}),
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


@pytest.mark.parametrize("found", [["0", "1"], ["1"]])
def test_numbers_mean_nothing_by_themselves_where_one_of_them_is_named(found):
    """With 1 named as healthy, and no class with a tumor that is here, 1 must not be a tumor."""
    with pytest.raises(InputError, match=f"found {', '.join(found)};"):
        label(found, "yes", "1")
    assert label(["1"], "0", needs_both=False) == {"1": 0}


@pytest.mark.parametrize(
    ("written", "folded"),
    [(" Glioma ", "glioma"), ("1.0", "1"), ("0.", "0"), ("TRUE", "true"), ("1.5", "1.5")],
)
def test_names_are_compared_without_case_and_numbers_by_value(written, folded):
    assert fold_name(written) == folded
    assert read_class_names(written).positive == {folded}


@pytest.mark.parametrize(
    ("found", "proposed"),
    [
        ("glioma meningioma notumor pituitary masks", "glioma,meningioma,pituitary {}notumor"),
        ("no_tumor tumor", "tumor {}no_tumor"),
        ("healthy mass", "mass {}healthy"),
        ("normal nodule", "nodule {}normal"),
        ("a b", "NAME,NAME {}NAME,NAME"),
    ],
)
def test_options_for_the_classes_that_were_found_are_proposed(found, proposed):
    options = "--positive " + proposed.format("--negative ")
    with pytest.raises(InputError, match=f"{options}$"):
        label(found.split())
    if "NAME" not in options:
        _, positive, _, negative = options.split()
        assert set(label(found.split(), positive, negative)) == set(found.split()) - {"masks"}
