"""Shakeout: enhanced and reversed units."""

import numpy as np
import pytest

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense, Dropout, Shakeout

KEEP, C = 0.6, 0.3


def rng():
    return np.random.default_rng(0)


def dense():
    return Dense.random(5, 3, "identity", rng())


@pytest.mark.equation("eq-shakeout")
def test_a_unit_s_weights_become_minus_c_sign_w_or_are_enhanced():
    layer = Shakeout(dense(), KEEP, C, rng())
    x = rng().standard_normal((6, 5))
    y = layer.forward(x, training=True)
    for n in range(6):
        for i in range(3):
            total = layer.b[i]
            for j in range(5):
                w = layer.W[i, j]
                if layer.mask[n, j] == 0:
                    noisy = -C * np.sign(w)
                else:
                    noisy = (w + C * (1 - KEEP) * np.sign(w)) / KEEP
                total += x[n, j] * noisy
            assert y[n, i] == pytest.approx(total, rel=1e-12)


def test_the_mask_is_drawn_per_example_and_unit():
    layer = Shakeout(dense(), KEEP, C, rng())
    layer.forward(np.ones((2000, 5)), training=True)
    assert layer.mask.shape == (2000, 5)
    np.testing.assert_allclose((layer.mask != 0).mean(axis=0), KEEP, atol=5 * 0.49 / np.sqrt(2000))
    np.testing.assert_allclose(layer.mask[layer.mask != 0], 1 / KEEP)


def test_without_c_it_is_dropout_of_the_inputs():
    x, grad_y = rng().standard_normal((6, 5)), rng().standard_normal((6, 3))
    layer, dropout, plain = Shakeout(dense(), KEEP, 0, rng()), Dropout(KEEP, rng()), dense()
    y = plain.forward(dropout.forward(x, training=True))
    np.testing.assert_allclose(layer.forward(x, training=True), y, rtol=1e-12, atol=1e-14)
    dx = dropout.backward(plain.backward(grad_y))
    np.testing.assert_allclose(layer.backward(grad_y), dx, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(layer.dW, plain.dW, rtol=1e-12, atol=1e-14)


@pytest.mark.equation("eq-shakeout-backward")
def test_gradients_agree_with_central_differences():
    x, cotangent = rng().standard_normal((6, 5)), rng().standard_normal((6, 3))

    def projected(x, W):
        layer = Shakeout(Dense(W, np.zeros(3)), KEEP, C, rng())
        return (layer.forward(x, training=True) * cotangent).sum()

    layer, W = Shakeout(dense(), KEEP, C, rng()), dense().W
    layer.forward(x, training=True)
    dx = layer.backward(cotangent)
    assert relative_error(dx, numerical_gradient(lambda v: projected(v, W), x)) < 1e-8
    assert relative_error(layer.dW, numerical_gradient(lambda v: projected(x, v), W)) < 1e-8


@pytest.mark.equation("eq-dropout-penalty", "eq-shakeout-penalty")
@pytest.mark.parametrize("c", [0, C])
def test_on_a_linear_layer_it_is_a_penalty_in_expectation(c):
    """With c = 0 it is dropout of the inputs, and the penalty that of dropout."""
    n, x, W = 100_000, np.array([0.5, -1.0, 2.0]), np.array([[0.4, 0.0, -0.7]])
    layer = Shakeout(Dense(W, [0.0]), KEEP, c, rng())
    noise = layer.forward(np.tile(x, (n, 1)), training=True) - W @ x
    penalty = (1 - KEEP) / (2 * KEEP) * (x**2 * (abs(W[0]) + c) ** 2)[W[0] != 0].sum()
    assert 0.5 * (noise**2).mean() == pytest.approx(penalty, rel=0.02)


def test_a_weight_of_zero_is_never_reversed():
    layer = Shakeout(Dense(np.zeros((3, 5)), np.ones(3)), KEEP, C, rng())
    np.testing.assert_array_equal(layer.forward(np.ones((9, 5)), training=True), np.ones((9, 3)))


CASES = {
    "keep": (lambda: Shakeout(dense(), 0, C, rng()), ValueError, r"keep: .* \(0, 1\], got 0"),
    "c": (lambda: Shakeout(dense(), KEEP, -1, rng()), ValueError, r"c: .* \[0, inf\), got -1"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
