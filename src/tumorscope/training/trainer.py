"""Train a classifier in two phases: the head, then the top of the backbone with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import pandas as pd
import tensorflow as tf

from tumorscope.dataset.splits import TRAIN
from tumorscope.model.classifier import (
    BACKBONE,
    build_classifier,
    freeze_backbone,
    unfreeze_top_layers,
)
from tumorscope.model.weights import load_weights
from tumorscope.recipe import Recipe, TrainingSettings
from tumorscope.training.callbacks import EpochRecorder, ProgressReporter, is_patience_used_up
from tumorscope.training.checkpoint import Checkpoints
from tumorscope.training.learner import accuracy, build_learner, build_loss
from tumorscope.training.lessons import (
    Stores,
    cache_features,
    count_steps,
    open_stores,
    stream_slices,
)
from tumorscope.training.pipeline import saying_what_is_unreadable


@dataclass(frozen=True)
class Phase:
    """A part of the training: how long, how fast, what learns, and whether from cached features."""

    name: str
    epochs: int
    learning_rate: float
    set_trainable: Callable[[keras.Model], None]
    is_cached: bool = False


def list_phases(settings: TrainingSettings) -> list[Phase]:
    """List the phases of a recipe in their order."""
    return [
        Phase(
            "frozen",
            settings.epochs,
            settings.learning_rate,
            freeze_backbone,
            settings.cache_features,
        ),
        Phase(
            "fine_tune",
            settings.fine_tune_epochs,
            settings.fine_tune_learning_rate,
            lambda model: unfreeze_top_layers(
                model, settings.unfrozen_layers, settings.learn_normalization
            ),
        ),
    ]


def prepare_classifier(recipe: Recipe, manifest: pd.DataFrame, run: Path) -> keras.Model:
    """Build the network of a recipe, with pretrained weights unless a run goes on.

    Parameters
    ----------
    recipe
        The network, its weights and the seed.
    manifest
        With the column ``mask`` the network gets a lesion map.
    run
        The run folder, which may not exist yet; with checkpoints in it, weights are not needed.

    Raises
    ------
    RecipeError, InputError, TumorscopeError
        The backbone is not known or its weights cannot be had.
    """
    keras.utils.set_random_seed(recipe.seed)
    tf.config.experimental.enable_op_determinism()
    model = build_classifier(recipe.model, recipe.preprocessing.side_px, "mask" in manifest)
    if Checkpoints(run / "checkpoints").load_history().empty:
        load_weights(model.get_layer(BACKBONE), recipe.model.backbone, recipe.model.weights)
    return model


def train_classifier(
    model: keras.Model,
    recipe: Recipe,
    manifest: pd.DataFrame,
    run: Path,
    on_progress: Callable[[int, int], None],
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> pd.DataFrame:
    """Train, from the start or from where a run was interrupted.

    Parameters
    ----------
    model
        From `prepare_classifier`; ends with the weights of the epoch that the recipe keeps.
    recipe
        Everything that decides the result, besides the data.
    manifest
        With ``path``, ``label``, ``split`` and, where lesions are outlined, ``mask``. Without a
        validation part nothing is measured after an epoch, and the recipe has to keep the last
        one.
    run
        The run folder; its ``checkpoints`` are read and written.
    on_progress
        Called with the training steps done and all steps.
    callbacks
        Called by Keras in every phase, after the epoch is recorded and its checkpoint saved.

    Returns
    -------
    pandas.DataFrame
        The history, one row per epoch.

    Raises
    ------
    InputError
        A slice or a mask is gone, damaged or changed; the epochs before are kept.
    """
    settings = recipe.training
    checkpoints = Checkpoints(run / "checkpoints")
    history = checkpoints.load_history()
    stores = open_stores(recipe, manifest)
    phases = list_phases(settings)
    slow = sum(phase.epochs for phase in phases if not phase.is_cached)
    tensorboard = []
    if settings.tensorboard:
        tensorboard = [keras.callbacks.TensorBoard(run / "tensorboard", write_graph=False)]
    learner = build_learner(model)
    planned = 0
    for phase in phases:
        called = [*tensorboard, *callbacks]
        if not phase.is_cached:
            before = int((history["phase"] != phase.name).sum())
            steps = count_steps(stores[TRAIN], recipe)
            called.insert(0, ProgressReporter(steps, slow, before - planned, on_progress))
            planned += phase.epochs
        with saying_what_is_unreadable(stores.values()):
            history = _train_phase(phase, learner, recipe, stores, checkpoints, history, called)
    for store in stores.values():
        store.close()
    if settings.keep == "best":
        checkpoints.restore_best_weights(learner)
    else:
        checkpoints.restore_last_weights(learner)
    return history


def _train_phase(
    phase: Phase,
    model: keras.Model,
    recipe: Recipe,
    stores: Stores,
    checkpoints: Checkpoints,
    history: pd.DataFrame,
    callbacks: list[keras.callbacks.Callback],
) -> pd.DataFrame:
    """Train what is left of a phase and return the history with its epochs."""
    settings = recipe.training
    epochs_done = int((history["phase"] == phase.name).sum())
    patience = settings.early_stopping_patience
    if epochs_done >= phase.epochs or is_patience_used_up(history, phase.name, patience):
        return history
    phase.set_trainable(model)
    if not history.empty:
        checkpoints.restore_last_weights(model)
    prepare = cache_features if phase.is_cached else stream_slices
    trained, batches, steps, validation = prepare(model, recipe, stores, len(history))
    trained.compile(
        build_optimizer(phase, settings, steps),
        loss=build_loss(settings.label_smoothing, settings.mask_weight, settings.overlap_weight),
        metrics=[accuracy],
        jit_compile=False,
    )
    _build_state(trained)
    if epochs_done:
        checkpoints.restore_last(model, trained)
    planned = settings.epochs + settings.fine_tune_epochs
    recorder = EpochRecorder(phase.name, model, checkpoints, history, patience, planned)
    trained.fit(
        batches,
        validation_data=validation,
        initial_epoch=len(history),
        epochs=len(history) + phase.epochs - epochs_done,
        steps_per_epoch=steps,
        callbacks=[recorder, *callbacks],
        shuffle=False,
        verbose=0,
    )
    return recorder.history_table


def _build_state(compiled: keras.Model) -> None:
    """Make what the first step would make: TensorFlow traces a step that does so twice."""
    compiled.optimizer.build(compiled.trainable_variables)
    answers = tf.zeros((1, *compiled.output_shape[1:]))
    compiled.compute_loss(y=answers, y_pred=answers)
    compiled.compute_metrics(None, answers, answers)


def build_optimizer(
    phase: Phase, settings: TrainingSettings, steps_per_epoch: int
) -> keras.Optimizer:
    """Build the Adam of a phase; with weight decay it is AdamW.

    The rate is constant, or rises over the first epoch and falls along a cosine to nothing.

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", 2017;
    "Decoupled Weight Decay Regularization", 2019.
    """
    rate: float | keras.optimizers.schedules.LearningRateSchedule = phase.learning_rate
    if settings.schedule == "cosine":
        rate = keras.optimizers.schedules.CosineDecay(
            0.0,
            decay_steps=max(phase.epochs - 1, 1) * steps_per_epoch,
            warmup_target=phase.learning_rate,
            warmup_steps=steps_per_epoch,
        )
    if settings.weight_decay:
        return keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay)
    return keras.optimizers.Adam(rate)
