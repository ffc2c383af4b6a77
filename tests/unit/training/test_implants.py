import numpy as np
import pytest
import tensorflow as tf

from tumorscope.training.implants import Lesson, implant, round_boxes

SIDE = 64
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
HEAD = (ROWS - 32) ** 2 + (COLUMNS - 32) ** 2 < 28**2
LESION = (ROWS - 30) ** 2 + (COLUMNS - 36) ** 2 < 7**2
SEEDS = [tf.constant([0, number], tf.int64) for number in range(6)]


def draw_lesson(lesion_level: float = 200.0, host=HEAD) -> Lesson:
    """One slice with a lesion, three without: heads of the same gray, in air."""
    heads = np.stack([HEAD * 90.0, *(host * 120.0 for _ in range(3))])
    heads[0][LESION] = lesion_level
    masks = np.zeros((4, SIDE, SIDE, 1), np.float32)
    masks[0, ..., 0] = 255.0 * LESION
    return Lesson(
        tf.constant(heads[..., np.newaxis], tf.float32),
        tf.constant(masks),
        tf.constant([1.0, 0.0, 0.0, 0.0]),
    )


def implant_once(lesson: Lesson, share: float = 1.0, seed: tf.Tensor = SEEDS[0]) -> Lesson:
    return Lesson(*(part.numpy() for part in implant(lesson, seed, share)))


def test_a_slice_that_got_a_lesion_is_a_tumor_with_its_mask():
    given = implant_once(draw_lesson())
    assert given.labels.tolist() == [1, 1, 1, 1]
    for mask in given.masks[1:, ..., 0]:
        # Zoomed by 0.7 to 1.3, which is 1 / 1.3 to 1 / 0.7 as a width.
        assert 0.5 * LESION.sum() < (mask > 127).sum() < 2.2 * LESION.sum()


def test_only_what_lies_at_the_lesion_changes():
    lesson = draw_lesson()
    given = implant_once(lesson)
    change = np.abs(given.slices - lesson.slices.numpy())[1:, ..., 0]
    inside = given.masks[1:, ..., 0] > 127
    far = np.stack([grow(mask, 5) for mask in inside]) == 0
    assert change[inside].mean() > 30
    assert change[far].max() < 1e-3


def grow(mask, by):
    padded = np.pad(mask, by)
    span = range(2 * by + 1)
    return np.max([padded[i : i + SIDE, j : j + SIDE] for i in span for j in span], axis=0)


def test_lesions_are_brighter_or_darker_than_the_tissue_around_them():
    lesson = draw_lesson()
    levels = []
    for seed in SEEDS:
        given = implant_once(lesson, seed=seed)
        levels += [
            slice_hw[mask > 250].mean()
            for slice_hw, mask in zip(given.slices[1:], given.masks[1:], strict=True)
        ]
    assert min(levels) < 100
    assert max(levels) > 140


def test_slices_with_a_tumor_stay_as_they_are():
    lesson = draw_lesson()
    given = implant_once(lesson)
    np.testing.assert_array_equal(given.slices[0], lesson.slices[0])
    np.testing.assert_array_equal(given.masks[0], lesson.masks[0])


@pytest.mark.parametrize(
    ("lesson", "share"),
    [
        pytest.param(draw_lesson(), 0.0, id="none is asked for"),
        pytest.param(draw_lesson(lesion_level=92.0), 1.0, id="the lesion is not seen"),
        pytest.param(draw_lesson(host=COLUMNS < 20), 1.0, id="there is no head in its place"),
        pytest.param(
            draw_lesson()._replace(masks=tf.zeros((4, SIDE, SIDE, 1))), 1.0, id="no outline"
        ),
    ],
)
def test_nothing_changes_where_nothing_can_be_given(lesson, share):
    for seed in SEEDS:
        given = implant_once(lesson, share, seed)
        for before, after in zip(lesson, given, strict=True):
            np.testing.assert_array_equal(after, before.numpy())


def test_about_the_share_of_the_slices_gets_a_lesion():
    lesson = draw_lesson()
    got = [implant_once(lesson, 0.4, tf.constant([1, n], tf.int64)).labels[1:] for n in range(80)]
    assert np.mean(got) == pytest.approx(0.4, abs=0.1)


def test_the_same_seed_gives_the_same_lesions():
    lesson = draw_lesson()
    for one, other in zip(implant_once(lesson), implant_once(lesson), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_box_becomes_the_ellipse_in_it_and_an_outline_stays():
    masks = np.zeros((3, SIDE, SIDE, 1), np.float32)
    masks[0, 10:40, 20:30] = 255
    masks[1, ..., 0] = 255 * LESION
    ellipse, outline, none = round_boxes(tf.constant(masks)).numpy()[..., 0]
    assert ellipse.sum() == pytest.approx(np.pi / 4 * 300, rel=0.05)
    assert ellipse[25, 25] == 1
    assert ellipse[10, 20] == 0
    np.testing.assert_array_equal(outline, LESION)
    assert none.sum() == 0
