"""Weight penalties: values, steps, their effect on a network and on the minimum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.linear_model import Lasso, LogisticRegression, Ridge

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense
from labref.losses import SoftmaxCrossEntropy, SquaredError
from labref.network import Network, dense_network
from labref.regularization.penalties import (
    L1,
    L2,
    l1_penalty,
    l1_step,
    l2_penalty,
    l2_shrinkage,
    l2_step,
    soft_threshold,
)

weights = arrays.arrays(
    np.float64,
    arrays.array_shapes(max_dims=3, max_side=4),
    elements=st.floats(0.01, 100) | st.floats(-100, -0.01),
)
STEPS = {"l1": (l1_step, l1_penalty), "l2": (l2_step, l2_penalty)}


@pytest.mark.equation("eq-l1-cost", "eq-l2-cost")
def test_penalties_add_up_over_layers():
    Ws = [np.array([[1.0, -2.0]]), np.array([3.0])]
    assert l2_penalty(Ws, lam=0.5, m=10) == pytest.approx(0.5 / 20 * (1 + 4 + 9))
    assert l1_penalty(Ws, lam=0.5, m=10) == pytest.approx(0.5 / 10 * (1 + 2 + 3))
    assert l2_penalty([], 1, 1) == l1_penalty([], 1, 1) == 0
    assert type(l2_penalty(Ws, 1, 1)) is type(l1_penalty(Ws, 1, 1)) is float


@pytest.mark.equation("eq-l2-prior")
@given(w=weights, lam=st.floats(0.01, 10))
def test_l2_is_a_gaussian_prior_of_variance_one_over_lam_for_summed_losses(w, lam):
    prior = norm(scale=np.sqrt(1 / lam))
    expected = (prior.logpdf(0) - prior.logpdf(w)).sum()
    assert 7 * l2_penalty([w], lam, m=7) == pytest.approx(expected, rel=1e-6)


@pytest.mark.equation("eq-l1-step", "eq-l2-step")
@pytest.mark.parametrize("name", STEPS)
@given(w=weights, lam=st.floats(0, 10), m=st.integers(1, 50))
def test_a_step_is_a_gradient_step_on_the_penalised_cost(name, w, lam, m):
    step, penalty = STEPS[name]
    slope, lr = np.random.default_rng(0).standard_normal(w.shape), 0.3

    def cost(w):
        return (slope * w).sum() + penalty([w], lam, m)

    expected = w - lr * numerical_gradient(cost, w, h=1e-3)  # exact: quadratic, or no kink near
    np.testing.assert_allclose(step(w, slope, lr, lam, m), expected, rtol=1e-7, atol=1e-7)


@given(w=weights)
def test_without_gradient_l2_shrinks_in_proportion_and_l1_by_the_same_distance(w):
    zero = np.zeros_like(w)
    np.testing.assert_allclose(l2_step(w, zero, 0.1, 4, 2), 0.8 * w)
    shorter = abs(w) - abs(l1_step(w, zero, 0.001, 4, 2))
    np.testing.assert_allclose(shorter, 0.002, rtol=1e-9)


def test_l1_leaves_a_weight_of_zero_where_it_is():
    assert l1_step(np.zeros(2), np.zeros(2), 0.1, 1, 1).tolist() == [0, 0]
    assert L1(1).grad(np.zeros(2)).tolist() == [0, 0]


@given(w=weights, lam=st.floats(0, 10))
def test_the_classes_penalise_like_the_functions_with_lam_over_m(w, lam):
    assert L2(lam / 5).value(w) == pytest.approx(l2_penalty([w], lam, 5))
    assert L1(lam / 5).value(w) == pytest.approx(l1_penalty([w], lam, 5))
    zero = np.zeros_like(w)
    np.testing.assert_allclose(w - 0.1 * L2(lam / 5).grad(w), l2_step(w, zero, 0.1, lam, 5))
    np.testing.assert_allclose(w - 0.1 * L1(lam / 5).grad(w), l1_step(w, zero, 0.1, lam, 5))


@pytest.mark.parametrize("name", STEPS)
def test_arguments_are_not_changed_and_strides_do_not_matter(name):
    step, penalty = STEPS[name]
    w, grad = np.arange(12.0).reshape(3, 4).T[::2], np.ones((2, 3))
    before = w.copy()
    np.testing.assert_array_equal(step(w, grad, 0.1, 1, 2), step(before, grad, 0.1, 1, 2))
    assert penalty([w], 1, 2) == penalty([before], 1, 2)
    np.testing.assert_array_equal(w, before)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept(name, dtype):
    w = np.array([1, -2, 3], dtype)
    assert STEPS[name][0](w, w, 0.1, 0.5, 3).dtype == dtype
    assert L1(0.5).grad(w).dtype == L2(0.5).grad(w).dtype == dtype


@pytest.mark.torch
def test_steps_agree_with_pytorch(golden):
    rng = np.random.default_rng(0)
    w, grad = rng.standard_normal((4, 3)), rng.standard_normal((4, 3))
    lr, lam, m = 0.2, 3.0, 8

    def compute():
        import torch

        decayed = torch.nn.Parameter(torch.tensor(w))
        decayed.grad = torch.tensor(grad)
        torch.optim.SGD([decayed], lr=lr, weight_decay=lam / m).step()
        sparse = torch.nn.Parameter(torch.tensor(w))
        ((sparse * torch.tensor(grad)).sum() + lam / m * sparse.abs().sum()).backward()
        torch.optim.SGD([sparse], lr=lr).step()
        return {"l2": decayed.detach().numpy(), "l1": sparse.detach().numpy()}

    values = golden("penalty-steps", compute)
    np.testing.assert_allclose(l2_step(w, grad, lr, lam, m), values["l2"], rtol=1e-12)
    np.testing.assert_allclose(l1_step(w, grad, lr, lam, m), values["l1"], rtol=1e-12)


# On a network.


def network(penalty, sizes=(3, 4, 2)):
    net = dense_network(sizes, np.random.default_rng(0), "tanh")
    net.parameters += 0.2  # so that biases are not zero
    net.weight_penalty = penalty
    return net


def batch(n=6):
    rng = np.random.default_rng(1)
    return rng.standard_normal((n, 3)), rng.integers(0, 2, n)


@pytest.mark.equation("eq-l1-grad", "eq-l2-grad")
@pytest.mark.parametrize("penalty", [L1(0.3), L2(0.3)], ids=["L1", "L2"])
def test_a_network_s_gradient_includes_the_penalty_of_weights_but_not_of_biases(penalty):
    x, labels = batch()
    net, plain = network(penalty), network(None)
    cost, gradient = net.loss_and_gradient(x, labels)
    loss, _ = plain.loss_and_gradient(x, labels)
    Ws = [layer.W for layer in net.layers]
    assert cost == pytest.approx(loss + sum(penalty.value(W) for W in Ws))
    for ours, theirs in zip(net.layers, plain.layers, strict=True):
        np.testing.assert_allclose(ours.dW, theirs.dW + penalty.grad(ours.W))
        np.testing.assert_array_equal(ours.db, theirs.db)

    start = net.parameters.copy()

    def moved(parameters):
        net.parameters[...] = parameters
        return net.loss_and_gradient(x, labels)[0]

    assert relative_error(gradient, numerical_gradient(moved, start)) < 1e-8


@pytest.mark.pitfall("P16")
@pytest.mark.parametrize("penalty", [L1(0.3), L2(0.3)], ids=["L1", "L2"])
def test_the_strength_of_a_penalty_does_not_depend_on_the_batch_size(penalty):
    x, labels = batch(12)
    net = network(penalty)
    whole = net.loss_and_gradient(x, labels)[1]
    for size in (1, 3, 6):
        rows = [slice(start, start + size) for start in range(0, 12, size)]
        mean = np.mean([net.loss_and_gradient(x[r], labels[r])[1] for r in rows], axis=0)
        np.testing.assert_allclose(mean, whole, rtol=1e-10, atol=1e-13)


# The minimum, beside scikit-learn.


def regression(n=40, d=6):
    rng = np.random.default_rng(2)
    x = rng.standard_normal((n, d))
    w = np.array([2.0, -1.0, 0, 0, 0, 0.5])[:d]
    return x, x @ w + 0.5 + 0.3 * rng.standard_normal(n)


def one_layer(n_out, loss, penalty, n_in=6):
    return Network([Dense(np.zeros((n_out, n_in)), np.zeros(n_out))], loss, weight_penalty=penalty)


def descend(net, x, targets):
    """Train by SciPy's L-BFGS on the whole set."""

    def cost(parameters):
        net.parameters[...] = parameters
        return net.loss_and_gradient(x, targets)

    net.parameters[...] = minimize(cost, net.parameters.copy(), jac=True, tol=1e-14).x
    return net.layers[0]


