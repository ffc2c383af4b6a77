import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from tumorscope.errors import InputError
from tumorscope.explanation.localization import Localization, measure_localization
from tumorscope.explanation.overlay import project_map
from tumorscope.preprocessing import Box

WHOLE = Box(0, 0, 40, 50)


def draw_square(top=10, left=20, side=8):
    mask_hw = np.zeros((40, 50), bool)
    mask_hw[top : top + side, left : left + side] = True
    return mask_hw


def measure(evidence_hw, mask_hw=None, seen=WHOLE, head=WHOLE) -> Localization:
    mask_hw = draw_square() if mask_hw is None else mask_hw
    return measure_localization(evidence_hw.astype(np.float32), mask_hw, seen, head)


class TestMaps:
    def test_mask_itself_is_perfect(self):
        found = measure(draw_square())
        share = 64 / 2000
        assert found == pytest.approx((1, 1, 1 / share, 1, 1, 1, 1, 1, 0))

    @pytest.mark.parametrize("level", [0.0, 0.7])
    def test_flat_map_is_chance(self, level):
        found = measure(np.full((40, 50), level))
        share = 64 / 2000
        assert found[:5] == pytest.approx((share, share, 1, share, share))
        assert found.best_iou == pytest.approx(share)
        assert found.distance > 0

    @pytest.mark.parametrize(("level", "cells"), [(0.0, 7), (-1.0, 7), (0.7, 7), (0.3, 14)])
    def test_flat_map_over_a_part_of_the_slice_is_chance_there(self, level, cells):
        seen = Box(5, -3, 30, 41)  # padded on the left: 38 columns are of the slice
        evidence_hw = project_map(np.full((cells, cells), level, np.float32), seen, (40, 50))
        found = measure(evidence_hw, seen=seen)
        share = 64 / (30 * 38)
        assert found[:5] == pytest.approx((share, share, 1, share, share), rel=1e-4)

    def test_mask_beyond_what_the_network_saw_counts_in_full_but_for_its_share(self):
        seen = Box(0, 0, 40, 24)  # half of the square's columns
        found = measure(project_map(np.ones((7, 7), np.float32), seen, (40, 50)), seen=seen)
        assert found.energy_ratio == pytest.approx(1)
        assert found.energy == pytest.approx(32 / (40 * 24))
        assert found.iou == pytest.approx(32 / (40 * 24 + 32))
        unseen = measure(project_map(np.ones((7, 7), np.float32), Box(0, 0, 40, 20), (40, 50)),
                         seen=Box(0, 0, 40, 20))  # fmt: skip
        assert (unseen.pointing, unseen.energy, unseen.energy_ratio) == (0, 0, 0)

    def test_ridge_of_equal_positions_is_one_peak_of_all_of_them(self):
        cam_hw = np.zeros((4, 5), np.float32)
        cam_hw[1] = 0.9  # rows 10 to 19 of the slice; the square is in 10 to 17
        found = measure(project_map(cam_hw, WHOLE, (40, 50)))
        assert 0.05 < found.pointing < 0.2

    def test_peak_outside_misses_by_its_distance_in_per_cent_of_the_head(self):
        evidence_hw = 0.5 * draw_square()
        evidence_hw[10, 37] = 1.0  # 10 px right of the square's last column
        found = measure(evidence_hw, head=Box(0, 0, 20, 40))
        assert found.pointing == 0
        assert found.distance == pytest.approx(100 * 10 / 40)
        assert found.energy == pytest.approx(32 / 33)

    def test_equal_peaks_count_by_their_parts(self):
        evidence_hw = np.zeros((40, 50))
        evidence_hw[12, 22] = evidence_hw[12, 18] = 1
        found = measure(evidence_hw)
        assert (found.pointing, found.energy) == (0.5, 0.5)
        assert found.distance == pytest.approx(100 * 2 / 50 / 2)

    def test_region_is_half_of_the_peak_and_the_best_threshold_may_be_another(self):
        evidence_hw = 0.4 * draw_square()
        evidence_hw[12, 22] = 1.0
        found = measure(evidence_hw)
        assert found.iou == pytest.approx(1 / 64)
        assert found.dice == pytest.approx(2 / 65)
        assert (found.best_iou, found.best_dice) == (1, 1)

    def test_share_is_of_the_area_that_the_network_saw(self):
        evidence_hw = np.zeros((40, 50))
        evidence_hw[10:30, 20:40] = 1
        assert measure(evidence_hw, seen=Box(10, 20, 20, 20)).energy_ratio == pytest.approx(1)
        beyond = Box(-10, 0, 60, 50)  # padding is not seen
        assert measure(evidence_hw, seen=beyond) == measure(evidence_hw)


class TestProperties:
    @pytest.mark.slow
    @given(st.integers(0, 2**32 - 1), st.integers(1, 4))
    def test_figures_keep_their_bounds_and_the_average_precision_is_that_of_scikit_learn(
        self, seed, levels
    ):
        generator = np.random.default_rng(seed)
        evidence_hw = generator.integers(0, 10**levels, (40, 50)) / 10**levels
        mask_hw = generator.random((40, 50)) < 0.1
        mask_hw[0, 0] = True
        found = measure(evidence_hw, mask_hw)
        assert all(0 <= value <= 1 for name, value in found._asdict().items() if name in (
            "pointing", "energy", "average_precision", "iou", "dice", "best_iou", "best_dice",
        ))  # fmt: skip
        assert found.best_iou >= found.iou - 1e-12
        assert found.best_dice >= found.dice - 1e-12
        expected = average_precision_score(mask_hw.ravel(), evidence_hw.astype(np.float32).ravel())
        assert found.average_precision == pytest.approx(expected)

    @given(st.integers(0, 2**32 - 1), st.sampled_from([0.25, 4.0, 1024.0]))
    def test_scale_of_the_evidence_does_not_matter(self, seed, factor):
        evidence_hw = np.random.default_rng(seed).random((40, 50))
        assert measure(evidence_hw * factor) == pytest.approx(measure(evidence_hw), rel=1e-5)


class TestRefused:
    def test_other_shape(self):
        with pytest.raises(InputError, match="pixels"):
            measure(np.ones((4, 5)))

    def test_empty_mask(self):
        with pytest.raises(InputError, match="empty"):
            measure(np.ones((40, 50)), np.zeros((40, 50), bool))

    @pytest.mark.parametrize("value", [-1, np.nan, np.inf])
    def test_evidence_below_zero_or_not_finite(self, value):
        evidence_hw = np.ones((40, 50))
        evidence_hw[3, 3] = value
        with pytest.raises(InputError, match="finite"):
            measure(evidence_hw)
