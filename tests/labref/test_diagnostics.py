"""Sizes of activations and gradients, dead units, shifting inputs."""

import copy
import itertools

import numpy as np
import pytest

from labref.activations import ACTIVATIONS, relu, tanh
from labref.diagnostics import (
    activation_stds,
    along_gradient,
    batchnorm_gain,
    bias_gradient_norms,
    dead_relu_fraction,
    gradient_norms,
    gradient_shift,
    input_moments,
    input_shift,
    layer_signals,
    signal_stds,
)
from labref.gradcheck import numerical_gradient, relative_error
from labref.initializers import he_normal, lecun_normal
from labref.layers import Activate, BatchNorm, Dense, Flatten, NoisyReLU
from labref.losses import SoftmaxCrossEntropy, SquaredError
from labref.network import Network, dense_network
from labref.optimizers import SGD
from labref.training import train

RNG = np.random.default_rng(0)
X, LABELS = RNG.standard_normal((7, 5)), RNG.integers(0, 3, 7)


def arrays(sizes=(5, 4, 6, 3), dtype=np.float64):
    """Return weights and biases."""
    rng = np.random.default_rng(1)
    pairs = list(itertools.pairwise(sizes))
    Ws = [rng.standard_normal((n_out, n_in)).astype(dtype) for n_in, n_out in pairs]
    return Ws, [rng.standard_normal(n_out).astype(dtype) for _, n_out in pairs]


def mixed_network(activation="tanh"):
    """Return a network of several kinds of layers, one of which draws noise in training."""
    rng = np.random.default_rng(2)
    layers = [
        Flatten(),
        Dense.random(6, 8, "identity", rng),
        NoisyReLU(rng),
        Dense.random(8, 4, activation, rng),
        Activate("sigmoid"),
        Dense.random(4, 3, "identity", rng),
    ]
    return Network(layers, SoftmaxCrossEntropy(), in_shape=(2, 3))


IMAGES = RNG.standard_normal((7, 2, 3))


@pytest.mark.equation("eq-bias-gradient-norm")
def test_bias_gradient_norms_agree_with_central_differences():
    Ws, bs = arrays()

    def loss(bs):
        y = X
        for W, b in zip(Ws[:-1], bs[:-1], strict=True):
            y = 1 / (1 + np.exp(-(y @ W.T + b)))
        logits = y @ Ws[-1].T + bs[-1]
        log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
        return -log_p[np.arange(7), LABELS].mean()

    norms = bias_gradient_norms(X, LABELS, Ws, bs)
    assert len(norms) == 2
    for i, norm in enumerate(norms):
        numerical = numerical_gradient(lambda b, i=i: loss([*bs[:i], b, *bs[i + 1 :]]), bs[i])
        assert norm == pytest.approx(np.linalg.norm(numerical), rel=1e-7)


def test_bias_gradient_norms_agree_with_pytorch(golden):
    Ws, bs = arrays()

    def compute():
        import torch

        y = torch.tensor(X)
        biases = [torch.tensor(b, requires_grad=True) for b in bs]
        for W, b in zip(Ws, biases, strict=True):
            a = y @ torch.tensor(W).T + b
            y = torch.sigmoid(a)
        torch.nn.functional.cross_entropy(a, torch.tensor(LABELS)).backward()
        return {"norms": np.array([b.grad.norm().item() for b in biases[:-1]])}

    expected = golden("bias-gradient-norms", compute)["norms"]
    np.testing.assert_allclose(bias_gradient_norms(X, LABELS, Ws, bs), expected, rtol=1e-10)


def test_bias_gradient_norms_do_not_depend_on_how_often_the_batch_is_repeated():
    Ws, bs = arrays()
    twice = bias_gradient_norms(np.tile(X, (2, 1)), np.tile(LABELS, 2), Ws, bs)
    np.testing.assert_allclose(twice, bias_gradient_norms(X, LABELS, Ws, bs), rtol=1e-12)


