"""Steepest descent: the zig-zag, and how it depends on the condition number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.minimize import steepest_descent, steepest_descent_rate
from labref.surfaces import valley
from tests.labref.minimize.examples import exact, positive_definite, quadratic


@pytest.mark.equation("eq-steepest-rate")
@pytest.mark.parametrize("condition", [2, 10, 100])
def test_from_the_worst_start_each_step_shrinks_the_error_by_the_rate(condition):
    surface = valley(condition)
    result = steepest_descent(
        surface.objective, surface.start, exact, max_iterations=20, tolerance=1e-12
    )
    rate = steepest_descent_rate(condition)
    assert rate == pytest.approx((condition - 1) / (condition + 1))
    np.testing.assert_allclose(result.values[1:] / result.values[:-1], rate**2, 1e-5)
    ratios = np.abs(result.path[1:] / result.path[:-1])
    np.testing.assert_allclose(ratios, rate, 1e-4)


@pytest.mark.equation("eq-steepest-descent")
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 5), condition=st.floats(1.5, 200))
def test_no_step_is_slower_than_the_rate_and_the_path_turns_at_right_angles(seed, n, condition):
    rng = np.random.default_rng(seed)
    A, b, w0 = positive_definite(rng, n, condition), rng.standard_normal(n), np.zeros(n)
    result = steepest_descent(quadratic(A, b), w0, exact, max_iterations=8, tolerance=1e-3)
    error = result.values + b @ np.linalg.solve(A, b) / 2
    assert (error[1:] <= steepest_descent_rate(condition) ** 2 * error[:-1] * (1 + 1e-6)).all()
    steps = np.diff(result.path, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    np.testing.assert_allclose((steps[1:] * steps[:-1]).sum(axis=1), 0, atol=1e-4)


@pytest.mark.equation("eq-descent-modes", "eq-steepest-rate")
def test_a_constant_step_shrinks_the_error_by_the_same_rate():
    condition, w = 25.0, np.array([1.0, 1.0])
    surface, lr = valley(condition), 2 / (1 + condition)
    for _ in range(10):
        new = w - lr * surface.gradient(w)
        np.testing.assert_allclose(np.abs(new / w), steepest_descent_rate(condition))
        w = new


@pytest.mark.equation("eq-steepest-descent")
def test_the_step_goes_against_the_gradient():
    """Deck D prints w + alpha dE/dw, which climbs."""
    result = steepest_descent(valley(3).objective, [1.0, 1.0], max_iterations=1)
    step = result.w - [1.0, 1.0]
    assert step @ valley(3).gradient([1.0, 1.0]) < 0
    assert result.values[1] < result.values[0]


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"condition: expected .*\[1, inf\), got 0.9"):
        steepest_descent_rate(0.9)
    with pytest.raises(TypeError, match="condition: expected a number, got str"):
        steepest_descent_rate("2")
