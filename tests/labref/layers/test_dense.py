"""Dense layers: forward, gradients, what they keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.activations import ACTIVATIONS
from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense, dense_backward, dense_forward

sizes = st.integers(1, 5)


def example(n=4, n_in=3, n_out=2, seed=0):
    """Return x, W, b and a gradient at the output."""
    rng = np.random.default_rng(seed)
    shapes = (n, n_in), (n_out, n_in), (n_out,), (n, n_out)
    return [rng.standard_normal(shape) for shape in shapes]


@pytest.mark.equation("eq-dense")
@given(n=sizes, n_in=sizes, n_out=sizes)
def test_forward_adds_the_bias_to_the_weighted_sums(n, n_in, n_out):
    x, W, b, _ = example(n, n_in, n_out)
    expected = [[sum(W[j] * row) + b[j] for j in range(n_out)] for row in x]
    np.testing.assert_allclose(dense_forward(x, W, b), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.equation("eq-dense-dx", "eq-dense-dW", "eq-dense-db")
@given(n=sizes, n_in=sizes, n_out=sizes)
def test_backward_agrees_with_central_differences(n, n_in, n_out):
    x, W, b, delta = example(n, n_in, n_out)
    dx, dW, db = dense_backward(delta, x, W)

    def numerical(f, at):
        return numerical_gradient(lambda v: (f(v) * delta).sum(), at)

    assert relative_error(dx, numerical(lambda v: dense_forward(v, W, b), x)) < 1e-8
    assert relative_error(dW, numerical(lambda v: dense_forward(x, v, b), W)) < 1e-8
    assert relative_error(db, numerical(lambda v: dense_forward(x, W, v), b)) < 1e-8


@pytest.mark.equation("eq-delta-hidden")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_layer_gradients_agree_with_central_differences(name):
    x, W, b, grad_y = example()
    layer = Dense(W, b, name)
    y = layer.forward(x)
    dx = layer.backward(grad_y)

    def loss(x, W, b):
        return (Dense(W, b, name).forward(x) * grad_y).sum()

    assert relative_error(dx, numerical_gradient(lambda v: loss(v, W, b), x)) < 1e-8
    assert relative_error(layer.dW, numerical_gradient(lambda v: loss(x, v, b), W)) < 1e-8
    assert relative_error(layer.db, numerical_gradient(lambda v: loss(x, W, v), b)) < 1e-8
    np.testing.assert_allclose(layer.delta, grad_y * layer.activation.derivative(layer.a, y))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_layer_keeps_input_preactivation_output_and_delta(name):
    x, W, b, grad_y = example()
    layer = Dense(W, b, name)
    y = layer.forward(x)
    layer.backward(grad_y)
    a = dense_forward(x, W, b)
    np.testing.assert_array_equal(layer.x, x)
    np.testing.assert_allclose(layer.a, a)
    np.testing.assert_allclose(layer.y, layer.activation.function(a))
    assert y is layer.y
    assert layer.delta.shape == a.shape
    _, dW, db = dense_backward(layer.delta, x, W)
    np.testing.assert_allclose(layer.dW, dW)
    np.testing.assert_allclose(layer.db, db)


def test_results_of_an_earlier_pass_are_not_overwritten_by_a_later_one():
    x, W, b, _ = example()
    layer = Dense(W, b, "sigmoid")
    first = layer.forward(x)
    before = first.copy()
    layer.forward(2 * x)
    np.testing.assert_array_equal(first, before)


def test_arguments_are_not_changed():
    x, W, b, delta = arguments = example()
    before = [array.copy() for array in arguments]
    dense_forward(x, W, b)
    dense_backward(delta, x, W)
    layer = Dense(W, b, "sigmoid")
    layer.forward(x)
    layer.backward(delta)
    layer.W[...] = 0
    layer.b[...] = 0
    for array, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_float32_stays_float32(name):
    x, W, b, grad_y = (array.astype(np.float32) for array in example())
    layer = Dense(W, b, name)
    results = [layer.forward(x), layer.backward(grad_y), layer.a, layer.delta, layer.dW, layer.db]
    results += [dense_forward(x, W, b), *dense_backward(grad_y, x, W)]
    assert {array.dtype for array in results} == {np.dtype(np.float32)}


def test_a_first_layer_need_not_compute_the_gradient_at_its_input():
    x, W, b, grad_y = example()
    layer = Dense(W, b)
    layer.forward(x)
    assert layer.backward(grad_y, need_dx=False) is None
    np.testing.assert_allclose(layer.db, grad_y.sum(axis=0))


def test_random_weights_have_variance_one_over_n_in_and_zero_biases():
    layer = Dense.random(400, 300, "relu", np.random.default_rng(0), np.float32)
    assert layer.W.dtype == layer.b.dtype == np.float32
    assert layer.W.var() * 400 == pytest.approx(1, rel=0.02)
    assert abs(layer.W.mean()) < 1e-3
    np.testing.assert_array_equal(layer.b, np.zeros(300))


def test_random_weights_depend_on_the_generator_alone():
    first, again, other = (
        Dense.random(3, 2, "tanh", np.random.default_rng(seed)).W for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


@pytest.mark.parametrize(
    ("name", "torch_name"), [("sigmoid", "Sigmoid"), ("tanh", "Tanh"), ("relu", "ReLU")]
)
def test_layers_agree_with_pytorch(name, torch_name, golden):
    x, W, b, grad_y = example(n=7, n_in=5, n_out=3)

    def compute():
        import torch

        linear = torch.nn.Linear(5, 3, dtype=torch.float64)
        linear.load_state_dict({"weight": torch.tensor(W), "bias": torch.tensor(b)})
        tensor = torch.tensor(x, requires_grad=True)
        output = getattr(torch.nn, torch_name)()(linear(tensor))
        output.backward(torch.tensor(grad_y))
        return {
            "y": output.detach().numpy(),
            "dx": tensor.grad.numpy(),
            "dW": linear.weight.grad.numpy(),
            "db": linear.bias.grad.numpy(),
        }

    expected = golden(f"dense-{name}", compute)
    layer = Dense(W, b, name)
    np.testing.assert_allclose(layer.forward(x), expected["y"], rtol=1e-12)
    np.testing.assert_allclose(layer.backward(grad_y), expected["dx"], rtol=1e-10)
    np.testing.assert_allclose(layer.dW, expected["dW"], rtol=1e-10)
    np.testing.assert_allclose(layer.db, expected["db"], rtol=1e-10)
