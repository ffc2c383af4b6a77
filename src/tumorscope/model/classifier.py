"""The classifier: an optional rescaling, a backbone, and a small head."""

import keras

from tumorscope.model.backbones import build_backbone
from tumorscope.recipe import ModelSettings

BACKBONE = "backbone"
HIDDEN = "hidden"
LOGIT = "logit"
POOLED = "pooled"


def build_classifier(settings: ModelSettings, side_px: int) -> keras.Model:
    """Build the network of a recipe, without pretrained weights.

    Parameters
    ----------
    settings
        Backbone and head.
    side_px
        Height and width of a prepared slice, px.

    Returns
    -------
    keras.Model
        From prepared slices, (N, side, side, 3), float32, RGB in 0..255, to the probability of
        a tumor, (N, 1).

    Raises
    ------
    RecipeError
        The backbone is not known.
    """
    slices = keras.Input((side_px, side_px, 3), name="slices")
    backbone = build_backbone(settings.backbone, side_px)
    backbone.name = BACKBONE
    scaled = keras.layers.Rescaling(1 / 255)(slices) if settings.rescale_in_front else slices
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED)(backbone(scaled))
    hidden = keras.layers.Dense(settings.hidden_units, "relu", name=HIDDEN)(pooled)
    dropped = keras.layers.Dropout(settings.dropout, name="dropout")(hidden)
    logit = keras.layers.Dense(1, name=LOGIT)(dropped)
    probability = keras.layers.Activation("sigmoid", name="probability")(logit)
    return keras.Model(slices, probability, name="tumorscope")


def freeze_backbone(classifier: keras.Model) -> None:
    """Train the head only; frozen batch normalization uses its stored statistics."""
    classifier.get_layer(BACKBONE).trainable = False


def unfreeze_top_layers(
    classifier: keras.Model, layers: int | float, learn_normalization: bool
) -> None:
    """Train the head and the last layers of the backbone.

    Frozen layers run in inference mode; the unfrozen ones learn.

    Parameters
    ----------
    classifier
        As from `build_classifier`; changed in place.
    layers
        How many layers of the backbone learn, or, below 1, which share of them.
    learn_normalization
        Whether batch normalization is among them. Batches of few slices measure it badly.
    """
    backbone = classifier.get_layer(BACKBONE)
    backbone.trainable = True
    count = round(layers * len(backbone.layers)) if 0 < layers < 1 else int(layers)
    first = max(len(backbone.layers) - count, 0)
    for index, layer in enumerate(backbone.layers):
        is_normalization = isinstance(layer, keras.layers.BatchNormalization)
        if index < first or (is_normalization and not learn_normalization):
            layer.trainable = False
