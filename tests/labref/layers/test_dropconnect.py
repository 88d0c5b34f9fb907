"""DropConnect: the mask of the weights, forward and backward."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import (
    Dense,
    DropConnect,
    dense_forward,
    dropconnect_backward,
    dropconnect_forward,
)

sizes = st.integers(1, 5)


def rng():
    return np.random.default_rng(0)


def example(n=4, n_in=5, n_out=3):
    shapes = (n, n_in), (n_out, n_in), (n_out,), (n, n_out)
    generator = np.random.default_rng(1)
    return [generator.standard_normal(shape) for shape in shapes]


@pytest.mark.equation("eq-dropconnect")
@pytest.mark.pitfall("P2")
@given(n=sizes, n_in=sizes, n_out=sizes, keep=st.floats(0.05, 1))
def test_kept_weights_are_divided_by_keep_and_biases_are_not_dropped(n, n_in, n_out, keep):
    x, W, b, _ = example(n, n_in, n_out)
    out, mask = dropconnect_forward(x, W, b, keep, rng())
    assert (mask.shape, mask.dtype) == (W.shape, bool)
    expected = [
        [
            sum(row[j] * W[i, j] / keep for j in range(n_in) if mask[i, j]) + b[i]
            for i in range(n_out)
        ]
        for row in x
    ]
    np.testing.assert_allclose(out, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.equation("eq-dropconnect-backward")
@pytest.mark.pitfall("P1", "P3")
@given(n=sizes, n_in=sizes, n_out=sizes, keep=st.floats(0.05, 1))
def test_backward_agrees_with_central_differences(n, n_in, n_out, keep):
    x, W, b, delta = arguments = example(n, n_in, n_out)
    before = [array.copy() for array in arguments]
    _, mask = dropconnect_forward(x, W, b, keep, rng())
    dx, dW, db = dropconnect_backward(delta, x, W, mask, keep)

    def numerical(f, at):
        return numerical_gradient(lambda v: (f(v) * delta).sum(), at)

    def out(x, W, b):
        return dropconnect_forward(x, W, b, keep, rng())[0]

    assert relative_error(dx, numerical(lambda v: out(v, W, b), x)) < 1e-8
    assert relative_error(dW, numerical(lambda v: out(x, v, b), W)) < 1e-8
    assert relative_error(db, numerical(lambda v: out(x, W, v), b)) < 1e-8
    assert (dW[~mask] == 0).all()
    for array, copied in zip(arguments, before, strict=True):
        np.testing.assert_array_equal(array, copied)


def test_keep_of_one_is_the_dense_layer():
    x, W, b, _ = example()
    out, mask = dropconnect_forward(x, W, b, 1.0, rng())
    assert mask.all()
    np.testing.assert_array_equal(out, dense_forward(x, W, b))


def test_the_share_of_kept_weights_is_keep():
    _, mask = dropconnect_forward(np.ones((1, 200)), np.ones((200, 200)), np.ones(200), 0.3, rng())
    assert mask.mean() == pytest.approx(0.3, abs=5 * np.sqrt(0.21) / 200)


def test_float32_stays_float32():
    x, W, b, delta = (array.astype(np.float32) for array in example())
    out, mask = dropconnect_forward(x, W, b, 0.5, rng())
    results = [out, *dropconnect_backward(delta, x, W, mask, 0.5)]
    assert {array.dtype for array in results} == {np.dtype(np.float32)}


def test_the_layer_does_what_the_functions_do():
    x, W, b, grad_y = example()
    layer = DropConnect(Dense(W, b), 0.5, rng())
    out, mask = dropconnect_forward(x, W, b, 0.5, rng())
    assert not mask.all()
    np.testing.assert_allclose(layer.forward(x, training=True), out, rtol=1e-12)
    np.testing.assert_array_equal(layer.mask, mask / 0.5)
    dx, dW, db = dropconnect_backward(grad_y, x, W, mask, 0.5)
    np.testing.assert_allclose(layer.backward(grad_y), dx, rtol=1e-12)
    np.testing.assert_allclose(layer.dW, dW, rtol=1e-12)
    np.testing.assert_allclose(layer.db, db, rtol=1e-12)


X, W, B, DELTA = np.ones((4, 3)), np.ones((2, 3)), np.ones(2), np.ones((4, 2))
CASES = {
    "x": (lambda: dropconnect_forward(X.T, W, B, 1, rng()), ValueError, r"x: .* \(N, 3\), got"),
    "W": (lambda: dropconnect_forward(X, B, B, 1, rng()), ValueError, r"W: .* \(n_out, n_in\)"),
    "b": (lambda: dropconnect_forward(X, W, [1.0], 1, rng()), ValueError, r"b: .* got \(1,\)"),
    "keep": (lambda: dropconnect_forward(X, W, B, 0, rng()), ValueError, r"keep: .* \(0, 1\]"),
    "rng": (lambda: dropconnect_forward(X, W, B, 1, 1), TypeError, r"rng: .* got int"),
    "delta": (lambda: dropconnect_backward(X, X, W, W, 1), ValueError, r"delta: .* \(N, 2\), got"),
    "mask": (
        lambda: dropconnect_backward(DELTA, X, W, X, 1),
        ValueError,
        r"mask: expected shape \(2, 3\), got \(4, 3\)",
    ),
    "scaled": (
        lambda: dropconnect_backward(DELTA, X, W, 2 * W, 0.5),
        ValueError,
        r"mask: expected zeros and ones",
    ),
    "layer-keep": (lambda: DropConnect(Dense(W, B), 2, rng()), ValueError, r"keep: .* got 2"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
