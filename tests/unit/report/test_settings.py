from tumorscope.report.settings import flatten_settings


def test_nested_settings_become_dotted_names():
    settings = {"head": {"units": 256, "norm": {"on": True}}, "seed": 0}
    assert flatten_settings(settings) == [
        ("head.units", "256"),
        ("head.norm.on", "yes"),
        ("seed", "0"),
    ]


def test_lists_of_values_stay_in_one_row_and_lists_of_settings_do_not():
    settings = {"sides": [1, 2], "none": [], "phases": [{"epochs": 3}, {"epochs": 4}]}
    assert flatten_settings(settings) == [
        ("sides", "1, 2"),
        ("none", "none"),
        ("phases.0.epochs", "3"),
        ("phases.1.epochs", "4"),
    ]


def test_values_read_well():
    values = {"rate": 1e-4, "scale": 1 / 255, "off": False, "nothing": None}
    assert [value for _, value in flatten_settings(values)] == [
        "0.0001",
        "0.00392157",
        "no",
        "none",
    ]


def test_full_paths_are_cut_to_their_last_part_wherever_they_stand():
    settings = {
        "weights": "/home/ann/w.h5",
        "data": ["/home/ann/slices", "kaggle:a/b"],
        "out": "a/b",
    }
    assert flatten_settings(settings) == [
        ("weights", "w.h5"),
        ("data", "slices, kaggle:a/b"),
        ("out", "a/b"),
    ]
