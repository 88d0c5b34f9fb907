"""Dropout: masks, scaling, gradients, and the averaging view."""

import copy
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from labref.activations import softmax
from labref.gradcheck import numerical_gradient, relative_error
from labref.layers import Dense, Dropout, dropout_backward, dropout_forward
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network

inputs = arrays.arrays(
    st.sampled_from([np.float32, np.float64]),
    arrays.array_shapes(max_dims=4, max_side=4),
    elements=st.floats(-1e6, 1e6, width=32),
)
keeps = st.floats(0.05, 1)


def rng():
    return np.random.default_rng(0)


@pytest.mark.equation("eq-dropout-forward")
@pytest.mark.pitfall("P2", "P3")
@given(x=inputs, keep=keeps)
def test_kept_units_are_divided_by_keep_and_dropped_ones_are_zero(x, keep):
    before = x.copy()
    out, mask = dropout_forward(x, keep, rng())
    expected = [value / keep if kept else 0 for value, kept in zip(x.flat, mask.flat, strict=True)]
    np.testing.assert_allclose(out.ravel(), expected, rtol=1e-6)
    assert (out.dtype, out.shape, mask.shape) == (x.dtype, x.shape, x.shape)
    np.testing.assert_array_equal(x, before)


@pytest.mark.pitfall("P1", "P3")
@given(x=inputs, keep=keeps)
def test_the_backward_pass_masks_and_scales_as_the_forward_pass_does(x, keep):
    _, mask = dropout_forward(x, keep, rng())
    delta = np.arange(1, x.size + 1, dtype=x.dtype).reshape(x.shape)
    before = delta.copy()
    dx = dropout_backward(delta, mask, keep)
    np.testing.assert_allclose(dx, np.where(mask, delta / x.dtype.type(keep), 0), rtol=1e-6)
    assert dx.dtype == x.dtype
    np.testing.assert_array_equal(delta, before)
    np.testing.assert_array_equal(dropout_backward(delta, mask.astype(int), keep), dx)


@pytest.mark.equation("eq-dropout-backward")
@pytest.mark.pitfall("P1", "P2", "P3")
def test_the_backward_pass_agrees_with_central_differences():
    x, delta = rng().standard_normal((2, 5, 4))
    _, mask = dropout_forward(x, 0.7, rng())
    numerical = numerical_gradient(lambda v: (dropout_forward(v, 0.7, rng())[0] * delta).sum(), x)
    assert relative_error(dropout_backward(delta, mask, 0.7), numerical) < 1e-9
    assert (numerical[~mask] == 0).all()
    assert not mask.all()


def test_keep_of_one_keeps_everything():
    x = rng().standard_normal((50, 40))
    out, mask = dropout_forward(x, 1.0, rng())
    assert mask.all()
    np.testing.assert_array_equal(out, x)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.8])
def test_the_share_of_kept_units_is_keep_and_every_example_has_its_own_mask(keep):
    _, mask = dropout_forward(np.ones((400, 100)), keep, rng())
    spread = np.sqrt(keep * (1 - keep))
    assert mask.mean() == pytest.approx(keep, abs=5 * spread / 200)
    assert np.abs(mask.mean(axis=0) - keep).max() < 5 * spread / 20  # of each unit
    assert np.abs(mask.mean(axis=1) - keep).max() < 5 * spread / 10  # of each example
    neighbours = np.corrcoef(mask[:, :-1].ravel(), mask[:, 1:].ravel())[0, 1]
    assert abs(neighbours) < 5 / 200


@pytest.mark.pitfall("P28")
def test_masks_depend_on_the_generator_alone():
    x = np.ones((20, 20))
    first, again = (dropout_forward(x, 0.5, np.random.default_rng(1))[1] for _ in range(2))
    np.testing.assert_array_equal(first, again)
    generator = np.random.default_rng(1)
    layer = Dropout(0.5, generator)
    np.testing.assert_array_equal(layer.forward(x, training=True), 2.0 * first)
    assert (layer.forward(x, training=True) != 2.0 * first).any()  # a fresh mask each time
    assert (dropout_forward(x, 0.5, np.random.default_rng(2))[1] != first).any()
    float32 = dropout_forward(x.astype(np.float32), 0.5, np.random.default_rng(1))[1]
    np.testing.assert_array_equal(float32, first)


# The layer.


@pytest.mark.pitfall("P1", "P3")
@pytest.mark.parametrize("inverted", [True, False])
def test_the_layer_masks_both_passes_alike(inverted):
    x, grad_y = rng().standard_normal((2, 6, 5))
    layer = Dropout(0.6, rng(), inverted)
    y, dx = layer.forward(x, training=True), layer.backward(grad_y)
    kept = y != 0
    assert 0 < kept.sum() < kept.size
    scale = 1 / 0.6 if inverted else 1
    np.testing.assert_allclose(y, x * kept * scale)
    np.testing.assert_allclose(dx, grad_y * kept * scale)


@pytest.mark.parametrize("inverted", [True, False])
def test_nothing_is_dropped_at_test_time_in_either_pass(inverted):
    x, grad_y = rng().standard_normal((2, 6, 5))
    layer = Dropout(0.6, rng(), inverted)
    layer.forward(x, training=True)
    scale = 1 if inverted else 0.6
    np.testing.assert_array_equal(layer.forward(x), x * scale)
    np.testing.assert_array_equal(layer.backward(grad_y), grad_y * scale)


@pytest.mark.equation("eq-dropout-mean", "eq-dropout-scaling")
@pytest.mark.pitfall("P2")
@pytest.mark.parametrize("inverted", [True, False])
def test_the_mean_over_masks_is_the_output_at_test_time(inverted):
    x = np.array([[1.0, -2.0, 3.0]])
    layer = Dropout(0.3, rng(), inverted)
    mean = np.mean([layer.forward(x, training=True) for _ in range(20_000)], axis=0)
    np.testing.assert_allclose(mean, layer.forward(x), rtol=0.06)


