"""One epoch of a 784-30-10 network on MNIST's 50,000 training images, batches of 10, float32.

Every case starts from the same parameters, shuffles the rows, takes the same steps, and returns
the epoch's mean loss.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.runner import REFERENCE
from labref.data import load_mnist
from labref.layers import Dense
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network
from labref.optimizers import SGD
from labref.training import train

NAME = "MNIST epoch, 784-30-10, batch 10, float32"

Epoch = Callable[[], float]


@dataclass
class Problem:
    """Data, start and settings that all cases share."""

    x: np.ndarray
    labels: np.ndarray
    W1: np.ndarray
    W2: np.ndarray
    batch_size: int = 10
    lr: float = 0.5
    seed: int = 0

    @classmethod
    def random(cls, x: np.ndarray, labels: np.ndarray, n_hidden: int = 30) -> "Problem":
        """Return the problem for these images, with small random weights."""
        rng = np.random.default_rng(0)
        W1 = rng.standard_normal((n_hidden, x.shape[1])) / np.sqrt(x.shape[1])
        W2 = rng.standard_normal((10, n_hidden)) / np.sqrt(n_hidden)
        return cls(x, labels, W1.astype(np.float32), W2.astype(np.float32))


def cases() -> dict[str, Epoch]:
    """Return the cases on MNIST."""
    train_set, _ = load_mnist()
    problem = Problem.random(train_set.x[:50_000], train_set.labels[:50_000])
    return {
        "labref": labref_epoch(problem),
        REFERENCE: torch_epoch(problem),
        "scikit-learn MLPClassifier": sklearn_epoch(problem),
        "NumPy, plain vectorised": numpy_epoch(problem),
        "NumPy, one sample at a time": per_sample_epoch(problem),
    }


def labref_epoch(p: Problem) -> Epoch:
    """Train with labref."""
    hidden = Dense(p.W1, np.zeros(len(p.W1)), "sigmoid")
    out = Dense(p.W2, np.zeros(len(p.W2)))
    network = Network([hidden, out], SoftmaxCrossEntropy())
    rng = np.random.default_rng(p.seed)

    def epoch() -> float:
        history = train(
            network,
            p.x,
            p.labels,
            optimizer=SGD(p.lr),
            epochs=1,
            batch_size=p.batch_size,
            rng=rng,
            progress=False,
        )
        return history.loss[0]

    return epoch


def torch_epoch(p: Problem) -> Epoch:
    """Train with PyTorch as its tutorials do, the data being one tensor."""
    import torch

    x, labels = torch.from_numpy(p.x), torch.from_numpy(p.labels)
    hidden = torch.nn.Linear(p.W1.shape[1], p.W1.shape[0])
    out = torch.nn.Linear(p.W2.shape[1], p.W2.shape[0])
    with torch.no_grad():
        hidden.weight.copy_(torch.from_numpy(p.W1))
        out.weight.copy_(torch.from_numpy(p.W2))
        hidden.bias.zero_()
        out.bias.zero_()
    model = torch.nn.Sequential(hidden, torch.nn.Sigmoid(), out)
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=p.lr)
    rng = np.random.default_rng(p.seed)

    def epoch() -> float:
        total = 0.0
        order = torch.from_numpy(rng.permutation(len(x)))
        for start in range(0, len(x), p.batch_size):
            rows = order[start : start + p.batch_size]
            optimizer.zero_grad()
            loss = criterion(model(x[rows]), labels[rows])
            loss.backward()
            optimizer.step()
            total += len(rows) * loss.item()
        return total / len(x)

    return epoch


def sklearn_epoch(p: Problem) -> Epoch:
    """Train with scikit-learn, which shuffles by itself."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        hidden_layer_sizes=(len(p.W1),),
        activation="logistic",
        solver="sgd",
        alpha=0,
        momentum=0,
        learning_rate_init=p.lr,
        batch_size=p.batch_size,
        random_state=p.seed,
    )
    model.partial_fit(p.x[: p.batch_size], p.labels[: p.batch_size], classes=np.arange(10))
    model.coefs_[0][...] = p.W1.T
    model.coefs_[1][...] = p.W2.T
    for biases in model.intercepts_:
        biases[...] = 0

    def epoch() -> float:
        model.partial_fit(p.x, p.labels)
        return float(model.loss_)

    return epoch


def numpy_epoch(p: Problem) -> Epoch:
    """Train with the formulas written down as vectorised NumPy."""
    W1, W2 = p.W1.copy(), p.W2.copy()
    b1, b2 = np.zeros(len(W1), np.float32), np.zeros(len(W2), np.float32)
    rng = np.random.default_rng(p.seed)

    def epoch() -> float:
        total = 0.0
        order = rng.permutation(len(p.x))
        for start in range(0, len(p.x), p.batch_size):
            rows = order[start : start + p.batch_size]
            x, labels, each = p.x[rows], p.labels[rows], np.arange(len(rows))
            h = 1 / (1 + np.exp(-(x @ W1.T + b1)))
            logits = h @ W2.T + b2
            e = np.exp(logits - logits.max(axis=1, keepdims=True))
            delta2 = e / e.sum(axis=1, keepdims=True)
            total -= float(np.log(delta2[each, labels]).sum())
            delta2[each, labels] -= 1
            delta2 /= len(rows)
            delta1 = (delta2 @ W2) * h * (1 - h)
            W2[...] -= p.lr * (delta2.T @ h)
            b2[...] -= p.lr * delta2.sum(axis=0)
            W1[...] -= p.lr * (delta1.T @ x)
            b1[...] -= p.lr * delta1.sum(axis=0)
        return total / len(p.x)

    return epoch


def per_sample_epoch(p: Problem) -> Epoch:
    """Train with a loop over the samples of each batch, which adds up their gradients."""
    W1, W2 = p.W1.copy(), p.W2.copy()
    b1, b2 = np.zeros(len(W1), np.float32), np.zeros(len(W2), np.float32)
    rng = np.random.default_rng(p.seed)

    def epoch() -> float:
        total = 0.0
        order = rng.permutation(len(p.x))
        for start in range(0, len(p.x), p.batch_size):
            rows = order[start : start + p.batch_size]
            gradients = [np.zeros_like(parameter) for parameter in (W1, b1, W2, b2)]
            dW1, db1, dW2, db2 = gradients
            for row in rows:
                x, label = p.x[row], p.labels[row]
                h = 1 / (1 + np.exp(-(W1 @ x + b1)))
                logits = W2 @ h + b2
                e = np.exp(logits - logits.max())
                delta2 = e / e.sum()
                total -= float(np.log(delta2[label]))
                delta2[label] -= 1
                delta1 = (W2.T @ delta2) * h * (1 - h)
                dW2 += np.outer(delta2, h)
                db2 += delta2
                dW1 += np.outer(delta1, x)
                db1 += delta1
            for parameter, gradient in zip((W1, b1, W2, b2), gradients, strict=True):
                parameter -= p.lr / len(rows) * gradient
        return total / len(p.x)

    return epoch
