"""L-BFGS: the two loops are BFGS, PyTorch's iterates, what is remembered."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from labref.minimize import backtracking, bfgs, bfgs_update, full_step, lbfgs, lbfgs_direction
from labref.minimize.lbfgs import _LBFGS
from labref.surfaces import ROSENBROCK
from tests.labref.minimize.examples import exact, positive_definite, quadratic

SEEDS = st.integers(0, 2**32 - 1)


def history(seed, n, k):
    """Return k steps, the gradient changes of a quadratic, and a gradient."""
    rng = np.random.default_rng(seed)
    A = positive_definite(rng, n, 30)
    steps = list(rng.standard_normal((k, n)))
    return steps, [A @ s for s in steps], rng.standard_normal(n)


def gamma(s, y):
    return (s @ y) / (y @ y)


@pytest.mark.equation("eq-lbfgs")
@given(seed=SEEDS, n=st.integers(1, 6), k=st.integers(1, 6))
def test_the_direction_is_that_of_bfgs_with_the_same_pairs(seed, n, k):
    steps, changes, gradient = history(seed, n, k)
    H = gamma(steps[-1], changes[-1]) * np.eye(n)
    for s, y in zip(steps, changes, strict=True):
        H = bfgs_update(H, s, y)
    direction = lbfgs_direction(gradient, steps, changes)
    np.testing.assert_allclose(direction, -H @ gradient, 1e-7, 1e-7)
    assert direction @ gradient < 0


@given(seed=SEEDS, n=st.integers(1, 6))
def test_one_pair_after_scaling_gives_scipys_direction(seed, n):
    """SciPy's product has no gamma: with pairs divided by its root, it is the same matrix."""
    steps, changes, gradient = history(seed, n, 3)
    root = np.sqrt(gamma(steps[-1], changes[-1]))
    H = optimize.LbfgsInvHessProduct(np.array(steps) / root, np.array(changes) * root).todense()
    np.testing.assert_allclose(
        lbfgs_direction(gradient, steps, changes), -(root**2) * H @ gradient, 1e-7, 1e-7
    )


def test_without_pairs_the_direction_is_the_negative_gradient():
    np.testing.assert_array_equal(lbfgs_direction([1.0, -2.0], [], []), [-1, 2])


@pytest.mark.pitfall("P15")
def test_gamma_comes_from_the_latest_pair():
    """Orthogonal to all pairs, the direction is gamma times the negative gradient."""
    steps = [np.array([1.0, 0, 0]), np.array([0, 1.0, 0])]
    changes = [np.array([2.0, 0, 0]), np.array([0, 5.0, 0])]
    np.testing.assert_allclose(lbfgs_direction([0, 0, 1.0], steps, changes), [0, 0, -1 / 5])
    np.testing.assert_allclose(
        lbfgs_direction([0, 0, 1.0], steps[::-1], changes[::-1]), [0, 0, -1 / 2]
    )


@pytest.mark.torch
@pytest.mark.parametrize("memory", [2, 7])
def test_the_iterates_without_a_search_are_pytorchs(golden, memory):
    w0 = [-0.5, 0.8, 1.3]
    curvatures = [1.0, 10.0, 40.0]

    def objective(w):
        value = np.sum(np.sqrt(1 + curvatures * w**2)) + w[0] * w[1] / 4
        gradient = curvatures * w / np.sqrt(1 + curvatures * w**2)
        return float(value), gradient + np.array([w[1], w[0], 0]) / 4

    def compute():
        import torch

        path = []
        for iterations in range(1, 11):
            w = torch.tensor(w0, dtype=torch.float64, requires_grad=True)
            optimizer = torch.optim.LBFGS(
                [w],
                lr=1,
                max_iter=iterations,
                max_eval=1000,
                history_size=memory,
                tolerance_grad=0,
                tolerance_change=0,
            )

            def closure(w=w, optimizer=optimizer):
                optimizer.zero_grad()
                root = torch.sqrt(1 + torch.tensor(curvatures, dtype=torch.float64) * w**2)
                loss = root.sum() + w[0] * w[1] / 4
                loss.backward()
                return loss

            optimizer.step(closure)
            path.append(w.detach().numpy().copy())
        return {"path": np.array(path)}

    expected = golden(f"lbfgs-{memory}", compute)["path"]
    result = lbfgs(objective, w0, memory, full_step, max_iterations=10, tolerance=0)
    np.testing.assert_allclose(result.path[1:], expected, 1e-9, 1e-10)


