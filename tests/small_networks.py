"""Small classifiers of random weights, for what is the same in large ones."""

import keras

import small_backbone
from tumorscope.model.classifier import build_classifier
from tumorscope.recipe import ModelSettings

SETTINGS = {
    "backbone": small_backbone.NAME,
    "weights": "random",
    "rescale_in_front": False,
    "hidden_units": 8,
    "dropout": 0.5,
}


def build_small(
    side_px: int = 32, *, seed: int = 0, lesion_map: bool = False, **changes: object
) -> keras.Model:
    """Build a classifier of `SETTINGS`, some of them changed."""
    small_backbone.add_small_backbone()
    keras.utils.set_random_seed(seed)
    return build_classifier(ModelSettings(**{**SETTINGS, **changes}), side_px, lesion_map)
