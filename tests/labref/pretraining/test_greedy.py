"""Greedy pretraining: what each layer sees, frozen features, the network for fine-tuning."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from labref.optimizers import SGD
from labref.pretraining.greedy import greedy_pretrain, stack_features, stack_network
from labref.training import train

sizes = st.lists(st.integers(1, 5), min_size=1, max_size=4)
X = np.random.default_rng(0).uniform(size=(7, 4))


def recorder(dtype=np.float64):
    """Return a ``train_layer`` that draws its layer, and the list of what it was called with."""
    calls, rng = [], np.random.default_rng(1)

    def train_layer(h, n_hidden):
        calls.append((h, n_hidden))
        W = rng.standard_normal((n_hidden, h.shape[1]))
        return W.astype(dtype), rng.standard_normal(n_hidden).astype(dtype)

    return train_layer, calls


def stack(n_in=4, units=(3, 5)):
    return greedy_pretrain(np.ones((1, n_in)), units, recorder()[0])


@pytest.mark.equation("eq-greedy")
@given(units=sizes, n_in=st.integers(1, 4), n=st.integers(1, 4))
def test_every_layer_is_trained_on_the_sigmoid_outputs_of_the_one_below(units, n_in, n):
    x = X[:n, :n_in]
    train_layer, calls = recorder()
    layers = greedy_pretrain(x, units, train_layer)
    assert [n_hidden for _, n_hidden in calls] == units
    assert [len(b) for _, b in layers] == units
    h = x
    for (W, b), (seen, _) in zip(layers, calls, strict=True):
        np.testing.assert_allclose(seen, h, rtol=1e-13)
        h = expit(seen @ W.T + b)
    np.testing.assert_allclose(stack_features(x, layers), h, rtol=1e-13)


def test_the_inputs_are_left_alone_and_lists_will_do():
    before = X.copy()
    train_layer, calls = recorder()
    greedy_pretrain(X.tolist(), [3], train_layer)
    np.testing.assert_array_equal(calls[0][0], before)
    greedy_pretrain(X, (3, 2), recorder()[0])
    np.testing.assert_array_equal(X, before)


def test_the_network_has_the_stacks_layers_and_a_softmax_layer_on_top():
    layers = stack()
    network = stack_network(layers, 6, np.random.default_rng(0))
    assert [layer.activation.name for layer in network.layers] == ["sigmoid"] * 2 + ["identity"]
    for layer, (W, b) in zip(network.layers, layers, strict=False):
        np.testing.assert_array_equal(layer.W, W)
        np.testing.assert_array_equal(layer.b, b)
        assert not np.shares_memory(layer.W, W)
    top = network.layers[-1]
    assert top.W.shape == (6, 5)
    logits = stack_features(X, layers) @ top.W.T + top.b
    np.testing.assert_allclose(network.forward(X), logits, rtol=1e-12)
    np.testing.assert_allclose(network.predict(X).sum(axis=1), 1)


def test_fine_tuning_changes_every_layer_but_not_the_stack():
    layers = stack()
    before = [(W.copy(), b.copy()) for W, b in layers]
    network = stack_network(layers, 2, np.random.default_rng(0))
    start = network.parameters.copy()
    options = {"epochs": 2, "batch_size": 3, "rng": np.random.default_rng(0), "progress": False}
    train(network, X, np.arange(7) % 2, optimizer=SGD(0.5), **options)
    assert (network.parameters != start).all()
    for (W, b), (old_W, old_b) in zip(layers, before, strict=True):
        np.testing.assert_array_equal(W, old_W)
        np.testing.assert_array_equal(b, old_b)


def test_float32_stays_float32():
    x = X.astype(np.float32)
    train_layer, calls = recorder(np.float32)
    layers = greedy_pretrain(x, [3, 2], train_layer)
    network = stack_network(layers, 2, np.random.default_rng(0))
    arrays = [calls[1][0], stack_features(x, layers), network.parameters]
    assert {array.dtype for array in arrays} == {np.dtype(np.float32)}


def wrong_shape(h, n_hidden):
    return np.ones((h.shape[1], n_hidden)), np.ones(n_hidden)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: greedy_pretrain(X[0], [3], recorder()[0]),
            ValueError,
            r"x: expected shape \(N, n_in\), got \(4,\)",
        ),
        (lambda: greedy_pretrain(X[:0], [3], recorder()[0]), ValueError, r"x: .* \(empty\)"),
        (lambda: greedy_pretrain(X, [], recorder()[0]), ValueError, r"sizes: expected one layer"),
        (lambda: greedy_pretrain(X, [3, 0], recorder()[0]), ValueError, r"sizes: .* 1, got 0"),
        (lambda: greedy_pretrain(X, [2.5], recorder()[0]), TypeError, r"sizes: .* got float"),
        (
            lambda: greedy_pretrain(X, [3], wrong_shape),
            ValueError,
            r"train_layer's W: expected shape \(3, 4\), got \(4, 3\)",
        ),
        (
            lambda: greedy_pretrain(X, [3], lambda h, n: (np.ones((3, 4)), [np.nan] * 3)),
            ValueError,
            r"train_layer's b: expected finite numbers",
        ),
        (
            lambda: stack_features(X, stack(n_in=3)),
            ValueError,
            r"stack: W of layer 0: expected shape \(n_out, 4\), got \(3, 3\)",
        ),
        (
            lambda: stack_features(X, []),
            ValueError,
            r"stack: expected one layer at least, got none",
        ),
        (
            lambda: stack_network([*stack(), *stack()], 2, RNG),
            ValueError,
            r"stack: W of layer 2: expected shape \(n_out, 5\), got \(3, 4\)",
        ),
        (
            lambda: stack_network([(np.ones((3, 4)), np.ones(4))], 2, RNG),
            ValueError,
            r"stack: b of layer 0: expected shape \(3,\), got \(4,\)",
        ),
        (lambda: stack_network(stack(), 0, RNG), ValueError, r"n_classes: .* at least 1, got 0"),
        (lambda: stack_network(stack(), 2, 0), TypeError, r"rng: expected a numpy.random.Gen"),
    ],
)
def test_bad_input_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
