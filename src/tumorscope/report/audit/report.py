"""The page of an audit: what is wrong with some folders of images, in pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tumorscope.atomic import write_text
from tumorscope.auditing.findings import Findings
from tumorscope.auditing.summary import AuditSummary
from tumorscope.report.audit.rows import (
    describe_cards,
    describe_folders,
    describe_headline,
    describe_kinds,
    describe_labels,
    describe_overlap,
    describe_sizes,
)
from tumorscope.report.audit.sheets import ReadImage, draw_sheets
from tumorscope.report.caveats import AUDIT_CAVEATS
from tumorscope.report.guess_rows import describe_guess, describe_guesses
from tumorscope.report.page import list_origin, render_page
from tumorscope.report.settings import flatten_settings
from tumorscope.report.wording import make_printable

GUESS_LIMIT = 0.65
"""A guess that reaches more gives the label away."""
_LISTED_FILES = 100
_LISTED_LABELS = 60


def write_audit_page(
    page: Path,
    findings: Findings,
    summary: AuditSummary,
    guess: Mapping[str, Any],
    environment: Mapping[str, object],
    read_image: ReadImage,
) -> None:
    """Write the page of an audit, with small pictures of what it found inside.

    Parameters
    ----------
    page
        The file to write.
    findings, summary
        Of the audit.
    guess
        How well labels can be guessed: ``slices``, ``by``, ``within`` and ``left_out``.
    environment
        From `describe_environment`.
    read_image
        Gives the slice of a row of ``findings.slices``: shape (H, W, 3), uint8, RGB.
    """
    rejected = findings.rejected.head(_LISTED_FILES)
    content = render_page(
        "audit/audit.html.j2",
        own_style="audit/audit.css",
        headline=describe_headline(summary),
        facts=_list_facts(findings, environment),
        summary=summary,
        cards=describe_cards(summary),
        folders=describe_folders(summary),
        sizes=describe_sizes(findings.slices["group"]),
        kinds=describe_kinds(summary),
        overlap=describe_overlap(summary)[:_LISTED_LABELS],
        guess=guess,
        guesses_by=describe_guesses(guess["by"], GUESS_LIMIT),
        guesses_within=[
            describe_guess(make_printable(source), auroc, GUESS_LIMIT)
            for source, auroc in guess["within"].items()
        ],
        untold=[make_printable(reason) for reason in guess["left_out"]],
        limit=GUESS_LIMIT,
        labels=describe_labels(summary)[:_LISTED_LABELS],
        sheets=draw_sheets(findings, read_image),
        unreadable=[
            tuple(make_printable(str(cell)) for cell in row)
            for row in rejected.itertuples(index=False)
        ],
        limits=AUDIT_CAVEATS,
        environment=[
            (name, make_printable(value)) for name, value in flatten_settings(dict(environment))
        ],
    )
    write_text(page, content)


def _list_facts(findings: Findings, environment: Mapping[str, object]) -> list[tuple[str, str]]:
    origin = list_origin(environment)
    folders = ", ".join(findings.names)
    return [
        ("Folder" if len(findings.names) == 1 else "Folders", make_printable(folders)),
        ("Started", origin["Started"]),
        ("Tumorscope", origin["Tumorscope"]),
    ]
