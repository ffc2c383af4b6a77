"""The classifier: an optional rescaling, a backbone, and a small head.

Where lesions are outlined it learns a lesion map, too: for each position of a map finer than the
backbone's last one, the probability that it lies in a lesion. The strongest position has a say in
the decision.
"""

from collections.abc import Sequence

import keras

from tumorscope.model.backbones import build_backbone
from tumorscope.recipe import ModelSettings

BACKBONE = "backbone"
HIDDEN = "hidden"
LOGIT = "logit"
POOLED = "pooled"
LESION_MAP = "lesion_map"  # as logits
COARSER, FINER, FINEST = "coarser", "finer", "finest"
_MAP_CHANNELS = 64
# Most positions are in no lesion: where training starts, none is.
_MAP_BIAS = -3.0
_LESION_WEIGHT = 0.3


def build_classifier(
    settings: ModelSettings, side_px: int, lesion_map: bool = False
) -> keras.Model:
    """Build the network of a recipe, without pretrained weights.

    Parameters
    ----------
    settings
        Backbone and head.
    side_px
        Height and width of a prepared slice, px.
    lesion_map
        Whether it also has one, as the layer `LESION_MAP`.

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
    if lesion_map:
        finer = find_finer_maps(backbone, settings.map_scales - 1)
        backbone = keras.Model(backbone.inputs[0], [backbone.outputs[0], *finer])
    backbone.name = BACKBONE
    scaled = keras.layers.Rescaling(1 / 255)(slices) if settings.rescale_in_front else slices
    features, *finer = keras.tree.flatten(backbone(scaled))
    pooled = keras.layers.GlobalAveragePooling2D(name=POOLED)(features)
    hidden = keras.layers.Dense(settings.hidden_units, "relu", name=HIDDEN)(pooled)
    dropped = keras.layers.Dropout(settings.dropout, name="dropout")(hidden)
    logit = keras.layers.Dense(1, name="appearance" if lesion_map else LOGIT)(dropped)
    if lesion_map:
        found = _map_lesion(features, finer)
        if settings.decide_by == "lesion_map":
            logit = _decide_by_map(found, logit)
        else:
            strongest = keras.layers.GlobalMaxPooling2D(name="strongest")(found)
            weight = keras.initializers.Constant(_LESION_WEIGHT)
            lesion = keras.layers.Dense(1, kernel_initializer=weight, name="lesion")(strongest)
            logit = keras.layers.Add(name=LOGIT)([logit, lesion])
    probability = keras.layers.Activation("sigmoid", name="probability")(logit)
    return keras.Model(slices, probability, name="tumorscope")


def _decide_by_map(found: keras.KerasTensor, appearance: keras.KerasTensor) -> keras.KerasTensor:
    """Decide by the strongest place of a map and by how much of it is lesion, by nothing else.

    A slice without a lesion has no other place to get a tumor from. What the whole slice looks like
    is multiplied by nothing, and stays so that every classifier has the same layers.
    """
    layers = keras.layers
    smoothed = layers.AveragePooling2D(2, 1, name="smoothed")(found)
    strongest = layers.GlobalMaxPooling2D(name="strongest")(smoothed)
    extent = layers.GlobalAveragePooling2D(name="extent")(layers.Activation("sigmoid")(found))
    both = layers.Concatenate(name="evidence")([strongest, extent])
    decided = layers.Dense(1, kernel_initializer=keras.initializers.Constant(1.0), name="lesion")(
        both
    )
    return layers.Add(name=LOGIT)([layers.Rescaling(0.0, name="unheard")(appearance), decided])


def _map_lesion(
    features: keras.KerasTensor, finer: Sequence[keras.KerasTensor]
) -> keras.KerasTensor:
    """Join what the backbone knows at its end with where it saw it before, as a feature pyramid.

    References
    ----------
    Lin et al., "Feature Pyramid Networks for Object Detection", 2017.
    """
    layers = keras.layers
    known = layers.Conv2D(_MAP_CHANNELS, 1, name=COARSER)(
        layers.Dropout(0.2, name="map_dropout")(features)
    )
    for name, larger in zip((FINER, FINEST), finer, strict=False):
        spread = layers.Resizing(*larger.shape[1:3])(known)
        seen = layers.Conv2D(_MAP_CHANNELS, 1, name=name)(larger)
        joined = layers.ReLU()(layers.Add()([spread, seen]))
        known = layers.SeparableConv2D(_MAP_CHANNELS, 3, padding="same", activation="relu")(joined)
    bias = keras.initializers.Constant(_MAP_BIAS)
    return layers.Conv2D(1, 1, bias_initializer=bias, name=LESION_MAP)(known)


def find_finer_maps(backbone: keras.Model, count: int) -> list[keras.KerasTensor]:
    """Find the last feature maps of a backbone of the next larger sizes than its final one.

    Where a backbone adds what a block found to what it was given, as an EfficientNet does, they are
    such sums.
    """
    found: list[keras.KerasTensor] = []
    for _ in range(count):
        side = (found or backbone.outputs)[-1].shape[1]
        larger = [
            x for x in backbone.layers if len(x.output.shape) == 4 and x.output.shape[1] > side
        ]
        sums = [layer for layer in larger if isinstance(layer, keras.layers.Add)]
        found.append((sums or larger)[-1].output)
    return found


def list_map_inputs(classifier: keras.Model) -> list[keras.KerasTensor]:
    """List the maps of the backbone that the head starts from."""
    names = {layer.name for layer in classifier.layers}
    return [classifier.get_layer(n).input for n in (POOLED, FINER, FINEST) if n in names]


def has_lesion_map(classifier: keras.Model) -> bool:
    """Tell whether a classifier has a lesion map."""
    return any(layer.name == LESION_MAP for layer in classifier.layers)


def cut_head(classifier: keras.Model) -> keras.Model:
    """Cut off what follows the backbone.

    Returns
    -------
    keras.Model
        From the list of the backbone's maps to that of hidden units, logit and, where there is
        one, lesion map.
    """
    names = [HIDDEN, LOGIT, *([LESION_MAP] if has_lesion_map(classifier) else [])]
    answers = [classifier.get_layer(name).output for name in names]
    return keras.Model(list_map_inputs(classifier), answers)


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
