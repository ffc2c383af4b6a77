"""Quantiles of the beta distribution: the ends of exact intervals of proportions."""

import math

_PRECISION = 1e-15
_SMALL_STEP = 1e-9
_MOST_STEPS = 100
_SMALLEST = 1e-300
_BELOW_ONE = math.nextafter(1, 0)


def compute_beta_quantile(a: float, b: float, probability: float) -> float:
    """Find where the distribution function of a beta distribution reaches a probability.

    By Newton's steps on logarithms. The logarithm of this function is concave in that of its
    argument where `b` is at least 1, so that no step but the first goes too far.

    Parameters
    ----------
    a, b
        The parameters: positive, and at least 1. Where `b` is less, the quantile is 1 minus that
        of the parameters exchanged and the other tail.
    probability
        Within (0, 1).

    Returns
    -------
    float
        Within (0, 1).

    Examples
    --------
    >>> round(compute_beta_quantile(1, 1, 0.3), 9), round(compute_beta_quantile(30, 1, 0.025), 3)
    (0.3, 0.884)
    """
    x = a / (a + b)
    for _ in range(_MOST_STEPS):
        reached = _compute_beta_distribution(a, b, x)
        slope = math.exp(_log_front(a, b, x)) / (1 - x) / reached
        step = math.log(probability / reached) / slope
        x = min(max(x * math.exp(step), _SMALLEST), _BELOW_ONE)
        if abs(step) <= _SMALL_STEP:  # the next would be its square
            break
    return x


def _compute_beta_distribution(a: float, b: float, x: float) -> float:
    """Compute the regularized incomplete beta function on the side where its fraction converges.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 8.17.22 and 8.17.4.
    """
    if x > (a + 1) / (a + b + 2):
        return 1 - _compute_beta_distribution(b, a, 1 - x)
    return math.exp(_log_front(a, b, x)) / (a * _evaluate_fraction(a, b, x))


def _log_front(a: float, b: float, x: float) -> float:
    """Compute the logarithm of ``x**a * (1 - x)**b / B(a, b)``."""
    log_beta = math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return a * math.log(x) + b * math.log1p(-x) - log_beta


def _evaluate_fraction(a: float, b: float, x: float) -> float:
    """Evaluate 1 + d1 / (1 + d2 / (1 + ...)) from its front, by the algorithm of Lentz."""
    value = numerator = 1.0
    denominator = 0.0
    term = 0
    while True:
        term += 1
        m, is_odd = divmod(term, 2)
        d = (
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            if is_odd
            else m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        )
        denominator = 1 / (1 + d * denominator or _SMALLEST)
        numerator = 1 + d / numerator or _SMALLEST
        value *= numerator * denominator
        if abs(numerator * denominator - 1) <= _PRECISION:
            return value
