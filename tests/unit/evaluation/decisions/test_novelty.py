import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.decomposition import PCA

from tumorscope.errors import InputError
from tumorscope.evaluation.decisions.novelty import fit_subspace


def draw_features(count: int, seed: int = 0, noise: float = 0.1) -> np.ndarray:
    """Draw features near a plane through 20 dimensions."""
    stream = np.random.default_rng(seed)
    plane = np.random.default_rng(99).normal(size=(2, 20))
    return 3 + stream.normal(size=(count, 2)) @ plane + noise * stream.normal(size=(count, 20))


@pytest.fixture(scope="module")
def subspace():
    return fit_subspace(draw_features(400), np.arange(400))


@pytest.mark.parametrize("count", [16, 80])  # fewer than there are features, and more
def test_subspace_is_that_of_principal_components(count):
    features = draw_features(count)
    found = fit_subspace(features, np.arange(count))
    components = PCA(found.basis.shape[1]).fit(features)
    np.testing.assert_allclose(found.mean, components.mean_, rtol=1e-6)
    expected = components.components_.T @ components.components_
    np.testing.assert_allclose(found.basis @ found.basis.T, expected, atol=1e-5)
    left = features - components.inverse_transform(components.transform(features))
    assert found.scale == pytest.approx(np.square(left).sum(axis=1).mean(), rel=1e-6)


def test_new_features_from_the_same_source_are_within_the_limit(subspace):
    distances = subspace.measure(draw_features(5000, seed=1))
    assert 0.96 <= (distances <= subspace.limit).mean() <= 0.995
    assert distances.mean() == pytest.approx(1, abs=0.2)


def test_features_off_the_plane_are_beyond_it(subspace):
    off = draw_features(200, seed=2) + np.random.default_rng(3).normal(size=(200, 20))
    assert (subspace.measure(off) > subspace.limit).mean() > 0.99


def test_a_copy_does_not_vouch_for_its_copy():
    """Every slice ten times: fitted as if they were different ones, the limit is too low."""
    features = np.repeat(draw_features(100), 10, axis=0)
    groups = np.repeat(np.arange(100), 10)
    honest, fooled = fit_subspace(features, groups), fit_subspace(features, np.arange(1000))
    new = draw_features(2000, seed=4)
    assert (honest.measure(new) <= honest.limit).mean() >= 0.97
    assert (fooled.measure(new) <= fooled.limit).mean() < (
        honest.measure(new) <= honest.limit
    ).mean()


def test_a_group_counts_once_however_large_it_is():
    features, groups = draw_features(120), np.arange(120)
    copied = np.concatenate([features, np.repeat(features[:1], 500, axis=0)])
    once = fit_subspace(features, groups)
    many = fit_subspace(copied, np.concatenate([groups, np.zeros(500, int)]))
    new = draw_features(50, seed=5)
    np.testing.assert_allclose(once.measure(new), many.measure(new), rtol=1e-3)
    assert many.limit == pytest.approx(once.limit, rel=1e-3)


@pytest.mark.parametrize(("groups", "is_finite"), [(1, False), (2, False), (98, False), (99, True)])
def test_too_few_groups_refuse_nothing(groups, is_finite):
    found = fit_subspace(draw_features(groups), np.arange(groups))
    assert np.isfinite(found.limit) == is_finite


def test_the_same_features_give_the_same_subspace(subspace):
    again = fit_subspace(draw_features(400), np.arange(400))
    for first, second in zip(subspace, again, strict=True):
        np.testing.assert_array_equal(first, second)


def test_arrays_are_small_and_the_caller_s_are_unchanged():
    features = draw_features(300)
    before = features.copy()
    found = fit_subspace(features, np.arange(300))
    np.testing.assert_array_equal(features, before)
    assert found.basis.dtype == found.mean.dtype == np.float32


@settings(max_examples=30, deadline=None)
@given(
    count=st.integers(1, 12),
    width=st.integers(1, 6),
    seed=st.integers(0, 100),
    constant=st.booleans(),
)
def test_any_features_are_fitted_and_distances_are_never_negative(count, width, seed, constant):
    stream = np.random.default_rng(seed)
    features = np.ones((count, width)) if constant else stream.normal(size=(count, width))
    found = fit_subspace(features, stream.integers(0, 4, count))
    distances = found.measure(stream.normal(size=(7, width)))
    assert (distances >= 0).all()
    assert found.scale > 0


@pytest.mark.parametrize(
    ("features", "groups"),
    [(np.zeros((0, 3)), []), (np.zeros((2, 3)), [1]), (np.zeros(3), [1, 2, 3])],
)
def test_shapes_that_do_not_fit_are_refused(features, groups):
    with pytest.raises(InputError, match="one row per slice"):
        fit_subspace(features, groups)


def test_what_is_not_finite_is_refused():
    with pytest.raises(InputError, match="not finite"):
        fit_subspace([[0.0, np.nan]], [1])


@pytest.fixture(scope="module")
def with_others():
    """Four others of the plane's kind, shifted far along a direction off the plane."""
    return fit_subspace(draw_features(400), np.arange(400), draw_others(4, seed=6))


def draw_others(count: int, seed: int) -> np.ndarray:
    """Draw features like those of slices, but for the way in which they all differ."""
    return draw_features(count, seed) + np.random.default_rng(7).normal(size=20)


def test_others_of_the_same_kind_are_within_the_limit(subspace, with_others):
    new = draw_others(500, seed=8)
    assert (subspace.measure(new) > subspace.limit).mean() > 0.99
    assert (with_others.measure(new) <= with_others.limit).mean() > 0.9


def test_others_leave_the_share_of_slices_as_it_was(with_others):
    distances = with_others.measure(draw_features(5000, seed=1))
    assert 0.96 <= (distances <= with_others.limit).mean() <= 0.995


def test_others_do_not_make_up_for_missing_groups():
    found = fit_subspace(draw_features(65), np.arange(65), draw_others(50, seed=6))
    assert np.isinf(found.limit)


@pytest.mark.parametrize("others", [np.zeros(20), np.zeros((2, 19)), np.full((1, 20), np.inf)])
def test_others_that_do_not_fit_are_refused(others):
    with pytest.raises(InputError, match=r"others|not finite"):
        fit_subspace(draw_features(10), np.arange(10), others)
