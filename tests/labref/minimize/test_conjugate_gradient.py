"""Conjugate gradients: conjugacy, n steps, SciPy's iterates, betas and restarts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import linalg

from labref.minimize import (
    BETAS,
    conjugate_gradient,
    fletcher_reeves,
    nonlinear_conjugate_gradient,
    polak_ribiere,
    polak_ribiere_plus,
    steepest_descent,
)
from labref.minimize.conjugate_gradient import _ConjugateDirections
from labref.surfaces import BEALE, ROSENBROCK
from tests.labref.minimize.examples import exact, positive_definite, quadratic

SEEDS = st.integers(0, 2**32 - 1)
every_beta = pytest.mark.parametrize("beta", BETAS)


def problem(seed, n, condition=50.0):
    rng = np.random.default_rng(seed)
    return positive_definite(rng, n, condition), rng.standard_normal(n), rng.standard_normal(n)


def scipy_iterates(A, b, x0):
    points = [x0]
    linalg.cg(A, b, x0, rtol=1e-12, maxiter=len(b), callback=lambda x: points.append(x.copy()))
    return np.array(points)


@pytest.mark.equation("eq-cg-direction", "eq-cg-step")
@given(seed=SEEDS, n=st.integers(1, 12))
def test_a_quadratic_takes_at_most_n_steps(seed, n):
    A, b, x0 = problem(seed, n)
    x, iterations = conjugate_gradient(A, b, x0, 1e-9)
    assert iterations <= n
    np.testing.assert_allclose(x, np.linalg.solve(A, b), 1e-7, 1e-7)


@given(seed=SEEDS, n=st.integers(2, 12))
def test_it_takes_as_many_steps_as_there_are_different_eigenvalues(seed, n):
    rng = np.random.default_rng(seed)
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    A = (Q * rng.choice([1.0, 7.0], n)) @ Q.T
    _, iterations = conjugate_gradient((A + A.T) / 2, rng.standard_normal(n), np.zeros(n), 1e-8)
    assert iterations <= 2


@given(seed=SEEDS, n=st.integers(1, 10))
def test_the_answer_and_the_steps_are_scipys(seed, n):
    A, b, x0 = problem(seed, n, 100.0)
    x, iterations = conjugate_gradient(A, b, x0, 1e-3)
    points = []
    peer, _ = linalg.cg(A, b, x0, rtol=0, atol=1e-3, maxiter=n, callback=points.append)
    assert iterations == len(points)
    np.testing.assert_allclose(x, peer, 1e-6, 1e-6)
    if iterations < n:
        assert np.linalg.norm(b - A @ x) <= 1.001e-3


@pytest.mark.equation("eq-conjugate")
@every_beta
@given(seed=SEEDS, n=st.integers(2, 8))
def test_with_exact_searches_the_nonlinear_method_visits_the_points_of_the_linear_one(
    beta, seed, n
):
    A, b, x0 = problem(seed, n, 10.0)
    result = nonlinear_conjugate_gradient(quadratic(A, b), x0, beta, line_search=exact)
    expected = scipy_iterates(A, b, x0)
    steps = min(len(expected), len(result.path), n)
    np.testing.assert_allclose(result.path[:steps], expected[:steps], atol=1e-5)
    directions = np.diff(result.path[:steps], axis=0)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    conjugacy = directions @ A @ directions.T
    np.testing.assert_allclose(conjugacy - np.diag(np.diag(conjugacy)), 0, atol=1e-3)


@every_beta
def test_a_quadratic_takes_the_nonlinear_method_about_n_steps_where_descent_takes_many(beta):
    A, b, x0 = problem(0, 6, 300.0)
    result = nonlinear_conjugate_gradient(quadratic(A, b), x0, beta, line_search=exact)
    assert result.converged
    assert result.iterations <= 8
    assert not steepest_descent(quadratic(A, b), x0, exact, max_iterations=50).converged


@pytest.mark.equation("eq-fletcher-reeves", "eq-polak-ribiere", "eq-polak-ribiere-plus")
def test_the_betas_have_their_published_values():
    g, g_prev = np.array([1.0, 2.0]), np.array([3.0, 1.0])
    assert fletcher_reeves(g, g_prev) == pytest.approx(5 / 10)
    assert polak_ribiere(g, g_prev) == pytest.approx((1 * (1 - 3) + 2 * (2 - 1)) / 10, abs=1e-15)
    assert polak_ribiere([1.0, 0.5], g_prev) == pytest.approx((-2 - 0.25) / 10)


@pytest.mark.pitfall("P14")
def test_beta_is_a_ratio_of_squared_norms_not_of_norms():
    g = np.array([3.0, 4.0])
    assert fletcher_reeves(2 * g, g) == pytest.approx(4)
    assert polak_ribiere(2 * g, g) == pytest.approx(2)


@pytest.mark.equation("eq-polak-ribiere-plus")
@pytest.mark.pitfall("P14")
def test_polak_ribiere_plus_is_never_negative():
    assert polak_ribiere([1.0, 0.5], [3.0, 1.0]) < 0
    assert polak_ribiere_plus([1.0, 0.5], [3.0, 1.0]) == 0
    assert polak_ribiere_plus([3.0, 1.0], [1.0, 0.5]) == polak_ribiere([3.0, 1.0], [1.0, 0.5]) > 0


@pytest.mark.pitfall("P14")
@pytest.mark.parametrize("wrong", [5.0, -5.0, np.inf, np.nan])
def test_a_direction_that_does_not_descend_is_replaced_not_only_every_n_steps(wrong):
    """However wrong beta is, every step goes down, and the search does not give up."""
    result = nonlinear_conjugate_gradient(
        BEALE.objective,
        (2.0, 0.2),
        lambda g, g_prev: wrong,
        restart_every=10**6,
        max_iterations=100,
    )
    assert result.converged or result.iterations == 100
    assert result.value < 0.3 * result.values[0]
    assert (np.diff(result.values) < 0).all()


@pytest.mark.pitfall("P14")
@given(seed=SEEDS, wrong=st.sampled_from([1e3, -1e3, 1e9]))
def test_every_direction_descends_before_any_search_and_a_reset_starts_afresh(seed, wrong):
    rng = np.random.default_rng(seed)
    rule = _ConjugateDirections(lambda g, g_prev: wrong, restart_every=10**6)
    for gradient in rng.standard_normal((10, 3)):
        assert rule.direction(np.zeros(3), gradient) @ gradient < 0
    rule.reset()
    np.testing.assert_array_equal(rule.direction(np.zeros(3), gradient), -gradient)


def test_restarts_come_when_asked_for():
    calls = []

    def beta(g, g_prev):
        calls.append(1)
        return polak_ribiere_plus(g, g_prev)

    w0 = (-1.2, 1.0)
    always = nonlinear_conjugate_gradient(
        ROSENBROCK.objective, w0, beta, restart_every=1, max_iterations=30
    )
    plain = steepest_descent(ROSENBROCK.objective, w0, max_iterations=30)
    assert not calls
    np.testing.assert_array_equal(always.path, plain.path)
    nonlinear_conjugate_gradient(
        ROSENBROCK.objective, w0, beta, restart_every=3, max_iterations=9, tolerance=0
    )
    assert len(calls) == 6


def test_after_n_directions_there_is_a_restart_if_nothing_else_is_asked_for():
    options = {"max_iterations": 20}
    for n in (2, 3):
        w0 = np.linspace(-1, 1, n)

        def objective(w):
            return float(np.log(np.cosh(w)) @ [1, 5, 20][: len(w)]), np.tanh(w) * [1, 5, 20][
                : len(w)
            ]

        default = nonlinear_conjugate_gradient(objective, w0, **options)
        explicit = nonlinear_conjugate_gradient(objective, w0, restart_every=n, **options)
        np.testing.assert_array_equal(default.path, explicit.path)


def test_the_first_step_goes_against_the_gradient():
    """Deck D prints d = +gradient + beta d."""
    result = nonlinear_conjugate_gradient(BEALE.objective, BEALE.start, max_iterations=1)
    assert (result.w - BEALE.start) @ BEALE.gradient(BEALE.start) < 0


@pytest.mark.parametrize("beta", [fletcher_reeves, polak_ribiere, polak_ribiere_plus])
@given(seed=SEEDS, size=st.sampled_from([1e-300, 1e-30, 1e30, 1e300]))
def test_betas_do_not_depend_on_the_size_of_the_gradients(beta, seed, size):
    g, g_prev = np.random.default_rng(seed).uniform(-1, 1, (2, 5))
    assert beta(size * g, size * g_prev) == pytest.approx(beta(g, g_prev))


def test_float32_is_kept_and_nothing_is_changed():
    A, b, x0 = (a.astype(np.float32) for a in problem(0, 5, 10.0))
    copies = A.copy(), b.copy(), x0.copy()
    x, iterations = conjugate_gradient(A, b, x0, 1e-4)
    assert x.dtype == np.float32
    assert iterations <= 5
    np.testing.assert_allclose(A @ x, b, atol=1e-4)
    for array, copy in zip((A, b, x0), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert type(fletcher_reeves(b, x0)) is float


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zero_tolerance_is_no_trap_when_the_residual_vanishes(dtype):
    for A in (np.eye(40), 0.01 * np.eye(40), np.diag(np.r_[np.ones(20), np.full(20, 3.0)])):
        b = np.random.default_rng(0).standard_normal(40).astype(dtype)
        x, iterations = conjugate_gradient(A.astype(dtype), b, np.zeros(40, dtype), 0)
        assert iterations <= 40
        np.testing.assert_allclose(A @ x, b, 1e-4)


def test_the_solution_as_start_takes_no_step():
    x0 = np.ones(3, np.float32)
    x, iterations = conjugate_gradient(np.eye(3), np.ones(3), x0, 1e-9)
    assert iterations == 0
    assert x.dtype == np.float64
    x, _ = conjugate_gradient(np.eye(3, dtype=np.float32), x0, x0, 1e-9)
    assert not np.shares_memory(x, x0)


A, B = np.eye(2), np.ones(2)
BAD_INPUT = {
    "A": (lambda: conjugate_gradient(B, B, B, 1), ValueError, r"A: expected shape \(n, n\), got"),
    "square": (
        lambda: conjugate_gradient(np.ones((2, 3)), B, B, 1),
        ValueError,
        r"A: expected a square matrix, got shape \(2, 3\)",
    ),
    "symmetric": (
        lambda: conjugate_gradient([[1.0, 1.0], [0.0, 1.0]], B, B, 1),
        ValueError,
        r"A: expected a symmetric matrix, off by 1",
    ),
    "indefinite": (
        lambda: conjugate_gradient(np.diag([1.0, -2.0]), B, [0, 0], 0.1),
        ValueError,
        r"A: expected a positive definite matrix, got d.Ad = -1",
    ),
    "zero": (
        lambda: conjugate_gradient(0 * A, B, B, 0.1),
        ValueError,
        r"A: expected a positive definite matrix, got d.Ad = 0",
    ),
    "b": (lambda: conjugate_gradient(A, [1.0], B, 1), ValueError, r"b: expected shape \(2,\)"),
    "x0": (lambda: conjugate_gradient(A, B, A, 1), ValueError, r"x0: expected shape \(2,\)"),
    "nan": (lambda: conjugate_gradient(A, B * np.nan, B, 1), ValueError, r"b: .* got nan"),
    "tol": (lambda: conjugate_gradient(A, B, B, -1), ValueError, r"tol: .* \[0, inf\), got -1"),
    "g": (lambda: fletcher_reeves("ab", B), TypeError, r"g: expected real numbers"),
    "g_prev": (lambda: polak_ribiere(B, [1.0]), ValueError, r"g_prev: expected shape \(2,\)"),
    "g_prev-zero": (
        lambda: fletcher_reeves(B, 0 * B),
        ValueError,
        r"g_prev: expected a gradient other than zero, got zeros",
    ),
    "beta": (
        lambda: nonlinear_conjugate_gradient(BEALE.objective, B, "dai-yuan"),
        ValueError,
        r"beta: expected one of fletcher-reeves, .*, got 'dai-yuan'",
    ),
    "restart": (
        lambda: nonlinear_conjugate_gradient(BEALE.objective, B, restart_every=0),
        ValueError,
        r"restart_every: expected at least 1, got 0",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused(name):
    call, error, pattern = BAD_INPUT[name]
    with pytest.raises(error, match=pattern):
        call()
