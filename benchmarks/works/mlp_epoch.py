"""One epoch of a network of dense layers on MNIST's 50,000 training images, float32.

Every case starts from the same parameters, shuffles the rows, takes the same steps of SGD, and
returns the epoch's mean loss.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.runner import REFERENCE, Run, Work
from labref.data import load_mnist
from labref.layers import Dense
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network
from labref.optimizers import SGD
from labref.training import train


@dataclass
class Problem:
    """Data, start and settings that all cases share; biases start at zero."""

    x: np.ndarray
    labels: np.ndarray
    weights: list[np.ndarray]
    activation: str
    batch_size: int
    lr: float
    seed: int = 0

    @classmethod
    def random(
        cls,
        x: np.ndarray,
        labels: np.ndarray,
        n_hidden: Sequence[int],
        activation: str,
        batch_size: int,
        lr: float,
    ) -> "Problem":
        """Return the problem for these images, with small random weights."""
        rng = np.random.default_rng(0)
        sizes = [x.shape[1], *n_hidden, 10]
        weights = [
            (rng.standard_normal((n_out, n_in)) / np.sqrt(n_in)).astype(np.float32)
            for n_in, n_out in pairwise(sizes)
        ]
        return cls(x, labels, weights, activation, batch_size, lr)

    def biases(self) -> list[np.ndarray]:
        """Return zeros for each layer."""
        return [np.zeros(len(W), np.float32) for W in self.weights]


def labref(p: Problem) -> Run:
    """Train with labref."""
    activations = [p.activation] * (len(p.weights) - 1) + ["identity"]
    layers = map(Dense, p.weights, p.biases(), activations)
    network = Network(list(layers), SoftmaxCrossEntropy())
    rng = np.random.default_rng(p.seed)
    settings = {"epochs": 1, "batch_size": p.batch_size, "rng": rng, "progress": False}
    return lambda: train(network, p.x, p.labels, optimizer=SGD(p.lr), **settings).loss


def torch_eager(p: Problem) -> Run:
    """Train with PyTorch as its tutorials do, the data being one tensor."""
    import torch

    activation = {"sigmoid": torch.nn.Sigmoid, "relu": torch.nn.ReLU}[p.activation]
    modules = []
    for W in p.weights:
        linear = torch.nn.Linear(W.shape[1], W.shape[0])
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(W))
            linear.bias.zero_()
        modules += [linear, activation()]
    return torch_epoch(torch.nn.Sequential(*modules[:-1]), p)


def torch_epoch(model, p) -> Run:
    """Train a model of PyTorch's on a problem."""
    import torch

    x, labels = torch.from_numpy(p.x), torch.from_numpy(p.labels)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=p.lr)
    rng = np.random.default_rng(p.seed)

    def epoch():
        total = 0.0
        order = torch.from_numpy(rng.permutation(len(x)))
        for start in range(0, len(x), p.batch_size):
            rows = order[start : start + p.batch_size]
            optimizer.zero_grad()
            loss = criterion(model(x[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += len(rows) * loss.item()
        return [total / len(x)]

    return epoch


def sklearn_mlp(p: Problem) -> Run:
    """Train with scikit-learn, which shuffles by itself."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        hidden_layer_sizes=[len(W) for W in p.weights[:-1]],
        activation={"sigmoid": "logistic", "relu": "relu"}[p.activation],
        solver="sgd",
        alpha=0,
        momentum=0,
        learning_rate_init=p.lr,
        batch_size=p.batch_size,
        random_state=p.seed,
    )
    model.partial_fit(p.x[: p.batch_size], p.labels[: p.batch_size], classes=np.arange(10))
    for coefs, intercepts, W in zip(model.coefs_, model.intercepts_, p.weights, strict=True):
        coefs[...] = W.T
        intercepts[...] = 0

    def epoch():
        model.partial_fit(p.x, p.labels)
        return [model.loss_]

    return epoch


def hips_autograd(p: Problem) -> Run:
    """Train with the forward pass written down, and autograd's gradient of it."""
    import autograd.numpy as anp
    from autograd import value_and_grad
    from autograd.scipy.special import expit, logsumexp

    activation = {"sigmoid": expit, "relu": lambda a: anp.maximum(a, 0)}[p.activation]
    parameters = [(W.copy(), b) for W, b in zip(p.weights, p.biases(), strict=True)]
    rng = np.random.default_rng(p.seed)

    def mean_loss(parameters, x, labels):
        *hidden, (W_out, b_out) = parameters
        for W, b in hidden:
            x = activation(anp.dot(x, W.T) + b)
        logits = anp.dot(x, W_out.T) + b_out
        return anp.mean(logsumexp(logits, axis=1) - logits[np.arange(len(x)), labels])

    def epoch():
        total = 0.0
        order = rng.permutation(len(p.x))
        for start in range(0, len(p.x), p.batch_size):
            rows = order[start : start + p.batch_size]
            loss, gradient = value_and_grad(mean_loss)(parameters, p.x[rows], p.labels[rows])
            for (W, b), (dW, db) in zip(parameters, gradient, strict=True):
                W -= p.lr * dW
                b -= p.lr * db
            total += len(rows) * loss
        return [total / len(p.x)]

    return epoch


# The function, and its derivative in terms of the output.
NUMPY_ACTIVATIONS = {
    "sigmoid": (lambda a: 1 / (1 + np.exp(-a)), lambda y: y * (1 - y)),
    "relu": (lambda a: np.maximum(a, 0), lambda y: y > 0),
}


def softmax_loss_and_delta(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Return the sum of the cross-entropies, and the gradient of their mean at the logits."""
    each = np.arange(len(labels))
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    delta = e / e.sum(axis=1, keepdims=True)
    loss = -float(np.log(delta[each, labels]).sum())
    delta[each, labels] -= 1
    delta /= len(labels)
    return loss, delta


def numpy_vectorised(p: Problem) -> Run:
    """Train with the formulas written down as vectorised NumPy."""
    function, derivative = NUMPY_ACTIVATIONS[p.activation]
    weights, biases = [W.copy() for W in p.weights], p.biases()
    rng = np.random.default_rng(p.seed)

    def epoch():
        total = 0.0
        order = rng.permutation(len(p.x))
        for start in range(0, len(p.x), p.batch_size):
            rows = order[start : start + p.batch_size]
            ys = [p.x[rows]]
            for W, b in zip(weights[:-1], biases[:-1], strict=True):
                ys.append(function(ys[-1] @ W.T + b))
            logits = ys[-1] @ weights[-1].T + biases[-1]
            loss, delta = softmax_loss_and_delta(logits, p.labels[rows])
            total += loss
            for i in reversed(range(len(weights))):
                dW, db = delta.T @ ys[i], delta.sum(axis=0)
                if i > 0:
                    delta = (delta @ weights[i]) * derivative(ys[i])
                weights[i] -= p.lr * dW
                biases[i] -= p.lr * db
        return [total / len(p.x)]

    return epoch


def numpy_per_sample(p: Problem) -> Run:
    """Train with a loop over the samples of each batch, which adds up their gradients."""
    function, derivative = NUMPY_ACTIVATIONS[p.activation]
    weights, biases = [W.copy() for W in p.weights], p.biases()
    rng = np.random.default_rng(p.seed)

    def epoch():
        total = 0.0
        order = rng.permutation(len(p.x))
        for start in range(0, len(p.x), p.batch_size):
            rows = order[start : start + p.batch_size]
            dWs, dbs = ([np.zeros_like(array) for array in arrays] for arrays in (weights, biases))
            for row in rows:
                ys = [p.x[row]]
                for W, b in zip(weights[:-1], biases[:-1], strict=True):
                    ys.append(function(W @ ys[-1] + b))
                logits = weights[-1] @ ys[-1] + biases[-1]
                e = np.exp(logits - logits.max())
                delta = e / e.sum()
                total -= float(np.log(delta[p.labels[row]]))
                delta[p.labels[row]] -= 1
                for i in reversed(range(len(weights))):
                    dWs[i] += np.outer(delta, ys[i])
                    dbs[i] += delta
                    if i > 0:
                        delta = (weights[i].T @ delta) * derivative(ys[i])
            for parameter, gradient in zip(weights + biases, dWs + dbs, strict=True):
                parameter -= p.lr / len(rows) * gradient
        return [total / len(p.x)]

    return epoch


CASES: dict[str, Callable[[Problem], Run]] = {
    "labref": labref,
    REFERENCE: torch_eager,
    "scikit-learn MLPClassifier": sklearn_mlp,
    "HIPS autograd": hips_autograd,
    "NumPy, plain vectorised": numpy_vectorised,
}


def mnist(n_hidden: Sequence[int], activation: str, batch_size: int, lr: float) -> Problem:
    """Return the problem on MNIST."""
    train_set, _ = load_mnist()
    x, labels = train_set.x[:50_000], train_set.labels[:50_000]
    return Problem.random(x, labels, n_hidden, activation, batch_size, lr)


# scikit-learn's batches are others than everyone's.
TOLERANCE = 0.05

WORKS = (
    Work(
        "MNIST epoch, 784-30-10, sigmoid, batch 10",
        lambda: mnist([30], "sigmoid", batch_size=10, lr=0.5),
        {**CASES, "NumPy, one sample at a time": numpy_per_sample},
        goal={"default": 0.10, "1": 0.11},
        rounds=7,
        tolerance=TOLERANCE,
    ),
    Work(
        "MNIST epoch, 784-100-100-100-10, ReLU, batch 128",
        lambda: mnist([100, 100, 100], "relu", batch_size=128, lr=0.1),
        CASES,
        goal={"default": 0.55, "1": 0.65},
        rounds=11,
        tolerance=TOLERANCE,
    ),
)
