import numpy as np
from PIL import ImageDraw

from tumorscope.explanation.localization_sheet import Found, draw_found

GREEN, ORANGE = (0, 158, 115), (213, 94, 0)


def make_found(name="a.png", shape=(200, 400)):
    mask_hw, evidence_hw = np.zeros(shape, bool), np.zeros(shape, np.float32)
    mask_hw[50:100, 300:360] = True
    evidence_hw[120:160, 40:120] = 1
    return Found(name, np.full((*shape, 3), 90, np.uint8), mask_hw, evidence_hw, 0.5)


def find(sheet, color):
    return np.argwhere((np.asarray(sheet) == color).all(axis=-1))


def test_outline_and_region_stand_where_they_are_in_the_slice():
    sheet = draw_found([make_found()])
    outline, region = find(sheet, GREEN), find(sheet, ORANGE)
    scale, above = 240 / 400, 60  # 400 px wide on 240, with black above and below
    for points, box in ((outline, (50, 300, 100, 360)), (region, (120, 40, 160, 120))):
        expected = np.array(box).reshape(2, 2) * scale + [above, 0]
        np.testing.assert_allclose([points.min(axis=0), points.max(axis=0)], expected, atol=3)


def test_slice_without_evidence_has_an_outline_only_and_the_legend_no_region(monkeypatch):
    nothing = make_found()._replace(evidence_hw=np.zeros((200, 400), np.float32))
    drawn = []
    draw_text = ImageDraw.ImageDraw.text
    monkeypatch.setattr(
        ImageDraw.ImageDraw, "text", lambda *given: drawn.append(given[2]) or draw_text(*given)
    )
    sheet = draw_found([nothing])
    assert "Orange" not in drawn[-1]
    draw_found([nothing, make_found()])
    assert "Orange: region that drove the decision. " in drawn[-1]
    assert len(find(sheet, GREEN))
    assert not len(find(sheet, ORANGE))


def test_twelve_slices_stand_in_three_rows_of_four():
    sheet = draw_found([make_found()] * 12)
    assert sheet.size == (960, 3 * 264 + 24)
    assert {(row // 264, column // 240) for row, column in find(sheet, GREEN)} == {
        (row, column) for row in range(3) for column in range(4)
    }
