"""What holds for every minimizer: minima found, honest results, clear ends."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from labref.data import load_digits
from labref.minimize import (
    bfgs,
    lbfgs,
    newton,
    nonlinear_conjugate_gradient,
    steepest_descent,
)
from labref.network import dense_network
from labref.surfaces import BEALE, BOWL, PRODUCT, ROSENBROCK, SADDLE, valley
from tests.labref.minimize.examples import (
    FIRST_ORDER,
    MINIMIZERS,
    Counted,
    positive_definite,
    quadratic,
)

every_minimizer = pytest.mark.parametrize("name", MINIMIZERS)
SCIPY = {
    "newton": "Newton-CG",
    "damped-newton": "Newton-CG",
    "bfgs": "BFGS",
    "lbfgs": "L-BFGS-B",
}


def run(name, surface, w0=None, **options):
    w0 = surface.start if w0 is None else w0
    return MINIMIZERS[name](surface.objective, surface.hessian, w0, **options)


@every_minimizer
@pytest.mark.parametrize(
    ("surface", "w0"),
    [(ROSENBROCK, (0.9, 0.8)), (BEALE, (2.5, 0.3)), (valley(100), (1.0, 1.0)), (BOWL, (2, 1))],
    ids=lambda thing: getattr(thing, "name", ""),
)
def test_the_minimum_is_the_one_scipy_finds(name, surface, w0):
    result = run(name, surface, w0, max_iterations=5000, tolerance=1e-5)
    assert result.converged
    peer = optimize.minimize(
        surface.objective, w0, jac=True, method=SCIPY.get(name, "CG"), tol=1e-10,
        hess=surface.hessian if "newton" in name else None,
    )  # fmt: skip
    np.testing.assert_allclose(result.w, peer.x, atol=1e-3)
    np.testing.assert_allclose(result.w, surface.minimum, atol=1e-3)
    assert result.value <= 1e-6


@every_minimizer
def test_the_result_tells_what_happened(name):
    f, w0 = Counted(BEALE.objective), np.array([2.5, 0.3])
    result = MINIMIZERS[name](f, BEALE.hessian, w0)
    value, gradient = BEALE.objective(result.w)
    assert result.evaluations == f.calls
    assert result.value == value
    assert result.gradient_norm == np.linalg.norm(gradient) <= 1e-6
    assert result.message.startswith("converged, with gradient norm ")
    assert result.path.shape == (result.iterations + 1, 2)
    np.testing.assert_array_equal(result.path[0], w0)
    np.testing.assert_array_equal(result.path[-1], result.w)
    np.testing.assert_array_equal(result.values, [BEALE.value(w) for w in result.path])
    np.testing.assert_array_equal(w0, [2.5, 0.3])
    if name != "newton":
        assert (np.diff(result.values) < 0).all()
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.value = 0.0


@every_minimizer
def test_running_out_of_iterations_is_flagged(name):
    result = run(name, ROSENBROCK, max_iterations=2)
    assert not result.converged
    assert result.iterations == 2
    assert result.message.startswith("stopped after 2 iterations, with gradient norm ")


@every_minimizer
@pytest.mark.parametrize("surface", [SADDLE, PRODUCT], ids=["saddle", "xy"])
def test_an_objective_without_a_minimum_is_flagged(name, surface):
    result = run(name, surface)
    assert not result.converged
    message = "not positive definite" if name == "newton" else "seems unbounded below"
    assert message in result.message
    assert result.evaluations < 200
    assert np.isfinite(result.w).all()


@every_minimizer
def test_falling_to_minus_infinity_is_flagged(name):
    def objective(w):
        return float(np.log(w[0])), 1 / w  # warns and is -inf at 0

    result = MINIMIZERS[name](objective, lambda w: np.diag(-1 / w**2), [1.0])
    assert not result.converged
    assert result.evaluations < 300


@every_minimizer
def test_a_start_on_a_saddle_is_reported_as_stationary(name):
    result = run(name, SADDLE, (0.0, 0.0))
    assert result.iterations == 0
    assert result.evaluations == 1
    if "newton" in name:
        assert not result.converged
        assert "no minimum: the Hessian's smallest eigenvalue is -1" in result.message
    else:
        assert result.converged
        assert "stationary at the start" in result.message
        assert "saddle" in result.message


@every_minimizer
def test_a_start_at_the_minimum_stays_there(name):
    result = run(name, ROSENBROCK, (1.0, 1.0))
    assert result.converged
    assert result.iterations == 0


@every_minimizer
def test_places_where_the_objective_is_nan_are_kept_out_of(name):
    """w - log w is NaN (with a warning) for w < 0; its minimum is at 1."""

    def objective(w):
        return float(np.sum(w - np.log(w))), 1 - 1 / w

    result = MINIMIZERS[name](objective, lambda w: np.diag(1 / w**2), [0.01, 1.9])
    np.testing.assert_allclose(result.w, 1, atol=1e-5)
    assert result.converged
    assert np.isfinite(result.values).all()


@every_minimizer
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_an_objective_that_is_not_finite_at_the_start_is_refused(name, bad):
    for objective in (lambda w: (bad, w), lambda w: (1.0, w * bad)):
        with pytest.raises(ValueError, match="objective: expected a finite value and gradient at"):
            MINIMIZERS[name](objective, lambda w: np.eye(2), [1.0, 2.0])


@every_minimizer
def test_an_objective_that_is_nan_everywhere_else_ends_the_run(name):
    def objective(w):
        return (1.0, 3 * w) if w[0] == 1 else (np.nan, w)

    result = MINIMIZERS[name](objective, lambda w: np.eye(1), [1.0])
    assert not result.converged
    assert result.iterations == 0
    assert result.evaluations < 200


@every_minimizer
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=25)
def test_a_wrong_gradient_never_loops_forever(name, seed):
    """Values and gradients that have nothing to do with each other, some infinite."""
    rng = np.random.default_rng(seed)
    sizes = 10.0 ** rng.integers(-200, 200, 4)

    def objective(w):
        value = rng.choice([rng.standard_normal(), np.nan, 1e300 * rng.standard_normal()])
        return float(value), rng.standard_normal(2) * rng.choice(sizes)

    def hessian(w):
        A = rng.standard_normal((2, 2)) * rng.choice(sizes)
        return A + A.T

    f = Counted(objective)
    try:
        result = MINIMIZERS[name](f, hessian, [1.0, -1.0], max_iterations=20)
        assert result.evaluations == f.calls <= 1 + 2 * 80 * 21
        assert np.isfinite(result.w).all()
    except ValueError as error:
        assert "at w0" in str(error) or "hess" in str(error)  # noqa: PT017


@every_minimizer
@given(scale=st.sampled_from([1e-12, 1e-6, 1e6, 1e12]))
def test_values_of_any_size_are_minimised(name, scale):
    """The minimum of scale (x² + 2 y²) is found to a millionth, without overflow."""

    def objective(w):
        return scale * float(BOWL.value(w)), scale * BOWL.gradient(w)

    result = MINIMIZERS[name](
        objective, lambda w: scale * BOWL.hessian(w), [2.0, 1.0], tolerance=1e-6 * scale
    )
    assert result.converged
    np.testing.assert_allclose(result.w, 0, atol=1e-5)


@every_minimizer
@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 6))
@settings(max_examples=20)
def test_convex_quadratics_are_solved(name, seed, n):
    rng = np.random.default_rng(seed)
    A, b = positive_definite(rng, n, 30), rng.standard_normal(n)
    result = MINIMIZERS[name](quadratic(A, b), lambda w: A, rng.standard_normal(n))
    assert result.converged
    np.testing.assert_allclose(result.w, np.linalg.solve(A, b), atol=2e-6)


@every_minimizer
def test_an_objective_in_float32_is_minimised_in_float64(name):
    def objective(w):
        value, gradient = ROSENBROCK.objective(w.astype(np.float32))
        return np.float32(value), gradient

    w0 = np.array([0.9, 0.7], np.float32)
    result = MINIMIZERS[name](objective, ROSENBROCK.hessian, w0, tolerance=1e-2)
    assert result.converged
    assert result.w.dtype == result.path.dtype == result.values.dtype == np.float64
    np.testing.assert_allclose(result.w, 1, atol=5e-2)


@every_minimizer
def test_an_objective_may_use_its_gradient_array_again(name):
    buffer = np.empty(2)

    def objective(w):
        buffer[...] = ROSENBROCK.gradient(w)
        return float(ROSENBROCK.value(w)), buffer

    careless = MINIMIZERS[name](objective, ROSENBROCK.hessian, (-1.2, 1.0), max_iterations=50)
    careful = run(name, ROSENBROCK, max_iterations=50)
    np.testing.assert_array_equal(careless.path, careful.path)


def evaluations_until(loss, method, iterations):
    """Return how many evaluations a small network on digits takes to come under a loss."""
    digits = load_digits()[:200]
    network = dense_network([64, 10, 10], np.random.default_rng(0), "tanh")
    cost = network.objective(digits.x, digits.labels)
    seen = []

    def objective(w):
        value, gradient = cost(w)
        seen.append(value)
        return value, gradient

    method(objective, network.parameters.copy(), max_iterations=iterations)
    reached = np.flatnonzero(np.array(seen) < loss)
    return reached[0] if len(reached) else np.inf


def test_a_network_learns_digits_in_far_fewer_evaluations_than_by_gradient_descent():
    slow = evaluations_until(0.05, steepest_descent, 150)
    assert 60 < slow < np.inf
    assert 4 * evaluations_until(0.05, lbfgs, 25) < slow
    assert 3 * evaluations_until(0.05, nonlinear_conjugate_gradient, 25) < slow
    assert 2 * evaluations_until(0.05, bfgs, 35) < slow


BAD_INPUT = {
    "w0": ({"w0": np.ones((2, 2))}, ValueError, r"w0: expected shape \(n,\), got \(2, 2\)"),
    "w0-empty": ({"w0": []}, ValueError, r"w0: expected shape \(n,\), got \(0,\) \(empty\)"),
    "w0-nan": ({"w0": [np.nan, 0]}, ValueError, r"w0: expected finite numbers, got nan"),
    "w0-str": ({"w0": "ab"}, TypeError, r"w0: expected real numbers"),
    "iterations": ({"max_iterations": 0}, ValueError, r"max_iterations: expected at least 1"),
    "tolerance": ({"tolerance": -1}, ValueError, r"tolerance: expected .*\[0, inf\), got -1"),
    "tolerance-nan": ({"tolerance": np.nan}, ValueError, r"tolerance: .* got nan"),
    "number": ({"f": lambda w: 1.0}, TypeError, r"objective: expected a value and a gradient, got"),
    "value": ({"f": lambda w: (w, w)}, ValueError, r"objective: expected a single number, got sh"),
    "gradient": (
        {"f": lambda w: (1.0, w[:1])},
        ValueError,
        r"objective: gradient: expected shape \(2,\), got \(1,\)",
    ),
}


@every_minimizer
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_refused(name, case):
    changes, error, pattern = BAD_INPUT[case]
    arguments = {"f": BOWL.objective, "hessian": BOWL.hessian, "w0": [1.0, 2.0]} | changes
    f, hessian, w0 = (arguments.pop(key) for key in ("f", "hessian", "w0"))
    with pytest.raises(error, match=pattern):
        MINIMIZERS[name](f, hessian, w0, **arguments)


def test_there_is_a_test_of_every_first_order_method():
    assert len(FIRST_ORDER) == len(MINIMIZERS) - 2
    assert MINIMIZERS["newton"] is newton
