import numpy as np
import pytest

from tumorscope.phantoms.anatomy import Tissue
from tumorscope.phantoms.contrast import CONTRASTS, draw_contrast, render_head

ORDER_FROM_DARK = {
    "T1": ["csf", "gray_matter", "white_matter"],
    "T2": ["white_matter", "gray_matter", "csf"],
    "FLAIR": ["csf", "white_matter", "gray_matter"],
}


@pytest.mark.parametrize("contrast", CONTRASTS, ids=lambda contrast: contrast.name)
def test_tissues_keep_the_order_by_which_radiologists_tell_contrasts_apart(contrast):
    order = ORDER_FROM_DARK[contrast.name]
    assert sorted(order, key=lambda tissue: getattr(contrast, tissue)) == order


@pytest.mark.parametrize("contrast", CONTRASTS, ids=lambda contrast: contrast.name)
def test_rendered_tissue_shows_its_signal(contrast, head, generator):
    image = render_head(head, contrast, generator)
    for tissue in (Tissue.WHITE_MATTER, Tissue.GRAY_MATTER, Tissue.SCALP):
        pure = head.tissue_hwc[..., tissue] > 0.99
        assert image[pure].mean() == pytest.approx(getattr(contrast, tissue.name.lower()), rel=0.1)
    np.testing.assert_array_equal(image[~head.outline_hw & (head.tissue_hwc.sum(-1) == 0)], 0)


def test_all_contrasts_are_drawn_and_vary(generator):
    drawn = [draw_contrast(generator) for _ in range(60)]
    assert {contrast.name for contrast in drawn} == set(ORDER_FROM_DARK)
    assert len({contrast.csf for contrast in drawn}) == 60
