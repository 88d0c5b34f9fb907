"""Newton's method: one step on quadratics, what becomes of indefinite Hessians."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import linalg

from labref.minimize import backtracking, damped_newton, newton, newton_step
from labref.surfaces import BEALE, PRODUCT, ROSENBROCK, SADDLE, valley
from tests.labref.minimize.examples import positive_definite, quadratic

SEEDS = st.integers(0, 2**32 - 1)


@pytest.mark.equation("eq-quadratic-model")
def test_the_model_is_right_to_second_order():
    """Its error is of third order: half the step, an eighth of the error."""
    w, d = np.array(BEALE.start), np.array([0.3, -0.5])
    value, g, H = BEALE.value(w), BEALE.gradient(w), BEALE.hessian(w)
    t = 0.01 / 2 ** np.arange(3)
    errors = [BEALE.value(w + t * d) - (value + t * g @ d + t**2 * d @ H @ d / 2) for t in t]
    np.testing.assert_allclose(np.divide(errors[:-1], errors[1:]), 8, rtol=0.02)


@pytest.mark.equation("eq-newton", "eq-quadratic-model")
@given(seed=SEEDS, n=st.integers(1, 8), condition=st.floats(1, 1e6))
def test_one_step_solves_a_quadratic(seed, n, condition):
    rng = np.random.default_rng(seed)
    A, b, w = positive_definite(rng, n, condition), rng.standard_normal(n), rng.standard_normal(n)
    minimum = linalg.solve(A, b, assume_a="pos")
    np.testing.assert_allclose(newton_step(w, A @ w - b, A), minimum, 1e-6, 1e-7)
    for method in (newton, damped_newton):
        result = method(quadratic(A, b), lambda _: A, w)
        assert result.converged
        assert result.iterations <= 2  # a second one, if rounding left too much
        np.testing.assert_allclose(result.path[1], minimum, 1e-6, 1e-7)


@given(seed=SEEDS, n=st.integers(1, 6))
def test_the_step_does_not_care_about_the_scale_of_the_weights(seed, n):
    """With w = T v, Newton's step in v is T^-1 times the step in w."""
    rng = np.random.default_rng(seed)
    H, T = positive_definite(rng, n, 10), positive_definite(rng, n, 100)
    w, g = rng.standard_normal(n), rng.standard_normal(n)
    v = newton_step(np.linalg.solve(T, w), T.T @ g, T.T @ H @ T)
    np.testing.assert_allclose(T @ v, newton_step(w, g, H), 1e-6, 1e-6)


def test_the_step_on_an_indefinite_hessian_goes_to_the_saddle():
    w = np.array([0.7, -0.3])
    for surface in (SADDLE, PRODUCT):
        step = newton_step(w, surface.gradient(w), surface.hessian(w))
        np.testing.assert_allclose(step, 0, atol=1e-15)


def test_the_step_keeps_float32_and_its_arguments():
    w, g, H = (np.ones(s, np.float32) for s in (2, 2, (2, 2)))
    H[0, 1] = H[1, 0] = 0
    assert newton_step(w, g, H).dtype == np.float32
    assert newton_step([1, 1], [1, 1], [[1, 0], [0, 1]]).dtype == np.float64
    np.testing.assert_array_equal(w, 1)
    np.testing.assert_array_equal(H, np.eye(2))


def test_plain_newton_converges_quadratically_near_a_minimum():
    result = newton(ROSENBROCK.objective, ROSENBROCK.hessian, (1.1, 1.2), tolerance=1e-10)
    errors = np.linalg.norm(result.path - 1, axis=1)
    assert result.converged
    assert result.iterations <= 6
    assert errors[-1] < 1e-12
    assert errors[-2] ** 2 * 100 > errors[-1]


@pytest.mark.parametrize("surface", [SADDLE, PRODUCT], ids=["saddle", "xy"])
def test_plain_newton_stops_where_the_hessian_is_indefinite_and_says_so(surface):
    result = newton(surface.objective, surface.hessian, surface.start)
    assert not result.converged
    assert result.iterations == 0
    assert "not positive definite: its smallest eigenvalue is -1" in result.message


def test_plain_newton_stops_where_the_hessian_is_singular():
    result = newton(
        lambda w: (float(w[0]), np.array([1.0, 0.0])), lambda w: np.zeros((2, 2)), [0, 0]
    )
    assert not result.converged
    assert "not positive definite: its smallest eigenvalue is 0" in result.message


def test_damped_newton_descends_where_the_hessian_is_indefinite():
    """At (1, 1), Beale's Hessian has eigenvalues of both signs."""
    assert np.linalg.eigvalsh(BEALE.hessian(BEALE.start))[0] < -1
    result = damped_newton(BEALE.objective, BEALE.hessian, BEALE.start)
    assert result.converged
    assert (np.diff(result.values) < 0).all()
    np.testing.assert_allclose(result.w, (3, 0.5), atol=1e-6)


@pytest.mark.equation("eq-damped-newton")
@given(seed=SEEDS, n=st.integers(1, 5))
def test_every_direction_of_damped_newton_descends(seed, n):
    """The first step from anywhere, with any symmetric Hessian, right or wrong."""
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((n, n)) * rng.choice([0, 1e-3, 1, 1e3])
    target = rng.standard_normal(n)

    def objective(w):
        return float(np.log(np.cosh(w - target)).sum()), np.tanh(w - target)

    for search in ({}, {"line_search": backtracking}):
        result = damped_newton(
            objective, lambda w: A + A.T, np.zeros(n), max_iterations=1, **search
        )
        assert result.iterations == 1
        assert result.values[1] < result.values[0]


def test_damped_newton_is_newton_where_the_hessian_is_positive_definite():
    surface = valley(1e6)
    plain, damped = (f(surface.objective, surface.hessian, (1, 1)) for f in (newton, damped_newton))
    np.testing.assert_allclose(plain.path, damped.path, atol=1e-12)


def test_a_maximum_is_not_taken_for_a_minimum():
    for method in (newton, damped_newton):
        result = method(lambda w: (-float(w @ w), -2 * w), lambda w: -2 * np.eye(2), [0.0, 0.0])
        assert not result.converged
        assert result.message.startswith("stationary, but no minimum")


W, H = np.ones(2), np.eye(2)
BAD_INPUT = {
    "w": (lambda: newton_step(H, W, H), ValueError, r"w: expected shape \(n,\), got \(2, 2\)"),
    "grad": (lambda: newton_step(W, [1.0], H), ValueError, r"grad: expected shape \(2,\), got"),
    "hess": (lambda: newton_step(W, W, W), ValueError, r"hess: expected shape \(2, 2\), got"),
    "nan": (lambda: newton_step(W, W * np.nan, H), ValueError, r"grad: expected finite .* nan"),
    "singular": (
        lambda: newton_step(W, W, np.ones((2, 2))),
        ValueError,
        r"hess: expected an invertible matrix, got a singular one",
    ),
    "hessian-shape": (
        lambda: newton(SADDLE.objective, lambda w: w, W),
        ValueError,
        r"hessian: expected shape \(2, 2\), got \(2,\)",
    ),
    "hessian-nan": (
        lambda: damped_newton(SADDLE.objective, lambda w: H * np.nan, W),
        ValueError,
        r"hessian: expected finite numbers, got nan",
    ),
    "hessian-symmetric": (
        lambda: newton(SADDLE.objective, lambda w: np.array([[1.0, 2], [0, 1]]), W),
        ValueError,
        r"hessian: expected a symmetric matrix, off by 2",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused(name):
    call, error, pattern = BAD_INPUT[name]
    with pytest.raises(error, match=pattern):
        call()
