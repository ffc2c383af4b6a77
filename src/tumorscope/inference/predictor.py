"""From scans to answers, with reading, preparing and inference side by side."""

from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tumorscope.artifact.identity import ModelIdentity, identify_model
from tumorscope.artifact.reader import find_artifact, read_artifact, read_known_digests
from tumorscope.artifact.spec import OPENVINO_FILE, ArtifactSpec
from tumorscope.copies.digests import compute_digest
from tumorscope.errors import ArtifactError, InputError
from tumorscope.evaluation.decisions.calibration import apply_temperature
from tumorscope.evaluation.decisions.verdicts import NOT_ASSESSABLE, call_classes, decide_verdicts
from tumorscope.inference.ahead import divide, map_ahead
from tumorscope.inference.brain import SIDE_IN_SERIES_PX
from tumorscope.inference.engine import BATCH_SIZE, EXACT, Engine
from tumorscope.inference.given import find_given, find_or_refuse
from tumorscope.inference.guard import Guard
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.reading import AnsweredSlice, PreparedSlice, begin_reading
from tumorscope.inference.series import SeriesPrediction, answer_series
from tumorscope.scans.images import read_slice
from tumorscope.scans.scan import Scan, ScanSlice, Unreadable

BURST = 32
"""Slices that are read before they are inferred, where there is one core only."""


