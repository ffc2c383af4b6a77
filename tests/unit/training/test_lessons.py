import numpy as np
import pytest

from tumorscope.dataset.splits import TRAIN, VALIDATION
from tumorscope.recipe import load_recipe
from tumorscope.training.lessons import count_steps, open_stores, weigh_classes


@pytest.fixture
def divided(manifest):
    """The last two slices are the validation part, of two groups."""
    return manifest.assign(split=[TRAIN] * 8 + [VALIDATION] * 2)


def test_each_part_has_its_slices(divided):
    stores = open_stores(load_recipe("default"), divided)
    assert {part: len(store) for part, store in stores.items()} == {TRAIN: 8, VALIDATION: 2}


def test_one_copy_of_a_picture_is_measured_where_one_is_drawn(divided):
    copied = divided.assign(group=[0, 0, 0, 0, 0, 1, 1, 2, 3, 3])
    counts = [
        len(open_stores(load_recipe("default", [f"data.drawn_per_group={drawn}"]), copied)[part])
        for drawn, part in ((1, VALIDATION), ("null", VALIDATION), (1, TRAIN))
    ]
    assert counts == [1, 2, 8]


def test_an_epoch_has_as_many_steps_as_slices_are_drawn(divided):
    store = open_stores(load_recipe("default"), divided)[TRAIN]  # of 3 groups
    steps = [
        count_steps(
            store,
            load_recipe("default", [f"data.drawn_per_group={drawn}", "training.batch_size=2"]),
        )
        for drawn in (1, 2, "null")
    ]
    assert steps == [2, 3, 4]


@pytest.mark.parametrize(("draws", "steps"), [(2, 1), (4, 2), (50, 2)])
def test_no_more_slices_are_drawn_than_there_are_different_pictures(divided, draws, steps):
    store = open_stores(
        load_recipe("default"), divided.assign(group=[0, 0, 0, 0, 1, 2, 3, 3, 4, 5])
    )
    drawn = load_recipe("default", [f"data.draws={draws}", "training.batch_size=2"])
    assert count_steps(store[TRAIN], drawn) == steps


def test_both_classes_weigh_the_same_in_all(divided):
    store = open_stores(load_recipe("default"), divided)[TRAIN]
    store.labels = np.array([0, 0, 0, 0, 0, 0, 1, 1], np.float32)
    without, with_tumor = weigh_classes(store)
    assert 6 * without == pytest.approx(2 * with_tumor) == pytest.approx(4)


def test_copies_that_an_epoch_does_not_draw_weigh_nothing(divided):
    # Six copies of one picture without a tumor, and two pictures with one.
    copied = divided.assign(group=[0] * 6 + [1, 2, 3, 4], label=[0] * 6 + [1, 1, 0, 1])
    store = open_stores(load_recipe("default"), copied)[TRAIN]
    assert weigh_classes(store, drawn_per_group=1) == pytest.approx([3 / 2, 3 / 4])
    assert weigh_classes(store, drawn_per_group=2) == pytest.approx([1, 1])
    assert weigh_classes(store) == pytest.approx([8 / 12, 8 / 4])
