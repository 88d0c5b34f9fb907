"""Bad input: the error's type, and that it names the argument, what was expected and what came."""

import numpy as np
import pytest

from labref import _arguments, activations
from labref.activations import get_activation, sigmoid, softmax, softmax_backward
from labref.data import train_val_test_split
from labref.gradcheck import numerical_gradient, relative_error
from labref.graph import Log, SoftmaxCrossEntropy, Variable, backward
from labref.layers import Dense, dense_backward, dense_forward
from labref.losses import SigmoidCrossEntropy, SquaredError, cross_entropy
from labref.losses import softmax_cross_entropy_grad as softmax_grad
from labref.network import Network, dense_network
from labref.optimizers import SGD
from labref.schedules import constant, inverse_time, step_down
from labref.training import train

RNG = np.random.default_rng(0)
X, W, B, DELTA = np.ones((4, 3)), np.ones((2, 3)), np.ones(2), np.ones((4, 2))
P, LABELS = np.full((4, 2), 0.5), np.array([0, 1, 1, 0])
NAN = np.array([[1.0, np.nan, 1.0]] * 4)
INF = np.array([[1.0, 1.0, np.inf]] * 4)
RAGGED = [[1.0, 2.0], [3.0]]


def network():
    return dense_network([3, 2], np.random.default_rng(0))


def run(net=None, x=X, targets=LABELS, **options):
    options = {"optimizer": SGD(0.1), "epochs": 1, "batch_size": 2, "rng": RNG} | options
    return train(net or network(), x, targets, **options)