class Predictor:
    """A model, ready to answer; threads may share it.

    Parameters
    ----------
    spec
        How slices are prepared and verdicts made.
    graph
        The OpenVINO or ONNX file.
    guard
        Tells what is no brain MRI slice.
    precision
        In which the engine computes.
    cores
        How many to use; by default all.
    """

    def __init__(
        self,
        spec: ArtifactSpec,
        graph: Path,
        guard: Guard,
        precision: str = EXACT,
        cores: int | None = None,
    ) -> None:
        self.spec = spec
        self._engine = Engine(graph, precision, cores)
        self.cores = self._engine.cores
        self._guard = guard
        self.identity: ModelIdentity | None = None
        self._known: frozenset[bytes] | None = None
        if self._engine.side_px != spec.preprocessing.side_px:
            raise ValueError("its network takes slices of another size than it says")
        if self._engine.feature_count != len(guard.subspace.mean):
            raise ValueError("its guard is not that of its network")

    @classmethod
    def load(
        cls,
        model: Path,
        operating_point: str | None = None,
        precision: str = EXACT,
        cores: int | None = None,
    ) -> "Predictor":
        """Load an artifact folder, or the one in a run folder, after verifying it.

        Parameters
        ----------
        model
            The folder.
        operating_point
            Applied in place of the model's own.
        precision
            In which the engine computes.
        cores
            How many to use; by default all.

        Raises
        ------
        ArtifactError
            There is no artifact, it is damaged, or it has changed since it was written.
        InputError
            The model has no such operating point.
        """
        folder = find_artifact(model)
        spec = read_artifact(folder)
        if operating_point is not None:
            spec = spec.apply_operating_point(operating_point)
        guard, known = Guard.load(folder), read_known_digests(folder)
        try:
            predictor = cls(spec, folder / OPENVINO_FILE, guard, precision, cores)
        except Exception as error:  # OpenVINO raises nearly anything on what is no graph
            reason = (str(error).strip().splitlines() or [type(error).__name__])[-1]
            raise ArtifactError(f"{folder}: not a model that works ({reason})") from error
        predictor.identity = identify_model(folder, spec.threshold)
        predictor._known = known
        return predictor

    def __call__(self, scan: Any) -> Prediction | SeriesPrediction:
        """Answer for one picture, or for one series or volume.

        Parameters
        ----------
        scan
            A path; a picture as an array, (H, W) or (H, W, 3) in RGB; or a pydicom Dataset.

        Returns
        -------
        Prediction or SeriesPrediction
            The second, which is a sequence of the first, for what consists of slices.

        Raises
        ------
        InputError
            It cannot be read, or holds more than one scan.
        """
        answers = self.answer(find_given(scan))
        results = list(islice(answers, 2))
        answers.close()
        if all(isinstance(result, Unreadable) for result in results):
            raise InputError(str(results[0]))
        if len(results) > 1:  # a dataset is not printed: it names a patient
            name = scan if isinstance(scan, (str, Path)) else type(scan).__name__
            raise InputError(f"{name}: expected one scan, found several; use stream()")
        return cast("Prediction | SeriesPrediction", results[0])

    def stream(self, scans: Iterable[Any]) -> Iterator[Prediction | SeriesPrediction | Unreadable]:
        """Answer for many, in their order, holding only a few in memory.

        Parameters
        ----------
        scans
            Each as for a call, or one path; a folder gives an answer for every scan in it.

        Yields
        ------
        Prediction, SeriesPrediction or Unreadable
            The last with the reason, for what is not there or cannot be read.
        """
        given = [scans] if isinstance(scans, (str, Path)) else scans
        return self.answer(chain.from_iterable(map(find_or_refuse, given)))

    def predict(self, paths: Iterable[Path]) -> Iterator[Prediction | Unreadable]:
        """Answer for image files exactly as in training: large ones are not reduced."""
        scans = (Scan(str(path), partial(_read_path, path)) for path in paths)
        return (answer.answer for answer in self._answer_slices(scans))

    def answer(
        self, scans: Iterable[Scan | Unreadable]
    ) -> Generator[Prediction | SeriesPrediction | Unreadable]:
        """Answer for scans as `find_scans` gives them, in their order."""
        for _, group in groupby(self._answer_slices(scans), key=lambda answer: answer.scan):
            yield from self._conclude([answer.answer for answer in group])

    def _conclude(
        self, answers: list[Prediction | Unreadable]
    ) -> Iterator[Prediction | SeriesPrediction | Unreadable]:
        slices = [answer for answer in answers if isinstance(answer, Prediction)]
        if slices and slices[0].series is not None:
            unreadable = [answer for answer in answers if isinstance(answer, Unreadable)]
            yield answer_series(slices, unreadable, self.spec)
        else:
            yield from answers

    def _answer_slices(self, scans: Iterable[Scan | Unreadable]) -> Iterator[AnsweredSlice]:
        begin = partial(begin_reading, settings=self.spec.preprocessing)
        if self.cores == 1:
            # Threads would only take turns, and each push out of the cache what the other needs.
            read = map(begin, divide(enumerate(scans), BURST))
            bursts = divide(chain.from_iterable(chain.from_iterable(read)), BURST)
            yield from chain.from_iterable(map(self._infer, bursts))
            return
        # With one thread more than the engine has streams, none of these waits for the next slices.
        with (
            ThreadPoolExecutor(self.cores) as readers,
            ThreadPoolExecutor(self.cores + 1) as inferrers,
        ):
            parts = divide(enumerate(scans), BATCH_SIZE)
            opened = map_ahead(begin, parts, readers, 2 * self.cores)
            slices = chain.from_iterable(chain.from_iterable(opened))
            batches = divide(slices, BATCH_SIZE)
            yield from chain.from_iterable(
                map_ahead(self._infer, batches, inferrers, 2 * self.cores)
            )

    def _infer(self, batch: list[PreparedSlice | AnsweredSlice]) -> list[AnsweredSlice]:
        slices = [item for item in batch if isinstance(item, PreparedSlice)]
        answers = self._judge(slices) if slices else iter(())
        return [
            item if isinstance(item, AnsweredSlice) else AnsweredSlice(item.scan, next(answers))
            for item in batch
        ]

    def _judge(self, slices: list[PreparedSlice]) -> Iterator[Prediction]:
        answers = self._engine.infer(np.stack([item.pixels for item in slices]))
        reasons = self._guard.assess([item.levels for item in slices], answers.features)
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
        for (_, item, levels, _, box), *answer in zip(slices, *columns, strict=True):
            place = item.name, item.series, item.index, item.image, box
            shown = self.spec.heatmap, self.spec.cam_scale
            told: dict[str, Any] = {
                "position_mm": item.position_mm,
                "note": item.note,
                "known": self._is_known(levels),
                "model": self.identity,
                "uids": item.uids,
            }
            made = Prediction(*place, *shown, *answer, **told)
            yield made if item.series is None else made.reduce(SIDE_IN_SERIES_PX)

    def _is_known(self, levels: NDArray[np.uint8]) -> bool | None:
        return None if self._known is None else compute_digest(levels) in self._known


def _read_path(path: Path) -> Iterator[ScanSlice]:
    yield ScanSlice(str(path), read_slice(path), None, 0)
