"""Products of Jacobians."""

import itertools

import numpy as np
import pytest

from labref.activations import ACTIVATIONS
from labref.jacobians import jacobian_norms, jacobian_products, layer_jacobians
from labref.layers import Dense
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network

SIZES = [5, 4, 6, 3, 2]


def example(scale=1.0, dtype=np.float64):
    """Return an input, weights and biases."""
    rng = np.random.default_rng(0)
    pairs = list(itertools.pairwise(SIZES))
    Ws = [scale * rng.standard_normal((n_out, n_in)) for n_in, n_out in pairs]
    bs = [rng.standard_normal(n_out) for _, n_out in pairs]
    return [a.astype(dtype) for a in (rng.standard_normal(5), *Ws)], [b.astype(dtype) for b in bs]


def logits_from(a, Ws, bs, f):
    """Return the last pre-activations, given those of the layer below the first of ``Ws``."""
    for W, b in zip(Ws, bs, strict=True):
        a = W @ f(a) + b
    return a


@pytest.mark.equation("eq-layer-jacobian", "eq-jacobian-product")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_products_agree_with_central_differences(name):
    (x, *Ws), bs = example()
    f = ACTIVATIONS[name].function
    products = jacobian_products(layer_jacobians(x, Ws, bs, name))
    assert len(products) == len(Ws) - 1
    a = Ws[0] @ x + bs[0]
    for layer, product in enumerate(products, start=1):
        steps = 1e-6 * np.eye(len(a))
        columns = [
            logits_from(a + h, Ws[layer:], bs[layer:], f)
            - logits_from(a - h, Ws[layer:], bs[layer:], f)
            for h in steps
        ]
        np.testing.assert_allclose(product, np.transpose(columns) / 2e-6, rtol=1e-6, atol=1e-8)
        a = Ws[layer] @ f(a) + bs[layer]


@pytest.mark.equation("eq-jacobian-product")
def test_backpropagation_multiplies_rows_by_the_products():
    (x, *Ws), bs = example()
    layers = [Dense(W, b, "sigmoid") for W, b in zip(Ws[:-1], bs[:-1], strict=True)]
    layers.append(Dense(Ws[-1], bs[-1]))
    Network(layers, SoftmaxCrossEntropy()).loss_and_gradient(x[None], [1])
    products = jacobian_products(layer_jacobians(x, Ws, bs))
    for layer, product in zip(layers, products, strict=False):
        np.testing.assert_allclose(layer.delta, layers[-1].delta @ product, rtol=1e-12)


@pytest.mark.equation("eq-jacobian-norm")
def test_norms_are_at_most_the_products_of_norms_and_a_quarter_per_sigmoid_layer():
    (x, *Ws), bs = example()
    jacobians = layer_jacobians(x, Ws, bs)
    norms = jacobian_norms(jacobians)
    single = [np.linalg.norm(J, 2) for J in jacobians]
    assert norms[-1] == pytest.approx(single[-1])
    for i, norm in enumerate(norms):
        assert norm <= np.prod(single[i:]) * (1 + 1e-12)
    for J, W in zip(jacobians, Ws[1:], strict=True):
        assert np.linalg.norm(J, 2) <= np.linalg.norm(W, 2) / 4


def test_without_a_hidden_layer_there_is_no_factor():
    assert jacobian_norms(layer_jacobians([1.0, 2.0], [np.eye(2)], [np.zeros(2)])) == []


def test_float32_stays_float32_and_arguments_are_not_changed():
    (x, *Ws), bs = example(dtype=np.float32)
    before = [array.copy() for array in (x, *Ws, *bs)]
    jacobians = layer_jacobians(x, Ws, bs)
    assert {J.dtype for J in jacobians + jacobian_products(jacobians)} == {np.dtype(np.float32)}
    for array, copy in zip((x, *Ws, *bs), before, strict=True):
        np.testing.assert_array_equal(array, copy)


(x, *Ws), bs = example()
CASES = {
    "x": (lambda: layer_jacobians(x[:2], Ws, bs), ValueError, r"x: .* shape \(5,\), got \(2,\)"),
    "Ws": (
        lambda: layer_jacobians(x, [Ws[0], Ws[0]], bs[:2]),
        ValueError,
        r"Ws\[1\]: expected shape \(n_out, 4\), got \(4, 5\)",
    ),
    "bs": (
        lambda: layer_jacobians(x, Ws[:1], [bs[1]]),
        ValueError,
        r"bs\[0\]: expected shape \(4,\), got \(6,\)",
    ),
    "lengths": (
        lambda: layer_jacobians(x, Ws, bs[:2]),
        ValueError,
        "Ws, bs: expected one of each per layer, got 4 weights and 2 biases",
    ),
    "empty": (lambda: layer_jacobians(x, [], []), ValueError, "Ws, bs: .* got 0 weights and 0"),
    "activation": (lambda: layer_jacobians(x, Ws, bs, "x"), ValueError, "activation: .* got 'x'"),
    "products": (
        lambda: jacobian_products([np.eye(2), np.eye(3)]),
        ValueError,
        r"jacobians\[0\]: expected shape \(3, n_in\), got \(2, 2\)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
