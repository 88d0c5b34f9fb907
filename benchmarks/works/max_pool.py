"""Max pooling over windows of 2 by 2, forward and backward, float32: output and input gradient."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.runner import REFERENCE, Run, Work
from labref.layers import MaxPool2D
from labref.layers._memory_order import from_rows, to_rows


@dataclass(frozen=True)
class Problem:
    """Images (N, C, H, W) and the gradient at the output."""

    x: np.ndarray
    delta: np.ndarray

    @classmethod
    def random(cls, n: int, c: int, size: int) -> "Problem":
        """Return a problem with normal random numbers."""
        rng = np.random.default_rng(0)
        shapes = (n, c, size, size), (n, c, size // 2, size // 2)
        return cls(*(rng.standard_normal(shape, dtype=np.float32) for shape in shapes))


def labref(p: Problem) -> Run:
    """Take arrays in the order in which labref's layers hand them on."""
    return _labref(from_rows(to_rows(p.x)), from_rows(to_rows(p.delta)))


def labref_from_c_order(p: Problem) -> Run:
    """Take arrays in C order."""
    return _labref(p.x, p.delta)


def _labref(x: np.ndarray, delta: np.ndarray) -> Run:
    layer = MaxPool2D(2)
    return lambda: (layer.forward(x, training=True), layer.backward(delta))


def torch_eager(p: Problem) -> Run:
    """Use the function behind PyTorch's layer."""
    import torch

    x, delta = torch.from_numpy(p.x.copy()).requires_grad_(), torch.from_numpy(p.delta)

    def run():
        x.grad = None
        y = torch.nn.functional.max_pool2d(x, 2)
        y.backward(delta)
        return y.detach().numpy(), x.grad.numpy()

    return run


def as_windows(x: np.ndarray) -> np.ndarray:
    """Return images as windows (N, C, H/2, 2, W/2, 2)."""
    n, c, height, width = x.shape
    return x.reshape(n, c, height // 2, 2, width // 2, 2)


def pool_forward(x: np.ndarray) -> np.ndarray:
    """Return the largest number of each window."""
    return as_windows(x).max(axis=(3, 5))


def pool_backward(delta: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Give each window's delta to its largest number, to equal parts if there are several."""
    largest = as_windows(x) == y[:, :, :, None, :, None]
    parts = largest.sum(axis=(3, 5), keepdims=True, dtype=x.dtype)
    return (largest * (delta[:, :, :, None, :, None] / parts)).reshape(x.shape)


def numpy_textbook(p: Problem) -> Run:
    """Reshape, take the maximum, and compare with it to find where it was."""

    def run():
        y = pool_forward(p.x)
        return y, pool_backward(p.delta, p.x, y)

    return run


CASES: dict[str, Callable[[Problem], Run]] = {
    "labref": labref,
    "labref, from C order": labref_from_c_order,
    REFERENCE: torch_eager,
    "NumPy, reshape and equality mask": numpy_textbook,
}

WORKS = (
    Work(
        "max-pool 2x2, 64x32x32x32",
        lambda: Problem.random(64, 32, 32),
        CASES,
        goal={"default": 0.6, "1": 0.3},
        rounds=31,
    ),
)
