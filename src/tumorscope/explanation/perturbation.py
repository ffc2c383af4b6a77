"""Maps and curves from answers alone: hide parts of a slice and see what becomes of the answer.

A model is here only a function from prepared slices, (N, side, side, 3), uint8, to probabilities
of a tumor, (N,), so that every engine will do.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Slices = NDArray[np.uint8]
Maps = NDArray[np.float32]
Answer = Callable[[Slices], NDArray[np.float32]]

_SMALLEST = 1e-7
_SEED = 0


def occlude(slices: Slices, answer: Answer, cells: int = 14, patch: int = 3) -> Maps:
    """Measure by how much the logit falls where a patch of the slice is hidden.

    Parameters
    ----------
    slices
        Shape (N, side, side, 3), uint8. Not modified.
    answer
        The model.
    cells
        Positions of the patch along each side.
    patch
        Side of the patch in cells, odd.

    Returns
    -------
    numpy.ndarray
        Shape (N, cells, cells), float32, signed, logit.

    References
    ----------
    Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks", 2014.
    """
    maps = np.empty((len(slices), cells, cells), np.float32)
    edges = np.linspace(0, slices.shape[1], cells + 1).round().astype(int)
    for number, one in enumerate(slices):
        hidden = np.repeat(one[np.newaxis], cells * cells, axis=0)
        gray = hide(one)
        for position, changed in enumerate(hidden):
            rows, columns = (
                slice(edges[max(at - patch // 2, 0)], edges[min(at + patch // 2 + 1, cells)])
                for at in divmod(position, cells)
            )
            changed[rows, columns] = gray[rows, columns]
        logits = to_logit(answer(np.concatenate([one[np.newaxis], hidden])))
        maps[number] = (logits[0] - logits[1:]).reshape(cells, cells)
    return maps


def score_cam(
    slices: Slices, activations: NDArray[np.float32], answer: Answer, channels: int = 32
) -> Maps:
    """Weigh channels by the answer for the slice that is kept only where they are active.

    Parameters
    ----------
    slices
        Shape (N, side, side, 3), uint8. Not modified.
    activations
        Of a layer for these slices, shape (N, h, w, K), float32. Not modified.
    answer
        The model.
    channels
        How many of the K are weighed, which is what the method costs: those that vary most over
        the slice. The others are left out.

    Returns
    -------
    numpy.ndarray
        Shape (N, h, w), float32, at least 0.

    References
    ----------
    Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural Networks",
    2020. There all channels are weighed. The answer for black that is subtracted there is the same
    for all of them, and the softmax cancels it.
    """
    side = slices.shape[1]
    maps = []
    for one, features in zip(slices, activations, strict=True):
        varying = np.argsort(-features.std(axis=(0, 1)), kind="stable")[:channels]
        kept = features[..., varying].transpose(2, 0, 1)
        above = kept - kept.min(axis=(1, 2), keepdims=True)
        masks = above / np.maximum(above.max(axis=(1, 2), keepdims=True), _SMALLEST)
        enlarged = np.stack(
            [cv2.resize(mask, (side, side), interpolation=cv2.INTER_LINEAR) for mask in masks]
        )
        masked = (one * enlarged[..., np.newaxis]).round().astype(np.uint8)
        weights = _softmax(to_logit(answer(masked)))
        maps.append(np.maximum(np.tensordot(weights, kept, axes=1), 0))
    return np.stack(maps).astype(np.float32)


def trace_faithfulness(
    prepared: Slices, cam_hw: Maps, answer: Answer, steps: int = 20
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Follow the probability while the pixels of the most evidence are put in, and taken away.

    Parameters
    ----------
    prepared
        One slice, shape (side, side, 3), uint8. Not modified.
    cam_hw
        Its map, shape (h, w), float32.
    answer
        The model.
    steps
        How many equal shares the pixels go in.

    Returns
    -------
    tuple
        Insertion, from an even gray to the whole slice, and deletion, the other way: shape
        (steps + 1,) each, float32. The area under a good map's insertion is large, under its
        deletion small; see `measure_area`.

    References
    ----------
    Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box
    Models", 2018. There insertion starts from a blurred slice; a blurred slice keeps what looks
    like a mass, and a network may still call it a tumor.
    """
    side = prepared.shape[0]
    evidence = cv2.resize(cam_hw, (side, side), interpolation=cv2.INTER_CUBIC).ravel()
    order = np.random.default_rng(_SEED).permutation(side * side)  # of positions that are equal
    order = order[np.argsort(-evidence[order], kind="stable")]
    rank = np.empty(side * side, np.int64)
    rank[order] = np.arange(side * side)
    taken = rank.reshape(side, side) < (
        np.linspace(0, side * side, steps + 1).reshape(-1, 1, 1)
    )  # fmt: skip
    gray = hide(prepared)
    inserted = np.where(taken[..., np.newaxis], prepared, gray)
    deleted = np.where(taken[..., np.newaxis], gray, prepared)
    probabilities = answer(np.concatenate([inserted, deleted]))
    return probabilities[: steps + 1], probabilities[steps + 1 :]


def measure_area(curve: NDArray[np.float32]) -> float:
    """Give the area under a curve over equal steps from 0 to 1."""
    return float(curve[1:].mean() + curve[:-1].mean()) / 2


def hide(prepared: Slices) -> Slices:
    """Give a slice of the same size in its own mean gray."""
    return np.full_like(prepared, round(float(prepared.mean())))


def average_flips(explain: Callable[[Slices], Maps], slices: Slices) -> Maps:
    """Average the maps of slices and of their mirror images, turned back."""
    straight, mirrored = np.split(explain(np.concatenate([slices, slices[:, :, ::-1]])), 2)
    return np.asarray((straight + mirrored[:, :, ::-1]) / 2, np.float32)


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def to_logit(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the logit of probabilities, kept off 0 and 1."""
    inside = np.clip(probabilities.astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(inside / (1 - inside)))