def test_bias_gradient_norms_shrink_towards_the_input_of_a_deep_sigmoid_network():
    rng = np.random.default_rng(0)
    sizes = [5, 30, 30, 30, 30, 3]
    Ws = [lecun_normal(n_in, n_out, rng) for n_in, n_out in itertools.pairwise(sizes)]
    norms = bias_gradient_norms(X, LABELS, Ws, [np.zeros(n) for n in sizes[1:]])
    assert (np.diff(norms) > 0).all()


def test_bias_gradient_norms_leave_their_arguments_alone():
    Ws, bs = arrays()
    before = copy.deepcopy((X, LABELS, Ws, bs))
    bias_gradient_norms(X, LABELS, Ws, bs)
    for array, was in zip(
        (X, LABELS, *Ws, *bs), (*before[:2], *before[2], *before[3]), strict=True
    ):
        np.testing.assert_array_equal(array, was)


def test_gradient_norms_are_those_of_each_layers_part_of_the_gradient():
    network = mixed_network()
    norms = gradient_norms(network, IMAGES, LABELS)
    assert [set(n) for n in norms] == [set(), {"W", "b"}, set(), {"W", "b"}, set(), {"W", "b"}]
    _, gradient = network.loss_and_gradient(IMAGES, LABELS)
    total = np.sqrt(sum(norm**2 for layer in norms for norm in layer.values()))
    assert total == pytest.approx(np.linalg.norm(gradient))
    for layer, norm in zip(network.layers, norms, strict=True):
        assert norm.get("b", 0) == pytest.approx(np.linalg.norm(getattr(layer, "db", 0)))


def test_gradient_norms_of_a_sigmoid_network_are_bias_gradient_norms():
    Ws, bs = arrays()
    layers = [Dense(W, b, "sigmoid") for W, b in zip(Ws[:-1], bs[:-1], strict=True)]
    network = Network([*layers, Dense(Ws[-1], bs[-1])], SoftmaxCrossEntropy())
    norms = [layer["b"] for layer in gradient_norms(network, X, LABELS)]
    np.testing.assert_allclose(norms[:-1], bias_gradient_norms(X, LABELS, Ws, bs), rtol=1e-14)


@pytest.mark.equation("eq-spread")
@pytest.mark.parametrize("f", [relu, tanh])
def test_activation_stds_are_those_of_each_layers_output(f):
    Ws, _ = arrays()
    y, expected = X, []
    for W in Ws:
        y = f(y @ W.T)
        expected.append(y.std())
    np.testing.assert_allclose(activation_stds(X, Ws, f), expected, rtol=1e-14)


def test_he_weights_keep_relus_stds_where_lecuns_let_them_vanish():
    x = np.random.default_rng(0).standard_normal((200, 100))
    rng = np.random.default_rng(1)
    he, lecun = (
        activation_stds(x, [initializer(100, 100, rng) for _ in range(10)], relu)
        for initializer in (he_normal, lecun_normal)
    )
    assert 0.4 < he[-1] / he[0] < 2.5
    assert lecun[-1] / lecun[0] == pytest.approx(2 ** (-9 / 2), rel=0.5)


@pytest.mark.equation("eq-dead-relu")
def test_dead_units_are_off_for_every_row():
    x = np.array([[1.0, 0.0], [0.0, 1.0]])
    W = np.array([[1.0, -1.0], [-1.0, -1.0], [0.0, 0.0], [1.0, 1.0]])
    assert dead_relu_fraction(x, W, np.zeros(4)) == 0.5  # the third is at 0: off
    assert dead_relu_fraction(x, W, np.full(4, 1.5)) == 0
    assert dead_relu_fraction(x, W, np.full(4, -2.0)) == 1
    assert dead_relu_fraction(x[:1], W, [0, 0, 1e-9, 0]) == 0.25


def test_dead_units_get_no_gradient_and_live_ones_do():
    rng = np.random.default_rng(0)
    layer = Dense(rng.standard_normal((40, 5)), rng.standard_normal(40) - 3, "relu")
    layer.forward(X)
    layer.backward(rng.standard_normal((7, 40)))
    dead = dead_relu_fraction(X, layer.W, layer.b)
    assert 0 < dead < 1
    assert (layer.db == 0).mean() == dead


