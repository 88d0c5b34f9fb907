"""Layer-sequential unit-variance initialization."""

import numpy as np
import pytest

from labref.activations import ACTIVATIONS
from labref.layers import Activate, Dense, Flatten
from labref.losses import SoftmaxCrossEntropy
from labref.lsuv import lsuv
from labref.network import Network, dense_network

X = 5 * np.random.default_rng(0).standard_normal((200, 20)) + 1


def make(activation="relu", dtype=np.float64, sizes=(20, 40, 30, 30, 5)):
    return dense_network(list(sizes), np.random.default_rng(1), activation, dtype=dtype)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.equation("eq-lsuv")
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_layer_gets_pre_activations_of_variance_one(activation):
    network = make(activation)
    variances = lsuv(network, X, rng(), tol=1e-6)
    network.forward(X)
    np.testing.assert_allclose([layer.a.var() for layer in network.layers], 1, atol=1e-6)
    np.testing.assert_allclose(variances, [layer.a.var() for layer in network.layers], rtol=1e-12)


def test_weights_are_scaled_orthogonal_matrices():
    network = make()
    lsuv(network, X, rng())
    for layer in network.layers:
        W = layer.W if layer.n_out <= layer.n_in else layer.W.T
        product = W @ W.T
        np.testing.assert_allclose(product, product[0, 0] * np.eye(len(W)), atol=1e-12)


def test_the_new_weights_lie_in_the_networks_own_vector_and_depend_on_the_generator_alone():
    first, again, other = make(), make("relu"), make()
    for network, seed in ((first, 3), (again, 3), (other, 4)):
        lsuv(network, X, rng(seed))
    np.testing.assert_array_equal(first.parameters, again.parameters)
    assert (first.layers[0].W != other.layers[0].W).all()
    assert np.shares_memory(first.layers[0].W, first.parameters)


def test_layers_without_an_activation_of_their_own_are_measured_at_their_output():
    r = rng(5)
    layers = [
        Flatten(),
        Dense(r.standard_normal((12, 20)), np.zeros(12)),
        Activate("tanh"),
        Dense(r.standard_normal((3, 12)), np.zeros(3)),
    ]
    network = Network(layers, SoftmaxCrossEntropy(), in_shape=(2, 10))
    variances = lsuv(network, X.reshape(-1, 2, 10), rng(), tol=1e-9)
    np.testing.assert_allclose(variances, 1, atol=1e-9)
    assert len(variances) == 2


def test_float32_networks_stay_float32():
    network = make(dtype=np.float32)
    variances = lsuv(network, X, rng())
    assert network.parameters.dtype == network.layers[0].W.dtype == np.float32
    np.testing.assert_allclose(variances, 1, atol=0.1)


def test_biases_stay_and_a_layer_that_they_hold_back_ends_at_the_limit():
    """Biases that differ by more than 1 keep the variance above 1 however small the weights."""
    network = make()
    network.layers[1].b[...] = b = np.linspace(-3, 3, 30)
    variances = lsuv(network, X, rng(), max_iterations=4)
    np.testing.assert_array_equal(network.layers[1].b, b)
    assert variances[1] > 1.1
    np.testing.assert_allclose(np.delete(variances, 1), 1, atol=0.1)


def test_a_layer_within_the_tolerance_is_left_as_it_is():
    """Orthogonal weights keep the variance of white inputs."""
    network = make(sizes=(20, 20))
    white = np.linalg.qr(rng(2).standard_normal((200, 20)))[0] * np.sqrt(200)
    lsuv(network, white, rng(), tol=0.5)
    W = network.layers[0].W
    np.testing.assert_allclose(W @ W.T, np.eye(20), atol=1e-13)


CASES = {
    "x": (lambda: lsuv(make(), X[:, :3], rng()), ValueError, r"x: .* \(N, 20\), got \(200, 3\)"),
    "constant": (
        lambda: lsuv(make(), 0 * X, rng()),
        ValueError,
        "x: expected a batch over which D",
    ),
    "rng": (lambda: lsuv(make(), X, 0), TypeError, "rng: expected a numpy.random.Generator"),
    "tol": (lambda: lsuv(make(), X, rng(), tol=0), ValueError, r"tol: .* in \(0, inf\), got 0"),
    "limit": (
        lambda: lsuv(make(), X, rng(), max_iterations=0),
        ValueError,
        "max_iterations: expected at least 1, got 0",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
