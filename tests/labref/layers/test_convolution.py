"""Convolution layers: forward, gradients, every geometry, every order in memory, memory use."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import convolve2d, correlate2d

from labref.activations import sigmoid, sigmoid_grad
from labref.gradcheck import numerical_gradient, relative_error
from labref.initializers import he_normal
from labref.layers import (
    Conv2D,
    Dense,
    Flatten,
    MaxPool2D,
    conv2d_backward,
    conv2d_forward,
    rotate180,
)
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network
from tests.labref.layers.images import MEMORY_ORDERS

# name: (N, C, H, W), (C_out, kh, kw), stride, pad
GEOMETRIES = {
    "plain": ((2, 3, 5, 6), (4, 3, 2), 1, 0),
    "padded": ((2, 2, 4, 5), (3, 3, 3), 1, 1),
    "wide padding": ((2, 1, 3, 2), (2, 2, 1), 1, 3),
    "stride 2": ((3, 2, 7, 6), (1, 3, 2), 2, 0),
    "stride does not divide": ((1, 2, 6, 8), (3, 3, 2), 2, 1),
    "stride beyond the filter": ((2, 3, 8, 7), (2, 2, 1), 3, 0),
    "filter as large as the image": ((2, 3, 4, 3), (5, 4, 3), 1, 0),
    "filter larger than the unpadded image": ((2, 1, 2, 3), (2, 4, 5), 1, 1),
    "one of everything": ((1, 1, 1, 1), (1, 1, 1), 1, 0),
}
geometry = pytest.mark.parametrize("name", GEOMETRIES)


def example(x_shape=(2, 3, 5, 6), kernel=(4, 3, 2), stride=1, pad=0, seed=0):
    """Return x, w, b and a gradient at the output."""
    rng = np.random.default_rng(seed)
    n_filters, kh, kw = kernel
    height, width = (
        (size + 2 * pad - k) // stride + 1 for size, k in zip(x_shape[2:], (kh, kw), strict=True)
    )
    shapes = x_shape, (n_filters, x_shape[1], kh, kw), (n_filters,)
    shapes += ((x_shape[0], n_filters, height, width),)
    return [rng.standard_normal(shape) for shape in shapes]


def loops(x, w, b, stride, pad):
    """Return the definition, number by number."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    height, width = ((padded.shape[i] - w.shape[i]) // stride + 1 for i in (2, 3))
    z = np.empty((len(x), len(w), height, width))
    for n, f, i, j in np.ndindex(z.shape):
        top, left = i * stride, j * stride
        patch = padded[n, :, top : top + w.shape[2], left : left + w.shape[3]]
        z[n, f, i, j] = (patch * w[f]).sum() + b[f]
    return z


@st.composite
def geometries(draw):
    """Draw arguments for ``example``."""
    stride, pad = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    sizes = draw(st.tuples(*[st.integers(1, 6)] * 2))
    kernel = tuple(draw(st.integers(1, min(4, size + 2 * pad))) for size in sizes)
    n, channels, n_filters = draw(st.tuples(*[st.integers(1, 3)] * 3))
    return (n, channels, *sizes), (n_filters, *kernel), stride, pad


@pytest.mark.equation("eq-conv-forward", "eq-conv-size")
@pytest.mark.pitfall("P17")
@geometry
def test_the_forward_pass_is_the_definition(name):
    x, w, b, _ = example(*GEOMETRIES[name])
    stride, pad = GEOMETRIES[name][2:]
    expected = loops(x, w, b, stride, pad)
    np.testing.assert_allclose(conv2d_forward(x, w, b, stride, pad), expected, atol=1e-12)


@pytest.mark.equation("eq-conv-dx", "eq-conv-dw", "eq-conv-db")
@pytest.mark.pitfall("P17")
@geometry
def test_gradients_agree_with_central_differences(name):
    x, w, b, delta = example(*GEOMETRIES[name])
    stride, pad = GEOMETRIES[name][2:]
    gradients = conv2d_backward(delta, x, w, stride, pad)
    for i, gradient in enumerate(gradients):

        def moved(value, i=i):
            arguments = [x, w, b]
            arguments[i] = value
            return (conv2d_forward(*arguments, stride, pad) * delta).sum()

        assert relative_error(gradient, numerical_gradient(moved, [x, w, b][i])) < 1e-8