def test_layer_signals_are_outputs_and_gradients_there():
    network = mixed_network()
    outputs, gradients = layer_signals(network, IMAGES, LABELS)
    assert len(outputs) == len(gradients) == 6
    np.testing.assert_array_equal(outputs[0], IMAGES.reshape(7, 6))
    targets = network.loss.check(outputs[-1], LABELS)
    for i, (y, gradient) in enumerate(zip(outputs, gradients, strict=True)):

        def loss(y, i=i):
            rest = copy.deepcopy(network).layers[i + 1 :]
            for layer in rest:
                y = layer.forward(y, training=True)
            return network.loss.value(y, targets)

        assert relative_error(gradient, numerical_gradient(loss, y)) < 1e-7


def test_signal_stds_are_over_all_rows_and_units():
    network = dense_network([5, 4, 2], np.random.default_rng(0), "tanh", SquaredError())
    targets = np.ones((7, 2))
    outputs, gradients = layer_signals(network, X, targets)
    expected = [y.std() for y in outputs], [g.std() for g in gradients]
    np.testing.assert_allclose(signal_stds(network, X, targets), expected, rtol=1e-14)


def test_a_network_is_measured_on_a_copy():
    network = mixed_network()
    network.loss_and_gradient(IMAGES, LABELS)
    parameters, gradient = network.parameters.copy(), network.gradient.copy()
    state, a = network.layers[2].rng.bit_generator.state, network.layers[1].a
    gradient_norms(network, 2 * IMAGES, LABELS)
    layer_signals(network, 2 * IMAGES, LABELS)
    input_moments(network, 2 * IMAGES)
    gradient_shift(network, 2 * IMAGES, LABELS, 0.1)
    along_gradient(network, 2 * IMAGES, LABELS, [0.1])
    np.testing.assert_array_equal(network.parameters, parameters)
    np.testing.assert_array_equal(network.gradient, gradient)
    assert network.layers[2].rng.bit_generator.state == state
    assert network.layers[1].a is a


def test_input_moments_are_unit_by_unit():
    network = mixed_network()
    outputs, _ = layer_signals(network, IMAGES, LABELS)
    moments = input_moments(network, IMAGES)
    for (mean, std), inputs in zip(moments, [IMAGES, *outputs[:-1]], strict=True):
        np.testing.assert_allclose(mean, inputs.mean(axis=0), rtol=1e-14)
        np.testing.assert_allclose(std, inputs.std(axis=0), rtol=1e-14)
        assert mean.shape == inputs.shape[1:]


@pytest.mark.equation("eq-input-shift")
def test_the_shift_counts_standard_deviations():
    before = [(np.array([0.0, 1.0]), np.array([2.0, 2.0]))]
    assert input_shift(before, before) == [0]
    assert input_shift(before, [(np.array([2.0, 3.0]), np.array([2.0, 2.0]))]) == [1]
    assert input_shift(before, [(np.array([0.0, 1.0]), np.array([4.0, 0.0]))]) == [1]
    one_unit = [(np.array([6.0, 1.0]), np.array([2.0, 2.0]))]
    assert input_shift(before, one_unit) == [pytest.approx(np.sqrt(36 / 2 / 4))]


def test_training_shifts_the_inputs_of_all_layers_but_the_first():
    network = dense_network([5, 8, 8, 3], np.random.default_rng(0), "tanh")
    before = input_moments(network, X)
    options = {"epochs": 5, "batch_size": 7, "rng": np.random.default_rng(0), "progress": False}
    train(network, X, LABELS, optimizer=SGD(0.5), **options)
    shift = input_shift(before, input_moments(network, X))
    assert shift[0] == 0
    assert min(shift[1:]) > 0.01


@pytest.mark.equation("eq-batchnorm-gain")
@pytest.mark.parametrize(
    ("name", "expected"), [("identity", 1.0), ("relu", np.sqrt(np.pi / (np.pi - 1)))]
)
def test_the_gain_of_batch_normalization_has_its_closed_form(name, expected):
    assert batchnorm_gain(name) == pytest.approx(expected, rel=1e-3)