# What is called, the error, and a pattern: argument, what was expected, what came.
CASES = {
    # Values of any function that takes an array.
    "nan": (lambda: sigmoid(NAN), ValueError, r"a: expected finite.* got nan at index \(0, 1\)"),
    "inf": (lambda: sigmoid(INF), ValueError, r"a: expected finite.* got inf at index \(0, 2\)"),
    "nan-scalar": (lambda: sigmoid(np.nan), ValueError, r"a: expected finite numbers, got nan$"),
    "both-infinities": (lambda: sigmoid([np.inf, -np.inf]), ValueError, r"a: .* got inf at"),
    "bool": (lambda: sigmoid([True, False]), TypeError, r"a: expected real numbers, got .*bool"),
    "str": (lambda: sigmoid("1.0"), TypeError, r"a: expected real numbers, got dtype <U3"),
    "strings": (lambda: sigmoid(["1", "2"]), TypeError, r"a: expected real numbers, got dtype <U"),
    "none": (lambda: sigmoid(None), TypeError, r"a: expected real numbers, got dtype object"),
    "complex": (lambda: sigmoid(1j), TypeError, r"a: expected real numbers, got dtype complex"),
    "ragged": (lambda: sigmoid(RAGGED), ValueError, r"a: expected a rectangular array, got rows"),
    # Activations.
    "softmax-vector": (lambda: softmax(B), ValueError, r"a: expected shape \(N, K\), got \(2,\)"),
    "softmax-empty": (
        lambda: softmax(np.ones((0, 2))),
        ValueError,
        r"a: expected shape \(N, K\), got \(0, 2\) \(empty\)",
    ),
    "softmax-backward": (
        lambda: softmax_backward(X, P),
        ValueError,
        r"grad_y: expected shape \(4, 2\), got \(4, 3\)",
    ),
    "activation": (lambda: get_activation("x"), ValueError, r"activation: expected one of .*'x'"),
    # Losses.
    "p-negative": (
        lambda: cross_entropy(P - 1, LABELS),
        ValueError,
        r"p: expected probabilities, got values in -0.5\.\.-0.5",
    ),
    "p-nan": (lambda: cross_entropy(NAN, LABELS), ValueError, r"p: expected finite .* got nan"),
    "label-high": (
        lambda: cross_entropy(P, [0, 1, 2, 0]),
        ValueError,
        r"labels: expected labels in 0\.\.1, got 2 at index 2",
    ),
    "label-negative": (
        lambda: softmax_grad(P, [0, 1, 1, -1]),
        ValueError,
        r"labels: expected labels in 0\.\.1, got -1 at index 3",
    ),
    "label-float": (
        lambda: cross_entropy(P, [0.0, 1.0, 1.0, 0.0]),
        TypeError,
        r"labels: expected integer labels, got dtype float64",
    ),
    "label-bool": (
        lambda: cross_entropy(P, [True] * 4),
        TypeError,
        r"labels: expected integer labels, got dtype bool",
    ),
    "label-str": (
        lambda: cross_entropy(P, list("abcd")),
        TypeError,
        r"labels: expected integer labels, got dtype <U1",
    ),
    "labels-few": (
        lambda: cross_entropy(P, [0, 1]),
        ValueError,
        r"labels: expected shape \(4,\), got \(2,\)",
    ),
    "labels-one-hot": (
        lambda: cross_entropy(P, np.eye(2, dtype=int)[LABELS]),
        ValueError,
        r"labels: expected shape \(4,\), got \(4, 2\)",
    ),
    "labels-ragged": (
        lambda: cross_entropy(P, [[0], [1, 2]]),
        ValueError,
        r"labels: expected a rectangular array",
    ),
    "two-outputs": (
        lambda: SigmoidCrossEntropy().check(P, LABELS),
        ValueError,
        r"outputs: expected shape \(N, 1\), got \(4, 2\)",
    ),
    "target-values": (
        lambda: SquaredError().check(P, X),
        ValueError,
        r"targets: expected shape \(4, 2\), got \(4, 3\)",
    ),
    # Layers.
    "forward-x": (
        lambda: dense_forward(X[:, :2], W, B),
        ValueError,
        r"x: expected shape \(N, 3\), got \(4, 2\)",
    ),
    "forward-x-empty": (
        lambda: dense_forward(X[:0], W, B),
        ValueError,
        r"x: expected shape \(N, 3\), got \(0, 3\) \(empty\)",
    ),
    "forward-W": (
        lambda: dense_forward(X, W[0], B),
        ValueError,
        r"W: expected shape \(n_out, n_in\), got \(3,\)",
    ),
    "forward-b": (
        lambda: dense_forward(X, W, np.ones(3)),
        ValueError,
        r"b: expected shape \(2,\), got \(3,\)",
    ),
    "backward-delta": (
        lambda: dense_backward(X, X, W),
        ValueError,
        r"delta: expected shape \(N, 2\), got \(4, 3\)",
    ),
    "backward-x": (
        lambda: dense_backward(DELTA, X[:3], W),
        ValueError,
        r"x: expected shape \(4, 3\), got \(3, 3\)",
    ),
    "layer-b": (lambda: Dense(W, X), ValueError, r"b: expected shape \(2,\), got \(4, 3\)"),
    "layer-W-bool": (lambda: Dense(W > 0, B), TypeError, r"W: expected real .* got dtype bool"),
    "layer-size": (
        lambda: Dense.random(0, 2, "relu", RNG),
        ValueError,
        r"n_in: expected at least 1, got 0",
    ),
    "layer-rng": (
        lambda: Dense.random(3, 2, "relu", 0),
        TypeError,
        r"rng: expected a numpy.random.Generator .* got int",
    ),
    # Networks.
    "no-layers": (
        lambda: Network([], SquaredError()),
        ValueError,
        r"layers: expected at least one layer, got none",
    ),
    "one-size": (lambda: dense_network([3], RNG), ValueError, r"sizes: expected .* got \[3\]"),
    "float-size": (
        lambda: dense_network([3, 2.0], RNG),
        TypeError,
        r"n_out: expected an integer, got float",
    ),
    "bool-size": (
        lambda: dense_network([3, True], RNG),
        TypeError,
        r"n_out: expected an integer, got bool",
    ),
    "network-x": (
        lambda: network().forward(DELTA),
        ValueError,
        r"x: expected shape \(N, 3\), got \(4, 2\)",
    ),
    "network-x-vector": (
        lambda: network().predict(X[0]),
        ValueError,
        r"x: expected shape \(N, 3\), got \(3,\)",
    ),
    "network-x-empty": (lambda: network().classify(X[:0]), ValueError, r"x: .* \(0, 3\) \(empty"),
    "network-labels": (
        lambda: network().loss_and_gradient(X, LABELS[:3]),
        ValueError,
        r"labels: expected shape \(4,\), got \(3,\)",
    ),
    "network-accuracy": (
        lambda: network().accuracy(X, LABELS + 1),
        ValueError,
        r"labels: expected labels in 0\.\.1, got 2 at index 1",
    ),
    # Training.
    "train-x-nan": (lambda: run(x=NAN), ValueError, r"x: expected finite numbers, got nan"),
    "train-x-empty": (lambda: run(x=X[:0], targets=LABELS[:0]), ValueError, r"x: .*\(empty\)"),
    "train-labels": (lambda: run(targets=LABELS * 2), ValueError, r"labels: .* got 2 at index 1"),
    "train-epochs": (lambda: run(epochs=0), ValueError, r"epochs: expected at least 1, got 0"),
    "train-epochs-float": (lambda: run(epochs=1.5), TypeError, r"epochs: expected an integer"),
    "train-batch": (lambda: run(batch_size=-1), ValueError, r"batch_size: .* 1, got -1"),
    "train-rng": (lambda: run(rng=1), TypeError, r"rng: expected a numpy.random.Generator"),
    "train-validation": (
        lambda: run(validation=(X[:, :2], LABELS)),
        ValueError,
        r"x: expected shape \(N, 3\), got \(4, 2\)",
    ),
    # Optimizers and schedules.
    "lr-negative": (lambda: SGD(-0.1), ValueError, r"lr: expected .* in \(0, inf\), got -0.1"),
    "lr-nan": (lambda: SGD(np.nan), ValueError, r"lr: expected a number.* got nan"),
    "lr-str": (lambda: SGD("0.1"), TypeError, r"lr: expected a number, got str"),
    "lr-bool": (lambda: SGD(True), TypeError, r"lr: expected a number, got bool"),
    "eta": (lambda: constant(0), ValueError, r"eta_0: expected a number in \(0, inf\), got 0"),
    "t_0": (lambda: inverse_time(1, -1), ValueError, r"t_0: expected .* in \(0, inf\), got -1"),
    "factor": (lambda: step_down(1, 2, 5), ValueError, r"factor: expected at most 1, got 2"),
    "every": (lambda: step_down(1, 0.5, 0), ValueError, r"every: expected at least 1, got 0"),
    # Graphs.
    "variable": (lambda: Variable([1, None]), TypeError, r"value: expected real numbers, got"),
    "variable-nan": (lambda: Variable(np.nan), ValueError, r"value: expected finite .* got nan"),
    "operand-bool": (lambda: Variable(1.0) + True, TypeError, r"value: expected real .* bool"),
    "matmul": (
        lambda: Variable(X) @ W,
        ValueError,
        r"y: expected shape \(3, m\), got \(2, 3\)",
    ),
    "transpose": (lambda: Variable(B).T, ValueError, r"x: expected shape \(n, m\), got \(2,\)"),
    "log": (lambda: Log()(0.0), ValueError, r"x: expected positive numbers, got 0.0"),
    "divide": (lambda: Variable(1.0) / 0.0, ValueError, r"y: expected numbers other than 0"),
    "graph-labels": (
        lambda: SoftmaxCrossEntropy([0, 5])(P[:2]),
        ValueError,
        r"labels: expected labels in 0\.\.1, got 5 at index 1",
    ),
    "not-scalar": (
        lambda: backward(Variable(X)),
        ValueError,
        r"output: expected a scalar, got shape \(4, 3\)",
    ),
    # Gradient checks.
    "h": (lambda: numerical_gradient(np.sum, X, 0), ValueError, r"h: .* in \(0, inf\), got 0"),
    "f": (lambda: numerical_gradient(np.sin, X), ValueError, r"f: expected a single number"),
    "shapes": (lambda: relative_error(X, W), ValueError, r"b: expected shape \(4, 3\), got \(2"),
    # Data.
    "split-n": (
        lambda: train_val_test_split(0, (0.6, 0.2, 0.2), RNG),
        ValueError,
        r"n: expected at least 1, got 0",
    ),
    "split-sum": (
        lambda: train_val_test_split(9, (0.6, 0.2, 0.1), RNG),
        ValueError,
        r"fractions: expected three shares that add to 1, got \[0.6, 0.2, 0.1\]",
    ),
    "split-two": (
        lambda: train_val_test_split(9, (0.5, 0.5), RNG),
        ValueError,
        r"fractions: expected shape \(3,\), got \(2,\)",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_argument_expectation_and_finding(name):
    call, error, pattern = CASES[name]
    with pytest.raises(error, match=pattern):
        call()


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64, np.float16, np.longdouble, ">f4"])
def test_numbers_of_other_types_become_float64(dtype):
    array = _arguments.floats("x", np.array([1, 2], dtype))
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, [1, 2])
    assert activations.sigmoid(np.array([0], dtype)) == 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_numbers_whose_sum_overflows_are_accepted(dtype):
    array = np.full(3, np.finfo(dtype).max)
    assert _arguments.floats("x", array) is array


def test_labels_may_be_of_any_integer_type():
    for dtype in (np.uint8, np.int16, np.int64):
        labels = _arguments.labels("labels", np.array([0, 1], dtype), 2, 2)
        assert labels.dtype == np.intp
