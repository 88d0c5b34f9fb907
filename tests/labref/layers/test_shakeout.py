"""Shakeout: enhanced and reversed units."""

import numpy as np
import pytest

from labref.layers import Dense, Dropout, Shakeout

KEEP, C = 0.6, 0.3


def rng():
    return np.random.default_rng(0)


def dense():
    return Dense.random(5, 3, "identity", rng())


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
