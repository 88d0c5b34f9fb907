"""Layer normalization: transform, gradients, what it is invariant to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import LayerNorm, layernorm_backward, layernorm_forward

EPS = 1e-5
sizes = st.integers(1, 6)


def example(n=4, d=5, seed=0, dtype=np.float64):
    """Return x, gamma, beta and a random gradient at the output."""
    rng = np.random.default_rng(seed)
    shapes = (n, d), (d,), (d,), (n, d)
    return [rng.standard_normal(shape).astype(dtype) for shape in shapes]


@pytest.mark.equation("eq-layernorm")
@given(n=sizes, d=sizes, seed=st.integers(0, 9))
def test_every_row_is_normalized_and_every_feature_scaled_and_shifted(n, d, seed):
    x, gamma, beta, _ = example(n, d, seed)
    expected = [gamma * (row - row.mean()) / np.sqrt(row.var() + EPS) + beta for row in x]
    np.testing.assert_allclose(layernorm_forward(x, gamma, beta, EPS)[0], expected, rtol=1e-9)


@pytest.mark.equation("eq-layernorm-dx")
@pytest.mark.pitfall("P20")
@given(n=sizes, d=sizes, seed=st.integers(0, 9))
def test_gradients_agree_with_central_differences(n, d, seed):
    x, gamma, beta, delta = example(n, d, seed)
    dx, dgamma, dbeta = layernorm_backward(delta, layernorm_forward(x, gamma, beta, 0.1)[1])

    def numerical(f, at):
        return numerical_gradient(lambda value: (f(value)[0] * delta).sum(), at)

    expected = numerical(lambda v: layernorm_forward(v, gamma, beta, 0.1), x)
    np.testing.assert_allclose(dx, expected, atol=1e-8)
    expected = numerical(lambda v: layernorm_forward(x, v, beta, 0.1), gamma)
    np.testing.assert_allclose(dgamma, expected, atol=1e-8)
    expected = numerical(lambda v: layernorm_forward(x, gamma, v, 0.1), beta)
    assert relative_error(dbeta, expected) < 1e-8


def test_values_and_gradients_are_pytorchs(golden):
    x, gamma, beta, delta = example()

    def compute():
        import torch

        inputs, weight, bias = (torch.tensor(v, requires_grad=True) for v in (x, gamma, beta))
        y = torch.nn.functional.layer_norm(inputs, (5,), weight, bias, eps=1e-3)
        y.backward(torch.tensor(delta))
        arrays = {"y": y, "dx": inputs.grad, "dgamma": weight.grad, "dbeta": bias.grad}
        return {name: array.detach().numpy() for name, array in arrays.items()}

    expected = golden("layernorm", compute)
    layer = LayerNorm(5, eps=1e-3)
    layer.gamma[:], layer.beta[:] = gamma, beta
    np.testing.assert_allclose(layer.forward(x, training=True), expected["y"], rtol=1e-10)
    np.testing.assert_allclose(layer.backward(delta), expected["dx"], rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(layer.dgamma, expected["dgamma"], rtol=1e-10)
    np.testing.assert_allclose(layer.dbeta, expected["dbeta"], rtol=1e-10)


def test_a_row_does_not_depend_on_its_batch_nor_on_training():
    x, gamma, beta, _ = example()
    layer = LayerNorm(5)
    layer.gamma[:], layer.beta[:] = gamma, beta
    y = layer.forward(x, training=True)
    np.testing.assert_array_equal(layer.forward(x), y)
    for i in range(len(x)):
        np.testing.assert_allclose(layer.forward(x[i : i + 1], training=True)[0], y[i])


@given(shift=st.floats(-100, 100), scale=st.floats(0.01, 100))
def test_shift_and_scale_of_a_row_do_not_matter(shift, scale):
    x, gamma, beta, _ = example()
    expected = layernorm_forward(x, gamma, beta, 1e-14)[0]
    y = layernorm_forward(scale * x + shift, gamma, beta, 1e-14)[0]
    np.testing.assert_allclose(y, expected, atol=1e-7)


@pytest.mark.pitfall("P6")
def test_a_large_offset_in_float32_costs_only_the_digits_it_must():
    rng = np.random.default_rng(0)
    x = (10_000 + rng.standard_normal((4, 3000))).astype(np.float32)
    gamma, beta = np.ones(3000, np.float32), np.zeros(3000, np.float32)
    expected = layernorm_forward(x.astype(np.float64), gamma, beta, EPS)[0]
    y = layernorm_forward(x, gamma, beta, EPS)[0]
    np.testing.assert_allclose(y, expected, atol=0.01)


@pytest.mark.pitfall("P23")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_functions_keep_dtypes_and_arguments(dtype):
    arguments = example(dtype=dtype)
    before = [array.copy() for array in arguments]
    x, gamma, beta, delta = arguments
    y, cache = layernorm_forward(x, gamma, beta, EPS)
    results = [y, *layernorm_backward(delta, cache)]
    assert {array.dtype for array in results} == {np.dtype(dtype)}
    for array, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copy)


X, ONE = np.ones((4, 3)), np.ones(3)
CACHE = layernorm_forward(np.arange(12.0).reshape(4, 3), ONE, ONE, EPS)[1]
CASES = {
    "x": (lambda: layernorm_forward(ONE, ONE, ONE, EPS), r"x: expected shape \(N, D\), got \(3,"),
    "gamma": (lambda: layernorm_forward(X, [1.0], ONE, EPS), r"gamma: expected shape \(3,\), got"),
    "beta": (lambda: layernorm_forward(X, ONE, X, EPS), r"beta: expected shape \(3,\), got \(4, 3"),
    "eps": (lambda: layernorm_forward(X, ONE, ONE, -1), r"eps: expected .* \[0, inf\), got -1"),
    "delta": (lambda: layernorm_backward(ONE, CACHE), r"delta: expected shape \(4, 3\), got \(3,"),
    "n_features": (lambda: LayerNorm(0), r"n_features: expected at least 1, got 0"),
    "class-eps": (lambda: LayerNorm(3, eps=0), r"eps: expected .* \(0, inf\), got 0"),
    "in_shape": (
        lambda: LayerNorm(3).out_shape((3, 2)),
        r"expected inputs of shape \(3,\), got \(3, 2\)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, pattern = CASES[name]
    with pytest.raises(ValueError, match=pattern):
        call()
