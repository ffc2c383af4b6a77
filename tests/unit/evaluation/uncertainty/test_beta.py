import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betainc, betaincinv

from tumorscope.evaluation.uncertainty.beta import compute_beta_quantile

TAILS = st.sampled_from([0.025, 0.5, 0.975])


@given(st.floats(0.05, 5000), st.floats(1, 5000), TAILS)
def test_quantile_is_that_of_scipy(a, b, probability):
    expected = betaincinv(a, b, probability)
    assert compute_beta_quantile(a, b, probability) == pytest.approx(expected, rel=1e-9, abs=1e-15)


@given(st.integers(1, 300), st.integers(1, 300), TAILS)
def test_distribution_function_at_the_quantile_is_the_probability(a, b, probability):
    assert betainc(a, b, compute_beta_quantile(a, b, probability)) == pytest.approx(probability)


@pytest.mark.parametrize("a", [1e-3, 1e5])
def test_extreme_parameters_end_within_0_and_1(a):
    assert compute_beta_quantile(a, 1e5, 0.025) == pytest.approx(
        betaincinv(a, 1e5, 0.025), rel=1e-9, abs=1e-299
    )
