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
        (steps + 1,) each, float32. The mean of a good map's insertion is high, of its deletion low.

    References
    ----------
    Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box
    Models", 2018. There insertion starts from a blurred slice; a blurred slice keeps what looks
    like a mass, and a network may still call it a tumor.
    """
    side = prepared.shape[0]
    evidence = cv2.resize(cam_hw, (side, side), interpolation=cv2.INTER_CUBIC)
    rank = np.empty(side * side, np.int64)
    rank[np.argsort(-evidence.ravel(), kind="stable")] = np.arange(side * side)
    taken = rank.reshape(side, side) < (
        np.linspace(0, side * side, steps + 1).reshape(-1, 1, 1)
    )  # fmt: skip
    gray = hide(prepared)
    inserted = np.where(taken[..., np.newaxis], prepared, gray)
    deleted = np.where(taken[..., np.newaxis], gray, prepared)
    probabilities = answer(np.concatenate([inserted, deleted]))
    return probabilities[: steps + 1], probabilities[steps + 1 :]


def hide(prepared: Slices) -> Slices:
    """Give a slice of the same size in its own mean gray."""
    return np.full_like(prepared, round(float(prepared.mean())))


def average_flips(explain: Callable[[Slices], Maps], slices: Slices) -> Maps:
    """Average the maps of slices and of their mirror images, turned back."""
    mirrored = explain(np.ascontiguousarray(slices[:, :, ::-1]))[:, :, ::-1]
    return np.asarray((explain(slices) + mirrored) / 2, np.float32)


def to_logit(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Give the logit of probabilities, kept off 0 and 1."""
    inside = np.clip(probabilities.astype(np.float64), _SMALLEST, 1 - _SMALLEST)
    return np.asarray(np.log(inside / (1 - inside)))
