import pytest

from tumorscope.report.wording import (
    count_noun,
    format_duration,
    format_figure,
    format_percent,
    hide_folder,
    hide_folders,
    shorten_path,
)


def test_an_undefined_value_has_no_number():
    assert format_percent(None) == format_figure(None) == "undefined"


def test_shares_have_one_decimal_and_figures_three():
    assert format_percent(0.8547) == "85.5\N{NO-BREAK SPACE}%"
    assert format_figure(0.8547) == "0.855"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (59.7, "1 min 0 s"), (3599, "59 min 59 s"), (3600, "1 h 0 min")],
)
def test_a_duration_has_two_units_at_most(seconds, words):
    assert format_duration(seconds) == words


def test_one_thing_is_singular():
    assert [count_noun(count, "slice") for count in (0, 1, 2)] == [
        "0 slices",
        "1 slice",
        "2 slices",
    ]


def test_a_path_is_cut_to_folder_and_name():
    assert shorten_path("/home/ann/yes/1 a.png") == "yes/1 a.png"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a copy of /home/ann lee/s/Y1.jpg, which is read instead", "a copy of Y1.jpg, which"),
        ("in '/mnt/x/a.png' and /mnt/y/b.png", "in 'a.png' and b.png"),
        (r"C:\Users\ann\a.png: cannot be read", "a.png: cannot be read"),
        ("9500 x 9500 px, and/or 1/2 of yes/Y1.jpg", "9500 x 9500 px, and/or 1/2 of yes/Y1.jpg"),
    ],
)
def test_a_sentence_keeps_the_names_of_files_and_loses_their_folders(text, shown):
    assert hide_folders(text).startswith(shown)


def test_a_full_path_of_any_system_is_cut_to_its_last_part():
    assert hide_folder(r"C:\Users\ann\slices") == "slices"
    assert hide_folder("kaggle:ann/slices") == "kaggle:ann/slices"
