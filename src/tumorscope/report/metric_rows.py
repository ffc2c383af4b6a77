"""The figures of a run in words, each next to what it rests on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tumorscope.dataset.splits import OUT_OF_FOLD, VALIDATION
from tumorscope.evaluation.decisions.conformal import count_needed_groups
from tumorscope.report.figure_rows import (
    Estimate,
    FigureRow,
    describe_estimate,
    describe_share,
)
from tumorscope.report.wording import count_noun, format_figure

_AIMS = {
    "half": "one half, whatever the slices",
    "youden": "largest sum of sensitivity and specificity",
    "target_sensitivity": "highest with a sensitivity of at least {:.3g}\N{NO-BREAK SPACE}%",
}
_CALIBRATION = {
    "expected_calibration_error": "Expected calibration error",
    "brier": "Brier score",
}
_CLASSES = {"no_tumor": "no tumor", "tumor": "tumor"}


@dataclass(frozen=True)
class OperatingPointRow:
    """A threshold by its name: what it is for, and what it reaches."""

    name: str
    aim: str
    threshold: str
    sensitivity: Estimate
    specificity: Estimate
    is_applied: bool


def describe_measurement(metrics: Mapping[str, Any]) -> str:
    """Say what slices the figures of a run are of, and who answered for them.

    Parameters
    ----------
    metrics
        As `evaluate` gives those of a run.
    """
    slices = count_noun(metrics["slices"], "slice")
    if metrics["part"] != OUT_OF_FOLD:
        return f"Measured on {slices} of the {metrics['part']} part"
    if "left_out" in metrics:
        return (
            f"Measured on {slices} that were left out, by {metrics['folds']} models that met "
            "nothing of where the slice is from: no slice of it, of its patients or of their "
            "copies; the model itself was trained on all slices, so it has no held-out figure of "
            "its own"
        )
    seen = "the slice" if metrics["copies"]["slices"] else "the slice or a known copy of it"
    return (
        f"Measured on all {slices} out of fold, by {metrics['folds']} x {metrics['repeats']} "
        f"models of a cross-validation that never saw {seen}; the model itself was trained on all "
        "slices, so it has no held-out figure of its own"
    )


def describe_copies(metrics: Mapping[str, Any], names_patients: bool) -> str | None:
    """Warn of measured slices that training has seen a copy of; None where there are none.

    Parameters
    ----------
    metrics
        As `evaluate` gives those of a run.
    names_patients
        Whether slices of one patient count as well.
    """
    copies = metrics["copies"]
    if not copies["slices"]:
        return None
    kind = "test slice" if metrics["part"] == OUT_OF_FOLD else f"{metrics['part']} slice"
    return (
        f"{copies['slices']} of {count_noun(copies['of'], kind)} "
        f"{'has' if copies['slices'] == 1 else 'have'} a copy"
        f"{', or another slice of the same patient,' if names_patients else ''} in training: these "
        "figures are flattered."
    )


def describe_delong(summary: Mapping[str, Any]) -> list[FigureRow]:
    """Give the AUROC with the interval of DeLong; nothing where too few groups leave none.

    Parameters
    ----------
    summary
        A `Summary`.
    """
    by_slice, by_group = summary["auroc_delong"], summary["per_group"]["auroc_delong"]
    if by_slice is None or by_group is None:
        return []
    errors = [by_slice["standard_error"], by_group["standard_error"]]
    if None in errors:
        meaning = "the same area; all pairs are in one order, which leaves no standard error"
    else:
        meaning = "the same area; standard error {:.3f} by slices, {:.3f} by groups".format(*errors)
    areas = _describe_area(by_slice), _describe_area(by_group)
    return [FigureRow("AUROC by DeLong", *areas, meaning)]


def describe_calibration(metrics: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """List the figures of calibration: name, as the network gave probabilities, calibrated.

    Parameters
    ----------
    metrics
        An `Assessment`.
    """
    before, after = metrics["calibration"]["before"], metrics["calibration"]["after"]
    return [
        (name, format_figure(before[key]), format_figure(after[key]))
        for key, name in _CALIBRATION.items()
    ]


def describe_operating_points(
    metrics: Mapping[str, Any], decision: Mapping[str, Any]
) -> list[OperatingPointRow]:
    """List the thresholds and what they reach.

    Parameters
    ----------
    metrics
        An `Assessment`.
    decision
        That section of the recipe.
    """
    return [
        OperatingPointRow(
            name,
            _AIMS[name].format(100 * decision["target_sensitivity"]),
            f"{point['threshold']:.3g}",
            describe_share(point["sensitivity"]),
            describe_share(point["specificity"]),
            name == decision["operating_point"],
        )
        for name, point in metrics["operating_points"].items()
    ]


def _describe_area(area: Mapping[str, float]) -> Estimate:
    return describe_estimate(area["value"], [area["low"], area["high"]], format_figure)


def describe_too_few(metrics: Mapping[str, Any], conformal_error: float) -> str | None:
    """Say which classes have too few groups ever to be ruled out; None where both have enough.

    Parameters
    ----------
    metrics
        An `Assessment` of the slices that the conformal limits were fitted on.
    conformal_error
        The share of each class that may fall outside its set.
    """
    needed = count_needed_groups(conformal_error)
    few = [
        f"{groups} of {name}"
        for key, name in _CLASSES.items()
        if (groups := metrics["coverage"][key]["groups"]) < needed
    ]
    if not few:
        return None
    where = "out of fold" if metrics["part"] == OUT_OF_FOLD else f"in the {metrics['part']} part"
    never = (
        "neither is ever ruled out: every verdict is uncertain"
        if len(few) > 1
        else "this class is never ruled out, and the other one is never the verdict"
    )
    return (
        f"To rule a class out takes {count_noun(needed, 'group')} of it {where}. "
        f"There are {' and '.join(few)}, so that {never}."
    )


def describe_guard(metrics: Mapping[str, Any]) -> str | None:
    """Say what share of the measured slices the guard accepts; None where it was not asked.

    Parameters
    ----------
    metrics
        As `evaluate` or `crossval` gives them.
    """
    if "guard" not in metrics:
        return None
    guard = metrics["guard"]
    by_slice, by_group = describe_share(guard), describe_share(guard["per_group"])
    whose = (
        "" if metrics.get("part") == VALIDATION else ", in each fold fitted on its training part,"
    )
    answers = count_noun(guard["slices"], "slice" if metrics.get("repeats", 1) == 1 else "answer")
    groups = count_noun(guard["per_group"]["groups"], "group")
    return (
        f"The guard{whose} takes {by_slice.value} of these slices for brain MRI slices "
        f"({by_slice.interval}), each of {groups} counting once {by_group.value} "
        f"({by_group.interval}). It refuses {guard['refused']} of {answers}: predict gives no "
        "probability for such slices, but all figures count them."
    )


def describe_counts(metrics: Mapping[str, Any]) -> str:
    """List the four cells of the confusion matrix; of several repeats their means.

    Parameters
    ----------
    metrics
        A `Summary`; of a cross-validation with its ``repeats``.
    """
    cells = ("true_positive", "false_negative", "true_negative", "false_positive")
    counts = (float(f"{metrics['counts'][cell]:.1f}") for cell in cells)
    listed = ", ".join(
        count_noun(int(count) if count.is_integer() else count, cell.replace("_", " "))
        for cell, count in zip(cells, counts, strict=True)
    )
    repeats = metrics.get("repeats", 1)
    return listed if repeats == 1 else f"{listed} (means of {repeats} repeats)"
