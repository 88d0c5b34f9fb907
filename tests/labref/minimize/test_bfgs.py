"""BFGS: the secant equation, positive definiteness, SciPy's update and iterates."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize
from scipy.sparse import linalg

from labref.minimize import backtracking, bfgs, bfgs_update
from labref.minimize.bfgs import _BFGS, curves_upwards
from labref.surfaces import ROSENBROCK
from tests.labref.minimize.examples import exact, positive_definite, quadratic

SEEDS = st.integers(0, 2**32 - 1)


def pair(rng, n):
    """Return a step and a gradient change with y.s > 0."""
    s, y = rng.standard_normal((2, n))
    assume(abs(s @ y) > 0.1)
    return s, y * np.sign(s @ y)


@pytest.mark.equation("eq-secant")
@given(seed=SEEDS, n=st.integers(1, 8))
def test_the_update_maps_y_to_s_and_stays_symmetric_positive_definite(seed, n):
    rng = np.random.default_rng(seed)
    H, (s, y) = positive_definite(rng, n, 100), pair(rng, n)
    new = bfgs_update(H, s, y)
    np.testing.assert_allclose(new @ y, s, 1e-8, 1e-8)
    np.testing.assert_allclose(new, new.T, 1e-12, 1e-10)
    assert np.linalg.eigvalsh(new)[0] > 0


@pytest.mark.equation("eq-bfgs")
@given(seed=SEEDS, n=st.integers(1, 8))
def test_the_update_is_the_published_product_and_scipys(seed, n):
    rng = np.random.default_rng(seed)
    H, (s, y) = positive_definite(rng, n, 100), pair(rng, n)
    V = np.eye(n) - np.outer(y, s) / (y @ s)
    product = V.T @ H @ V + np.outer(s, s) / (y @ s)
    np.testing.assert_allclose(bfgs_update(H, s, y), product, 1e-8, 1e-7)
    peer = optimize.BFGS(exception_strategy="skip_update", min_curvature=1e-300, init_scale=2.0)
    peer.initialize(n, "inv_hess")
    peer.update(s, y)
    np.testing.assert_allclose(bfgs_update(2 * np.eye(n), s, y), peer.get_matrix(), 1e-8, 1e-7)


@given(seed=SEEDS, n=st.integers(2, 8))
def test_with_exact_searches_the_path_is_that_of_conjugate_gradients(seed, n):
    rng = np.random.default_rng(seed)
    A, b, x0 = positive_definite(rng, n, 10), rng.standard_normal(n), rng.standard_normal(n)
    points = [x0]
    linalg.cg(A, b, x0, rtol=1e-12, maxiter=n, callback=lambda x: points.append(x.copy()))
    result = bfgs(quadratic(A, b), x0, exact)
    steps = min(len(points), len(result.path), n)
    np.testing.assert_allclose(result.path[:steps], points[:steps], atol=1e-5)
    assert result.iterations <= n + 2


def test_the_learnt_matrix_becomes_the_inverse_hessian_of_a_quadratic():
    """After n steps with exact searches."""
    rng = np.random.default_rng(0)
    A, b = positive_definite(rng, 4, 20), rng.standard_normal(4)
    path = bfgs(quadratic(A, b), np.zeros(4), exact, max_iterations=4, tolerance=0).path
    H = np.eye(4)
    for s in np.diff(path, axis=0):
        H = bfgs_update(H, s, A @ s)
    np.testing.assert_allclose(H, np.linalg.inv(A), atol=1e-4)


def test_evaluations_are_about_as_few_as_scipys():
    result = bfgs(ROSENBROCK.objective, ROSENBROCK.start)
    peer = optimize.minimize(ROSENBROCK.objective, ROSENBROCK.start, jac=True, method="BFGS")
    assert result.converged
    assert result.evaluations <= 1.5 * peer.nfev


@pytest.mark.pitfall("P15")
def test_a_pair_that_bends_the_wrong_way_is_not_learnt_from():
    """Armijo's search alone takes steps with y.s < 0 here; the matrix stays usable."""
    hill = 3.0

    def objective(w):
        height = np.exp(-float(w @ w) / (2 * hill))
        return -height, w * height / hill

    result = bfgs(objective, [3.5, 1.0], backtracking)
    steps = np.diff(result.path, axis=0)
    changes = np.diff([objective(w)[1] for w in result.path], axis=0)
    assert ((steps * changes).sum(axis=1) < 0).any()
    assert result.converged
    np.testing.assert_allclose(result.w, 0, atol=1e-5)


@pytest.mark.pitfall("P15")
def test_a_pair_without_curvature_is_refused_by_the_update():
    s = np.array([1.0, 0.0])
    for y in ([-1.0, 5.0], [0.0, 1.0], [0.0, 0.0]):
        with pytest.raises(ValueError, match=r"y: expected y.s > 0 \(the curvature condition\)"):
            bfgs_update(np.eye(2), s, y)
        assert not curves_upwards(s, np.array(y))
    assert not curves_upwards(s, np.array([1e-12, 1.0]))
    assert not curves_upwards(s, np.array([np.nan, 1.0]))
    assert curves_upwards(1e-20 * s, np.array([1e-20, 1e-20]))


@pytest.mark.pitfall("P15")
@pytest.mark.parametrize("y", [[-1.0, 1.0], [0.0, 1.0], [np.nan, 1.0], [1e-14, 1.0]])
def test_the_minimizer_learns_from_good_pairs_only_and_scales_the_first_matrix(y):
    s, good = np.array([1.0, 0.0]), np.array([4.0, 2.0])
    rule = _BFGS()
    rule.update(s, np.array(y))
    assert rule.H is None
    rule.update(s, good)
    learnt = bfgs_update(s @ good / (good @ good) * np.eye(2), s, good)
    np.testing.assert_allclose(rule.H, learnt)
    rule.update(s, np.array(y))
    np.testing.assert_allclose(rule.H, learnt)
    rule.reset()
    np.testing.assert_array_equal(rule.direction(s, s), -s)


def test_the_update_keeps_float32_and_its_arguments():
    H, s = np.eye(2, dtype=np.float32), np.ones(2, np.float32)
    y = np.array([1, 2], np.float32)
    assert bfgs_update(H, s, y).dtype == np.float32
    np.testing.assert_array_equal(H, np.eye(2))
    np.testing.assert_array_equal(s, 1)
    np.testing.assert_array_equal(y, [1, 2])


H, S = np.eye(2), np.ones(2)
BAD_INPUT = {
    "H": (lambda: bfgs_update(S, S, S), ValueError, r"H: expected shape \(n, n\), got \(2,\)"),
    "symmetric": (
        lambda: bfgs_update([[1.0, 1.0], [0.0, 1.0]], S, S),
        ValueError,
        r"H: expected a symmetric matrix, off by 1",
    ),
    "s": (lambda: bfgs_update(H, [1.0], S), ValueError, r"s: expected shape \(2,\), got \(1,\)"),
    "y": (lambda: bfgs_update(H, S, H), ValueError, r"y: expected shape \(2,\), got \(2, 2\)"),
    "y-nan": (lambda: bfgs_update(H, S, S * np.nan), ValueError, r"y: expected finite .* nan"),
    "s-str": (lambda: bfgs_update(H, "ab", S), TypeError, r"s: expected real numbers"),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused(name):
    call, error, pattern = BAD_INPUT[name]
    with pytest.raises(error, match=pattern):
        call()
