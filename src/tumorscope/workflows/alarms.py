"""What must be said beside the figures of a run, since they hide it."""

import pandas as pd

from tumorscope.artifact.alarms import list_alarms
from tumorscope.artifact.spec import ArtifactSpec
from tumorscope.evaluation.decisions.conformal import count_needed_groups
from tumorscope.evaluation.decisions.verdicts import CLASS_NAMES

LEAST_GROUPS = 10
"""Of each class: fewer say nothing about a model."""


def count_least_groups(conformal_error: float) -> int:
    """Count the groups of a class that a validation part needs, to measure and to decide."""
    return max(LEAST_GROUPS, count_needed_groups(conformal_error))


def list_run_alarms(table: pd.DataFrame, spec: ArtifactSpec) -> list[str]:
    """Say in sentences what is wrong with a model, or with what it was measured on.

    Parameters
    ----------
    table
        Its answers, with ``label``, ``group`` and ``verdict``.
    spec
        The model.

    Returns
    -------
    list of str
        Empty where all is well.
    """
    of_model = list_alarms(spec)
    return [*of_model, *list_answer_alarms(table, told=bool(of_model))]


def list_answer_alarms(table: pd.DataFrame, told: bool) -> list[str]:
    """Say which verdicts never came, unless it is `told` why, and what was measured on too little.

    Parameters
    ----------
    table
        Answers, with ``label``, ``group`` and ``verdict``.
    told
        Whether another alarm says already that a verdict cannot come.
    """
    alarms = []
    for label, (name, other) in enumerate(zip(CLASS_NAMES, ("without a", "with a"), strict=True)):
        own = table[table["label"] == label]
        groups = own["group"].nunique()
        if groups < LEAST_GROUPS:
            alarms.append(
                f"Measured on {groups} group(s) of slices {other} tumor: too few to say anything "
                "about the model."
            )
        if groups and not told and not (own["verdict"] == name).any():
            alarms.append(f'Not one of the {len(own)} slices {other} tumor is answered "{name}".')
    return alarms