@pytest.mark.equation("eq-batchnorm-gain")
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_the_gain_of_batch_normalization_is_what_gradients_grow_by(name):
    """... whatever the scale of the weights."""
    rng, depth, n = np.random.default_rng(0), 6, 400
    layers = []
    for _ in range(depth):
        dense = Dense.random(n, n, "identity", rng)
        dense.W *= rng.uniform(0.1, 10)
        layers += [dense, BatchNorm(n), Activate(name)]
    layers.append(Dense.random(n, 10, "identity", rng))
    network = Network(layers, SoftmaxCrossEntropy())
    x, labels = rng.standard_normal((300, n)), rng.integers(0, 10, 300)
    _, gradients = signal_stds(network, x, labels)
    growth = (gradients[1] / gradients[3 * depth - 2]) ** (1 / (depth - 1))
    assert growth == pytest.approx(batchnorm_gain(name), rel=0.03)


@pytest.mark.equation("eq-batchnorm-gain")
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_do_not_vanish_with_batch_normalization(name):
    assert batchnorm_gain(name) > 1 - 1e-6


@pytest.mark.equation("eq-gradient-shift")
def test_the_gradient_shift_is_due_to_the_layers_before():
    sizes, lr = [5, 4, 6, 3], 0.7
    network = dense_network(sizes, np.random.default_rng(0), "tanh")
    network.loss_and_gradient(X, LABELS)
    shifts = gradient_shift(network, X, LABELS, lr)
    assert len(shifts) == 2
    for i, (distance, cosine) in enumerate(shifts, 1):
        moved = copy.deepcopy(network)
        for layer, original in zip(moved.layers[:i], network.layers, strict=False):
            layer.W -= lr * original.dW
            layer.b -= lr * original.db
        layer = moved.layers[i]

        def loss(W, layer=layer, moved=moved):
            layer.W[...] = W
            return moved.mean_loss(X, LABELS)

        def loss_of_b(b, layer=layer, moved=moved):
            layer.b[...] = b
            return moved.mean_loss(X, LABELS)

        W, b = layer.W.copy(), layer.b.copy()
        at_W = numerical_gradient(loss, W)
        layer.W[...] = W
        after = np.append(at_W, numerical_gradient(loss_of_b, b))
        before = np.append(network.layers[i].dW, network.layers[i].db)
        expected = np.linalg.norm(after - before) / np.linalg.norm(before)
        assert distance == pytest.approx(expected, rel=1e-6)
        cos = after @ before / np.linalg.norm(after) / np.linalg.norm(before)
        assert cosine == pytest.approx(cos, rel=1e-6)


@pytest.mark.equation("eq-gradient-change")
def test_on_a_quadratic_the_gradient_changes_by_the_hessian():
    """A linear layer under the squared error: g(w - lr g) - g = -lr H g, at any distance."""
    network = dense_network([5, 1], np.random.default_rng(0), loss=SquaredError())
    targets = X[:, :1] ** 2
    _, g = network.loss_and_gradient(X, targets)
    rows = np.hstack([X, np.ones((7, 1))])
    unit = np.eye(6)
    cost = copy.deepcopy(network).objective(X, targets)
    origin = cost(np.zeros(6))[1]
    H = np.array([cost(e)[1] - origin for e in unit])
    np.testing.assert_allclose(H / H[5, 5], rows.T @ rows / 7, atol=1e-12)
    losses, change = along_gradient(network, X, targets, [0.1, 0.5])
    assert change == pytest.approx(np.linalg.norm(H @ g) / np.linalg.norm(g))
    expected = [cost(network.parameters - lr * g)[0] for lr in (0.1, 0.5)]
    np.testing.assert_allclose(losses, expected)


