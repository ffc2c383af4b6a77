from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tumorscope.errors import InputError
from tumorscope.preprocessing import prepare_slice
from tumorscope.recipe import AugmentationSettings, PreprocessingSettings
from tumorscope.scans.images import read_slice
from tumorscope.training.pipeline import (
    build_training_batches,
    build_validation_batches,
    draw_epoch,
    saying_what_is_unreadable,
)
from tumorscope.training.store import SliceStore

COUNT, BATCH_SIZE, STEPS = 10, 4, 3
PREPROCESSING = PreprocessingSettings(side_px=32, crop_to_head=False)
NO_AUGMENTATION = AugmentationSettings(
    rotation_degrees=0,
    zoom=0,
    shift=0,
    horizontal_flip=False,
    vertical_flip=False,
    outside="nearest",
    brightness=0,
    contrast=0,
    gamma=0,
    noise=0,
    erasing=0,
    mixup=0,
)
AUGMENTATION = NO_AUGMENTATION.model_copy(
    update={"rotation_degrees": 20, "zoom": 0.2, "horizontal_flip": True, "vertical_flip": True}
)


@pytest.fixture
def store(manifest) -> SliceStore:
    return SliceStore(manifest, PREPROCESSING, cache_mb=1)


def take(batches, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    return [(slices.numpy(), labels.numpy()) for slices, labels in islice(batches, count)]


def identify(batches: list[tuple[np.ndarray, np.ndarray]]) -> list[int]:
    return [int(image.max()) - 100 for slices, _ in batches for image in slices]


@pytest.mark.parametrize("build", ["training", "validation"])
def test_a_slice_that_is_gone_is_named_without_a_page_of_tensorflow(manifest, tmp_path, build):
    gone = str(tmp_path / "gone.png")
    store = SliceStore(manifest.assign(path=[*manifest["path"][:-1], gone]), PREPROCESSING, 1)
    batches = (
        build_validation_batches(store, BATCH_SIZE)
        if build == "validation"
        else build_training_batches(store, NO_AUGMENTATION, BATCH_SIZE, 0, 0)
    )
    with (
        pytest.raises(InputError) as caught,
        saying_what_is_unreadable([SliceStore(manifest, PREPROCESSING, 1), store]),
    ):
        take(batches, STEPS)
    assert str(caught.value) == (
        f"{gone}: cannot be read: No such file or directory; once that is mended, go on with "
        "--resume"
    )
    assert caught.value.__suppress_context__


def test_other_errors_of_tensorflow_stay_what_they_are(store):
    error = tf.errors.ResourceExhaustedError(None, None, "no memory left")
    with pytest.raises(tf.errors.ResourceExhaustedError), saying_what_is_unreadable([store]):
        raise error


def test_validation_slices_come_in_order_and_unchanged(store, manifest):
    batches = take(build_validation_batches(store, BATCH_SIZE), 100)
    seen = np.concatenate([slices for slices, _ in batches])
    expected = [
        prepare_slice(read_slice(path), PREPROCESSING)[0] for path in map(Path, manifest["path"])
    ]
    np.testing.assert_array_equal(seen, np.stack(expected))
    np.testing.assert_array_equal(np.concatenate([y for _, y in batches])[:, 0], manifest["label"])


def test_no_tuner_sleeps_beside_a_stream(store):
    """The end of the stream would wait for it, up to a minute."""
    for batches in (
        build_training_batches(store, NO_AUGMENTATION, BATCH_SIZE, 0, 0),
        build_validation_batches(store, BATCH_SIZE),
    ):
        assert batches.options().autotune.enabled is False


def test_training_slices_are_changed(store):
    plain = take(build_training_batches(store, NO_AUGMENTATION, BATCH_SIZE, 0, 0), STEPS)
    changed = take(build_training_batches(store, AUGMENTATION, BATCH_SIZE, 0, 0), STEPS)
    assert not any(np.allclose(a, b) for (a, _), (b, _) in zip(plain, changed, strict=True))


def test_mixed_labels_lie_between(store):
    mixing = NO_AUGMENTATION.model_copy(update={"mixup": 1.0})
    labels = np.concatenate(
        [labels for _, labels in take(build_training_batches(store, mixing, 4, 0, 0), STEPS)]
    )
    assert ((labels > 0) & (labels < 1)).any()


def test_an_epoch_visits_every_slice_once_with_its_label(store):
    batches = take(build_training_batches(store, NO_AUGMENTATION, BATCH_SIZE, 0, 0), STEPS)
    numbers = identify(batches)
    assert sorted(numbers) == list(range(COUNT))
    labels = np.concatenate([labels[:, 0] for _, labels in batches])
    assert [number % 2 for number in numbers] == labels.tolist()


def test_epochs_come_in_different_orders(store):
    batches = take(build_training_batches(store, NO_AUGMENTATION, BATCH_SIZE, 0, 0), 2 * STEPS)
    assert identify(batches[:STEPS]) != identify(batches[STEPS:])


def test_starting_at_a_later_epoch_gives_what_that_epoch_would_have_held(store):
    through = take(build_training_batches(store, AUGMENTATION, BATCH_SIZE, 5, 0), 3 * STEPS)
    resumed = take(build_training_batches(store, AUGMENTATION, BATCH_SIZE, 5, 2), STEPS)
    for (a, _), (b, _) in zip(through[2 * STEPS :], resumed, strict=True):
        np.testing.assert_array_equal(a, b)


def test_another_seed_gives_another_epoch(store):
    a, b = (
        take(build_training_batches(store, NO_AUGMENTATION, BATCH_SIZE, seed, 0), STEPS)
        for seed in (0, 1)
    )
    assert identify(a) != identify(b)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=60), st.integers(1, 4), st.integers(0, 99))
