"""One epoch of a small convolutional network on 10,000 images of MNIST, float32.

Convolution to 16 channels, 3x3, pad 1, ReLU, max-pool 2x2; the same to 32 channels; dense to 10.
Batches of 64, SGD. Every case starts from the same parameters, shuffles the images in the same
way, takes the same steps, and returns the epoch's mean loss.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.runner import REFERENCE, Run, Work
from benchmarks.works.convolution import windows_backward, windows_forward
from benchmarks.works.max_pool import pool_backward, pool_forward
from benchmarks.works.mlp_epoch import softmax_loss_and_delta, torch_epoch
from labref.data import load_mnist
from labref.layers import Conv2D, Dense, Flatten, MaxPool2D
from labref.losses import SoftmaxCrossEntropy
from labref.network import Network
from labref.optimizers import SGD
from labref.training import train


@dataclass
class Problem:
    """Data, start and settings that all cases share; biases start at zero."""

    x: np.ndarray
    labels: np.ndarray
    filters: list[np.ndarray]
    W: np.ndarray
    batch_size: int = 64
    lr: float = 0.1
    seed: int = 0

    @classmethod
    def random(cls, x: np.ndarray, labels: np.ndarray, channels: tuple[int, int]) -> "Problem":
        """Return the problem for square images, with random weights that keep ReLU's variance."""
        rng = np.random.default_rng(0)

        def he_normal(*shape: int) -> np.ndarray:
            W = rng.standard_normal(shape) * np.sqrt(2 / np.prod(shape[1:]))
            return W.astype(np.float32)

        first, second = channels
        filters = [he_normal(first, 1, 3, 3), he_normal(second, first, 3, 3)]
        return cls(x, labels, filters, he_normal(10, second * (x.shape[2] // 4) ** 2))


def labref(p: Problem) -> Run:
    """Train with labref."""
    layers = []
    for w in p.filters:
        layers += [Conv2D(w, np.zeros(len(w)), "relu", pad=1), MaxPool2D(2)]
    layers += [Flatten(), Dense(p.W, np.zeros(10))]
    network = Network(layers, SoftmaxCrossEntropy(), in_shape=p.x.shape[1:])
    rng = np.random.default_rng(p.seed)
    settings = {"epochs": 1, "batch_size": p.batch_size, "rng": rng, "progress": False}
    return lambda: train(network, p.x, p.labels, optimizer=SGD(p.lr), **settings).loss


def torch_eager(p: Problem) -> Run:
    """Train with PyTorch."""
    import torch
    from torch import nn

    modules = []
    for w in p.filters:
        modules += [nn.Conv2d(w.shape[1], w.shape[0], 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*modules, nn.Flatten(), nn.Linear(p.W.shape[1], 10))
    with torch.no_grad():
        for module, w in zip((model[0], model[3], model[7]), (*p.filters, p.W), strict=True):
            module.weight.copy_(torch.from_numpy(w))
            module.bias.zero_()
    return torch_epoch(model, p)


def numpy_textbook(p: Problem) -> Run:
    """Train with sliding windows, reshape and equality mask."""
    weights = [array.copy() for array in (*p.filters, p.W)]
    biases = [np.zeros(len(array), np.float32) for array in weights]
    w1, w2, W = weights
    b1, b2, b = biases
    rng = np.random.default_rng(p.seed)

    def epoch():
        total = 0.0
        order = rng.permutation(len(p.x))
        for start in range(0, len(p.x), p.batch_size):
            rows = order[start : start + p.batch_size]
            x = p.x[rows]
            y1 = np.maximum(windows_forward(x, w1, b1, 1), 0)
            pooled1 = pool_forward(y1)
            y2 = np.maximum(windows_forward(pooled1, w2, b2, 1), 0)
            pooled2 = pool_forward(y2)
            flat = pooled2.reshape(len(x), -1)
            loss, delta = softmax_loss_and_delta(flat @ W.T + b, p.labels[rows])
            total += loss

            dW, db = delta.T @ flat, delta.sum(axis=0)
            delta = pool_backward((delta @ W).reshape(pooled2.shape), y2, pooled2) * (y2 > 0)
            dpooled1, dw2, db2 = windows_backward(delta, pooled1, w2, 1)
            delta = pool_backward(dpooled1, y1, pooled1) * (y1 > 0)
            _, dw1, db1 = windows_backward(delta, x, w1, 1)
            for parameter, gradient in zip(
                weights + biases, (dw1, dw2, dW, db1, db2, db), strict=True
            ):
                parameter -= p.lr * gradient
        return [total / len(p.x)]

    return epoch


CASES: dict[str, Callable[[Problem], Run]] = {
    "labref": labref,
    REFERENCE: torch_eager,
    "NumPy, sliding windows and equality mask": numpy_textbook,
}


def mnist() -> Problem:
    """Return the problem on MNIST."""
    train_set, _ = load_mnist()
    x, labels = train_set.x[:10_000], train_set.labels[:10_000]
    return Problem.random(x.reshape(-1, 1, 28, 28), labels, (16, 32))


WORKS = (
    Work(
        "MNIST epoch, small CNN, 10,000 images, batch 64",
        mnist,
        CASES,
        goal={"default": 1.0, "1": 1.0},
        rounds=5,
        # Where numbers of a window are equal, the cases route its gradient to different ones.
        tolerance=0.05,
    ),
)
