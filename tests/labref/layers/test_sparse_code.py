"""The sparse-code layer: what it adds, and when."""

import numpy as np
import pytest

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense, SparseCode
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network
from labref.pretraining.sparsity import kl_sparsity, kl_sparsity_grad

H = np.random.default_rng(0).uniform(0.1, 0.9, (5, 3))
GRAD = np.random.default_rng(1).standard_normal((5, 3))


def test_in_training_penalty_and_gradient_are_those_of_kl_sparsity():
    layer = SparseCode(0.2, 0.7)
    assert layer.forward(H, training=True) is H
    assert layer.penalty == pytest.approx(0.7 * kl_sparsity(H, 0.2), rel=1e-14)
    np.testing.assert_allclose(layer.backward(GRAD), GRAD + 0.7 * kl_sparsity_grad(H, 0.2))


def test_outside_training_nothing_is_added():
    layer = SparseCode(0.2, 0.7)
    layer.forward(H, training=True)
    assert layer.forward(H) is H
    assert layer.penalty == 0
    np.testing.assert_array_equal(layer.backward(GRAD), GRAD)


def test_a_network_counts_the_penalty_in_its_cost_and_gradient():
    rng = np.random.default_rng(0)
    layers = [Dense.random(4, 3, "sigmoid", rng), SparseCode(0.1, 2.0)]
    network = Network([*layers, Dense.random(3, 2, "identity", rng)], SoftmaxCrossEntropy())
    x, labels = rng.standard_normal((6, 4)), rng.integers(0, 2, 6)
    cost, gradient = network.loss_and_gradient(x, labels)
    code = network.layers[0].forward(x)
    expected = network.mean_loss(x, labels) + 2 * kl_sparsity(code, 0.1)
    assert cost == pytest.approx(expected, rel=1e-12)

    objective = network.objective(x, labels)
    numerical = numerical_gradient(lambda p: objective(p)[0], network.parameters.copy())
    assert relative_error(gradient, numerical) < 1e-8


@pytest.mark.parametrize(
    ("alpha", "lam", "error", "message"),
    [
        (0.0, 1.0, ValueError, r"alpha: expected a number in \(0, 1\), got 0.0"),
        (1.5, 1.0, ValueError, r"alpha: expected a number in \(0, 1\), got 1.5"),
        (0.2, -1.0, ValueError, r"lam: expected a number in \[0, inf\), got -1.0"),
        (0.2, np.nan, ValueError, r"lam: expected a number .* got nan"),
        (0.2, None, TypeError, r"lam: expected a number, got NoneType"),
    ],
)
def test_bad_input_is_refused(alpha, lam, error, message):
    with pytest.raises(error, match=message):
        SparseCode(alpha, lam)
