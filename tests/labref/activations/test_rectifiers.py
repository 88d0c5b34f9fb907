"""ReLU's variants: values, extremes, slopes, noise."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import special, stats

from labref.activations import (
    elu,
    elu_activation,
    elu_grad,
    get_activation,
    leaky_relu,
    leaky_relu_activation,
    leaky_relu_grad,
    noisy_relu,
    noisy_relu_grad,
    relu,
    softplus,
    softplus_grad,
)
from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense
from labref.network import dense_network

SMOOTH = np.array([[-30.0, -3.0, -0.7, -0.01], [0.01, 0.4, 2.0, 30.0]])
finite = arrays(np.float64, array_shapes(max_dims=3, max_side=4), elements=st.floats(-700, 700))


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.pitfall("P10")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softplus_neither_overflows_nor_loses_digits(dtype):
    z = np.array([-1000, -40, -1, 0, 1, 40, 1000], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = softplus(z)
    expected = [0, np.exp(-40), np.log1p(np.exp(-1)), np.log(2), np.log1p(np.e), 40, 1000]
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=4 * np.finfo(dtype).eps)


@pytest.mark.equation("eq-softplus")
@given(z=finite)
def test_softplus_is_minus_the_log_of_a_sigmoid_and_its_slope_is_the_sigmoid(z):
    np.testing.assert_allclose(softplus(z), -special.log_expit(-z), rtol=1e-14)
    np.testing.assert_allclose(softplus_grad(z), special.expit(z), rtol=1e-14)
    np.testing.assert_allclose(softplus(z) - softplus(-z), z, rtol=1e-13, atol=1e-13)


@pytest.mark.equation("eq-leaky-relu")
@pytest.mark.parametrize("beta", [0.0, 0.01, 0.3, 1.0])
@given(z=finite)
def test_leaky_relu_multiplies_what_is_not_positive_by_beta(beta, z):
    np.testing.assert_array_equal(leaky_relu(z, beta), np.where(z > 0, z, beta * z))
    np.testing.assert_array_equal(leaky_relu_grad(z, beta), np.where(z > 0, 1, beta))


@pytest.mark.equation("eq-elu")
@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0, 2.0])
@given(z=finite)
def test_elu_bends_what_is_not_positive_towards_minus_beta(beta, z):
    below = np.minimum(z, 0)
    np.testing.assert_allclose(elu(z, beta), np.where(z > 0, z, beta * np.expm1(below)), rtol=1e-15)
    np.testing.assert_allclose(
        elu_grad(z, beta), np.where(z > 0, 1, beta * np.exp(below)), rtol=1e-15
    )


def test_elu_keeps_the_digits_of_small_inputs_and_does_not_overflow():
    z = np.array([-1e-12, 1e-12, -1000.0, 1000.0])
    with np.errstate(over="raise", invalid="raise"):
        np.testing.assert_allclose(elu(z), [-1e-12, 1e-12, -1, 1000], rtol=1e-11)
        np.testing.assert_allclose(elu_grad(z), [1, 1, 0, 1], rtol=1e-11)


@pytest.mark.equation("eq-leaky-relu", "eq-elu")
@pytest.mark.parametrize("beta", [0.0, 0.2, 1.0])
@pytest.mark.parametrize(
    ("function", "derivative"), [(leaky_relu, leaky_relu_grad), (elu, elu_grad)]
)
def test_derivatives_agree_with_central_differences_for_any_beta(function, derivative, beta):
    numerical = numerical_gradient(lambda z: function(z, beta).sum(), SMOOTH)
    np.testing.assert_allclose(derivative(SMOOTH, beta), numerical, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("beta", [0.25, np.float64(0.25)])
@pytest.mark.parametrize(
    ("make", "function", "derivative"),
    [
        (leaky_relu_activation, leaky_relu, leaky_relu_grad),
        (elu_activation, elu, elu_grad),
    ],
)
def test_activations_are_made_for_any_beta(make, function, derivative, beta, dtype):
    z = SMOOTH.astype(dtype)
    activation = make(beta)
    y = activation.function(z)
    slope = activation.derivative(z, y)
    np.testing.assert_array_equal(y, function(z, beta))
    np.testing.assert_allclose(slope, derivative(z, beta), atol=np.finfo(dtype).eps)
    assert {y.dtype, slope.dtype, function(z, beta).dtype, derivative(z, beta).dtype} == {
        np.dtype(dtype)
    }


@pytest.mark.parametrize("name", ["leaky_relu", "elu", "softplus", "lecun_tanh"])
def test_a_network_with_a_variant_can_be_pickled(name):
    network = dense_network([3, 4, 2], rng(), name)
    x = rng(1).standard_normal((5, 3))
    again = pickle.loads(pickle.dumps(network))
    np.testing.assert_array_equal(again.forward(x), network.forward(x))


def test_a_dense_layer_takes_a_made_activation():
    layer = Dense([[1.0]], [0.0], leaky_relu_activation(0.5))
    assert layer.forward(np.array([[-2.0]])) == -1


def test_values_and_slopes_agree_with_pytorch(golden):
    def compute():
        import torch
        from torch.nn import functional as F

        functions = {
            "softplus": lambda z: F.softplus(z, threshold=1000),
            "leaky_relu": lambda z: F.leaky_relu(z, 0.1),
            "elu": lambda z: F.elu(z, 0.7),
        }
        values = {}
        for name, function in functions.items():
            z = torch.tensor(np.append(SMOOTH.ravel(), 0.0), requires_grad=True)
            y = function(z)
            y.sum().backward()
            values |= {name: y.detach().numpy(), name + "_grad": z.grad.numpy()}
        return values

    z = np.append(SMOOTH.ravel(), 0.0)
    ours = {
        "softplus": softplus(z),
        "softplus_grad": softplus_grad(z),
        "leaky_relu": leaky_relu(z, 0.1),
        "leaky_relu_grad": leaky_relu_grad(z, 0.1),
        "elu": elu(z, 0.7),
        "elu_grad": elu_grad(z, 0.7),
    }
    for name, expected in golden("rectifiers", compute).items():
        np.testing.assert_allclose(ours[name], expected, rtol=1e-12, err_msg=name)


@pytest.mark.equation("eq-noisy-relu")
@pytest.mark.parametrize("z", [-1.0, 0.0, 3.0])
def test_the_noise_of_noisy_relu_has_the_sigmoid_as_its_variance(z):
    y = noisy_relu(np.full(20_000, z), rng())
    assert (y >= 0).all()
    noise = stats.norm(z, np.sqrt(special.expit(z)))
    assert (y == 0).mean() == pytest.approx(noise.cdf(0), abs=0.015)
    assert stats.kstest(y[y > 0], lambda v: 1 - noise.sf(v) / noise.sf(0)).pvalue > 1e-4


def test_noisy_relu_depends_on_the_generator_alone():
    z = rng(5).standard_normal((3, 4))
    np.testing.assert_array_equal(noisy_relu(z, rng(1)), noisy_relu(z, rng(1)))
    assert (noisy_relu(z + 5, rng(1)) != noisy_relu(z + 5, rng(2))).all()


@pytest.mark.equation("eq-noisy-relu")
def test_noisy_relu_grad_agrees_with_central_differences_at_the_same_draw():
    z = rng(3).standard_normal((4, 5))
    y = noisy_relu(z, rng(1))
    assert 0 < (y > 0).mean() < 1
    assert y[y > 0].min() > 1e-3  # no kink within the step
    numerical = numerical_gradient(lambda z: noisy_relu(z, rng(1)).sum(), z)
    assert relative_error(noisy_relu_grad(z, y), numerical) < 1e-9


@given(z=arrays(np.float64, (2, 3), elements=st.floats(-1e300, 1e300)))
def test_without_noise_noisy_relu_has_the_slope_of_relu(z):
    np.testing.assert_array_equal(noisy_relu_grad(z, relu(z)), z > 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_noisy_relu_keeps_shape_dtype_and_its_argument(shape, dtype):
    z = np.full(shape, -1000.0, dtype)
    y = noisy_relu(z, rng())
    slope = noisy_relu_grad(z, y)
    assert (y.shape, y.dtype, slope.shape, slope.dtype) == (shape, dtype, shape, dtype)
    np.testing.assert_array_equal(y, np.zeros(shape))
    np.testing.assert_array_equal(z, np.full(shape, -1000.0))


CASES = {
    "nan": (lambda: softplus([np.nan]), ValueError, r"z: expected finite numbers, got nan"),
    "bool": (lambda: elu([True]), TypeError, r"z: expected real numbers, got dtype bool"),
    "leaky-beta": (
        lambda: leaky_relu(1.0, 1.5),
        ValueError,
        r"beta: expected a number in \[0, 1\], got 1.5",
    ),
    "leaky-grad-beta": (lambda: leaky_relu_grad(1.0, -1), ValueError, r"beta: .* got -1"),
    "leaky-activation": (lambda: leaky_relu_activation("0.1"), TypeError, r"beta: .* got str"),
    "elu-beta": (
        lambda: elu(1.0, -0.1),
        ValueError,
        r"beta: expected a number in \[0, inf\), got -0.1",
    ),
    "elu-grad-beta": (lambda: elu_grad(1.0, np.inf), ValueError, r"beta: .* got inf"),
    "elu-activation": (lambda: elu_activation(-1), ValueError, r"beta: .* got -1"),
    "rng": (
        lambda: noisy_relu([1.0], 0),
        TypeError,
        r"rng: expected a numpy.random.Generator .* got int",
    ),
    "noisy-y": (
        lambda: noisy_relu_grad([1.0], [[1.0]]),
        ValueError,
        r"y: expected shape \(1,\), got \(1, 1\)",
    ),
    "name": (lambda: get_activation("leaky"), ValueError, r"expected one of .*leaky_relu, elu"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
