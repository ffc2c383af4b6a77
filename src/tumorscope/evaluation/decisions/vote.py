"""From the slices of a series to one number, the vote, and from that to a probability.

And when too few of them are assessable for either. How a vote becomes a probability is fitted in
`series`, which prediction need not import.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike

from tumorscope.evaluation.decisions.calibration import compute_logits, compute_sigmoid
from tumorscope.evaluation.measures.scores import Probabilities

VOTING_SLICES = 3
LEAST_ASSESSED = 0.5
"""The share of slices with brain that must be assessable for a fitted rule to give a verdict."""
NOTHING_TO_ASSESS = "no slice of the series is assessable"


def find_vote(probabilities: Sequence[float | None], places: Sequence[int]) -> float | None:
    """Find the largest mean probability of three consecutive assessable slices.

    Parameters
    ----------
    probabilities
        Of a tumor, calibrated, of each slice in order; None of one that is not assessable.
    places
        Where each stands in the series; slices are consecutive if these differ by one.

    Returns
    -------
    float or None
        Of as many slices as there are in a row, where nowhere are three; None where none is
        assessable.

    Examples
    --------
    >>> find_vote([0.25, 0.5, 0.75, None, 1.0], range(5))
    0.5
    """
    runs = list(_list_runs(probabilities, places))
    width = min(VOTING_SLICES, max(map(len, runs), default=0))
    if width == 0:
        return None
    means = (
        np.convolve(run, np.full(width, 1 / width), mode="valid").max()
        for run in runs
        if len(run) >= width
    )
    # Of three times 1 it may be 1 and a last digit.
    return min(float(max(means)), 1.0)


def calibrate_votes(votes: ArrayLike, slope: float, intercept: float) -> Probabilities:
    """Turn votes into probabilities of a tumor in the series; their order stays.

    Parameters
    ----------
    votes
        Shape (N,), within [0, 1]. Not modified.
    slope, intercept
        As from `fit_platt`; the slope is at least 0.
    """
    return compute_sigmoid(slope * compute_logits(np.asarray(votes, np.float64)) + intercept)


def find_refusal(assessed: int, of: int) -> str | None:
    """Say why a series gets no verdict from a fitted rule, judging by how much of it was assessed.

    Parameters
    ----------
    assessed
        How many slices vote.
    of
        How many show brain, those included that the guard refuses or that cannot be read.

    Examples
    --------
    >>> find_refusal(7, 40)
    'only 7 of 40 slices are assessable'
    >>> find_refusal(20, 40) is None
    True
    """
    if assessed == 0:
        return NOTHING_TO_ASSESS
    if assessed < LEAST_ASSESSED * of:
        return f"only {assessed} of {of} slices are assessable"
    return None


def _list_runs(
    probabilities: Sequence[float | None], places: Sequence[int]
) -> Iterator[list[float]]:
    """Give the probabilities of slices that follow each other and are assessable."""
    run: list[float] = []
    last = None
    for probability, place in zip(probabilities, places, strict=True):
        if run and (probability is None or place - 1 != last):
            yield run
            run = []
        if probability is not None:
            run.append(probability)
        last = place
    if run:
        yield run
