"""Answer for scans with a trained model.

pandas is left out on purpose: it would take a third of the time in which one image is answered.
"""

import csv
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from tumorscope.artifact.identity import is_model
from tumorscope.artifact.reader import find_artifact
from tumorscope.atomic import replace_file
from tumorscope.errors import Alarm, InputError
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.replacing import check_replaceable, replace_folder
from tumorscope.scans.find import find_scans
from tumorscope.scans.scan import Unreadable
from tumorscope.workflows.predict.answers import Answer, Answering
from tumorscope.workflows.predict.processes import answer_in_processes, one_opencv_thread

_COMMAND = "predict"
# A box alone, without the size of the picture that it is measured in, would mislead.
_COLUMNS = tuple(name for name in Answer._fields if name != "region")
_UID_COLUMNS = ("series_uid", "instance_uid")
# The columns by which a table of answers is known, whatever version wrote it.
_TOLD = frozenset({"path", "series", "slice", "verdict"})
_LONGEST_HEADER = 1000


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
        slices with their heatmaps): new, empty, or overlays of an earlier call, to be replaced when
        all are drawn.
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
        has no such operating point, `out` is a folder, a scan or other file that is no table of
        answers, or `overlays` holds other files or lies in what is read.
    TumorscopeError
        One of several processes ended before its work was done.

    Warns
    -----
    Alarm
        The model cannot be used as it is: a verdict can never come, or its network has collapsed.
    """
    given = [scans] if isinstance(scans, str | Path) else list(scans)
    if out is not None:
        _check_table(Path(out))
    for path in given:
        if is_model(Path(path)):
            raise InputError(f"{path}: a model, no scan; name it with --model")
    pictures: AbstractContextManager[Path | None] = nullcontext()
    if overlays is not None:
        _check_overlays(Path(overlays), out, given, model)
        pictures = replace_folder(Path(overlays), _COMMAND)
    found = find_scans(given, plane=plane, volume=volume)
    answering = Answering(model, operating_point, None, regions, uids)
    for alarm in answering.list_alarms():
        warnings.warn(alarm, Alarm, stacklevel=2)
    slices = not_assessable = unreadable = known = 0
    left_out = () if uids else _UID_COLUMNS
    columns = [name for name in _COLUMNS if name not in left_out]
    table = nullcontext(_ignore) if out is None else _open_table(Path(out), columns)
    with (
        one_opencv_thread(),
        table as write,
        pictures as folder,
        closing(answer_in_processes(found, replace(answering, overlays=folder), processes)) as rows,
    ):
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


def _check_overlays(
    folder: Path,
    out: str | Path | None,
    scans: Sequence[str | Path],
    model: str | Path | None,
) -> None:
    read = [*scans, *([] if model is None else [find_artifact(Path(model))])]
    check_replaceable(folder, _COMMAND, read)
    if out is not None and Path(out).resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{out}: lies in {folder}, which is for pictures alone; put it beside")


def _check_table(out: Path) -> None:
    """Refuse to write over anything but an earlier table: a scan, or a table of the user's."""
    if out.is_dir():
        raise InputError(f"{out}: a folder; give the name of a CSV file with --out")
    if out.is_file() and out.stat().st_size:
        with out.open("rb") as file:
            columns = file.readline(_LONGEST_HEADER).decode("latin-1").strip().split(",")
        if not _TOLD.issubset(columns):
            raise InputError(
                f"{out}: holds something else than answers of predict; give another name with --out"
            )


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
