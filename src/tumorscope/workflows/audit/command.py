"""Look through data for copies, label conflicts, odd pictures, broken files and giveaways."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tumorscope.atomic import borrow_folder
from tumorscope.auditing.findings import Findings, find_all, list_findings
from tumorscope.auditing.reading import Reading, read_files
from tumorscope.auditing.summary import AuditSummary, summarize
from tumorscope.dataset.class_names import Names, read_class_names
from tumorscope.dataset.manifest import write_table
from tumorscope.errors import InputError, suggest
from tumorscope.progress import ProgressCallback, ignore_progress
from tumorscope.provenance import RESEARCH_USE_ONLY, describe_environment
from tumorscope.replacing import check_replaceable, replace_folder
from tumorscope.report.audit.report import write_audit_page
from tumorscope.scans.images import read_slice
from tumorscope.workflows.audit.guess import Guess, measure_guesses
from tumorscope.workflows.audit.sources import find_sources

GROUPS_FILE, DOCUMENT_FILE, PAGE_FILE = "groups.csv", "audit.json", "audit.html"
_COMMAND = "audit"
FAULTS = ("copies", "conflicts", "unreadable")

_GROUP_COLUMNS = ["path", "folder", "label_name", "group", "kind"]


class Audit(AuditSummary):
    """An audit in numbers; `failed` names the faults to fail on that were found."""

    guess: Guess
    failed: list[str]


def audit(
    folders: str | Path | Sequence[str | Path],
    out: str | Path,
    fail_on: Sequence[str] = (),
    on_progress: ProgressCallback = ignore_progress,
    *,
    positive: Names = "yes",
    negative: Names | None = None,
) -> Audit:
    """Look through folders of images, or tables of them, and report what is wrong with them.

    Parameters
    ----------
    folders
        A folder of whatever `predict` reads, searched recursively, a CSV table as for `train`, or
        several. A file has the label of its class, as in a training; where a folder has not these
        classes, the name of the subfolder that holds it is taken for its label.
    out
        A new or empty folder, or an earlier audit to replace: gets ``groups.csv`` with the group
        of copies of each image, ``audit.json`` and ``audit.html``.
    fail_on
        Any of ``copies``, ``conflicts`` and ``unreadable``.
    on_progress
        Called as work goes on.
    positive, negative
        The names of the classes with and without a tumor, as for `train`. Where a folder has not
        these, it is not said how well its labels can be guessed.

    Returns
    -------
    Audit
        The numbers, as in ``audit.json``.

    Raises
    ------
    InputError
        A folder is missing, inside another or without a readable image, a table cannot be used,
        `out` holds other files or lies in what is looked through, or `fail_on` names something
        else.
    """
    given = [Path(folders)] if isinstance(folders, str | Path) else [Path(one) for one in folders]
    _check_faults(fail_on)
    check_replaceable(Path(out), _COMMAND, given)
    names = read_class_names(positive, negative)
    arguments = {
        "folders": given, "out": out, "fail_on": fail_on, "positive": positive,
        "negative": negative,
    }  # fmt: skip
    environment = describe_environment(arguments)
    with borrow_folder(Path(out)) as home:
        found = find_sources(given, names, home, on_progress)
        reading = read_files(found.listing, on_progress)
        findings = find_all(reading, on_progress)
        summary = summarize(findings)
        failed = [fault for fault in FAULTS if fault in fail_on and _count(summary, fault)]
        guess = measure_guesses(reading.files, findings.slices["group"], found.untold)
        result: Audit = {**summary, "guess": guess, "failed": failed}
        with replace_folder(Path(out), _COMMAND) as folder:
            write_table(folder / GROUPS_FILE, findings.slices[_GROUP_COLUMNS])
            _write_document(folder / DOCUMENT_FILE, result, findings, environment)
            pictures = _Pictures(reading)
            write_audit_page(
                folder / PAGE_FILE, findings, summary, guess, environment, pictures.read
            )
    return result


class _Pictures:
    """Slices to show; one that is gone or changed by now is shown as small as it was kept."""

    def __init__(self, reading: Reading) -> None:
        self._paths = [file.file for file in reading.files]
        self._recorded = reading.slices["sha256"].tolist()
        self._thumbnails = reading.thumbnails

    def read(self, row: int) -> NDArray[np.uint8]:
        try:
            return read_slice(self._paths[row], self._recorded[row])
        except InputError:
            return np.repeat(self._thumbnails[row][..., np.newaxis], 3, axis=-1)


def _check_faults(fail_on: Sequence[str]) -> None:
    for name in fail_on:
        if name not in FAULTS:
            raise InputError(
                f"--fail-on {name}: expected some of {', '.join(FAULTS)}{suggest(name, FAULTS)}"
            )


def _count(summary: AuditSummary, fault: str) -> int:
    counts = {
        "copies": summary["copies"],
        "conflicts": summary["conflicts"],
        "unreadable": summary["unreadable"],
    }
    return counts[fault]


def _write_document(
    path: Path, result: Audit, findings: Findings, environment: dict[str, object]
) -> None:
    document = {
        "notice": RESEARCH_USE_ONLY,
        "summary": result,
        "findings": list_findings(findings),
        "environment": environment,
    }
    path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")