@geometry
def test_values_agree_with_pytorch(name, golden):
    stride, pad = GEOMETRIES[name][2:]

    def compute():
        import torch

        x, w, b, delta = map(torch.tensor, example(*GEOMETRIES[name]))
        parameters = [array.requires_grad_() for array in (x, w, b)]
        z = torch.nn.functional.conv2d(*parameters, stride=stride, padding=pad)
        z.backward(delta)
        dx, dw, db = (array.grad.numpy() for array in parameters)
        return {"z": z.detach().numpy(), "dx": dx, "dw": dw, "db": db}

    values = golden(f"convolution-{name.replace(' ', '-')}", compute)
    x, w, b, delta = example(*GEOMETRIES[name])
    z = conv2d_forward(x, w, b, stride, pad)
    results = dict(zip(("dx", "dw", "db"), conv2d_backward(delta, x, w, stride, pad), strict=True))
    for key, array in {"z": z, **results}.items():
        np.testing.assert_allclose(array, values[key], rtol=1e-10, atol=1e-12, err_msg=key)


@pytest.mark.equation("eq-cross-correlation", "eq-convolution", "eq-rotate180")
@pytest.mark.pitfall("P17")
def test_it_is_cross_correlation_and_convolution_is_that_with_rotated_filters():
    x, w, _, _ = example((1, 1, 6, 5), (1, 3, 2))
    image, kernel = x[0, 0], w[0, 0]
    correlated = conv2d_forward(x, w, [0.0])[0, 0]
    convolved = conv2d_forward(x, rotate180(w), [0.0])[0, 0]
    np.testing.assert_allclose(correlated, correlate2d(image, kernel, "valid"))
    np.testing.assert_allclose(convolved, convolve2d(image, kernel, "valid"))
    assert not np.allclose(correlated, convolved)


def test_rotating_reverses_both_axes_of_every_filter_and_copies():
    w = np.arange(12.0).reshape(1, 2, 2, 3)
    rotated = rotate180(w)
    np.testing.assert_array_equal(rotated[0, 1], [[11, 10, 9], [8, 7, 6]])
    np.testing.assert_array_equal(rotate180(rotated), w)
    rotated[...] = 0
    assert w.sum() == 66


@pytest.mark.equation("eq-conv-dx-plane", "eq-conv-full")
@pytest.mark.pitfall("P17")
def test_dx_is_the_full_convolution_of_delta_with_the_filters():
    x, w, _, delta = example((2, 3, 5, 6), (4, 3, 2))
    dx = conv2d_backward(delta, x, w)[0]
    expected = np.zeros_like(x)
    for n, f, c in np.ndindex(2, 4, 3):
        expected[n, c] += convolve2d(delta[n, f], w[f, c], "full")
    np.testing.assert_allclose(dx, expected)
    padded = np.pad(delta, ((0, 0), (0, 0), (2, 2), (1, 1)))
    swapped = rotate180(w).swapaxes(0, 1)
    np.testing.assert_allclose(dx, conv2d_forward(padded, swapped, np.zeros(3)))


def test_dw_is_the_cross_correlation_of_input_and_delta():
    x, w, _, delta = example((2, 3, 5, 6), (4, 3, 2))
    expected = np.zeros_like(w)
    for n, f, c in np.ndindex(2, 4, 3):
        expected[f, c] += correlate2d(x[n, c], delta[n, f], "valid")
    np.testing.assert_allclose(conv2d_backward(delta, x, w)[1], expected)


@pytest.mark.equation("eq-conv-delta")
def test_sigma_prime_multiplies_outside_the_convolution_not_in_the_filter():
    z, w, b, delta = example((1, 1, 5, 6), (1, 3, 2))

    def cost(z):
        return (conv2d_forward(sigmoid(z), w, b) * delta).sum()

    expected = numerical_gradient(cost, z)
    full = convolve2d(delta[0, 0], w[0, 0], "full")
    assert relative_error((full * sigmoid_grad(z))[0], expected[0]) < 1e-8
    inside = convolve2d(delta[0, 0], w[0, 0] * sigmoid_grad(z)[0, 0, :3, :2], "full")
    assert relative_error(inside, expected[0, 0]) > 0.1


