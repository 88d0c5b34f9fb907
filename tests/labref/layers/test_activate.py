"""An activation as a layer of its own."""

import numpy as np
import pytest

from labref.activations import ACTIVATIONS, IDENTITY
from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Activate, Dense


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4, 5)])
def test_the_gradient_agrees_with_central_differences(name, shape):
    x, grad_y = np.random.default_rng(0).standard_normal((2, *shape))
    layer = Activate(name)
    layer.forward(x)
    numerical = numerical_gradient(lambda x: (Activate(name).forward(x) * grad_y).sum(), x)
    assert relative_error(layer.backward(grad_y), numerical) < 1e-8


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_linear_layer_and_an_activation_are_a_dense_layer_with_that_activation(name):
    rng = np.random.default_rng(0)
    W, b, x, grad_y = (rng.standard_normal(shape) for shape in ((3, 4), 3, (5, 4), (5, 3)))
    together = Dense(W, b, name)
    linear, activate = Dense(W, b), Activate(name)
    np.testing.assert_array_equal(activate.forward(linear.forward(x)), together.forward(x))
    np.testing.assert_allclose(
        linear.backward(activate.backward(grad_y)), together.backward(grad_y), rtol=1e-14
    )
    np.testing.assert_allclose(linear.dW, together.dW, rtol=1e-14)


def test_it_takes_an_activation_too_and_refuses_an_unknown_name():
    assert Activate(IDENTITY).activation is IDENTITY
    with pytest.raises(ValueError, match=r"activation: expected one of .*relu.*, got 'swish'"):
        Activate("swish")