def test_a_linear_layer_with_l2_is_ridge_regression():
    x, y = regression()
    ridge = Ridge(alpha=8.0).fit(x, y)
    layer = descend(one_layer(1, SquaredError(), L2(8.0 / len(x))), x, y[:, None])
    np.testing.assert_allclose(layer.W[0], ridge.coef_, atol=1e-6)
    np.testing.assert_allclose(layer.b[0], ridge.intercept_, atol=1e-6)


def test_a_softmax_layer_with_l2_is_scikit_learn_s_logistic_regression():
    x, y = regression(60)
    labels = np.digitize(y, [-1, 1])
    theirs = LogisticRegression(C=0.5, tol=1e-10, max_iter=1000).fit(x, labels)
    layer = descend(one_layer(3, SoftmaxCrossEntropy(), L2(1 / (0.5 * len(x)))), x, labels)
    np.testing.assert_allclose(layer.W, theirs.coef_, atol=1e-5)
    np.testing.assert_allclose(layer.b - layer.b.mean(), theirs.intercept_, atol=1e-5)


def test_l1_makes_weights_vanish_that_the_lasso_makes_zero_and_l2_does_not():
    x, y = regression()
    lasso = Lasso(alpha=0.2, tol=1e-10).fit(x, y)
    net = one_layer(1, SquaredError(), L1(0.2))
    for t in range(1500):
        net.parameters -= 0.1 / (1 + t / 30) * net.loss_and_gradient(x, y[:, None])[1]
    w = net.layers[0].W[0]
    np.testing.assert_allclose(w, lasso.coef_, atol=2e-3)
    assert (lasso.coef_ == 0).sum() == (abs(w) < 2e-3).sum() == 3
    dense = descend(one_layer(1, SquaredError(), L2(0.2)), x, y[:, None])
    assert abs(dense.W).min() > 5e-3


