"""The answer for a series or volume, from those of its slices."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath
from typing import overload

from PIL import Image

from tumorscope.artifact.identity import ModelIdentity
from tumorscope.artifact.spec import ArtifactSpec
from tumorscope.evaluation.decisions.neighbours import heed_neighbours
from tumorscope.evaluation.decisions.verdicts import NOT_ASSESSABLE, call_classes, decide_verdicts
from tumorscope.evaluation.decisions.vote import (
    NOTHING_TO_ASSESS,
    calibrate_votes,
    find_refusal,
    find_vote,
)
from tumorscope.explanation.mosaic import draw_mosaic
from tumorscope.inference.brain import NO_BRAIN, find_without_brain
from tumorscope.inference.prediction import Prediction
from tumorscope.inference.spacing import find_spacing
from tumorscope.preprocessing import take_gray
from tumorscope.scans.scan import Unreadable


@dataclass(frozen=True, eq=False, repr=False)
class SeriesPrediction(Sequence[Prediction]):
    """The answers for the slices of a series, in their order, and the one for the whole.

    What decides is the vote: the mean probability of the three consecutive assessable slices for
    which it is largest (of as many as there are in a row, where nowhere are three). Slices are
    consecutive where none is missing between them; see `find_spacing`.

    Attributes
    ----------
    name
        The series or volume.
    slices
        The answers for its slices.
    unreadable
        Slices that could not be read.
    probability
        Of a tumor in the series: the vote, calibrated where the model has a rule fitted on series;
        None where the verdict is ``not assessable``.
    verdict
        By `probability`, and what was fitted on series or, for want of that, on single slices.
    reason
        Why it is not assessable; None where it is.
    assessed
        How many slices voted.
    of
        How many show brain: those that voted, those that the guard refuses, and, as nobody can
        tell, those that could not be read.
    note
        What was not answered: other volumes of the file, slices that are missing; None where
        nothing is known to be.
    model
        Which model answered, with the threshold for a series.
    """

    name: str
    slices: tuple[Prediction, ...]
    unreadable: tuple[Unreadable, ...]
    probability: float | None
    verdict: str
    reason: str | None
    assessed: int
    of: int
    note: str | None = None
    model: ModelIdentity | None = None

    @property
    def known(self) -> int | None:
        """How many slices the model was trained on; None where it does not tell."""
        told = [answer.known for answer in self.slices if answer.known is not None]
        return sum(told) if told else None

    @property
    def uids(self) -> tuple[str, None] | None:
        """The UID of a DICOM series, which as a whole has none of an instance."""
        uids = self.slices[0].uids
        return None if uids is None else (uids[0], None)

    def draw(self) -> Image.Image:
        """Draw all slices with their heatmaps."""
        return draw_mosaic(
            "/".join(PurePath(self.name).parts[-2:]),
            [(answer.explain(), str(answer.index)) for answer in self.slices],
            self.slices[0].cam_scale,
            self._conclude(3),
            [said for said in (self.note, self._describe_known(), self.model) if said],
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
        said = "; ".join(filter(None, (self._conclude(4), self.note, self._describe_known())))
        return f"<SeriesPrediction {self.name}: {said}>"

    def _describe_known(self) -> str | None:
        return f"the model was trained on {self.known} of its slices" if self.known else None

    def _conclude(self, digits: int) -> str:
        counted = f"{self.assessed} of {self.of} slices assessed"
        if self.probability is None:
            return f"{self.verdict}, {self.reason}, {counted}"
        return f"{self.verdict}, {self.probability:.{digits}f}, {counted}"


def answer_series(
    slices: Sequence[Prediction], unreadable: Sequence[Unreadable], spec: ArtifactSpec
) -> SeriesPrediction:
    """Answer for a series: judge slices with their neighbours, mark those without brain, vote.

    Parameters
    ----------
    slices
        The answers for its slices, at least one, in their order.
    unreadable
        Slices that could not be read.
    spec
        Gives what was fitted on series; where nothing was, the threshold and limits of a slice.
    """
    is_without_brain = _find_without_brain(slices)
    spacing = find_spacing([one.index for one in slices], [one.position_mm for one in slices])
    marked = _mark(_heed(slices, spacing.places, spec), is_without_brain)
    assessed = sum(answer.reason is None for answer in marked)
    of = len(slices) - sum(is_without_brain) + len(unreadable)
    vote = find_vote([one.probability for one in marked], spacing.places)
    probability, verdict, reason = _decide(vote, assessed, of, spec)
    name = slices[0].series or slices[0].name
    note = "; ".join(filter(None, (slices[0].note, spacing.note))) or None
    model, rule = slices[0].model, spec.series
    if model is not None and rule is not None:
        model = model._replace(threshold=rule.operating_points[spec.operating_point])
    decided = probability, verdict, reason, assessed, of
    return SeriesPrediction(name, tuple(marked), tuple(unreadable), *decided, note, model)


def _heed(
    slices: Sequence[Prediction], places: Sequence[int], spec: ArtifactSpec
) -> list[Prediction]:
    """Judge the slices that the guard accepts with their neighbours, if the model is made so."""
    if not spec.reach:
        return list(slices)
    heard = [answer for answer in slices if answer.reason is None]
    heeded = heed_neighbours(
        [answer.tumor_probability for answer in heard],
        [place for answer, place in zip(slices, places, strict=True) if answer.reason is None],
        spec.reach,
    )
    classes = call_classes(heeded, spec.threshold)
    verdicts = decide_verdicts(heeded, spec.threshold, spec.conformal.limits)
    judged = (
        answer.judge(*said)
        for answer, *said in zip(
            heard, heeded.tolist(), classes.tolist(), verdicts.tolist(), strict=True
        )
    )
    return [next(judged) if answer.reason is None else answer for answer in slices]


def mark_without_brain(slices: Sequence[Prediction]) -> list[Prediction]:
    """Make the slices not assessable that show little or no brain; see `find_without_brain`."""
    return _mark(slices, _find_without_brain(slices))


def _find_without_brain(slices: Sequence[Prediction]) -> list[bool]:
    return find_without_brain([take_gray(answer.image) for answer in slices])


def _mark(slices: Sequence[Prediction], is_without_brain: Sequence[bool]) -> list[Prediction]:
    return [
        answer.refuse(NO_BRAIN) if answer.reason is None and is_without else answer
        for answer, is_without in zip(slices, is_without_brain, strict=True)
    ]


def _decide(
    vote: float | None, assessed: int, of: int, spec: ArtifactSpec
) -> tuple[float | None, str, str | None]:
    """Give the probability, the verdict and the reason for which there is none."""
    rule = spec.series
    reason = find_refusal(assessed, of) if rule else None
    if vote is None or reason is not None:
        return None, NOT_ASSESSABLE, reason or NOTHING_TO_ASSESS
    if rule is None:
        probability, threshold, limits = vote, spec.threshold, spec.conformal.limits
    else:
        (calibrated,) = calibrate_votes([vote], rule.slope, rule.intercept)
        probability = float(calibrated)
        threshold, limits = rule.operating_points[spec.operating_point], rule.conformal.limits
    (verdict,) = decide_verdicts([probability], threshold, limits)
    return probability, str(verdict), None
