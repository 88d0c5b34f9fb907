"""Max and average pooling: forward, gradients, ties, sizes that do not divide."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import (
    AveragePool2D,
    MaxPool2D,
    avg_pool_backward,
    avg_pool_forward,
    max_pool_backward,
    max_pool_forward,
)
from tests.labref.layers.images import MEMORY_ORDERS

# name: (N, C, H, W), k
GEOMETRIES = {
    "windows of 2": ((2, 3, 4, 6), 2),
    "windows of 3": ((2, 2, 6, 3), 3),
    "rows and columns left over": ((3, 2, 5, 7), 2),
    "one window": ((2, 3, 4, 4), 4),
    "windows of 1": ((2, 3, 2, 3), 1),
}
geometry = pytest.mark.parametrize("name", GEOMETRIES)


def example(x_shape=(2, 3, 4, 6), k=2, seed=0):
    """Return x, all of whose numbers differ by at least 0.01, and a gradient at the output."""
    rng = np.random.default_rng(seed)
    x = rng.permutation(np.prod(x_shape)).reshape(x_shape) / 100
    shape = (*x_shape[:2], x_shape[2] // k, x_shape[3] // k)
    return x, rng.standard_normal(shape)


def loops(delta, x, k):
    """Return outputs and input gradients of max and average pooling, window by window."""
    largest, mean = np.empty_like(delta), np.empty_like(delta)
    dx_largest, dx_mean = np.zeros_like(x), np.zeros_like(x)
    for n, c, i, j in np.ndindex(delta.shape):
        window = (n, c, slice(i * k, i * k + k), slice(j * k, j * k + k))
        place = np.unravel_index(x[window].argmax(), (k, k))  # argmax takes the first
        largest[n, c, i, j], mean[n, c, i, j] = x[window].max(), x[window].mean()
        dx_largest[window][place] = delta[n, c, i, j]
        dx_mean[window] = delta[n, c, i, j] / k**2
    return largest, mean, dx_largest, dx_mean


def ours(delta, x, k):
    """Return the same from the functions under test."""
    return (
        max_pool_forward(x, k),
        avg_pool_forward(x, k),
        max_pool_backward(delta, x, k),
        avg_pool_backward(delta, x.shape, k),
    )


@st.composite
def coarse_images(draw):
    """Draw images with many ties, a gradient at the output and a window size."""
    k = draw(st.integers(1, 4))
    n, channels, more_rows, more_columns = draw(st.tuples(*[st.integers(1, 3)] * 4))
    shape = n, channels, k + more_rows, k + more_columns
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x = rng.integers(-1, 2, shape).astype(np.float64)
    return rng.standard_normal((n, channels, shape[2] // k, shape[3] // k)), x, k


@pytest.mark.equation("eq-max-pool", "eq-avg-pool")
@geometry
def test_outputs_and_gradients_are_the_definition(name):
    x, delta = example(*GEOMETRIES[name])
    k = GEOMETRIES[name][1]
    for result, expected in zip(ours(delta, x, k), loops(delta, x, k), strict=True):
        np.testing.assert_allclose(result, expected)


@pytest.mark.pitfall("P18")
@given(coarse_images())
def test_a_tie_pays_the_first_in_row_major_order(drawn):
    delta, x, k = drawn
    for result, expected in zip(ours(delta, x, k), loops(delta, x, k), strict=True):
        np.testing.assert_allclose(result, expected, atol=1e-15)


@pytest.mark.pitfall("P18")
def test_a_window_of_equal_numbers_passes_its_gradient_on_once():
    dx = max_pool_backward([[[[3.0]]]], np.zeros((1, 1, 2, 2)), 2)
    np.testing.assert_array_equal(dx, [[[[3, 0], [0, 0]]]])
    dx = max_pool_backward([[[[3.0]]]], [[[[0, 1], [1, 1]]]], 2)
    np.testing.assert_array_equal(dx, [[[[0, 3], [0, 0]]]])


@pytest.mark.equation("eq-max-pool-backward", "eq-avg-pool-backward")
@geometry
def test_gradients_agree_with_central_differences(name):
    x, delta = example(*GEOMETRIES[name])
    k = GEOMETRIES[name][1]
    expected = numerical_gradient(lambda v: (max_pool_forward(v, k) * delta).sum(), x)
    assert relative_error(max_pool_backward(delta, x, k), expected) < 1e-8
    expected = numerical_gradient(lambda v: (avg_pool_forward(v, k) * delta).sum(), x)
    assert relative_error(avg_pool_backward(delta, x.shape, k), expected) < 1e-8


@geometry
def test_values_agree_with_pytorch(name, golden):
    shape, k = GEOMETRIES[name]
    x, delta = example(shape, k)
    x = np.maximum(x - x.mean(), 0)  # with ties, as after ReLU

    def compute():
        import torch

        values = {}
        for pool in ("max_pool2d", "avg_pool2d"):
            images = torch.tensor(x, requires_grad=True)
            y = getattr(torch.nn.functional, pool)(images, k)
            y.backward(torch.tensor(delta))
            values |= {pool: y.detach().numpy(), f"{pool}-dx": images.grad.numpy()}
        return values

    values = golden(f"pooling-{name.replace(' ', '-')}", compute)
    keys = "max_pool2d", "avg_pool2d", "max_pool2d-dx", "avg_pool2d-dx"
    for key, result in zip(keys, ours(delta, x, k), strict=True):
        np.testing.assert_allclose(result, values[key], rtol=1e-12, err_msg=key)


@given(coarse_images())
def test_average_pooling_back_is_adjoint_to_average_pooling(drawn):
    delta, x, k = drawn
    forward, back = (avg_pool_forward(x, k) * delta).sum(), avg_pool_backward(delta, x.shape, k)
    assert abs(forward - (x * back).sum()) < 1e-12 * (1 + np.abs(delta).sum())


@pytest.mark.pitfall("P22")
@given(
    coarse_images(),
    st.sampled_from(sorted(MEMORY_ORDERS)),
    st.sampled_from(sorted(MEMORY_ORDERS)),
    st.sampled_from([np.float32, np.float64]),
)
def test_the_order_in_memory_does_not_change_a_bit(drawn, order, other_order, dtype):
    delta, x, k = drawn
    delta, x = delta.astype(dtype), x.astype(dtype)
    expected = ours(delta, x, k)
    results = ours(MEMORY_ORDERS[other_order](delta), MEMORY_ORDERS[order](x), k)
    for result, array in zip(results, expected, strict=True):
        np.testing.assert_array_equal(result, array)


@pytest.mark.pitfall("P23")
@geometry
def test_float32_stays_float32(name):
    x, delta = (array.astype(np.float32) for array in example(*GEOMETRIES[name]))
    results = ours(delta, x, GEOMETRIES[name][1])
    assert {array.dtype for array in results} == {np.dtype(np.float32)}


def test_lists_and_integers_become_float64():
    results = ours([[[[1]]]], np.arange(4).reshape(1, 1, 2, 2), 2)
    assert {array.dtype for array in results} == {np.dtype(np.float64)}
    np.testing.assert_array_equal([array.ravel()[0] for array in results], [3, 1.5, 0, 0.25])


@pytest.mark.pitfall("P21")
def test_sizes_beyond_a_byte_are_right():
    x, delta = example((1, 1, 2, 601), 2)
    assert max_pool_forward(x, 2).shape == avg_pool_forward(x, 2).shape == (1, 1, 1, 300)
    for result, expected in zip(ours(delta, x, 2), loops(delta, x, 2), strict=True):
        np.testing.assert_allclose(result, expected)


@pytest.mark.parametrize("k", [1, 2])
def test_results_are_not_views_of_what_was_given(k):
    x, delta = map(MEMORY_ORDERS["batch innermost, by row"], example((2, 3, 4, 6), k))
    before = x.copy(), delta.copy()
    for result in ours(delta, x, k):
        result[...] = 0
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(delta, before[1])


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_layers_agree_with_the_plain_functions(k):
    x, grad_y = example((2, 3, 7, 6), k)
    layers = MaxPool2D(k), AveragePool2D(k)
    results = [layer.forward(x) for layer in layers] + [layer.backward(grad_y) for layer in layers]
    for result, expected in zip(results, ours(grad_y, x, k), strict=True):
        np.testing.assert_array_equal(result, expected)
    assert layers[0].out_shape((3, 7, 6)) == layers[1].out_shape((3, 7, 6)) == grad_y.shape[1:]


X, DELTA = example()
# What is called, the error, and a pattern: argument, what was expected, what came.
BAD = {
    "x": (lambda: max_pool_forward(X[0], 2), ValueError, r"x: expected shape \(N, C, H, W\), got"),
    "x-nan": (lambda: avg_pool_forward(X * np.nan, 2), ValueError, r"x: expected finite .* nan"),
    "x-empty": (lambda: avg_pool_forward(X[:0], 2), ValueError, r"x: .*\(empty\)"),
    "k": (lambda: max_pool_forward(X, 0), ValueError, r"k: expected at least 1, got 0"),
    "k-pair": (lambda: max_pool_forward(X, (2, 2)), TypeError, r"k: .*an integer, got tuple"),
    "k-large": (
        lambda: max_pool_forward(X, 5),
        ValueError,
        r"k: expected at most the size of the image, \(4, 6\), got \(5, 5\)",
    ),
    "delta": (
        lambda: max_pool_backward(DELTA[:1], X, 2),
        ValueError,
        r"delta: expected shape \(2, 3, 2, 3\), got \(1, 3, 2, 3\)",
    ),
    "delta-average": (
        lambda: avg_pool_backward(DELTA, (2, 3, 4, 4), 2),
        ValueError,
        r"delta: expected shape \(2, 3, 2, 2\), got \(2, 3, 2, 3\)",
    ),
    "x-shape": (
        lambda: avg_pool_backward(DELTA, (3, 4, 6), 2),
        ValueError,
        r"x_shape: expected \(N, C, H, W\), got \(3, 4, 6\)",
    ),
    "x-shape-zero": (
        lambda: avg_pool_backward(DELTA, (2, 3, 0, 6), 2),
        ValueError,
        r"x_shape: expected at least 1, got 0",
    ),
    "layer-k": (lambda: MaxPool2D(0), ValueError, r"k: expected at least 1, got 0"),
    "average-layer-k": (lambda: AveragePool2D(2.0), TypeError, r"k: .* got float"),
    "rows": (lambda: MaxPool2D(2).out_shape((4,)), ValueError, r"\(C, H, W\), got \(4,\)"),
    "small": (lambda: AveragePool2D(3).out_shape((1, 2, 9)), ValueError, r"k: .*\(2, 9\), got"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, error, pattern = BAD[case]
    with pytest.raises(error, match=pattern):
        call()
