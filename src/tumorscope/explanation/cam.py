"""Class activation maps from the activations of a layer and the gradients of the logit there.

Activations and gradients are of shape (N, h, w, K), float32; maps of shape (N, h, w), float32.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
Maps = NDArray[np.float32]

_TINY = 1e-12


def grad_cam(activations: Features, gradients: Features) -> Maps:
    """Weigh channels by their mean gradient (Selvaraju et al., 2017); signed."""
    return _weigh(activations, gradients.mean(axis=(1, 2)))


def grad_cam_plus_plus(activations: Features, gradients: Features) -> Maps:
    """Weigh channels by their rising gradients, each position by itself (Chattopadhay, 2018)."""
    rising = np.maximum(gradients, 0)
    # The paper's alpha, shortened by the squared gradient. Its activations are at least 0.
    sums = np.maximum(activations, 0).sum(axis=(1, 2), keepdims=True)
    return _weigh(activations, (rising / (2 + sums * rising)).sum(axis=(1, 2)))


def hires_cam(activations: Features, gradients: Features) -> Maps:
    """Multiply activations by gradients, position by position (Draelos and Carin, 2020); signed."""
    return np.asarray((activations * gradients).sum(axis=-1), np.float32)


def layer_cam(activations: Features, gradients: Features) -> Maps:
    """Weigh each activation by its own rising gradient (Jiang et al., 2021); at least 0."""
    rising = np.maximum(gradients, 0)
    return np.asarray(np.maximum((activations * rising).sum(axis=-1), 0), np.float32)


def eigen_cam(activations: Features) -> Maps:
    """Project activations on their first principal component (Muhammad and Yeasin, 2020).

    It looks at no class. Its sign, which the component leaves open, is that of most activations.
    """
    maps = []
    for one in activations:
        flat = one.reshape(-1, one.shape[-1])
        _, _, components = np.linalg.svd(flat, full_matrices=False)
        along = flat @ components[0]
        maps.append((along * np.sign(along.sum() or 1)).reshape(one.shape[:2]))
    return np.stack(maps).astype(np.float32)


def fuse(maps: Sequence[Maps]) -> Maps:
    """Average maps of several layers, each by its own peak, at the size of the largest."""
    side = max(one.shape[1] for one in maps)
    fused = np.zeros((len(maps[0]), side, side), np.float32)
    for layer in maps:
        for number, one in enumerate(layer):
            peak = max(float(one.max()), _TINY)
            fused[number] += cv2.resize(one, (side, side), interpolation=cv2.INTER_LINEAR) / peak
    return np.asarray(fused / len(maps), np.float32)


def _weigh(activations: Features, weights: Maps) -> Maps:
    return np.asarray(np.einsum("nhwk,nk->nhw", activations, weights), np.float32)