# The soft threshold.


@pytest.mark.equation("eq-soft-threshold")
@given(
    w_star=st.floats(-5, 5),
    mu=st.floats(0.1, 10),
    lam=st.floats(0, 5),
    away=st.floats(-10, 10),
)
def test_the_soft_threshold_is_the_minimum_of_a_quadratic_with_l1_penalty(w_star, mu, lam, away):
    def cost(w):
        return mu / 2 * (w - w_star) ** 2 + lam * abs(w)

    w = soft_threshold(w_star, lam / mu)
    assert cost(w) <= cost(away) + 1e-9
    for near in (1e-4, 1e-2):
        assert cost(w) < cost(w + near)
        assert cost(w) < cost(w - near)


def test_weights_within_the_threshold_become_exactly_zero_and_the_dtype_is_kept():
    w = np.array([[-3, -0.5], [0.25, 2]], np.float32)
    before = w.copy()
    moved = soft_threshold(w, 0.5)
    assert moved.tolist() == [[-2.5, 0], [0, 1.5]]
    assert not np.signbit(moved[moved == 0]).any()
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(w, before)


def test_threshold_steps_find_the_lasso_with_its_exact_zeros():
    x, y = regression()
    lasso = Lasso(alpha=0.2, tol=1e-12).fit(x, y)
    x, y, w = x - x.mean(axis=0), y - y.mean(), np.zeros(6)
    for _ in range(500):
        w = soft_threshold(w - 0.1 * x.T @ (x @ w - y) / len(x), 0.1 * 0.2)
    np.testing.assert_allclose(w, lasso.coef_, atol=1e-8)
    np.testing.assert_array_equal(w == 0, lasso.coef_ == 0)


