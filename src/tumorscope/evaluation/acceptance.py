"""What share of brain MRI slices the guard takes for such."""

from typing import TypedDict

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from tumorscope.errors import InputError
from tumorscope.evaluation.measures.groups import check_groups
from tumorscope.evaluation.uncertainty.bootstrap import bootstrap_mean, check_resamples
from tumorscope.evaluation.uncertainty.exact import compute_exact_interval
from tumorscope.evaluation.uncertainty.intervals import Interval, compute_bootstrap_interval
from tumorscope.evaluation.uncertainty.proportion import Share, measure_share


class Acceptance(TypedDict):
    """How many slices are refused; the share of the others, each slice or each group once.

    Ready for JSON.
    """

    slices: int
    refused: int
    share: float
    interval: Interval | None
    per_group: Share


def measure_guard(answers: pd.DataFrame) -> dict[str, Acceptance]:
    """Measure as ``guard`` how many slices it accepts; nothing where it was not asked.

    Parameters
    ----------
    answers
        With the column ``group`` and, if it was asked, ``reason``, empty where it accepts.
    """
    if "reason" not in answers:
        return {}
    return {"guard": measure_acceptance(answers["reason"].isna(), answers["group"])}


def measure_acceptance(
    accepted: ArrayLike, groups: ArrayLike, resamples: int = 2000, seed: int = 0
) -> Acceptance:
    """Measure what share of slices is accepted, by slices and by groups, with 95 % intervals.

    Parameters
    ----------
    accepted
        Shape (N,), bool; of several repeats one after the other. Not modified.
    groups
        Shape (N,), the group of each slice. Not modified.
    resamples, seed
        Of the bootstrap, as in `summarize_scores`.

    Returns
    -------
    Acceptance
        The interval by slices is that of the group bootstrap, and where all or none are accepted
        the exact one that the number of groups allows; the one by groups is that of
        `measure_share`.

    Raises
    ------
    InputError
        There is no slice, or not one group for each, or there are too few resamples.
    """
    flags = np.asarray(accepted, np.float64)
    if not flags.size:
        raise InputError("expected at least one slice, found none")
    check_resamples(resamples)
    numbers = check_groups(groups, len(flags))
    replicates = bootstrap_mean(flags, numbers, np.ones(len(flags)), resamples, seed)
    return {
        "slices": len(flags),
        "refused": int((flags == 0).sum()),
        "share": replicates.estimate,
        "interval": compute_bootstrap_interval(replicates)
        or compute_exact_interval(replicates.estimate, int(numbers.max()) + 1),
        "per_group": measure_share(accepted, groups),
    }
