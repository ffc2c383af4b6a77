import sys

import numpy as np
import pytest

from tumorscope.errors import MissingExtraError
from tumorscope.phantoms import anatomy
from tumorscope.phantoms.anatomy import Tissue, draw_head


def test_tissue_shares_of_a_pixel_add_up_to_one_at_most(head):
    assert head.tissue_hwc.min() >= 0
    assert head.tissue_hwc.sum(axis=-1).max() < 1.01


def test_inside_of_the_skull_is_filled_completely(head):
    np.testing.assert_allclose(head.tissue_hwc[head.cavity_hw].sum(axis=-1), 1, atol=0.01)


@pytest.mark.parametrize("tissue", Tissue)
def test_every_tissue_is_present(head, tissue):
    assert (head.tissue_hwc[..., tissue] > 0.5).sum() > 100


def test_layers_lie_in_anatomical_order(head):
    row = head.tissue_hwc[128, :128].argmax(axis=-1)
    present = head.tissue_hwc[128, :128].max(axis=-1) > 0.5
    met = list(dict.fromkeys(row[present].tolist()))
    assert met[:4] == [Tissue.SCALP, Tissue.BONE, Tissue.MARROW, Tissue.CSF]


def test_brain_lies_inside_the_skull_and_the_skull_inside_the_outline(head):
    brain = head.tissue_hwc[..., [Tissue.WHITE_MATTER, Tissue.GRAY_MATTER]].sum(axis=-1) > 0.5
    assert not (brain & ~head.cavity_hw).any()
    assert not (head.cavity_hw & ~head.outline_hw).any()


def test_head_does_not_touch_the_border_of_the_grid():
    for seed in range(20):
        outline = draw_head(np.random.default_rng(seed)).outline_hw
        assert not outline[[0, -1]].any()
        assert not outline[:, [0, -1]].any()


def test_without_nilearn_the_error_names_the_extra(monkeypatch, generator):
    monkeypatch.setitem(sys.modules, "nilearn", None)
    monkeypatch.setattr(anatomy, "_load_brains", anatomy._load_brains.__wrapped__)
    with pytest.raises(MissingExtraError, match=r"phantom generator needs .*'\.\[train\]'"):
        draw_head(generator)