@pytest.mark.equation("eq-dropout-scaling")
def test_scaling_at_test_time_and_inverted_scaling_are_the_same_network_with_rescaled_weights():
    """Inverted with W and test-time scaling with W / keep have the same outputs, mask for mask."""
    x, W, keep = rng().standard_normal((6, 5)), rng().standard_normal((3, 5)), 0.6
    inverted, plain = Dropout(keep, rng()), Dropout(keep, rng(), inverted=False)
    for training in (True, False):
        ours = inverted.forward(x, training) @ W.T
        np.testing.assert_allclose(plain.forward(x, training) @ (W / keep).T, ours, rtol=1e-12)


def all_masks(n, keep):
    """Return every mask of n units with its probability."""
    masks = np.array(list(itertools.product([0.0, 1.0], repeat=n)))
    kept = masks.sum(axis=1)
    return masks, keep**kept * (1 - keep) ** (n - kept)


def test_a_linear_layer_at_test_time_is_the_average_over_all_masked_networks():
    keep, (x, W) = 0.3, (rng().standard_normal(4), rng().standard_normal((3, 4)))
    masks, p = all_masks(4, keep)
    average = p @ (masks * x @ W.T)
    layer = Dropout(keep, rng(), inverted=False)
    np.testing.assert_allclose(layer.forward(x[None]) @ W.T, [average], rtol=1e-12)


@pytest.mark.equation("eq-dropout-geometric")
def test_a_softmax_layer_at_test_time_is_the_geometric_mean_over_all_masked_networks():
    keep, (x, W) = 0.5, (rng().standard_normal(4), rng().standard_normal((3, 4)))
    masks, p = all_masks(4, keep)
    geometric = np.exp(p @ np.log(softmax(masks * x @ W.T)))
    layer = Dropout(keep, rng(), inverted=False)
    at_test_time = softmax(layer.forward(x[None]) @ W.T)[0]
    np.testing.assert_allclose(at_test_time, geometric / geometric.sum(), rtol=1e-12)


def test_a_network_drops_units_in_training_only():
    generator = rng()
    layers = [
        Dense.random(4, 30, "tanh", generator),
        Dropout(0.5, generator),
        Dense.random(30, 3, "identity", generator),
    ]
    net = Network(layers, SoftmaxCrossEntropy())
    x, labels = generator.standard_normal((8, 4)), generator.integers(0, 3, 8)
    np.testing.assert_array_equal(net.forward(x), net.forward(x))
    _, first = net.loss_and_gradient(x, labels)
    dropped = layers[1].mask == 0
    assert (layers[2].x[dropped] == 0).all()
    assert (layers[0].delta[dropped] == 0).all()
    _, second = net.loss_and_gradient(x, labels)
    assert (first != second).any()


@pytest.mark.torch
def test_gradients_through_a_network_agree_with_pytorch(golden):
    generator = rng()
    layers = [
        Dense.random(4, 6, "tanh", generator),
        Dropout(0.6, generator),
        Dense.random(6, 3, "identity", generator),
    ]
    net = Network(layers, SoftmaxCrossEntropy())
    x, labels = generator.standard_normal((8, 4)), generator.integers(0, 3, 8)
    cost, gradient = net.loss_and_gradient(x, labels)

    def compute():
        import torch

        first, second = copy.deepcopy(layers[0]), copy.deepcopy(layers[2])
        arrays = (first.W, first.b, second.W, second.b)
        W1, b1, W2, b2 = parameters = [torch.tensor(a, requires_grad=True) for a in arrays]
        hidden = torch.tanh(torch.tensor(x) @ W1.T + b1) * torch.tensor(layers[1].mask != 0) / 0.6
        loss = torch.nn.functional.cross_entropy(hidden @ W2.T + b2, torch.tensor(labels))
        loss.backward()
        flat = np.concatenate([p.grad.numpy().ravel() for p in parameters])
        return {"loss": np.array(loss.item()), "gradient": flat}

    values = golden("dropout", compute)
    assert cost == pytest.approx(float(values["loss"]), rel=1e-12)
    np.testing.assert_allclose(gradient, values["gradient"], rtol=1e-9, atol=1e-14)


X = np.ones((2, 3))
CASES = {
    "x": (lambda: dropout_forward([[np.nan]], 0.5, rng()), ValueError, r"x: expected finite"),
    "zero": (lambda: dropout_forward(X, 0, rng()), ValueError, r"keep: .* \(0, 1\], got 0"),
    "two": (lambda: dropout_forward(X, 2, rng()), ValueError, r"keep: .* \(0, 1\], got 2"),
    "nan": (lambda: dropout_forward(X, np.nan, rng()), ValueError, r"keep: .* got nan"),
    "rng": (lambda: dropout_forward(X, 0.5, 0), TypeError, r"rng: .*Generator.* got int"),
    "delta": (lambda: dropout_backward(["a"], [1], 1), TypeError, r"delta: expected real numbers"),
    "mask": (lambda: dropout_backward(X, X[:1], 1), ValueError, r"mask: .* \(2, 3\), got \(1, 3\)"),
    "scaled": (lambda: dropout_backward(X, 2 * X, 0.5), ValueError, r"mask: .* zeros and ones"),
    "back-keep": (lambda: dropout_backward(X, X, -1), ValueError, r"keep: .* got -1"),
    "layer-keep": (lambda: Dropout(1.5, rng()), ValueError, r"keep: .* \(0, 1\], got 1.5"),
    "layer-rng": (lambda: Dropout(0.5, None), TypeError, r"rng: .* got NoneType"),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