@given(seed=SEEDS, n=st.integers(2, 6))
def test_with_memory_for_all_pairs_and_exact_searches_the_path_is_that_of_bfgs(seed, n):
    rng = np.random.default_rng(seed)
    A, b, x0 = positive_definite(rng, n, 10), rng.standard_normal(n), rng.standard_normal(n)
    long = lbfgs(quadratic(A, b), x0, 20, exact).path
    full = bfgs(quadratic(A, b), x0, exact).path
    steps = min(len(long), len(full), n)
    np.testing.assert_allclose(long[:steps], full[:steps], atol=1e-5)


@pytest.mark.parametrize("memory", [1, 3, 10])
def test_any_memory_finds_the_minimum(memory):
    result = lbfgs(ROSENBROCK.objective, ROSENBROCK.start, memory)
    assert result.converged
    np.testing.assert_allclose(result.w, 1, atol=1e-5)


@pytest.mark.pitfall("P15")
def test_pairs_that_bend_the_wrong_way_are_not_remembered():
    """Armijo's search alone takes steps with y.s < 0 here."""

    def objective(w):
        height = np.exp(-float(w @ w) / 6)
        return -height, w * height / 3

    result = lbfgs(objective, [3.5, 1.0], line_search=backtracking)
    steps = np.diff(result.path, axis=0)
    changes = np.diff([objective(w)[1] for w in result.path], axis=0)
    assert ((steps * changes).sum(axis=1) < 0).any()
    assert result.converged
    np.testing.assert_allclose(result.w, 0, atol=1e-5)


@pytest.mark.pitfall("P15")
@pytest.mark.parametrize("y", [[-1.0, 1.0], [0.0, 1.0], [np.nan, 1.0], [1e-14, 1.0]])
def test_the_minimizer_keeps_the_latest_good_pairs_only(y):
    rule, s = _LBFGS(2), np.array([1.0, 0.0])
    for size in (1.0, 2.0, 3.0):
        rule.update(s, size * s)
        rule.update(s, np.array(y))
    np.testing.assert_array_equal([change for _, change in rule.pairs], [2 * s, 3 * s])
    rule.reset()
    np.testing.assert_array_equal(rule.direction(s, s), -s)


def test_many_weights_take_no_matrix():
    """A matrix of 10,000 rows would need 0.8 GB."""
    curvatures = np.geomspace(1, 10, 10_000)
    result = lbfgs(
        lambda w: (float(curvatures @ w**2 / 2), curvatures * w),
        np.ones(10_000),
        memory=5,
        tolerance=1e-3,
        max_iterations=40,
    )
    assert result.converged


def test_float32_is_kept_and_nothing_is_changed():
    steps, changes, gradient = history(0, 4, 3)
    steps, changes = ([a.astype(np.float32) for a in arrays] for arrays in (steps, changes))
    gradient = gradient.astype(np.float32)
    copies = [a.copy() for a in (*steps, *changes, gradient)]
    assert lbfgs_direction(gradient, steps, changes).dtype == np.float32
    assert lbfgs_direction(gradient, [], []).dtype == np.float32
    for array, copy in zip((*steps, *changes, gradient), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


G = np.ones(2)
BAD_INPUT = {
    "grad": (lambda: lbfgs_direction(1.0, [], []), ValueError, r"grad: expected shape \(n,\)"),
    "nan": (lambda: lbfgs_direction(G * np.nan, [], []), ValueError, r"grad: .* got nan"),
    "lengths": (
        lambda: lbfgs_direction(G, [G, G], [G]),
        ValueError,
        r"y_list: expected 2 arrays as in s_list, got 1",
    ),
    "s": (
        lambda: lbfgs_direction(G, [G, [1.0]], [G, G]),
        ValueError,
        r"s_list\[1\]: expected shape \(2,\), got \(1,\)",
    ),
    "y": (lambda: lbfgs_direction(G, [G], ["ab"]), TypeError, r"y_list\[0\]: expected real numb"),
    "curvature": (
        lambda: lbfgs_direction(G, [G], [-G]),
        ValueError,
        r"y_list\[0\]: expected y.s > 0, got -2",
    ),
    "memory": (
        lambda: lbfgs(ROSENBROCK.objective, G, 0),
        ValueError,
        r"memory: expected at least 1, got 0",
    ),
}


@pytest.mark.parametrize("name", BAD_INPUT)
def test_bad_input_is_refused(name):
    call, error, pattern = BAD_INPUT[name]
    with pytest.raises(error, match=pattern):
        call()