# Shrinkage along the eigenvectors of the Hessian.


def hessian(eigenvalues):
    rng = np.random.default_rng(3)
    Q = np.linalg.qr(rng.standard_normal((len(eigenvalues),) * 2))[0]
    return Q @ np.diag(eigenvalues) @ Q.T


@pytest.mark.equation("eq-l2-shrinkage")
def test_descent_with_l2_ends_where_the_shrinkage_factors_say():
    H, lam = hessian([0.02, 0.5, 3.0]), 0.5
    w_star = np.array([1.0, -2.0, 0.5])  # minimum without penalty
    w = np.zeros(3)
    for _ in range(400):
        w = l2_step(w, H @ (w - w_star), lr=0.3, lam=lam, m=1)
    factors, Q = l2_shrinkage(H, lam)
    np.testing.assert_allclose(factors, [0.02 / 0.52, 0.5, 3 / 3.5], rtol=1e-10)
    np.testing.assert_allclose(Q.T @ w, factors * (Q.T @ w_star), rtol=1e-10)


@pytest.mark.equation("eq-descent-shrinkage")
@pytest.mark.parametrize("steps", [1, 10, 100])
def test_stopping_early_shrinks_along_the_same_eigenvectors(steps):
    eigenvalues, lr = np.array([0.02, 0.5, 3.0]), 0.2
    H, w_star = hessian(eigenvalues), np.array([1.0, -2.0, 0.5])
    w = np.zeros(3)
    for _ in range(steps):
        w = l2_step(w, H @ (w - w_star), lr, lam=0, m=1)
    Q = np.linalg.eigh(H)[1]
    factors = 1 - (1 - lr * eigenvalues) ** steps
    np.testing.assert_allclose(Q.T @ w, factors * (Q.T @ w_star), rtol=1e-9)


def test_a_flat_direction_is_given_up():
    factors, _ = l2_shrinkage(hessian([0.0, 1.0, 100.0]), 1e-3)
    assert factors[0] == pytest.approx(0, abs=1e-10)
    factors, _ = l2_shrinkage(np.diag([-1e-17, 1.0]), 1e-3)  # rounding made it negative
    assert factors[0] == 0
    assert l2_shrinkage(np.eye(2, dtype=np.float32), 1.0)[0].dtype == np.float32


W = np.ones((2, 3))
CASES = {
    "weights": (lambda: l2_penalty([W, [np.nan]], 1, 1), ValueError, r"Ws\[1\]: .* got nan"),
    "lam": (lambda: l1_penalty([W], -1, 1), ValueError, r"lam: .* \[0, inf\), got -1"),
    "m": (lambda: l2_penalty([W], 1, 0), ValueError, r"m: expected at least 1, got 0"),
    "m-float": (lambda: l1_penalty([W], 1, 2.0), TypeError, r"m: expected an integer, got float"),
    "grad": (lambda: l2_step(W, W.T, 1, 1, 1), ValueError, r"grad: .* \(2, 3\), got \(3, 2\)"),
    "lr": (lambda: l1_step(W, W, 0, 1, 1), ValueError, r"lr: .* \(0, inf\), got 0"),
    "L1": (lambda: L1(-1), ValueError, r"lam: .* \[0, inf\), got -1"),
    "L2": (lambda: L2("1"), TypeError, r"lam: expected a number, got str"),
    "hessian": (lambda: l2_shrinkage(W, 1), ValueError, r"hessian: .* symmetric .* \(2, 3\)"),
    "indefinite": (lambda: l2_shrinkage(-np.eye(2), 1), ValueError, r"hessian: .* got -1"),
    "threshold": (lambda: soft_threshold(W, -1), ValueError, r"threshold: .* \[0, inf\), got -1"),
    "no-lam": (lambda: l2_shrinkage(np.eye(2), 0), ValueError, r"lam: .* \(0, inf\), got 0"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