@given(geometries(), st.integers(0, 9))
def test_the_gradients_are_adjoint_to_the_forward_pass(geometry, seed):
    """<conv(x), delta> = <x, dx> = <w, dw>: it is linear in each."""
    x, w, _, delta = example(*geometry, seed=seed)
    stride, pad = geometry[2:]
    dx, dw, db = conv2d_backward(delta, x, w, stride, pad)
    product = (conv2d_forward(x, w, np.zeros(len(w)), stride, pad) * delta).sum()
    scale = np.abs(delta).sum() * np.abs(w).sum() * np.abs(x).max() + 1
    assert abs(product - (x * dx).sum()) < 1e-12 * scale
    assert abs(product - (w * dw).sum()) < 1e-12 * scale
    np.testing.assert_allclose(db, delta.sum(axis=(0, 2, 3)), atol=1e-12)


@pytest.mark.pitfall("P22")
@given(
    geometries(),
    st.sampled_from(sorted(MEMORY_ORDERS)),
    st.sampled_from(sorted(MEMORY_ORDERS)),
    st.sampled_from([np.float32, np.float64]),
)
def test_the_order_in_memory_does_not_change_a_bit(geometry, order, other_order, dtype):
    x, w, b, delta = (array.astype(dtype) for array in example(*geometry))
    options = geometry[2:]
    expected = [conv2d_forward(x, w, b, *options), *conv2d_backward(delta, x, w, *options)]
    x, delta = MEMORY_ORDERS[order](x), MEMORY_ORDERS[other_order](delta)
    results = [conv2d_forward(x, w, b, *options), *conv2d_backward(delta, x, w, *options)]
    for result, array in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, array)


@pytest.mark.parametrize("n", [15, 16, 17, 40])
def test_every_image_of_a_large_batch_is_convolved(n):
    x, w, b, delta = example((n, 2, 4, 3), (3, 2, 2))
    z, dx = conv2d_forward(x, w, b), conv2d_backward(delta, x, w)[0]
    for i in range(n):
        one = slice(i, i + 1)
        np.testing.assert_allclose(z[one], conv2d_forward(x[one], w, b))
        np.testing.assert_allclose(dx[one], conv2d_backward(delta[one], x[one], w)[0])


@pytest.mark.pitfall("P22")
@pytest.mark.parametrize("axis", range(4))
def test_strides_of_an_axis_of_size_one_are_not_relied_on(axis):
    shape = [3, 3, 4, 4]
    shape[axis] = 1
    x, w, b, delta = example(tuple(shape), (2, 1, 1))
    strides = list(x.strides)
    strides[axis] = 8 * 1001
    odd = np.lib.stride_tricks.as_strided(x, x.shape, strides, writeable=False)
    assert odd.strides[axis] == 8008
    np.testing.assert_array_equal(conv2d_forward(odd, w, b), conv2d_forward(x, w, b))
    for ours, expected in zip(
        conv2d_backward(delta, odd, w), conv2d_backward(delta, x, w), strict=True
    ):
        np.testing.assert_array_equal(ours, expected)


@pytest.mark.pitfall("P23")
@geometry
@pytest.mark.parametrize("tied", [True, False])
def test_float32_stays_float32_and_is_close_to_float64(name, tied):
    arguments = example(*GEOMETRIES[name])
    options = GEOMETRIES[name][2:]
    if not tied:
        arguments[2] = np.random.default_rng(1).standard_normal(arguments[3].shape[1:])
    x, w, b, delta = (array.astype(np.float32) for array in arguments)
    results = [conv2d_forward(x, w, b, *options), *conv2d_backward(delta, x, w, *options)]
    assert {array.dtype for array in results} == {np.dtype(np.float32)}
    x, w, b, delta = arguments
    expected = [conv2d_forward(x, w, b, *options), *conv2d_backward(delta, x, w, *options)]
    for result, array in zip(results, expected, strict=True):
        np.testing.assert_allclose(result, array, rtol=1e-5, atol=1e-5)


def test_mixed_dtypes_give_the_wider_one_as_in_numpy():
    x, w, b, delta = example()
    assert conv2d_forward(x.astype(np.float32), w, b).dtype == np.float64
    assert conv2d_forward(x.astype(np.float32), w.astype(np.float32), b).dtype == np.float64
    gradients = conv2d_backward(delta, x.astype(np.float32), w)
    assert {gradient.dtype for gradient in gradients} == {np.dtype(np.float64)}


