"""Delta-bar-delta: the order of its updates, its trajectory, its step sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.optimizers import SGD, DeltaBarDelta, delta_bar_delta_step
from tests.labref.optimizers.logcosh import START, gradient

W, G = np.array([1.0, -2.0, 0.5, 3.0]), np.array([2.0, 2.0, 2.0, 0.0])
LR, BAR = np.array([0.1, 0.2, 0.3, 0.4]), np.array([1.0, -1.0, 0.0, 1.0])


def reference(w, gradient, steps, lr, kappa, phi, theta):
    """Return the weights after each step, one weight and one number at a time (Jacobs 1988)."""
    w, path = list(w), []
    rates, bars = [lr] * len(w), [0.0] * len(w)
    for _ in range(steps):
        delta = gradient(np.array(w))
        for i, d in enumerate(delta):
            if bars[i] * d > 0:
                rates[i] += kappa
            elif bars[i] * d < 0:
                rates[i] -= phi * rates[i]
            w[i] -= rates[i] * d
            bars[i] = (1 - theta) * d + theta * bars[i]
        path.append(w.copy())
    return np.array(path)


@pytest.mark.equation("eq-delta-bar-delta-rates", "eq-delta-bar-delta")
def test_a_step_by_hand():
    """The gradient is compared with the old average, and the new step sizes are used at once."""
    w, lr, bar = delta_bar_delta_step(W, LR, BAR, G, kappa=0.05, phi=0.5, theta=0.75)
    np.testing.assert_allclose(lr, [0.15, 0.1, 0.3, 0.4])
    np.testing.assert_allclose(w, [1 - 0.3, -2 - 0.2, 0.5 - 0.6, 3])
    np.testing.assert_allclose(bar, [1.25, -0.25, 0.5, 0.75])


def test_one_number_serves_as_step_size_of_all():
    _, lr, _ = delta_bar_delta_step(W, 0.1, BAR, G, kappa=0.05, phi=0.5, theta=0.75)
    np.testing.assert_allclose(lr, [0.15, 0.05, 0.1, 0.1])


@given(
    lr=st.floats(0.001, 0.3),
    kappa=st.floats(0, 0.05),
    phi=st.floats(0, 0.9),
    theta=st.floats(0, 0.95),
)
def test_function_and_optimizer_follow_the_paper(lr, kappa, phi, theta):
    expected = reference(START, gradient, 30, lr, kappa, phi, theta)
    optimizer, p = DeltaBarDelta(lr, kappa, phi, theta), START.copy()
    w, rates, bar = START, lr, np.zeros(3)
    for row in expected:
        g = gradient(w)  # the same for both: differences of rounding must not turn a sign
        w, rates, bar = delta_bar_delta_step(w, rates, bar, g, kappa, phi, theta)
        np.testing.assert_allclose(w, row, rtol=1e-8, atol=1e-10)
        optimizer.step(p, g)
        np.testing.assert_allclose(p, row, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(optimizer.lrs, rates, rtol=1e-8)


def test_the_sign_decides_even_where_a_product_would_underflow():
    g = np.array([1e-200, -1e-200])
    _, lr, _ = delta_bar_delta_step([0.0, 0.0], 1.0, [1e-200, 1e-200], g, 0.5, 0.5, 0.5)
    np.testing.assert_allclose(lr, [1.5, 0.5])
    optimizer = DeltaBarDelta(1.0, 0.5, 0.5)
    optimizer.step(np.zeros(2), np.abs(g))
    optimizer.step(np.zeros(2), g)
    np.testing.assert_allclose(optimizer.lrs, [1.5, 0.5])


@pytest.mark.equation("eq-delta-bar-delta-rates")
def test_step_sizes_grow_by_addition_and_shrink_in_proportion():
    optimizer, w = DeltaBarDelta(0.1, kappa=0.01, phi=0.5, theta=0.0), np.zeros(2)
    for t in range(21):
        optimizer.step(w, np.array([1.0, (-1.0) ** t]))
    np.testing.assert_allclose(optimizer.lrs, [0.1 + 20 * 0.01, 0.1 * 0.5**20])


def test_it_needs_fewer_steps_than_descent_where_curvatures_differ():
    curvature = np.array([0.01, 1.0])

    def steps(optimizer):
        w = np.ones(2)
        for t in range(5000):
            if np.abs(w).max() < 1e-4:
                return t
            optimizer.step(w, curvature * w)
        return None

    assert steps(DeltaBarDelta(0.5, kappa=0.1)) < 0.2 * steps(SGD(1.0))


@pytest.mark.pitfall("P23")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_function_keeps_dtypes_and_arguments(dtype):
    arguments = [array.astype(dtype) for array in (W, LR, BAR, G)]
    results = delta_bar_delta_step(*arguments, 0.1, 0.1, 0.7)
    results += delta_bar_delta_step(arguments[0], 0.1, *arguments[2:], 0.1, 0.1, 0.7)
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    for array, before in zip(arguments, (W, LR, BAR, G), strict=True):
        np.testing.assert_array_equal(array, before.astype(dtype))


def step(lr=LR, bar=BAR, grad=G, kappa=0.1, phi=0.1, theta=0.7):
    return delta_bar_delta_step(W, lr, bar, grad, kappa, phi, theta)


CASES = {
    "lr": (lambda: step(lr=LR - 0.2), r"lr: expected positive numbers, got -0.1"),
    "lr-number": (lambda: step(lr=0.0), r"lr: expected positive numbers, got 0.0"),
    "lr-shape": (lambda: step(lr=[0.1]), r"lr: expected shape \(4,\), got \(1,\)"),
    "bar": (lambda: step(bar=[0.1]), r"bar: expected shape \(4,\), got \(1,\)"),
    "grad": (lambda: step(grad=1.0), r"grad: expected shape \(4,\), got \(\)"),
    "kappa": (lambda: step(kappa=-1), r"kappa: expected a number in \[0, inf\), got -1"),
    "phi": (lambda: step(phi=1), r"phi: expected a number in \[0, 1\), got 1"),
    "theta": (lambda: step(theta=1), r"theta: expected a number in \[0, 1\), got 1"),
    "class-lr": (lambda: DeltaBarDelta(0, 0.1), r"lr: expected a number in \(0, inf\), got 0"),
    "class-phi": (lambda: DeltaBarDelta(1, 1, 2), r"phi: expected a number in \[0, 1\), got 2"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, pattern = CASES[name]
    with pytest.raises(ValueError, match=pattern):
        call()