def test_an_epoch_holds_as_many_of_each_group_as_may_be_drawn(groups, drawn_per_group, seed):
    rows = draw_epoch(np.array(groups), drawn_per_group, np.random.default_rng(seed))
    assert len(set(rows.tolist())) == len(rows)
    counts = Counter(np.array(groups)[rows].tolist())
    assert counts == {group: min(n, drawn_per_group) for group, n in Counter(groups).items()}


def test_epochs_draw_other_members_of_a_group():
    generator = np.random.default_rng(0)
    drawn = {int(draw_epoch(np.zeros(5, int), 1, generator)[0]) for _ in range(100)}
    assert drawn == set(range(5))


def test_wanted_members_of_a_group_are_drawn_before_others():
    groups, wanted = np.array([0, 0, 0, 1, 1]), np.array([False, True, True, False, False])
    drawn = [set(draw_epoch(groups, 1, np.random.default_rng(n), wanted)) for n in range(30)]
    assert all(len(rows) == 2 and rows & {1, 2} and rows & {3, 4} for rows in drawn)
    assert set.union(*drawn) == {1, 2, 3, 4}


@pytest.fixture
def outlined(tmp_path) -> pd.DataFrame:
    """Two slices with a bright lesion, of which the first is outlined, and one without."""
    pixels = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
    lesion = np.zeros((64, 64), np.uint8)
    lesion[8:24, 32:48] = 255
    for name, shown in {"a": pixels | lesion, "b": pixels | lesion, "c": pixels}.items():
        Image.fromarray(shown).save(tmp_path / f"{name}.png")
    Image.fromarray(lesion).save(tmp_path / "mask.png")
    return pd.DataFrame(
        {
            "path": [str(tmp_path / f"{name}.png") for name in "abc"],
            "label": [1, 1, 0],
            "group": [0, 1, 2],
            "mask": [str(tmp_path / "mask.png"), None, None],
        }
    )


def test_targets_tell_where_a_lesion_is_where_there_is_none_and_what_nobody_knows(outlined):
    store = SliceStore(outlined, PREPROCESSING, cache_mb=1)
    ((_, targets),) = take(build_validation_batches(store, 3, map_side=4), 2)
    np.testing.assert_array_equal(targets[:, 0], [1, 1, 0])
    expected = np.zeros((4, 4))
    expected[:2, 2] = 0.5  # each position is 16 px high and wide
    np.testing.assert_allclose(targets[0, 1:].reshape(4, 4), expected, atol=0.01)
    assert np.isnan(targets[1, 1:]).all()
    assert (targets[2, 1:] == 0).all()


def test_masks_follow_what_happens_to_their_slices(outlined):
    moving = AUGMENTATION.model_copy(update={"shift": 0.2, "outside": "black"})
    store = SliceStore(outlined.head(1), PREPROCESSING, cache_mb=1)
    for slices, targets in take(build_training_batches(store, moving, 1, 0, 0, map_side=32), 8):
        bright = slices[0, ..., 0] > 150
        marked = targets[0, 1:].reshape(32, 32) > 0.5
        assert (bright & marked).sum() > 0.8 * max(bright.sum(), marked.sum()) > 0


def test_an_outlined_lesion_is_lost_neither_with_the_skull_nor_with_a_side(outlined):
    losing = NO_AUGMENTATION.model_copy(update={"stripping": 1.0, "field_of_view": 1.0})
    store = SliceStore(outlined.head(1), PREPROCESSING, cache_mb=1)
    ((plain, _),) = take(build_training_batches(store, NO_AUGMENTATION, 1, 0, 0), 1)
    for slices, _ in take(build_training_batches(store, losing, 1, 0, 0), 8):
        assert (slices < plain - 1).any()
        np.testing.assert_allclose(slices[0, 4:12, 16:24], plain[0, 4:12, 16:24], atol=1e-3)


def test_map_of_a_mixture_is_known_only_where_both_are(outlined):
    mixing = NO_AUGMENTATION.model_copy(update={"mixup": 1.0})
    store = SliceStore(outlined, PREPROCESSING, cache_mb=1)
    ((_, targets),) = take(build_training_batches(store, mixing, 3, 0, 0, map_side=4), 1)
    known = np.isfinite(targets[:, 1:]).all(axis=1)
    assert known.sum() in (1, 2)  # one of three is mixed with itself, the others with one another
    assert (np.isnan(targets[:, 1:]).all(axis=1) == ~known).all()


def test_classes_weigh_what_is_said(store):
    batches = build_training_batches(store, NO_AUGMENTATION, COUNT, 0, 0, class_weights=[2.0, 3.0])
    _, targets, weights = next(iter(batches))
    np.testing.assert_array_equal(weights, np.where(targets[:, 0] == 1, 3.0, 2.0))


def test_validation_of_few_has_both_classes(store):
    store.labels = np.repeat([0, 1], COUNT // 2).astype(np.float32)
    ((_, targets),) = take(build_validation_batches(store, BATCH_SIZE, most=4), 100)
    assert targets[:, 0].tolist() == [0, 0, 1, 1]
