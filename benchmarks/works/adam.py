"""One step of Adam, float32; the result is the vector of parameters after it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.runner import REFERENCE, Run, Work
from labref.optimizers import Adam

LR, BETA1, BETA2, EPS = 0.001, 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Problem:
    """Parameters at the start, and the gradient, which stays the same."""

    parameters: np.ndarray
    gradient: np.ndarray

    @classmethod
    def random(cls, n: int) -> "Problem":
        """Return a problem with normal random numbers."""
        rng = np.random.default_rng(0)
        parameters, gradient = rng.standard_normal((2, n), dtype=np.float32) / 100
        return cls(parameters, gradient)


def labref(p: Problem) -> Run:
    """Keep the gradient, as PyTorch does."""
    parameters, optimizer = p.parameters.copy(), Adam(LR, BETA1, BETA2, EPS)

    def run():
        optimizer.step(parameters, p.gradient)
        return (parameters,)

    return run


def torch_foreach(p: Problem) -> Run:
    """Use the implementation that handles lists of tensors."""
    return _torch(p, foreach=True)


def torch_fused(p: Problem) -> Run:
    """Use the implementation that makes a single pass, in C++."""
    return _torch(p, fused=True)


def _torch(p: Problem, **implementation: bool) -> Run:
    import torch

    parameters = torch.from_numpy(p.parameters.copy()).requires_grad_()
    parameters.grad = torch.from_numpy(p.gradient.copy())
    optimizer = torch.optim.Adam([parameters], LR, (BETA1, BETA2), EPS, **implementation)

    def run():
        optimizer.step()
        return (parameters.detach().numpy(),)

    return run


def hips_autograd(p: Problem) -> Run:
    """Use autograd's Adam, which computes in float64 and starts anew when called."""
    from autograd.misc.optimizers import adam

    settings = {"num_iters": 1, "step_size": LR, "b1": BETA1, "b2": BETA2, "eps": EPS}
    return lambda: (adam(lambda w, i: p.gradient, p.parameters, **settings),)


def numpy_textbook(p: Problem) -> Run:
    """Write the formulas down as they are printed."""
    w, m, v, t = p.parameters, np.zeros_like(p.parameters), np.zeros_like(p.parameters), 0

    def run():
        nonlocal w, m, v, t
        t += 1
        m = BETA1 * m + (1 - BETA1) * p.gradient
        v = BETA2 * v + (1 - BETA2) * p.gradient**2
        m_hat = m / (1 - BETA1**t)
        v_hat = v / (1 - BETA2**t)
        w = w - LR * m_hat / (np.sqrt(v_hat) + EPS)
        return (w,)

    return run


CASES: dict[str, Callable[[Problem], Run]] = {
    "labref": labref,
    REFERENCE: torch_foreach,
    "PyTorch fused": torch_fused,
    "HIPS autograd": hips_autograd,
    "NumPy, textbook expressions": numpy_textbook,
}

WORKS = (
    Work(
        "Adam step, 1,000,000 parameters (PyTorch: foreach)",
        lambda: Problem.random(1_000_000),
        CASES,
        goal={"default": 1.5, "1": 0.85},
        rounds=51,
        tolerance=1e-5,
    ),
)
