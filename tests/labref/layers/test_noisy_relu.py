"""Noisy ReLU as a layer."""

import numpy as np
import pytest

from labref.activations import noisy_relu, noisy_relu_grad, relu, relu_grad
from labref.layers import NoisyReLU

X, GRAD = np.random.default_rng(7).standard_normal((2, 5, 4))


def test_training_draws_the_noise_anew_in_each_pass():
    layer, rng = NoisyReLU(np.random.default_rng(0)), np.random.default_rng(0)
    for _ in range(2):
        y = noisy_relu(X, rng)
        np.testing.assert_array_equal(layer.forward(X, training=True), y)
        np.testing.assert_array_equal(layer.backward(GRAD), GRAD * noisy_relu_grad(X, y))


def test_otherwise_it_is_relu_and_draws_nothing():
    rng = np.random.default_rng(0)
    layer = NoisyReLU(rng)
    before = rng.bit_generator.state
    np.testing.assert_array_equal(layer.forward(X), relu(X))
    np.testing.assert_array_equal(layer.backward(GRAD), GRAD * relu_grad(X))
    assert rng.bit_generator.state == before


def test_a_generator_is_needed():
    with pytest.raises(TypeError, match=r"rng: expected a numpy.random.Generator .* got int"):
        NoisyReLU(0)
