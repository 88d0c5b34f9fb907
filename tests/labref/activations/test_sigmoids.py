"""LeCun's tanh."""

import numpy as np
import pytest

from labref.activations import lecun_tanh, lecun_tanh_grad, tanh


@pytest.mark.equation("eq-lecun-tanh")
def test_lecun_tanh_is_tanh_scaled_to_one_at_one():
    z = np.linspace(-9, 9, 91)
    np.testing.assert_allclose(lecun_tanh(z), 1.7159 * tanh(2 / 3 * z), rtol=1e-15)
    np.testing.assert_allclose(lecun_tanh([-1.0, 1.0]), [-1, 1], rtol=3e-6)


def test_lecun_tanh_bends_most_near_one():
    z = np.linspace(0, 3, 3001)
    assert z[np.gradient(lecun_tanh_grad(z), z).argmin()] == pytest.approx(1, abs=0.02)


@pytest.mark.equation("eq-lecun-tanh")
def test_lecun_tanh_grad_is_the_chain_rule_and_at_most_1_144():
    z = np.linspace(-9, 9, 91)
    np.testing.assert_allclose(
        lecun_tanh_grad(z), 1.7159 * 2 / 3 / np.cosh(2 / 3 * z) ** 2, atol=1e-15
    )
    assert lecun_tanh_grad(z).max() == lecun_tanh_grad(0.0) == pytest.approx(1.144, abs=1e-4)
