"""What `predict` makes of an answer: rows for a table, and a picture."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tumorscope.artifact.alarms import read_alarms
from tumorscope.atomic import replace_file
from tumorscope.explanation.panel import draw_overlay
from tumorscope.explanation.region import Region
from tumorscope.inference.ahead import map_ahead
from tumorscope.inference.prediction import Prediction, name_picture
from tumorscope.inference.predictor import Predictor
from tumorscope.inference.series import SeriesPrediction
from tumorscope.scans.scan import Scan, Unreadable
from tumorscope.workflows.load import find_model, load_predictor


class Answer(NamedTuple):
    """One row of results: of a picture, of a slice of a series, or of a series.

    `path` names the file and, in it, the slice. `series` and `slice`, from 0, are those of a slice
    of a series; a series itself has no `slice`. `probability`, of a tumor, is calibrated; it is
    None where the `verdict` is ``not assessable``, and `reason` says why. A series also says how
    many slices were `assessed`, `of` how many that show brain. `note` says what of the file or
    series was not answered; None where nothing is known to be. `region` is what drove the decision
    for a tumor in a slice; None for others, and where regions were not asked for.
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
    """

    model: str | Path | None
    operating_point: str | None
    overlays: Path | None
    regions: bool

    def load(self, cores: int | None = None) -> Predictor:
        """Load the model, for so many cores."""
        return load_predictor(self.model, self.operating_point, cores)

    def list_alarms(self) -> list[str]:
        """Say in sentences why the model cannot be used as it is."""
        return read_alarms(find_model(self.model), self.operating_point)

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
                yield from _list_rows(result, self.regions)


def _list_rows(result: Result, regions: bool) -> Iterator[Answer | Unreadable]:
    if isinstance(result, Unreadable):
        yield result
    elif isinstance(result, Prediction):
        place = None if result.series is None else result.index
        decided = result.probability, result.verdict, result.reason
        region = result.region if regions else None
        yield Answer(result.name, result.series, place, *decided, note=result.note, region=region)
    else:
        for answer in result:
            yield from _list_rows(answer, regions)
        yield from result.unreadable
        decided = result.probability, result.verdict, result.reason
        told = result.assessed, result.of, result.note
        yield Answer(result.name, result.name, None, *decided, *told)


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
        picture = (
            draw_overlay(result.explain(), result.cam_scale)
            if isinstance(result, Prediction)
            else result.draw()
        )
        picture.save(temporary, compress_level=_COMPRESSION)
    return result
