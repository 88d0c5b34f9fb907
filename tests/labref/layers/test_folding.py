"""Folding batch normalization into the layer before it changes nothing in inference."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labref.layers import (
    Activate,
    BatchNorm,
    Conv2D,
    Dense,
    batchnorm_inference,
    conv2d_forward,
    dense_forward,
    fold,
    fold_batchnorm,
)

sizes = st.integers(1, 5)


def statistics(n, seed=0, dtype=np.float64):
    """Return gamma, beta, mean and var."""
    rng = np.random.default_rng(seed)
    values = (*rng.standard_normal((3, n)), rng.uniform(0.1, 4, n))
    return [value.astype(dtype) for value in values]


def trained(n, dtype=np.float64):
    """Return a normalization with all its arrays at random."""
    layer = BatchNorm(n, dtype=dtype)
    arrays = layer.gamma, layer.beta, layer.running_mean, layer.running_var
    for array, value in zip(arrays, statistics(n), strict=True):
        array[:] = value
    return layer


@pytest.mark.equation("eq-fold-batchnorm")
@given(n_in=sizes, n_out=sizes, seed=st.integers(0, 9))
def test_a_folded_dense_layer_does_what_both_did(n_in, n_out, seed):
    rng = np.random.default_rng(seed)
    x, W = rng.standard_normal((6, n_in)), rng.standard_normal((n_out, n_in))
    b, normalization = rng.standard_normal(n_out), statistics(n_out, seed)
    expected = batchnorm_inference(dense_forward(x, W, b), *normalization, 1e-5)
    folded_W, folded_b = fold_batchnorm(W, b, *normalization, 1e-5)
    np.testing.assert_allclose(dense_forward(x, folded_W, folded_b), expected, atol=1e-12)


@pytest.mark.parametrize("untied", [False, True])
def test_a_folded_convolution_does_what_both_did(untied):
    rng = np.random.default_rng(0)
    x, W = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 2))
    b, normalization = rng.standard_normal((4, 4, 4) if untied else 4), statistics(4)

    def convolve(W, b):
        return conv2d_forward(x, W, b) if b.ndim == 1 else Conv2D(W, b).forward(x)

    expected = batchnorm_inference(convolve(W, b), *normalization, 1e-5)
    folded = fold_batchnorm(W, b, *normalization, 1e-5)
    np.testing.assert_allclose(convolve(*folded), expected, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["dense", "convolution"])
def test_layers_fold_into_a_new_layer(kind, dtype):
    rng = np.random.default_rng(0)
    if kind == "dense":
        layer, x = Dense.random(5, 4, "identity", rng, dtype), rng.standard_normal((6, 5))
    else:
        layer = Conv2D.random(2, 4, 3, "identity", rng, dtype, stride=2, pad=1)
        x = rng.standard_normal((3, 2, 6, 5))
    x, normalization = x.astype(dtype), trained(4, dtype)
    W, b = layer.W.copy(), layer.b.copy()
    expected = normalization.forward(layer.forward(x))
    folded = fold(layer, normalization)
    y = folded.forward(x)
    np.testing.assert_allclose(y, expected, rtol=0, atol=50 * np.finfo(dtype).eps)
    assert type(folded) is type(layer)
    assert {y.dtype, folded.W.dtype, folded.b.dtype} == {np.dtype(dtype)}
    folded.backward(np.ones_like(y))
    np.testing.assert_array_equal(layer.W, W)
    np.testing.assert_array_equal(layer.b, b)
    np.testing.assert_array_equal(layer.dW, 0)
    np.testing.assert_array_equal(layer.db, 0)


W, ONE = np.ones((3, 2)), np.ones(3)
CASES = {
    "W": (
        lambda: fold_batchnorm(ONE, ONE, ONE, ONE, ONE, ONE, 0),
        ValueError,
        r"W: expected shape \(n_out, n_in\) or filters, got \(3,\)",
    ),
    "b": (
        lambda: fold_batchnorm(W, [1.0], ONE, ONE, ONE, ONE, 0),
        ValueError,
        r"b: expected shape \(3,\), got \(1,\)",
    ),
    "mean": (
        lambda: fold_batchnorm(W, ONE, ONE, ONE, [1.0], ONE, 0),
        ValueError,
        r"mean: expected shape \(3,\), got \(1,\)",
    ),
    "var": (
        lambda: fold_batchnorm(W, ONE, ONE, ONE, ONE, -ONE, 2),
        ValueError,
        r"var: expected no negative numbers, got -1.0",
    ),
    "eps": (
        lambda: fold_batchnorm(W, ONE, ONE, ONE, ONE, ONE, -1),
        ValueError,
        r"eps: expected a number in \[0, inf\), got -1",
    ),
    "activation": (
        lambda: fold(Dense(W, ONE, "tanh"), BatchNorm(3)),
        ValueError,
        r"layer: expected no activation before the normalization, got tanh",
    ),
    "features": (
        lambda: fold(Dense(W, ONE), BatchNorm(4)),
        ValueError,
        r"gamma: expected shape \(3,\), got \(4,\)",
    ),
    "layer": (
        lambda: fold(Activate("tanh"), BatchNorm(3)),
        TypeError,
        r"layer: expected Dense or Conv2D, got Activate",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
