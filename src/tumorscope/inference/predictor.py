"""From image files to answers, with decoding and inference side by side."""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tumorscope.artifact.reader import find_artifact, read_artifact
from tumorscope.artifact.spec import OPENVINO_FILE, ArtifactSpec
from tumorscope.data.preprocessing import Box, prepare_slice
from tumorscope.data.readers import read_slice
from tumorscope.errors import InputError
from tumorscope.evaluation.calibration import apply_temperature
from tumorscope.evaluation.verdicts import NOT_ASSESSABLE, call_classes, decide_verdicts
from tumorscope.explanation.panel import Explanation
from tumorscope.inference.engine import Engine
from tumorscope.inference.guard import Guard

_BATCH_SIZE = 8
_DECODING_THREADS = 2


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answer for one slice.

    Attributes
    ----------
    path
        The file.
    image
        The slice as read, shape (H, W, 3), uint8, RGB.
    box
        The part of it that the network saw.
    probability
        Of a tumor, 0..1, calibrated.
    raw_probability
        As the network gave it.
    predicted_class
        ``tumor`` or ``no tumor``: the class called by the threshold.
    verdict
        The same where the model can tell, ``uncertain`` where it cannot, and ``not assessable`` of
        what is no brain MRI slice: then the probabilities mean nothing and are not to be shown.
    reason
        Why it is not assessable; None where it is.
    cam
        Signed Grad-CAM map over `box`, shape (h, w), float32, logit per position.
    """

    path: Path
    image: NDArray[np.uint8]
    box: Box
    probability: float
    raw_probability: float
    predicted_class: str
    verdict: str
    reason: str | None
    cam: NDArray[np.float32]

    def explain(self, truth: str | None = None) -> Explanation:
        """Give what the panel of this slice shows, under its folder's and its own name."""
        name = f"{self.path.parent.name}/{self.path.name}"
        return Explanation(
            name,
            self.image,
            self.box,
            self.cam,
            self.probability,
            self.verdict,
            truth,
            self.reason,
        )

    def name_picture(self, number: int) -> str:
        """Name a picture of this slice; the number tells apart files of the same name."""
        stem = os.fsencode(self.path.stem)[:200].decode("utf-8", "ignore")
        return f"{number:05d} {stem}.png"


@dataclass(frozen=True)
class Rejection:
    """A file that could not be answered, and why."""

    path: Path
    reason: str


class _Prepared(NamedTuple):
    path: Path
    image: NDArray[np.uint8]
    pixels: NDArray[np.uint8]
    box: Box


class Predictor:
    """A model, ready to answer.

    Parameters
    ----------
    spec
        How slices are prepared and verdicts made.
    graph
        The OpenVINO or ONNX file.
    guard
        Tells what is no brain MRI slice.
    """

    def __init__(self, spec: ArtifactSpec, graph: Path, guard: Guard) -> None:
        self.spec = spec
        self._engine = Engine(graph)
        self._guard = guard

    @classmethod
    def load(cls, model: Path, operating_point: str | None = None) -> "Predictor":
        """Load an artifact folder, or the one in a run folder, after verifying it.

        Parameters
        ----------
        model
            The folder.
        operating_point
            Applied in place of the model's own.

        Raises
        ------
        ArtifactError
            There is no artifact, or it has changed since it was written.
        InputError
            The model has no such operating point.
        """
        folder = find_artifact(model)
        spec = read_artifact(folder)
        if operating_point is not None:
            spec = spec.apply_operating_point(operating_point)
        return cls(spec, folder / OPENVINO_FILE, Guard.load(folder))

    def predict(self, paths: Iterable[Path]) -> Iterator[Prediction | Rejection]:
        """Answer for files, in their order, holding only a few batches in memory."""
        with ThreadPoolExecutor(_DECODING_THREADS) as pool:
            waiting: deque[list[Future[_Prepared | Rejection]]] = deque()
            batches = _divide(iter(paths), _BATCH_SIZE)
            for batch in batches:
                waiting.append([pool.submit(self._prepare, path) for path in batch])
                if len(waiting) > 2:
                    yield from self._answer(waiting.popleft())
            while waiting:
                yield from self._answer(waiting.popleft())

    def _prepare(self, path: Path) -> _Prepared | Rejection:
        try:
            image = read_slice(path)
        except InputError as error:
            return Rejection(path, str(error).removeprefix(f"{path}: "))
        return _Prepared(path, image, *prepare_slice(image, self.spec.preprocessing))

    def _answer(
        self, batch: list[Future[_Prepared | Rejection]]
    ) -> Iterator[Prediction | Rejection]:
        items = [future.result() for future in batch]
        readable = [item for item in items if isinstance(item, _Prepared)]
        answers = self._answer_slices(readable) if readable else iter(())
        for item in items:
            yield item if isinstance(item, Rejection) else next(answers)

    def _answer_slices(self, slices: list[_Prepared]) -> Iterator[Prediction]:
        answers = self._engine.infer(np.stack([item.pixels for item in slices]))
        reasons = self._guard.assess([item.image for item in slices], answers.features)
        probabilities = apply_temperature(answers.probability, self.spec.temperature)
        threshold = self.spec.threshold
        verdicts = decide_verdicts(probabilities, threshold, self.spec.conformal.limits)
        columns = (
            probabilities.tolist(),
            answers.probability.tolist(),
            call_classes(probabilities, threshold).tolist(),
            np.where([reason is None for reason in reasons], verdicts, NOT_ASSESSABLE).tolist(),
            reasons,
            answers.cam,
        )
        for item, *answer in zip(slices, *columns, strict=True):
            yield Prediction(item.path, item.image, item.box, *answer)


def _divide(paths: Iterator[Path], size: int) -> Iterator[list[Path]]:
    while batch := list(islice(paths, size)):
        yield batch