@pytest.mark.equation("eq-gradient-change")
def test_the_largest_change_of_the_gradient_along_the_line_is_taken():
    network = dense_network([5, 4, 3], np.random.default_rng(0), "tanh")
    lrs = (0.3, 3.0, 1.0)
    each = [along_gradient(network, X, LABELS, [lr])[1] for lr in lrs]
    assert along_gradient(network, X, LABELS, lrs)[1] == max(each) > min(each)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_networks_dtype_is_kept(dtype):
    network = dense_network([5, 4, 3], np.random.default_rng(0), dtype=dtype)
    outputs, gradients = layer_signals(network, X, LABELS)
    moments = [array for pair in input_moments(network, X) for array in pair]
    assert {array.dtype for array in outputs + gradients + moments} == {np.dtype(dtype)}


def test_float32_weights_give_the_norms_of_float64_to_float32_precision():
    norms = bias_gradient_norms(X.astype(np.float32), LABELS, *arrays(dtype=np.float32))
    np.testing.assert_allclose(norms, bias_gradient_norms(X, LABELS, *arrays()), rtol=1e-5)


WS, BS = arrays()
NETWORK = dense_network([5, 4, 3], np.random.default_rng(0))
MOMENTS = input_moments(NETWORK, X)
CASES = {
    "norms-x": (
        lambda: bias_gradient_norms(X[:, :2], LABELS, WS, BS),
        ValueError,
        r"x: expected shape \(N, 5\), got \(7, 2\)",
    ),
    "norms-labels": (
        lambda: bias_gradient_norms(X, LABELS + 3, WS, BS),
        ValueError,
        r"labels: expected labels in 0\.\.2",
    ),
    "norms-Ws": (
        lambda: bias_gradient_norms(X, LABELS, WS[::-1], BS),
        ValueError,
        r"bs\[0\]: expected shape \(3,\), got \(4,\)",
    ),
    "norms-fit": (
        lambda: bias_gradient_norms(X, LABELS, [WS[0], WS[2]], [BS[0], BS[2]]),
        ValueError,
        r"Ws\[1\]: expected shape \(n_out, 4\), got \(3, 6\)",
    ),
    "norms-bs": (
        lambda: bias_gradient_norms(X, LABELS, WS, BS[:1]),
        ValueError,
        "Ws, bs: .* got 3 weights and 1 biases",
    ),
    "stds-x": (lambda: activation_stds([np.nan], WS, relu), ValueError, r"x: expected shape \(N"),
    "stds-Ws": (
        lambda: activation_stds(X, WS[1:], relu),
        ValueError,
        r"Ws\[0\]: expected shape \(n_out, 5\), got \(6, 4\)",
    ),
    "dead": (lambda: dead_relu_fraction(X, WS[0], BS[1]), ValueError, r"b: expected shape \(4,\)"),
    "network-x": (lambda: gradient_norms(NETWORK, X.T, LABELS), ValueError, r"x: .* \(5, 7\)"),
    "signals": (lambda: layer_signals(NETWORK, X, LABELS[:2]), ValueError, r"labels: .*\(7,\)"),
    "gain": (lambda: batchnorm_gain("step"), ValueError, r"activation: expected one of"),
    "gradient-shift": (
        lambda: gradient_shift(NETWORK, X, LABELS, 0),
        ValueError,
        r"lr: expected .* \(0, inf\), got 0",
    ),
    "along": (
        lambda: along_gradient(NETWORK, X, LABELS, [0.1, -1]),
        ValueError,
        r"lrs\[1\]: expected .* \(0, inf\), got -1",
    ),
    "moments": (lambda: input_moments(NETWORK, X[0]), ValueError, r"x: .* \(N, 5\), got \(5,\)"),
    "shift-layers": (
        lambda: input_shift(MOMENTS, MOMENTS[:1]),
        ValueError,
        "after: expected 2 layers, got 1",
    ),
    "shift-units": (
        lambda: input_shift(MOMENTS, MOMENTS[::-1]),
        ValueError,
        r"after\[0\]: expected shape \(5,\), got \(4,\)",
    ),
    "shift-constant": (
        lambda: input_shift([(np.ones(2), np.zeros(2))], [(np.ones(2), np.ones(2))]),
        ValueError,
        r"before\[0\]: expected inputs that vary",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()
