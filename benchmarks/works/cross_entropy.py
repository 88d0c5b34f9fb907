"""Softmax cross-entropy from logits and labels, float32: value, and gradient at the logits."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.runner import REFERENCE, Run, Work
from labref.losses import SoftmaxCrossEntropy


@dataclass(frozen=True)
class Problem:
    """Logits (N, K) and labels (N,)."""

    logits: np.ndarray
    labels: np.ndarray

    @classmethod
    def random(cls, n: int, k: int) -> "Problem":
        """Return a problem with normal random logits."""
        rng = np.random.default_rng(0)
        return cls(rng.standard_normal((n, k), dtype=np.float32), rng.integers(0, k, n))


def labref(p: Problem) -> Run:
    """Check the labels, too."""
    loss = SoftmaxCrossEntropy()

    def run():
        value, grad = loss.value_and_grad(p.logits, loss.check(p.logits, p.labels))
        return np.array(value), grad

    return run


def torch_eager(p: Problem) -> Run:
    """Use the function behind PyTorch's loss."""
    import torch

    logits = torch.from_numpy(p.logits.copy()).requires_grad_()
    labels = torch.from_numpy(p.labels)

    def run():
        logits.grad = None
        value = torch.nn.functional.cross_entropy(logits, labels)
        value.backward()
        return value.detach().numpy(), logits.grad.numpy()

    return run


def hips_autograd(p: Problem) -> Run:
    """Differentiate the formula."""
    import autograd.numpy as anp
    from autograd import value_and_grad
    from autograd.scipy.special import logsumexp

    each = np.arange(len(p.labels))

    def cross_entropy(logits):
        return anp.mean(logsumexp(logits, axis=1) - logits[each, p.labels])

    return lambda: value_and_grad(cross_entropy)(p.logits)


def numpy_textbook(p: Problem) -> Run:
    """Write the formulas down as they are printed, with one-hot labels."""

    def run():
        one_hot = np.eye(p.logits.shape[1], dtype=np.float32)[p.labels]
        shifted = p.logits - p.logits.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=1, keepdims=True)
        value = -(one_hot * (shifted - np.log(total))).sum() / len(p.labels)
        return value, (e / total - one_hot) / len(p.labels)

    return run


CASES: dict[str, Callable[[Problem], Run]] = {
    "labref": labref,
    REFERENCE: torch_eager,
    "HIPS autograd": hips_autograd,
    "NumPy, textbook with one-hot labels": numpy_textbook,
}

WORKS = (
    Work(
        "softmax cross-entropy 1024x1000",
        lambda: Problem.random(1024, 1000),
        CASES,
        goal={"default": 1.6, "1": 0.75},
        rounds=51,
    ),
)
