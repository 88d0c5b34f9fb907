"""im2col and col2im: the order of rows and columns, adjointness, the product that convolves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.layers import col2im, conv2d_backward, conv2d_forward, im2col
from tests.labref.layers.images import MEMORY_ORDERS


@st.composite
def geometries(draw):
    """Draw an image shape, a patch size, a stride and a padding."""
    stride, pad = draw(st.integers(1, 3)), draw(st.integers(0, 2))
    sizes = draw(st.tuples(*[st.integers(1, 6)] * 2))
    k = tuple(draw(st.integers(1, min(4, size + 2 * pad))) for size in sizes)
    return (*draw(st.tuples(*[st.integers(1, 3)] * 2)), *sizes), k, stride, pad


def loops(x, k, stride, pad):
    """Return the definition, patch by patch."""
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    tops = range(0, padded.shape[2] - k[0] + 1, stride)
    lefts = range(0, padded.shape[3] - k[1] + 1, stride)
    return np.array(
        [
            image[:, top : top + k[0], left : left + k[1]].ravel()
            for image in padded
            for top in tops
            for left in lefts
        ]
    )


def test_rows_are_positions_and_columns_are_places_in_the_patch():
    x = np.arange(24.0).reshape(1, 2, 3, 4)
    cols = im2col(x, 2)
    assert cols.shape == (6, 8)
    np.testing.assert_array_equal(cols[0], [0, 1, 4, 5, 12, 13, 16, 17])
    np.testing.assert_array_equal(cols[1], [1, 2, 5, 6, 13, 14, 17, 18])
    np.testing.assert_array_equal(cols[3], [4, 5, 8, 9, 16, 17, 20, 21])


@pytest.mark.equation("eq-im2col")
@given(geometries(), st.sampled_from(sorted(MEMORY_ORDERS)))
def test_every_row_is_a_patch(geometry, order):
    x = np.random.default_rng(0).standard_normal(geometry[0])
    expected = loops(x, *geometry[1:])
    np.testing.assert_array_equal(im2col(MEMORY_ORDERS[order](x), *geometry[1:]), expected)


@pytest.mark.equation("eq-col2im")
@given(geometries())
def test_col2im_is_the_adjoint(geometry):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(geometry[0])
    cols = im2col(x, *geometry[1:])
    other = rng.standard_normal(cols.shape)
    back = col2im(other, *geometry)
    assert back.shape == x.shape
    assert abs((cols * other).sum() - (x * back).sum()) < 1e-12 * (1 + np.abs(other).sum())


def test_col2im_counts_the_patches_that_hold_a_number():
    cols = im2col(np.ones((1, 1, 3, 4)), (2, 3))
    counts = col2im(cols, (1, 1, 3, 4), (2, 3))
    np.testing.assert_array_equal(counts[0, 0], [[1, 2, 2, 1], [2, 4, 4, 2], [1, 2, 2, 1]])


@pytest.mark.equation("eq-im2col-forward", "eq-im2col-backward")
@pytest.mark.pitfall("P17")
@given(geometries())
def test_a_convolution_is_a_product_with_patches(geometry):
    x_shape, k, stride, pad = geometry
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal(x_shape), rng.standard_normal((2, x_shape[1], *k))
    z = conv2d_forward(x, w, np.zeros(2), stride, pad)
    cols = im2col(x, k, stride, pad)
    rows = z.transpose(0, 2, 3, 1).reshape(-1, 2)
    np.testing.assert_allclose(rows, cols @ w.reshape(2, -1).T, atol=1e-12)
    delta = rng.standard_normal(z.shape)
    dx, dw, _ = conv2d_backward(delta, x, w, stride, pad)
    rows = delta.transpose(0, 2, 3, 1).reshape(-1, 2)
    np.testing.assert_allclose(dw.reshape(2, -1), rows.T @ cols, atol=1e-12)
    np.testing.assert_allclose(dx, col2im(rows @ w.reshape(2, -1), *geometry), atol=1e-12)


@pytest.mark.pitfall("P23")
def test_float32_stays_float32():
    x = np.ones((2, 3, 4, 5), np.float32)
    cols = im2col(x, 2, 2, 1)
    assert cols.dtype == col2im(cols, x.shape, 2, 2, 1).dtype == np.float32
    assert im2col(x.astype(int), 2).dtype == np.float64


@pytest.mark.pitfall("P21")
def test_sizes_beyond_a_byte_are_right():
    x = np.random.default_rng(0).standard_normal((1, 1, 2, 300))
    cols = im2col(x, (2, 1))
    assert cols.shape == (300, 2)
    np.testing.assert_array_equal(col2im(cols, x.shape, (2, 1)), x)


def test_results_are_not_views_of_what_was_given():
    x = np.ones((1, 1, 2, 2))
    cols = im2col(x, 1)
    col2im(cols, x.shape, 1)[...] = 0
    np.testing.assert_array_equal(cols, np.ones((4, 1)))
    cols[...] = 0
    np.testing.assert_array_equal(x, np.ones((1, 1, 2, 2)))


X = np.ones((2, 3, 4, 5))
COLS = im2col(X, 2)
# What is called, the error, and a pattern: argument, what was expected, what came.
BAD = {
    "x": (lambda: im2col(X[0], 2), ValueError, r"x: expected shape \(N, C, H, W\), got \(3, 4, 5"),
    "x-inf": (lambda: im2col(X * np.inf, 2), ValueError, r"x: expected finite numbers, got inf"),
    "k": (lambda: im2col(X, 0), ValueError, r"k: expected at least 1, got 0"),
    "k-float": (lambda: im2col(X, 2.0), TypeError, r"k: expected an integer, got float"),
    "k-three": (lambda: im2col(X, (1, 2, 3)), ValueError, r"k: .*\(height, width\), got \(1, 2"),
    "k-large": (
        lambda: im2col(X, (5, 1)),
        ValueError,
        r"k: expected at most the size of the image, \(4, 5\), got \(5, 1\)",
    ),
    "stride": (lambda: im2col(X, 2, 0), ValueError, r"stride: expected at least 1, got 0"),
    "pad": (lambda: im2col(X, 2, 1, -1), ValueError, r"pad: expected at least 0, got -1"),
    "pad-float": (lambda: im2col(X, 2, 1, 0.5), TypeError, r"pad: expected an integer, got float"),
    "cols": (
        lambda: col2im(COLS[1:], X.shape, 2),
        ValueError,
        r"cols: expected shape \(24, 12\), got \(23, 12\)",
    ),
    "x-shape": (lambda: col2im(COLS, (3, 4, 5), 2), ValueError, r"x_shape: expected \(N, C, H"),
    "x-shape-float": (
        lambda: col2im(COLS, (2, 3, 4.0, 5), 2),
        TypeError,
        r"x_shape: expected an integer, got float",
    ),
    "back-large": (lambda: col2im(COLS, X.shape, 6), ValueError, r"k: .* \(4, 5\), got \(6, 6\)"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case):
    call, error, pattern = BAD[case]
    with pytest.raises(error, match=pattern):
        call()
