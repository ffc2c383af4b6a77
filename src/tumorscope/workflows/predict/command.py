"""Answer for scans with a trained model.

pandas is left out on purpose: it would take a third of the time in which one image is answered.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import NamedTuple

from tumorscope.artifact.identity import is_model
from tumorscope.atomic import replace_file
from tumorscope.errors import InputError
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.scans.find import find_scans
from tumorscope.scans.formats import recognize_format
from tumorscope.scans.scan import Unreadable
from tumorscope.scans.stored_file import store_path
from tumorscope.workflows.predict.answers import Answer, Answering
from tumorscope.workflows.predict.processes import answer_in_processes, one_opencv_thread

# A box alone, without the size of the picture that it is measured in, would mislead.
_COLUMNS = tuple(name for name in Answer._fields if name != "region")
_UID_COLUMNS = ("series_uid", "instance_uid")


class Counts(NamedTuple):
    """How many slices were answered, how many of them are not assessable, what was unreadable.

    `known` are those that the model was trained or validated on.
    """

    slices: int
    not_assessable: int
    unreadable: int
    known: int = 0


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
    processes: int = 1,
    uids: bool = False,
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
    processes
        In how many, at most, many single pictures are answered, one for each core; on Linux only.
        They are forked: leave it at 1, which uses all cores by threads, in a program that has
        threads of its own.
    uids
        Whether answers, and the table, carry the UIDs of DICOM series and instances.
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
        There is no model, it is damaged, or it has changed since it was written.
    InputError
        An input does not exist or is a model, there is no such plane or volume number, the model
        has no such operating point, or `out` is a folder or a scan.
    TumorscopeError
        One of several processes ended before its work was done.
    """
    if out is not None:
        _check_is_no_scan(Path(out))
    for path in [scans] if isinstance(scans, (str, Path)) else scans:
        if is_model(Path(path)):
            raise InputError(f"{path}: a model, no scan; name it with --model")
    found = find_scans(scans, plane=plane, volume=volume)
    drawn = None if overlays is None else Path(overlays)
    answering = Answering(model, operating_point, drawn, regions, uids)
    slices = not_assessable = unreadable = known = 0
    left_out = () if uids else _UID_COLUMNS
    columns = [name for name in _COLUMNS if name not in left_out]
    table = nullcontext(_ignore) if out is None else _open_table(Path(out), columns)
    answers = closing(answer_in_processes(found, answering, processes))
    with one_opencv_thread(), table as write, answers as rows:
        for row in rows:
            if isinstance(row, Unreadable):
                unreadable += 1
                on_unreadable(row)
            else:
                write(row)
                on_answer(row)
                if not row.is_series:
                    slices += 1
                    not_assessable += row.probability is None
                    known += bool(row.known)
            on_progress("predicting", slices + unreadable, 0)
    return Counts(slices, not_assessable, unreadable, known)


def _check_is_no_scan(out: Path) -> None:
    """Refuse to write over a scan, which may be one of those to answer for."""
    if out.is_dir():
        raise InputError(f"{out}: a folder; give the name of a CSV file with --out")
    if out.is_file() and recognize_format(store_path(out).read_head()):
        raise InputError(f"{out}: a scan; give the name of a CSV file with --out")


@contextmanager
def _open_table(path: Path, columns: list[str]) -> Iterator[Callable[[Answer], object]]:
    """Write row by row to a file that takes its name when the last row is written."""
    with (
        replace_file(path) as temporary,
        temporary.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        yield lambda answer: writer.writerow(answer[: len(columns)])
