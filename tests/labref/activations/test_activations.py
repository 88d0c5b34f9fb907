"""Activation functions: values, derivatives, extremes, dtypes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import special

from labref import activations
from labref.activations import ACTIVATIONS, get_activation, softmax, softmax_backward
from labref.gradcheck import numerical_gradient, relative_error

PAIRS = [
    (activations.sigmoid, activations.sigmoid_grad),
    (activations.tanh, activations.tanh_grad),
    (activations.relu, activations.relu_grad),
    (activations.identity, activations.identity_grad),
    (activations.lecun_tanh, activations.lecun_tanh_grad),
    (activations.softplus, activations.softplus_grad),
    (activations.leaky_relu, activations.leaky_relu_grad),
    (activations.elu, activations.elu_grad),
]
FUNCTIONS = [function for pair in PAIRS for function in pair]
any_floats = st.one_of(
    arrays(dtype, array_shapes(min_dims=0, max_dims=3, max_side=4), elements=elements)
    for dtype, elements in (
        (np.float32, st.floats(-(2.0**126), 2.0**126, width=32)),
        (np.float64, st.floats(-1e300, 1e300)),
    )
)
# Away from ReLU's kink by more than the step of the central difference.
smooth_points = np.array([[-30.0, -3.0, -0.7, -0.01], [0.01, 0.4, 2.0, 30.0]])


@pytest.mark.equation("eq-sigmoid")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sigmoid_is_relatively_accurate_at_any_size(dtype):
    a = np.concatenate([np.linspace(-1000, 1000, 4001), np.linspace(-5, 5, 1001)]).astype(dtype)
    with np.errstate(under="ignore"):
        true = special.expit(a.astype(np.float64)).astype(dtype)
    normal = true >= np.finfo(dtype).tiny  # below, numbers have fewer digits
    y = activations.sigmoid(a)
    np.testing.assert_allclose(y[normal], true[normal], rtol=8 * np.finfo(dtype).eps)
    np.testing.assert_allclose(y[~normal], true[~normal], atol=np.finfo(dtype).tiny)


@pytest.mark.pitfall("P10")
@pytest.mark.parametrize("a", [-1000.0, 1000.0, -1e308, 1e308, 0.0])
def test_sigmoid_at_extremes_neither_warns_nor_leaves_its_range(a):
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = activations.sigmoid(a)
    assert y == special.expit(a)


@pytest.mark.equation("eq-sigmoid-grad")
def test_sigmoid_grad_is_y_times_one_minus_y_and_at_most_a_quarter():
    a = np.linspace(-20, 20, 401)
    y = special.expit(a)
    np.testing.assert_allclose(activations.sigmoid_grad(a), y * special.expit(-a), atol=1e-16)
    assert activations.sigmoid_grad(0.0) == 0.25
    assert activations.sigmoid_grad(a).max() == 0.25


@pytest.mark.equation("eq-tanh")
def test_tanh_is_a_scaled_and_shifted_sigmoid_with_slope_one_at_zero():
    a = np.linspace(-8, 8, 161)
    np.testing.assert_allclose(activations.tanh(a), 2 * special.expit(2 * a) - 1, atol=1e-15)
    np.testing.assert_allclose(activations.tanh_grad(a), 1 / np.cosh(a) ** 2, atol=1e-15)
    assert activations.tanh_grad(0.0) == 1


@pytest.mark.equation("eq-relu")
def test_relu_keeps_positive_numbers_and_has_no_slope_at_zero():
    a = np.array([-2.0, -0.0, 0.0, 3.0])
    np.testing.assert_array_equal(activations.relu(a), [0, 0, 0, 3])
    np.testing.assert_array_equal(activations.relu_grad(a), [0, 0, 0, 1])


@pytest.mark.equation("eq-identity")
def test_identity_returns_its_argument_and_ones():
    a = np.array([-2.0, 0.0, 3.0])
    np.testing.assert_array_equal(activations.identity(a), a)
    np.testing.assert_array_equal(activations.identity_grad(a), [1, 1, 1])


@pytest.mark.equation("eq-lecun-tanh", "eq-softplus")
@pytest.mark.parametrize(("function", "derivative"), PAIRS)
def test_derivatives_agree_with_central_differences(function, derivative):
    numerical = numerical_gradient(lambda a: function(a).sum(), smooth_points)
    np.testing.assert_allclose(derivative(smooth_points), numerical, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_objects_agree_with_the_plain_functions(name):
    activation = get_activation(name)
    y = activation.function(smooth_points)
    np.testing.assert_array_equal(y, getattr(activations, name)(smooth_points))
    np.testing.assert_allclose(
        activation.derivative(smooth_points, y),
        getattr(activations, name + "_grad")(smooth_points),
        atol=1e-15,
    )


@given(a=any_floats)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_shape_and_dtype_are_kept_and_the_argument_is_not_changed(function, a):
    before = a.copy()
    y = function(a)
    assert isinstance(y, np.ndarray)
    assert (y.shape, y.dtype) == (a.shape, a.dtype)
    assert np.isfinite(y).all()
    np.testing.assert_array_equal(a, before)


@given(a=any_floats)
def test_sigmoid_lies_between_zero_and_one_and_is_symmetric(a):
    y = activations.sigmoid(a)
    assert ((y >= 0) & (y <= 1)).all()
    np.testing.assert_allclose(y + activations.sigmoid(-a), 1, rtol=4 * np.finfo(a.dtype).eps)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_integers_become_float64(function):
    assert function([1, 2]).dtype == np.float64


matrices = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=5),
    elements=st.floats(-1e4, 1e4),
)


@pytest.mark.equation("eq-softmax")
@given(a=matrices, shift=st.floats(-100, 100))
def test_softmax_is_exp_over_the_rows_sum_whatever_is_added_to_a_row(a, shift):
    p = softmax(a)
    np.testing.assert_allclose(p, special.softmax(a, axis=1), rtol=1e-12)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(softmax(a + shift), p, rtol=1e-9, atol=1e-300)


@pytest.mark.pitfall("P8")
def test_softmax_treats_each_row_on_its_own():
    a = np.array([[1000.0, 999.0], [-1000.0, -1001.0], [0.0, -1.0]])
    expected = [special.expit(1), special.expit(-1)]
    np.testing.assert_allclose(softmax(a), [expected] * 3, rtol=1e-12)


def test_softmax_keeps_float32_and_its_argument():
    a = np.array([[1, 2, 3]], np.float32)
    assert softmax(a).dtype == np.float32
    np.testing.assert_array_equal(a, [[1, 2, 3]])


@pytest.mark.equation("eq-softmax-jacobian")
def test_softmax_backward_agrees_with_central_differences():
    rng = np.random.default_rng(0)
    a, grad_y = rng.standard_normal((2, 3, 4))
    y = softmax(a)
    jacobian = np.einsum("nk,kj->nkj", y, np.eye(4)) - np.einsum("nk,nj->nkj", y, y)
    grad = softmax_backward(grad_y, y)
    np.testing.assert_allclose(grad, np.einsum("nk,nkj->nj", grad_y, jacobian), atol=1e-15)
    numerical = numerical_gradient(lambda a: (softmax(a) * grad_y).sum(), a)
    assert relative_error(grad, numerical) < 1e-8


@pytest.mark.torch
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_activations_agree_with_pytorch(name):
    import torch

    a = np.random.default_rng(0).standard_normal((5, 7)) * 10
    tensor = torch.tensor(a, requires_grad=True)
    y = getattr(torch, name)(tensor)
    y.sum().backward()
    np.testing.assert_allclose(getattr(activations, name)(a), y.detach(), rtol=1e-12)
    np.testing.assert_allclose(
        getattr(activations, name + "_grad")(a), tensor.grad, rtol=1e-7, atol=1e-16
    )


def test_get_activation_returns_an_activation_as_it_is():
    assert get_activation(activations.IDENTITY) is activations.IDENTITY


def test_an_unknown_activation_is_refused_with_the_known_names():
    with pytest.raises(ValueError, match=r"activation: expected one of .*sigmoid.*, got 'swish'"):
        get_activation("swish")
