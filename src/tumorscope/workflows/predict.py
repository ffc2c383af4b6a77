"""Answer for scans with a trained model.

pandas is left out on purpose: it would take a third of the time in which one image is answered.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

from tumorscope.atomic import replace_file
from tumorscope.data.scans.find import find_scans
from tumorscope.data.scans.formats import recognize_format
from tumorscope.data.scans.scan import Unreadable
from tumorscope.data.scans.stored_file import store_path
from tumorscope.errors import InputError
from tumorscope.explanation.panel import draw_overlay
from tumorscope.explanation.region import Region
from tumorscope.inference.ahead import map_ahead
from tumorscope.inference.engine import count_cores
from tumorscope.inference.prediction import Prediction, name_picture
from tumorscope.inference.series import SeriesPrediction
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.workflows.load import load


class Answer(NamedTuple):
    """One row of results: of a picture, of a slice of a series, or of a series.

    `path` names the file and, in it, the slice. `series` and `slice`, from 0, are those of a slice
    of a series; a series itself has no `slice`. `probability`, of a tumor, is calibrated; it is
    None where the `verdict` is ``not assessable``, and `reason` says why. `region` is what drove
    the decision for a tumor in a slice; None for others, and where regions were not asked for.
    """

    path: str
    series: str | None
    slice: int | None
    probability: float | None
    verdict: str
    reason: str | None
    region: Region | None = None

    @property
    def is_series(self) -> bool:
        """Whether this is the answer for a whole series."""
        return self.series is not None and self.slice is None


Result = Prediction | SeriesPrediction | Unreadable

_COMPRESSION = 1  # of PNG: hardly larger than by default, and written much sooner
# A box alone, without the size of the picture that it is measured in, would mislead.
_COLUMNS = tuple(name for name in Answer._fields if name != "region")


class Counts(NamedTuple):
    """How many slices were answered, how many of them are not assessable, what was unreadable."""

    slices: int
    not_assessable: int
    unreadable: int


def _ignore(_: object) -> None:
    pass


def predict(
    scans: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    model: str | Path | None = None,
    overlays: str | Path | None = None,
    operating_point: str | None = None,
    plane: str = "axial",
    volume: int = 0,
    regions: bool = False,
    on_answer: Callable[[Answer], object] = _ignore,
    on_unreadable: Callable[[Unreadable], object] = _ignore,
    on_progress: ProgressCallback = ignore_progress,
) -> Counts:
    """Answer for scans, as many as there are: no result is kept in memory.

    Parameters
    ----------
    scans
        An image, DICOM or NIfTI file, a zip archive, a folder of these, ``-`` for the standard
        input, or several.
    out
        A CSV file for the answers.
    model
        An artifact folder or a run folder; by default the model that comes with the package.
    overlays
        A folder for one picture per image (slice, heatmap, probability) and per series (all
        slices with their heatmaps).
    operating_point
        ``half``, ``youden`` or ``target_sensitivity``: the threshold to apply in place of the
        model's own.
    plane
        How the volume of a NIfTI file is cut: ``axial``, ``coronal`` or ``sagittal``.
    volume
        Which volume of a 4-D NIfTI file, from 0.
    regions
        Whether answers carry the region that drove a decision for a tumor.
    on_answer
        Called with each answer, in order.
    on_unreadable
        Called with each file or slice that cannot be read.
    on_progress
        Called after each; how many there will be is not known.

    Returns
    -------
    Counts
        How many there were of each kind.

    Raises
    ------
    ArtifactError
        There is no model, or it has changed since it was written.
    InputError
        An input does not exist, there is no such plane or volume number, the model has no such
        operating point, or `out` is a folder or a scan.
    """
    if out is not None:
        _check_is_no_scan(Path(out))
    found = find_scans(scans, plane=plane, volume=volume)
    predictor = load(model, operating_point)
    slices = not_assessable = unreadable = 0
    table = nullcontext(_ignore) if out is None else _open_table(Path(out))
    with table as write, _drawing(predictor.answer(found), overlays) as results:
        for result in results:
            for row in _list_rows(result, regions):
                if isinstance(row, Unreadable):
                    unreadable += 1
                    on_unreadable(row)
                else:
                    write(row)
                    on_answer(row)
                    if not row.is_series:
                        slices += 1
                        not_assessable += row.probability is None
                on_progress("predicting", slices + unreadable, 0)
    return Counts(slices, not_assessable, unreadable)


def _check_is_no_scan(out: Path) -> None:
    """Refuse to write over a scan, which may be one of those to answer for."""
    if out.is_dir():
        raise InputError(f"{out}: a folder; give the name of a CSV file with --out")
    if out.is_file() and recognize_format(store_path(out).read_head()):
        raise InputError(f"{out}: a scan; give the name of a CSV file with --out")


@contextmanager
def _open_table(path: Path) -> Iterator[Callable[[Answer], object]]:
    """Write row by row to a file that takes its name when the last row is written."""
    with (
        replace_file(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        yield lambda answer: writer.writerow(answer[: len(_COLUMNS)])


def _list_rows(result: Result, regions: bool) -> Iterator[Answer | Unreadable]:
    if isinstance(result, Unreadable):
        yield result
    elif isinstance(result, Prediction):
        place = None if result.series is None else result.index
        decided = result.probability, result.verdict, result.reason
        region = result.region if regions else None
        yield Answer(result.name, result.series, place, *decided, region)
    else:
        for answer in result:
            yield from _list_rows(answer, regions)
        yield from result.unreadable
        decided = result.probability, result.verdict, result.reason
        yield Answer(result.name, result.name, None, *decided)


@contextmanager
def _drawing(results: Iterable[Result], folder: str | Path | None) -> Iterator[Iterable[Result]]:
    """Give results after a picture of each is in a folder, drawn ahead in threads."""
    if folder is None:
        yield results
        return
    cores = count_cores()
    with ThreadPoolExecutor(cores) as pool:
        draw = partial(_draw, Path(folder))
        yield map_ahead(draw, enumerate(results, start=1), pool, 2 * cores)


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
