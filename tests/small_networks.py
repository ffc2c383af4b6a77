"""Small classifiers of random weights, for what is the same in large ones."""

import keras

from tumorscope.model.classifier import build_classifier
from tumorscope.recipe import ModelSettings

SETTINGS = {
    "backbone": "efficientnetlite0",
    "weights": "random",
    "rescale_in_front": False,
    "hidden_units": 8,
    "dropout": 0.5,
}


def build_small(
    side_px: int = 32, *, seed: int = 0, lesion_map: bool = False, **changes: object
) -> keras.Model:
    """Build a classifier of `SETTINGS`, some of them changed."""
    keras.utils.set_random_seed(seed)
    return build_classifier(ModelSettings(**{**SETTINGS, **changes}), side_px, lesion_map)
