"""Whiteout: the noise's variance, and the penalty it amounts to."""

import numpy as np
import pytest

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense, Whiteout

SIGMA, GAMMA, LAM = 0.6, 1.2, 0.3


def rng():
    return np.random.default_rng(0)


def make(multiply=False, **options):
    options = {"sigma": SIGMA, "gamma": GAMMA, "lam": LAM} | options
    return Whiteout(Dense.random(4, 3, "identity", rng()), rng=rng(), multiply=multiply, **options)


@pytest.mark.equation("eq-whiteout")
@pytest.mark.parametrize("multiply", [False, True])
def test_the_noise_is_distributed_as_if_drawn_for_every_connection(multiply):
    n, layer, x = 40_000, make(multiply), np.array([1.0, -2.0, 0.5, 0.0])
    ours = layer.forward(np.tile(x, (n, 1)), training=True) - x @ layer.W.T

    std = np.sqrt(SIGMA**2 * abs(layer.W) ** -GAMMA + LAM)
    e = std * rng().standard_normal((n, 3, 4))
    theirs = (layer.W * (x * e if multiply else e)).sum(axis=2)
    np.testing.assert_allclose(ours.mean(axis=0), 0, atol=5 * ours.std() / np.sqrt(n))
    np.testing.assert_allclose(np.cov(ours.T), np.cov(theirs.T), atol=0.05, rtol=0.05)
    kurtosis = (ours**4).mean(axis=0) / ours.var(axis=0) ** 2
    np.testing.assert_allclose(kurtosis, 3, atol=0.15)


def test_small_weights_get_the_stronger_noise():
    layer = Whiteout(Dense([[0.01], [1.0]], [0, 0]), 1.0, 1.0, 0.0, rng())
    layer.forward(np.ones((1, 1)), training=True)
    small, large = layer.std[0] / abs(layer.W[:, 0])  # of e
    assert small == pytest.approx(10 * large)


@pytest.mark.equation("eq-whiteout-penalty", "eq-noise-penalty")
@pytest.mark.parametrize("gamma", [0.0, 1.0, 1.5])
def test_on_a_linear_layer_it_is_a_penalty_in_expectation(gamma):
    """Squared error: the mean gradient is that of the loss and of the penalty in the docstring."""
    layer = make(gamma=gamma)
    n, x = 200_000, np.array([0.5, -1.0, 2.0, 0.3])
    y = layer.forward(np.tile(x, (n, 1)), training=True)
    layer.backward(y / n)  # the target is 0

    def cost(W):
        penalty = (SIGMA**2 * abs(W) ** (2 - gamma) + LAM * W**2).sum()
        return 0.5 * ((W @ x) ** 2).sum() + 0.5 * penalty

    expected = numerical_gradient(cost, layer.W)
    assert relative_error(layer.dW, expected) < 0.01
    bare = np.outer(layer.W @ x, x)
    assert relative_error(layer.dW, bare) > 0.05


@pytest.mark.equation("eq-whiteout-backward")
@pytest.mark.parametrize("multiply", [False, True])
def test_the_gradient_agrees_with_the_book_and_with_central_differences(multiply):
    x, cotangent = rng().standard_normal((6, 4)), rng().standard_normal((6, 3))
    layer = make(multiply)
    layer.forward(x, training=True)
    layer.backward(cotangent)

    expected = np.zeros((3, 4))
    for n, k, j in np.ndindex(6, 3, 4):
        w, power = layer.W[k], x[n] ** 2 if multiply else np.ones(4)
        s = np.sqrt((power * (SIGMA**2 * abs(w) ** (2 - GAMMA) + LAM * w**2)).sum())
        slope = SIGMA**2 * (2 - GAMMA) * abs(w[j]) ** (1 - GAMMA) * np.sign(w[j]) + 2 * LAM * w[j]
        noise = power[j] * slope / (2 * s) * layer.noise[n, k]
        expected[k, j] += cotangent[n, k] * (x[n, j] + noise)
    np.testing.assert_allclose(layer.dW, expected, rtol=1e-10)

    def projected(W):
        other = make(multiply)
        other.W[...] = W
        return (other.forward(x, training=True) * cotangent).sum()

    assert relative_error(layer.dW, numerical_gradient(projected, layer.W)) < 1e-7


@pytest.mark.pitfall("P31")
@pytest.mark.parametrize("multiply", [False, True])
@pytest.mark.parametrize("gamma", [0.0, 1.0, 1.9])
def test_weights_and_noise_of_zero_have_finite_gradients(multiply, gamma):
    W = np.array([[0.0, 0.0], [0.0, 1.0]])  # the first unit has no noise at all
    layer = Whiteout(Dense(W, [0, 0]), 1.0, gamma, 0.0, rng(), multiply)
    layer.forward(np.array([[1.0, 1.0], [0.0, 0.0]]), training=True)
    dx = layer.backward(np.ones((2, 2)))
    assert np.isfinite(dx).all()
    assert np.isfinite(layer.dW).all()
    np.testing.assert_array_equal(layer.dW[0], [1, 1])


def test_without_noise_it_is_the_dense_layer():
    layer, x = make(sigma=0, lam=0), rng().standard_normal((5, 4))
    np.testing.assert_array_equal(layer.forward(x, training=True), layer.forward(x))


CASES = {
    "sigma": (lambda: make(sigma=-1), ValueError, r"sigma: .* \[0, inf\), got -1"),
    "gamma": (lambda: make(gamma=2), ValueError, r"gamma: .* \[0, 2\), got 2"),
    "lam": (lambda: make(lam=np.inf), ValueError, r"lam: .* \[0, inf\), got inf"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
