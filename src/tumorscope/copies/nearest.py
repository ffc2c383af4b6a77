"""The nearest codes of a code: with Faiss where it is installed, and as well without it."""

import logging
from importlib.util import find_spec
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from tumorscope.copies.codes import CODE_BITS, Codes

Neighbours = tuple[NDArray[np.int32], NDArray[np.int64]]

# Comparing with each code is faster up to this many; Faiss divides more into cells.
_LARGEST_FLAT_INDEX = 20_000
_PROBED_CELLS = 24
_TRAINING_CODES_PER_CELL = 40

_log = logging.getLogger(__name__)


class NearestCodes(Protocol):
    """Codes that can be searched, from several threads at once."""

    def search(self, queries: Codes, neighbours: int) -> Neighbours:
        """Find the nearest codes of each query, the nearest first, of equal ones the first.

        Parameters
        ----------
        queries
            Shape (Q, 32), uint8.
        neighbours
            How many to find for each.

        Returns
        -------
        tuple
            Hamming distances and rows, shape (Q, K) each. K is `neighbours`, or less where there
            are not as many codes; a row of -1 is none.
        """


def index_codes(codes: Codes) -> NearestCodes:
    """Make codes ready to be searched.

    Both ways give the same neighbours of up to 20,000 codes, Faiss in a third of the time. Of more
    codes Faiss misses a few neighbours, but needs far less time.

    Parameters
    ----------
    codes
        Shape (N, 32), uint8, in one block of memory.
    """
    if find_spec("faiss") is not None:
        return _FaissIndex(codes)
    if len(codes) > _LARGEST_FLAT_INDEX:
        _log.warning(
            "searching %s codes takes long without Faiss: pip install '.[audit]'", f"{len(codes):,}"
        )
    return _FlatIndex(codes)


class _FlatIndex:
    def __init__(self, codes: Codes) -> None:
        self._codes = codes

    def search(self, queries: Codes, neighbours: int) -> Neighbours:
        distances, rows = cv2.batchDistance(
            queries,
            self._codes,
            cv2.CV_32S,
            normType=cv2.NORM_HAMMING,
            K=min(neighbours, len(self._codes)),
        )
        return np.asarray(distances, np.int32), np.asarray(rows, np.int64)


class _FaissIndex:
    def __init__(self, codes: Codes) -> None:
        import faiss

        count = len(codes)
        cells = min(int(4 * np.sqrt(count)), count // _TRAINING_CODES_PER_CELL)
        if count <= _LARGEST_FLAT_INDEX:
            self._index = faiss.index_binary_factory(CODE_BITS, "BFlat")
        else:
            self._index = faiss.index_binary_factory(CODE_BITS, f"BIVF{cells}")
            self._index.nprobe = _PROBED_CELLS  # type: ignore[attr-defined]
            sample = np.random.default_rng(0).permutation(count)
            sample = np.sort(sample[: cells * _TRAINING_CODES_PER_CELL])
            self._index.train(codes[sample])
        self._index.add(codes)

    def search(self, queries: Codes, neighbours: int) -> Neighbours:
        import faiss

        # Threads of OpenMP wait for each other by spinning: where other work shares the processor,
        # the same search takes ten times as long with them.
        faiss.omp_set_num_threads(1)
        distances, rows = self._index.search(queries, neighbours)
        return distances, rows
