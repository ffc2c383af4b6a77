"""Conformal sets on phantoms: slices go in, a real classifier scores them, the promise holds."""

import cv2
import numpy as np
import pytest
from scipy.stats import betabinom
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tumorscope.evaluation.decisions.conformal import fit_conformal, predict_sets
from tumorscope.evaluation.uncertainty.coverage import measure_coverage
from tumorscope.phantoms import draw_phantom
from tumorscope.preprocessing import prepare_slice
from tumorscope.recipe import PreprocessingSettings

SPLITS = 200
ERROR = 0.1
PREPARATION = PreprocessingSettings(side_px=64, crop_to_head=True)


def draw_features(count, seed):
    """Draw phantoms, half of them with a tumor: how far left and right differ, on 16 x 16."""
    labels = np.arange(count) % 2
    features = np.empty((count, 16 * 16))
    for index, label in enumerate(labels):
        image = np.repeat(
            draw_phantom(seed, index, has_tumor=bool(label)).image_hw[..., np.newaxis], 3, axis=2
        )
        prepared, _ = prepare_slice(image, PREPARATION)
        small = cv2.resize(prepared[..., 0], (16, 16), interpolation=cv2.INTER_AREA)
        features[index] = cv2.absdiff(small, small[:, ::-1]).ravel()
    return labels, features


@pytest.fixture(scope="module")
def scored_phantoms():
    """Labels and tumor probabilities of 240 phantoms, by a classifier that saw 120 others."""
    classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    seen_labels, seen = draw_features(120, seed=11)
    classifier.fit(seen, seen_labels)
    labels, features = draw_features(240, seed=12)
    return labels, classifier.predict_proba(features)[:, 1]


@pytest.fixture(scope="module")
def covered(scored_phantoms):
    """How many of 60 test slices of each class their sets hold, for each random split."""
    labels, probabilities = scored_phantoms
    generator = np.random.default_rng(0)
    counts = np.empty((SPLITS, 2))
    for split in range(SPLITS):
        halves = [np.split(generator.permutation(np.flatnonzero(labels == c)), 2) for c in (0, 1)]
        fit, test = np.concatenate(halves, axis=1)
        limits = fit_conformal(labels[fit], probabilities[fit], fit, ERROR, seed=split)
        sets = predict_sets(probabilities[test], limits)
        coverage = measure_coverage(labels[test], sets, test)
        counts[split] = [60 * coverage[name]["share"] for name in ("no_tumor", "tumor")]
    return counts


def test_classifier_is_neither_perfect_nor_blind(scored_phantoms):
    labels, probabilities = scored_phantoms
    assert 0.7 < np.mean((probabilities >= 0.5) == labels) < 0.95


@pytest.mark.parametrize("label", [0, 1])
def test_mean_coverage_over_splits_lies_within_its_interval(covered, label):
    # 60 slices of a class to fit on: rank ceil(61 * 0.9) = 55 of them, whatever the classifier.
    law = betabinom(60, 55, 61 - 55)
    assert law.mean() >= 60 * (1 - ERROR)
    # The 99 % interval: other phantoms give other splits, which must not fail one time in ten.
    assert abs(covered[:, label].mean() - law.mean()) < 2.58 * law.std() / np.sqrt(SPLITS)


@pytest.mark.parametrize("label", [0, 1])
def test_coverage_of_a_split_strays_as_far_as_its_law_says(covered, label):
    law = betabinom(60, 55, 61 - 55)
    low, high = law.interval(0.95)
    assert 0.9 < np.mean((covered[:, label] >= low) & (covered[:, label] <= high)) <= 1
    assert covered[:, label].std() == pytest.approx(law.std(), rel=0.2)
