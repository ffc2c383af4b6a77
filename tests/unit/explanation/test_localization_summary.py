import numpy as np
import pandas as pd
import pytest

from tumorscope.errors import InputError
from tumorscope.explanation.localization_summary import (
    compare_methods,
    find_best,
    summarize_methods,
)


@pytest.fixture
def table():
    """Two methods on 40 slices of 20 groups; `good` is 0.25 above `poor` on each."""
    poor = np.random.default_rng(0).random(40) / 2
    slices = pd.DataFrame({"path": [f"{n}.png" for n in range(40)], "group": np.arange(40) // 2})
    return pd.concat(
        [
            slices.assign(method="poor", pointing=poor, energy=poor),
            slices.assign(method="good", pointing=poor + 0.25, energy=poor),
        ],
        ignore_index=True,
    )


def test_means_lie_within_their_intervals(table):
    summary = summarize_methods(table, ["pointing", "energy"])
    assert list(summary) == ["poor", "good"]
    poor = summary["poor"]["pointing"]
    assert poor["mean"] == pytest.approx(table.loc[table["method"] == "poor", "pointing"].mean())
    low, high = poor["interval"]
    assert low < poor["mean"] < high
    assert find_best(summary, "pointing", ["poor", "good"]) == "good"


def test_groups_count_once(table):
    one = table["group"] == 0
    table.loc[one, "pointing"] = 1.0
    more = pd.concat([table, *[table[one].assign(path=f"{n} again") for n in range(30)]])
    more = more.drop_duplicates(["path", "method"])
    fewer, larger = (
        summarize_methods(part, ["pointing"])["poor"]["pointing"] for part in (table, more)
    )
    assert larger["mean"] > fewer["mean"]
    assert larger["per_group"]["mean"] == pytest.approx(fewer["per_group"]["mean"])


def test_differences_are_paired_whatever_the_order(table):
    shuffled = table.sample(frac=1, random_state=1)
    (difference,) = compare_methods(shuffled, "good", ["pointing", "energy"]).values()
    assert difference["pointing"]["mean"] == pytest.approx(0.25)
    assert difference["pointing"]["interval"] is None  # all resamples agree
    assert difference["energy"]["mean"] == 0


def test_methods_on_other_slices_are_not_compared(table):
    with pytest.raises(InputError, match="same slices"):
        compare_methods(table.iloc[1:], "good", ["pointing"])


def test_nothing_measured_is_refused(table):
    with pytest.raises(InputError, match="no slice"):
        summarize_methods(table.iloc[:0], ["pointing"])
