import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from tumorscope.training.draws import choose_evenly, draw_weighted, number_pictures, weigh_draws


@pytest.fixture
def heads() -> pd.DataFrame:
    """Two patients with whole series, a tumor in each elsewhere, and a source without one."""
    rows = []
    for patient in range(2):
        for number in range(20 * (1 + patient)):
            level = number / (20 * (1 + patient) - 1)
            rows.append(
                {
                    "source": "both", "group": patient, "series": f"s{patient}", "slice": number,
                    "label": int(abs(level - 0.4 - 0.2 * patient) < 0.2),
                }
            )  # fmt: skip
    rows += [
        {
            "source": "none",
            "group": 2 + n // 10,
            "series": f"n{n // 10}",
            "slice": n % 10,
            "label": 0,
        }
        for n in range(80)
    ]
    return pd.DataFrame(rows)


def test_each_class_has_half_and_a_source_the_root_of_its_pictures(heads):
    weights = pd.Series(weigh_draws(heads))
    assert (weights > 0).all()
    np.testing.assert_allclose(weights.groupby(heads["label"]).sum(), [0.5, 0.5])
    of_none = weights[heads["label"] == 0].groupby(heads["source"]).sum()
    of_both = ((heads["source"] == "both") & (heads["label"] == 0)).sum()
    assert of_none["none"] / of_none["both"] == pytest.approx(np.sqrt(80 / of_both))


def test_copies_are_one_picture_and_slices_of_a_head_are_many():
    manifest = pd.DataFrame(
        {
            "group": [0, 0, 1, 1, 1, 2, 2],
            "patient_id": [None, None, "a", "a", None, None, None],
            "series": [None, None, None, None, None, "s", "s"],
        }
    )
    numbers = number_pictures(manifest)
    assert numbers[[0, 1, 4]].tolist() == [0, 0, 1]
    assert len(set(numbers)) == 6
    assert number_pictures(manifest[["group"]]).tolist() == [0, 0, 1, 1, 1, 2, 2]


def test_a_patient_with_twice_the_slices_is_drawn_no_more_often(heads):
    tumors = heads["label"] == 1
    weights = pd.Series(weigh_draws(heads))[tumors].groupby(heads["group"]).sum()
    assert weights[0] == pytest.approx(weights[1], rel=0.15)


def test_within_a_source_the_level_tells_less_of_the_class(heads):
    both = heads["source"] == "both"
    weights = pd.Series(weigh_draws(heads))
    level = heads["slice"] / heads.groupby("series")["slice"].transform("max")
    from_middle = -(level - 0.5).abs()
    guessed = roc_auc_score(heads["label"][both], from_middle[both])
    drawn = roc_auc_score(heads["label"][both], from_middle[both], sample_weight=weights[both])
    assert guessed > 0.85
    assert drawn < 0.72


def test_slices_at_levels_of_the_other_class_weigh_more():
    table = pd.DataFrame(
        {
            "source": "one", "group": range(20), "plane": ["axial"] * 9 + ["coronal"] * 2
            + ["axial"] * 2 + ["coronal"] * 7, "label": [0] * 10 + [1] * 10,
        }
    )  # fmt: skip
    weights = pd.Series(weigh_draws(table))
    is_axial = table["plane"] == "axial"
    shares = [weights[is_axial & (table["label"] == label)].sum() / 0.5 for label in (0, 1)]
    # As they come 0.9 and 0.2: matched within the source, and then over all.
    within = 0.8 * match(0.9, 0.2) + 0.2 * np.array([0.9, 0.2])
    np.testing.assert_allclose(shares, 0.5 * match(*within) + 0.5 * within)


def test_planes_and_sequences_are_matched_over_sources_of_one_class_each():
    table = pd.DataFrame(
        {
            "source": ["sick"] * 10 + ["healthy"] * 10, "group": range(20),
            "label": [1] * 10 + [0] * 10, "sequence": ["T1"] * 5 + ["T2"] * 5 + ["T1"] * 9 + ["T2"],
        }
    )  # fmt: skip
    weights = pd.Series(weigh_draws(table))
    is_t1 = table["sequence"] == "T1"
    shares = [weights[is_t1 & (table["label"] == label)].sum() / 0.5 for label in (0, 1)]
    np.testing.assert_allclose(shares, 0.5 * match(0.9, 0.5) + 0.5 * np.array([0.9, 0.5]))


def match(one, other):
    """What both classes have in common of a cell, of which they have these shares."""
    in_it, beside_it = np.sqrt(one * other), np.sqrt((1 - one) * (1 - other))
    return in_it / (in_it + beside_it)


def test_drawing_follows_the_weights_and_repeats_nothing():
    generator = np.random.default_rng(0)
    weights = np.array([0.1, 0.2, 0.7])
    labels = np.zeros(3)
    drawn = [draw_weighted(weights, labels, 1, generator)[0] for _ in range(4000)]
    np.testing.assert_allclose(np.bincount(drawn) / 4000, weights, atol=0.03)
    assert sorted(draw_weighted(weights, labels, 3, generator)) == [0, 1, 2]
    assert sorted(draw_weighted(weights, labels, 9, generator)) == [0, 1, 2]


def test_each_class_gives_half_as_far_as_it_has_so_many():
    labels = np.array([0] * 50 + [1] * 5)
    rows = draw_weighted(np.ones(55), labels, 8, np.random.default_rng(0))
    assert labels[rows].sum() == 4
    rows = draw_weighted(np.ones(55), labels, 20, np.random.default_rng(0))
    assert (len(rows), labels[rows].sum()) == (20, 5)
    rows = draw_weighted(np.ones(55), 1 - labels, 20, np.random.default_rng(0))
    assert (len(set(rows)), labels[rows].sum()) == (20, 5)


def test_tables_without_sources_and_places_are_drawn_by_group():
    weights = weigh_draws(pd.DataFrame({"label": [0, 0, 0, 1], "group": [0, 0, 1, 2]}))
    np.testing.assert_allclose(weights, [0.125, 0.125, 0.25, 0.5])


class TestChoice:
    """Files stand in the order of their names: those without a tumor first."""

    LABELS = np.repeat([0, 1], [2500, 500]).astype(np.float32)

    def test_each_class_has_its_share_whatever_the_order_of_files(self):
        rows = choose_evenly(self.LABELS, 600)
        assert len(set(rows)) == 600
        assert self.LABELS[rows].sum() == 100
        assert (np.diff(rows) > 0).all()
        assert rows[:100].max() > 200  # not the first of a class either
        assert (rows == choose_evenly(self.LABELS, 600)).all()

    @pytest.mark.parametrize("most", [None, 3000, 9000])
    def test_all_are_chosen_where_they_are_no_more(self, most):
        assert (choose_evenly(self.LABELS, most) == np.arange(3000)).all()
