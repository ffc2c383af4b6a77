import numpy as np

from tumorscope.phantoms.anatomy import Tissue
from tumorscope.phantoms.contrast import CONTRASTS, render_head
from tumorscope.phantoms.distractor import paint_distractors


def test_distractors_are_small_bright_and_inside_the_skull(head):
    for seed in range(10):
        generator = np.random.default_rng(seed)
        plain = render_head(head, CONTRASTS[0], generator)
        before = plain.copy()
        painted = paint_distractors(plain, head, CONTRASTS[0], generator)

        changed = np.abs(painted - plain) > 0.05
        assert 0 < changed.sum() < 0.06 * head.cavity_hw.sum()
        assert not (changed & ~head.cavity_hw).any()
        assert painted.max() < 1.2
        np.testing.assert_array_equal(plain, before)


def test_spots_lie_in_white_matter_and_vessels_outside(head, generator):
    contrast = CONTRASTS[1]
    plain = np.zeros(head.cavity_hw.shape, dtype=np.float32)
    painted = np.stack(
        [paint_distractors(plain, head, contrast, generator) for _ in range(20)]
    ).max(axis=0)
    white = head.tissue_hwc[..., Tissue.WHITE_MATTER] > 0.8
    assert painted[white].max() > 0.3
    assert painted[head.cavity_hw & ~white].max() > 0.8
