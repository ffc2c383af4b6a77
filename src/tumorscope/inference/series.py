"""The answer for a series or volume, from those of its slices."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import overload

import cv2
import numpy as np
from PIL import Image

from tumorscope.artifact.spec import ArtifactSpec
from tumorscope.evaluation.decisions.verdicts import NOT_ASSESSABLE, decide_verdicts
from tumorscope.explanation.mosaic import draw_mosaic
from tumorscope.inference.prediction import Prediction
from tumorscope.scans.scan import Unreadable

VOTING_SLICES = 3
NO_BRAIN = "little or no brain here, by the other slices of the series"
NOTHING_TO_ASSESS = "no slice of the series is assessable"

# The head of a slice that votes, against the largest of its series.
_LEAST_HEAD = 0.35


@dataclass(frozen=True, eq=False, repr=False)
class SeriesPrediction(Sequence[Prediction]):
    """The answers for the slices of a series, in their order, and the one for the whole.

    The probability is the mean of the three consecutive assessable slices for which it is largest
    (of as many as there are in a row, where nowhere are three).

    Attributes
    ----------
    name
        The series or volume.
    slices
        The answers for its slices.
    unreadable
        Slices that could not be read.
    probability
        Of a tumor; None where no slice is assessable.
    verdict
        As of a slice, by `probability`.
    reason
        Why it is not assessable; None where it is.
    """

    name: str
    slices: tuple[Prediction, ...]
    unreadable: tuple[Unreadable, ...]
    probability: float | None
    verdict: str
    reason: str | None

    def draw(self) -> Image.Image:
        """Draw all slices with their heatmaps."""
        said = self.reason if self.probability is None else f"{self.probability:.3f}"
        return draw_mosaic(
            "/".join(PurePath(self.name).parts[-2:]),
            [(answer.explain(), str(answer.index)) for answer in self.slices],
            self.slices[0].cam_scale,
            f"{self.verdict}, {said}",
        )

    @overload
    def __getitem__(self, index: int) -> Prediction: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Prediction, ...]: ...
    def __getitem__(self, index: int | slice) -> Prediction | tuple[Prediction, ...]:
        return self.slices[index]

    def __len__(self) -> int:
        return len(self.slices)

    def _repr_png_(self) -> bytes:
        png = BytesIO()
        self.draw().save(png, "PNG")
        return png.getvalue()

    def __repr__(self) -> str:
        said = self.reason if self.probability is None else f"{self.probability:.4f}"
        return f"<SeriesPrediction {self.name}: {self.verdict}, {said}, {len(self)} slices>"


def answer_series(
    slices: Sequence[Prediction], unreadable: Sequence[Unreadable], spec: ArtifactSpec
) -> SeriesPrediction:
    """Answer for a series: mark slices without brain, let the others vote.

    Parameters
    ----------
    slices
        The answers for its slices, at least one, in their order.
    unreadable
        Slices that could not be read.
    spec
        Gives the threshold and limits.
    """
    marked = mark_without_brain(slices)
    probability = vote(marked)
    verdict, reason = NOT_ASSESSABLE, None
    if probability is None:
        reason = NOTHING_TO_ASSESS
    else:
        (decided,) = decide_verdicts([probability], spec.threshold, spec.conformal.limits)
        verdict = str(decided)
    name = slices[0].series or slices[0].name
    return SeriesPrediction(name, tuple(marked), tuple(unreadable), probability, verdict, reason)


def mark_without_brain(slices: Sequence[Prediction]) -> list[Prediction]:
    """Make the slices not assessable that show air, neck or a vertex, and little brain.

    A rule from pixels: the bright part of a slice (over half of Otsu's threshold of the middle
    half of the series, in all slices alike) is smaller than 35 % of the largest in the series.
    """
    areas = _measure_bright_parts(slices)
    return [
        answer.refuse(NO_BRAIN)
        if answer.reason is None and area < _LEAST_HEAD * max(areas)
        else answer
        for answer, area in zip(slices, areas, strict=True)
    ]


def vote(slices: Sequence[Prediction]) -> float | None:
    """Give the largest mean probability of three consecutive assessable slices."""
    runs = list(_list_runs(slices))
    width = min(VOTING_SLICES, max(map(len, runs), default=0))
    if width == 0:
        return None
    means = (
        np.convolve(run, np.full(width, 1 / width), mode="valid").max()
        for run in runs
        if len(run) >= width
    )
    return float(max(means))


def _list_runs(slices: Sequence[Prediction]) -> Iterator[list[float]]:
    """Give the probabilities of slices that follow each other and are assessable."""
    run: list[float] = []
    last = None
    for answer in slices:
        if run and (answer.probability is None or answer.index - 1 != last):
            yield run
            run = []
        if answer.probability is not None:
            run.append(answer.probability)
        last = answer.index
    if run:
        yield run


def _measure_bright_parts(slices: Sequence[Prediction]) -> list[float]:
    """Measure the share of each slice that is brighter than one level for the whole series."""
    grays = [cv2.cvtColor(answer.image, cv2.COLOR_RGB2GRAY) for answer in slices]
    quarter = len(grays) // 4
    middle = np.concatenate([gray.ravel() for gray in grays[quarter : len(grays) - quarter]])
    otsu, _ = cv2.threshold(middle, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return [float((gray > otsu / 2).mean()) for gray in grays]
