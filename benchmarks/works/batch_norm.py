"""Batch normalization in training: output, running statistics, gradients; float32.

Arrays are rows (N, C) or images (N, C, H, W).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.runner import REFERENCE, Run, Work
from labref.layers import BatchNorm
from labref.layers._memory_order import from_rows, to_rows

EPS, MOMENTUM = 1e-5, 0.9


@dataclass(frozen=True)
class Problem:
    """Inputs, scale, shift, and the gradient at the output."""

    x: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    delta: np.ndarray

    @classmethod
    def random(cls, *shape: int) -> "Problem":
        """Return a problem with normal random numbers."""
        rng = np.random.default_rng(0)
        shapes = shape, shape[1], shape[1], shape
        return cls(*(rng.standard_normal(shape, dtype=np.float32) for shape in shapes))


def labref(p: Problem) -> Run:
    """Take rows as they are, images in the order in which labref's layers hand them on."""
    if p.x.ndim == 2:
        return _labref(p, p.x, p.delta)
    return _labref(p, from_rows(to_rows(p.x)), from_rows(to_rows(p.delta)))


def labref_from_c_order(p: Problem) -> Run:
    """Take images in C order."""
    return _labref(p, p.x, p.delta)


def _labref(p: Problem, x: np.ndarray, delta: np.ndarray) -> Run:
    layer = BatchNorm(len(p.gamma), MOMENTUM, EPS, dtype=np.float32)
    layer.gamma[...], layer.beta[...] = p.gamma, p.beta

    def run():
        y = layer.forward(x, training=True)
        return y, layer.backward(delta), layer.dgamma, layer.dbeta, layer.running_var

    return run


def torch_eager(p: Problem) -> Run:
    """Use the function behind PyTorch's layer."""
    import torch

    x, gamma, beta, delta = (
        torch.from_numpy(array.copy()) for array in (p.x, p.gamma, p.beta, p.delta)
    )
    for tensor in (x, gamma, beta):
        tensor.requires_grad_()
    mean, var = torch.zeros(len(gamma)), torch.ones(len(gamma))

    def run():
        x.grad = gamma.grad = beta.grad = None
        y = torch.nn.functional.batch_norm(x, mean, var, gamma, beta, True, 1 - MOMENTUM, EPS)
        y.backward(delta)
        gradients = x.grad.numpy(), gamma.grad.numpy(), beta.grad.numpy()
        return y.detach().numpy(), *gradients, var.numpy()

    return run


def numpy_textbook(p: Problem) -> Run:
    """Write the formulas down as they are printed."""
    axes = (0,) if p.x.ndim == 2 else (0, 2, 3)
    shape = (1, -1, *(1 for _ in axes[1:]))
    n = p.x.size // len(p.gamma)
    gamma, beta = p.gamma.reshape(shape), p.beta.reshape(shape)
    running_mean, running_var = np.zeros_like(gamma), np.ones_like(gamma)

    def run():
        nonlocal running_mean, running_var
        mean = p.x.mean(axis=axes, keepdims=True)
        var = ((p.x - mean) ** 2).mean(axis=axes, keepdims=True)
        std = np.sqrt(var + EPS)
        normal = (p.x - mean) / std
        y = gamma * normal + beta
        running_mean = MOMENTUM * running_mean + (1 - MOMENTUM) * mean
        running_var = MOMENTUM * running_var + (1 - MOMENTUM) * var * (n / (n - 1))

        dgamma = (p.delta * normal).sum(axis=axes)
        dbeta = p.delta.sum(axis=axes)
        dnormal = p.delta * gamma
        shift = dnormal.mean(axis=axes, keepdims=True)
        stretch = (dnormal * normal).mean(axis=axes, keepdims=True)
        dx = (dnormal - shift - normal * stretch) / std
        return y, dx, dgamma, dbeta, running_var.ravel()

    return run


CASES: dict[str, Callable[[Problem], Run]] = {
    "labref": labref,
    REFERENCE: torch_eager,
    "NumPy, textbook expressions": numpy_textbook,
}

WORKS = (
    Work(
        "batch norm 256x1024",
        lambda: Problem.random(256, 1024),
        CASES,
        goal={"default": 1.0, "1": 1.4},
        rounds=51,
    ),
    Work(
        "batch norm 64x32x16x16",
        lambda: Problem.random(64, 32, 16, 16),
        {"labref": labref, "labref, from C order": labref_from_c_order, **CASES},
        goal={"default": 0.5, "1": 0.5},
        rounds=51,
    ),
)