@pytest.mark.pitfall("P21")
@pytest.mark.parametrize("size", [300, 257])
def test_sizes_beyond_a_byte_are_right(size):
    x, w, b, delta = example((1, 1, 3, size), (1, 2, 3))
    z = conv2d_forward(x, w, b)
    assert z.shape == (1, 1, 2, size - 2)
    np.testing.assert_allclose(z[0, 0], correlate2d(x[0, 0], w[0, 0], "valid") + b)
    assert conv2d_backward(delta, x, w)[0].shape == x.shape
    assert conv2d_forward(x, w, b, stride=2).shape == (1, 1, 1, (size - 3) // 2 + 1)


def test_nothing_given_is_changed():
    arguments = example()
    before = [array.copy() for array in arguments]
    x, w, b, delta = arguments
    rotate180(w)[...] = 0
    conv2d_forward(x, w, b)[...] = 0
    for gradient in conv2d_backward(delta, x, w):
        gradient[...] = 0
    for array, copy in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_an_untied_bias_is_added_at_its_position():
    x, w, _, delta = example((3, 2, 4, 5), (2, 2, 3))
    b = np.random.default_rng(1).standard_normal((2, 3, 3))
    expected = conv2d_forward(x, w, np.zeros(2)) + b
    np.testing.assert_allclose(conv2d_forward(x, w, b), expected)
    layer = Conv2D(w, b)
    np.testing.assert_allclose(layer.forward(x), expected)
    layer.backward(delta)
    np.testing.assert_allclose(layer.db, delta.sum(axis=0))


@pytest.mark.equation("eq-conv-db-untied")
def test_the_gradient_of_an_untied_bias_agrees_with_central_differences():
    x, w, _, grad_y = example((3, 2, 4, 5), (2, 2, 3))
    b = np.random.default_rng(1).standard_normal((2, 3, 3))
    layer = Conv2D(w, b, "tanh")
    layer.forward(x)
    layer.backward(grad_y)
    numerical = numerical_gradient(lambda b: (Conv2D(w, b, "tanh").forward(x) * grad_y).sum(), b)
    assert relative_error(layer.db, numerical) < 1e-8


@pytest.mark.equation("eq-conv-matrix")
def test_it_is_a_dense_layer_with_most_weights_missing_and_the_others_tied():
    x, w, _, _ = example((2, 1, 5, 6), (1, 3, 2))
    M = np.zeros((3, 5, 5, 6))
    for i, j, u, v in np.ndindex(3, 5, 3, 2):
        M[i, j, i + u, j + v] = w[0, 0, u, v]
    expected = x.reshape(2, 30) @ M.reshape(15, 30).T
    np.testing.assert_allclose(conv2d_forward(x, w, [0.0]).reshape(2, 15), expected, atol=1e-12)


@pytest.mark.parametrize("activation", ["identity", "relu", "sigmoid", "tanh"])
def test_the_layer_agrees_with_the_plain_functions(activation):
    x, w, b, grad_y = example((3, 2, 6, 5), (4, 3, 2), 2, 1)
    layer = Conv2D(w, b, activation, stride=2, pad=1)
    y = layer.forward(x)
    a = conv2d_forward(x, w, b, 2, 1)
    np.testing.assert_allclose(layer.a, a)
    np.testing.assert_allclose(y, layer.activation.function(a))
    dx = layer.backward(grad_y)
    delta = grad_y * layer.activation.derivative(a, y)
    np.testing.assert_allclose(layer.delta, delta)
    for ours, plain in zip(
        (dx, layer.dW, layer.db), conv2d_backward(delta, x, w, 2, 1), strict=True
    ):
        np.testing.assert_allclose(ours, plain, atol=1e-12)


@pytest.mark.pitfall("P27")
def test_gradients_of_a_batch_are_sums_over_its_images():
    x, w, b, grad_y = example((4, 2, 5, 4), (3, 2, 2))
    layer, one = Conv2D(w, b, "tanh"), Conv2D(w, b, "tanh")
    layer.forward(x)
    layer.backward(grad_y)
    dW, db = np.zeros_like(w), np.zeros_like(b)
    for image, grad in zip(x, grad_y, strict=True):
        one.forward(image[None])
        one.backward(grad[None])
        dW += one.dW
        db += one.db
    np.testing.assert_allclose(layer.dW, dW)
    np.testing.assert_allclose(layer.db, db)


def test_layers_in_a_row_hand_on_what_the_next_one_takes_without_a_copy():
    x, w, b, _ = example((4, 3, 6, 5), (2, 3, 3), 1, 1)
    first = Conv2D(w, b, "relu", pad=1)
    second = Conv2D.random(2, 3, 3, "relu", np.random.default_rng(0), pad=1)
    y = second.forward(first.forward(x))
    assert np.shares_memory(second.x, first.y)
    dx = second.backward(np.ones_like(y))
    first.backward(dx)
    np.testing.assert_array_equal(dx.strides, first.y.strides)


@pytest.mark.pitfall("P29")
def test_random_weights_have_variance_one_over_the_inputs_of_a_unit():
    layer = Conv2D.random(20, 30, (5, 3), "relu", np.random.default_rng(0), np.float32)
    assert layer.W.shape == (30, 20, 5, 3)
    assert layer.W.dtype == layer.b.dtype == np.float32
    assert layer.W.var() * 20 * 5 * 3 == pytest.approx(1, rel=0.05)
    np.testing.assert_array_equal(layer.b, np.zeros(30))
    untied = Conv2D.random(2, 3, 3, "relu", np.random.default_rng(0), untied_bias=(4, 5))
    assert untied.b.shape == untied.db.shape == (3, 4, 5)


@pytest.mark.pitfall("P29")
def test_random_weights_are_the_initializers_for_the_fans_of_the_filters():
    layer = Conv2D.random(2, 4, (5, 3), "relu", np.random.default_rng(0), initializer=he_normal)
    expected = he_normal(2 * 5 * 3, 4 * 5 * 3, np.random.default_rng(0), (4, 2, 5, 3))
    np.testing.assert_array_equal(layer.W, expected)


def test_a_network_takes_the_layer_and_checks_what_goes_in():
    rng = np.random.default_rng(0)
    x, labels = rng.standard_normal((5, 2, 4, 4)), rng.integers(3, size=5)
    conv = Conv2D.random(2, 4, 3, "tanh", rng, pad=1)
    layers = [conv, MaxPool2D(2), Flatten(), Dense.random(16, 3, "identity", rng)]
    network = Network(layers, SoftmaxCrossEntropy(), in_shape=(2, 4, 4))
    gradient = network.loss_and_gradient(x, labels)[1]

    def cost(parameters):
        network.parameters[...] = parameters
        return network.mean_loss(x, labels)

    expected = numerical_gradient(cost, network.parameters.copy())
    assert relative_error(gradient, expected) < 1e-6
    with pytest.raises(ValueError, match=r"Conv2D: expected inputs of shape \(2, H, W\)"):
        Network([conv], SoftmaxCrossEntropy(), in_shape=(3, 4, 4))
    with pytest.raises(ValueError, match=r"Conv2D: W: expected at most .*\(6, 2\), got \(3, 3\)"):
        Network([Conv2D(conv.W, conv.b)], SoftmaxCrossEntropy(), in_shape=(2, 6, 2))
    untied = Conv2D(conv.W, np.zeros((4, 3, 3)), pad=1)
    with pytest.raises(ValueError, match=r"Conv2D: b: expected one per position, \(4, 4\), got"):
        Network([untied], SoftmaxCrossEntropy(), in_shape=(2, 4, 4))


@pytest.mark.parametrize(
    ("x_shape", "kernel", "pad"),
    [
        ((64, 3, 32, 32), (32, 3, 3), 1),
        ((64, 32, 16, 16), (64, 3, 3), 1),
        ((64, 1, 28, 28), (20, 5, 5), 0),
    ],
)
def test_both_passes_stay_below_12_times_the_memory_of_input_and_output(x_shape, kernel, pad):
    x, w, b, delta = (a.astype(np.float32) for a in example(x_shape, kernel, 1, pad))
    conv2d_forward(x, w, b, 1, pad)
    tracemalloc.start()
    conv2d_forward(x, w, b, 1, pad)
    conv2d_backward(delta, x, w, 1, pad)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * (x.nbytes + delta.nbytes)


X, W, B, DELTA = example((2, 3, 5, 6), (4, 3, 2))
RNG = np.random.default_rng(0)
# What is called, the error, and a pattern: argument, what was expected, what came.
BAD = {
    "channels": (
        lambda: conv2d_forward(X[:, :2], W, B),
        ValueError,
        r"x: expected shape \(N, 3, H, W\), got \(2, 2, 5, 6\)",
    ),
    "one-image": (lambda: conv2d_forward(X[0], W, B), ValueError, r"x: expected shape \(N, 3"),
    "no-images": (lambda: conv2d_forward(X[:0], W, B), ValueError, r"x: .*\(empty\)"),
    "filters": (lambda: conv2d_forward(X, W[0], B), ValueError, r"w: expected shape \(C_out"),
    "nan": (lambda: conv2d_forward(X * np.nan, W, B), ValueError, r"x: expected finite .* nan"),
    "strings": (lambda: conv2d_forward(X, W, ["a"] * 4), TypeError, r"b: expected real numbers"),
    "bias": (lambda: conv2d_forward(X, W, B[:2]), ValueError, r"b: expected shape \(4,\), got \(2"),
    "bias-number": (lambda: conv2d_forward(X, W, 0.0), ValueError, r"b: .* \(4,\), got \(\)"),
    "bias-untied": (
        lambda: conv2d_forward(X, W, np.zeros((4, 5, 5))),
        ValueError,
        r"b: expected shape \(4, 3, 5\), got \(4, 5, 5\)",
    ),
    "large": (
        lambda: conv2d_forward(X[:, :, :2], W, B),
        ValueError,
        r"w: expected at most the size of the image, \(2, 6\), got \(3, 2\)",
    ),
    "large-padded": (
        lambda: conv2d_forward(np.ones((1, 1, 9, 1)), np.ones((1, 1, 3, 4)), [0.0], 1, 1),
        ValueError,
        r"w: expected at most the size of the padded image, \(11, 3\), got \(3, 4\)",
    ),
    "stride": (lambda: conv2d_forward(X, W, B, 0), ValueError, r"stride: .*at least 1, got 0"),
    "stride-float": (lambda: conv2d_forward(X, W, B, 1.5), TypeError, r"stride: .* got float"),
    "pad": (lambda: conv2d_forward(X, W, B, 1, -1), ValueError, r"pad: .*at least 0, got -1"),
    "pad-bool": (lambda: conv2d_forward(X, W, B, 1, True), TypeError, r"pad: .* got bool"),
    "delta": (
        lambda: conv2d_backward(DELTA[:, :, 1:], X, W),
        ValueError,
        r"delta: expected shape \(2, 4, 3, 5\), got \(2, 4, 2, 5\)",
    ),
    "backward-stride": (lambda: conv2d_backward(DELTA, X, W, -1), ValueError, r"stride: .*got -1"),
    "rotate": (lambda: rotate180(B), ValueError, r"w: expected shape \(\.\.\., kh, kw\), got \(4"),
    "layer-W": (lambda: Conv2D(W[0], B), ValueError, r"W: expected shape \(C_out, C_in, kh, kw\)"),
    "layer-b": (lambda: Conv2D(W, B[1:]), ValueError, r"b: expected shape \(4,\), got \(3,\)"),
    "layer-b-untied": (
        lambda: Conv2D(W, np.zeros((4, 5))),
        ValueError,
        r"b: expected shape \(4, H', W'\), got \(4, 5\)",
    ),
    "layer-pad": (lambda: Conv2D(W, B, pad=-1), ValueError, r"pad: expected at least 0, got -1"),
    "layer-stride": (lambda: Conv2D(W, B, stride=0), ValueError, r"stride: expected at least 1"),
    "activation": (lambda: Conv2D(W, B, "x"), ValueError, r"activation: expected one of .* 'x'"),
    "c-in": (lambda: Conv2D.random(0, 1, 3, "relu", RNG), ValueError, r"c_in: .* got 0"),
    "c-out": (lambda: Conv2D.random(1, 1.0, 3, "relu", RNG), TypeError, r"c_out: .* got float"),
    "k": (lambda: Conv2D.random(1, 1, (3, 0), "relu", RNG), ValueError, r"k: .* got 0"),
    "k-three": (lambda: Conv2D.random(1, 1, (3, 3, 3), "relu", RNG), ValueError, r"k: .*height"),
    "rng": (lambda: Conv2D.random(1, 1, 3, "relu", 0), TypeError, r"rng: expected a numpy"),
    "untied": (
        lambda: Conv2D.random(1, 1, 3, "relu", RNG, untied_bias=(0, 2)),
        ValueError,
        r"untied_bias: expected at least 1, got 0",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, error, pattern = BAD[case]
    with pytest.raises(error, match=pattern):
        call()
