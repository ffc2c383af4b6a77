"""What `predict` makes of an answer: rows for a table, and a picture."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tumorscope.atomic import replace_file
from tumorscope.explanation.region import Region
from tumorscope.inference.ahead import map_ahead
from tumorscope.inference.prediction import Prediction, name_picture
from tumorscope.inference.predictor import Predictor
from tumorscope.inference.series import SeriesPrediction
from tumorscope.scans.scan import Scan, Unreadable
from tumorscope.workflows.load import list_alarms, load_predictor


class Answer(NamedTuple):
    """One row of results: of a picture, of a slice of a series, or of a series.

    `path` names the file and, in it, the slice. `series` and `slice`, from 0, are those of a slice
    of a series; a series itself has no `slice`. `probability`, of a tumor, is calibrated; it is
    None where the `verdict` is ``not assessable``, and `reason` says why. A series also says how
    many slices were `assessed`, `of` how many that show brain. `note` says what of the file or
    series was not answered; None where nothing is known to be. `known` says whether the model was
    trained or validated on this very slice, or on how many of a series; None where it does not
    tell. `model`, `fingerprint`, `threshold` and `version` say what answered, as `ModelIdentity`
    does. `region` is what drove the decision for a tumor in a slice, `series_uid` and
    `instance_uid` are those of a DICOM file; None for others, and where they were not asked for.
    """

    path: str
    series: str | None
    slice: int | None
    probability: float | None
    verdict: str
    reason: str | None
    assessed: int | None = None
    of: int | None = None
    note: str | None = None
    known: bool | int | None = None
    model: str | None = None
    fingerprint: str | None = None
    threshold: float | None = None
    version: str | None = None
    series_uid: str | None = None
    instance_uid: str | None = None
    region: Region | None = None

    @property
    def is_series(self) -> bool:
        """Whether this is the answer for a whole series."""
        return self.series is not None and self.slice is None


Result = Prediction | SeriesPrediction | Unreadable

_COMPRESSION = 1  # of PNG: hardly larger than by default, and written much sooner


@dataclass(frozen=True)
class Answering:
    """How scans are answered.

    Attributes
    ----------
    model, operating_point
        As for `load`.
    overlays
        A folder for a picture of each; None: none are drawn.
    regions
        Whether rows carry the region that drove a decision for a tumor.
    uids
        Whether rows carry the UIDs of DICOM series and instances.
    """

    model: str | Path | None
    operating_point: str | None
    overlays: Path | None
    regions: bool
    uids: bool

    def load(self, cores: int | None = None) -> Predictor:
        """Load the model, for so many cores."""
        return load_predictor(self.model, self.operating_point, cores)

    def list_alarms(self) -> list[str]:
        """Say in sentences why the model cannot be used as it is."""
        return list_alarms(self.model, self.operating_point)

    def answer(
        self, scans: Iterable[Scan | Unreadable], predictor: Predictor, first: int = 1
    ) -> Iterator[Answer | Unreadable]:
        """Answer for scans in their order: a row each, and one for every slice of a series.

        Parameters
        ----------
        scans
            As `find_scans` gives them.
        predictor
            The model.
        first
            The number of the first scan; the name of its picture begins with it.
        """
        with _drawing(predictor.answer(scans), self.overlays, first, predictor.cores) as results:
            for result in results:
                yield from self._list_rows(result)

    def _list_rows(self, result: Result) -> Iterator[Answer | Unreadable]:
        if isinstance(result, Unreadable):
            yield result
            return
        decided = result.probability, result.verdict, result.reason
        if isinstance(result, Prediction):
            place = None if result.series is None else result.index
            region = result.region if self.regions else None
            answer = Answer(result.name, result.series, place, *decided, region=region)
        else:
            for one in result:
                yield from self._list_rows(one)
            yield from result.unreadable
            counted = result.assessed, result.of
            answer = Answer(result.name, result.name, None, *decided, *counted)
        yield self._complete(answer, result)

    def _complete(self, answer: Answer, result: Prediction | SeriesPrediction) -> Answer:
        """Add to a row what it leaves out, whether its slices are known, and what answered."""
        if self.uids and result.uids is not None:
            series_uid, instance_uid = result.uids
            answer = answer._replace(series_uid=series_uid, instance_uid=instance_uid)
        if (model := result.model) is not None:
            answer = answer._replace(
                model=model.name,
                fingerprint=model.fingerprint,
                threshold=model.threshold,
                version=model.version,
            )
        return answer._replace(note=result.note, known=result.known)


@contextmanager
def _drawing(
    results: Iterable[Result], folder: Path | None, first: int, cores: int
) -> Iterator[Iterable[Result]]:
    """Give results after a picture of each is in a folder, drawn ahead in threads."""
    if folder is None:
        yield results
        return
    with ThreadPoolExecutor(cores) as pool:
        draw = partial(_draw, folder)
        yield map_ahead(draw, enumerate(results, start=first), pool, 2 * cores)


def _draw(folder: Path, numbered: tuple[int, Result]) -> Result:
    number, result = numbered
    if isinstance(result, Unreadable):
        return result
    with replace_file(folder / name_picture(result.name, number)) as temporary:
        result.draw().save(temporary, compress_level=_COMPRESSION)
    return result
