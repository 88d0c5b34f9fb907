"""Every minimizer under one signature, and objectives to try them on."""

from collections.abc import Callable
from functools import partial

import numpy as np

from labref.minimize import (
    Objective,
    Result,
    bfgs,
    damped_newton,
    lbfgs,
    newton,
    nonlinear_conjugate_gradient,
    steepest_descent,
    strong_wolfe,
)

Hessian = Callable[[np.ndarray], np.ndarray]

# name: (objective, hessian, w0, **options) -> Result
MINIMIZERS: dict[str, Callable[..., Result]] = {
    "steepest-descent": lambda f, hessian, w0, **options: steepest_descent(f, w0, **options),
    "newton": newton,
    "damped-newton": damped_newton,
    "cg-fletcher-reeves": lambda f, hessian, w0, **options: nonlinear_conjugate_gradient(
        f, w0, "fletcher-reeves", **options
    ),
    "cg-polak-ribiere": lambda f, hessian, w0, **options: nonlinear_conjugate_gradient(
        f, w0, "polak-ribiere", **options
    ),
    "cg-polak-ribiere+": lambda f, hessian, w0, **options: nonlinear_conjugate_gradient(
        f, w0, "polak-ribiere+", **options
    ),
    "bfgs": lambda f, hessian, w0, **options: bfgs(f, w0, **options),
    "lbfgs": lambda f, hessian, w0, **options: lbfgs(f, w0, **options),
}
FIRST_ORDER = [name for name in MINIMIZERS if "newton" not in name]

# On a quadratic its first interpolation is the minimum along the line.
exact = partial(strong_wolfe, c1=1e-12, c2=1e-9)


class Counted:
    """An objective that counts its calls."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self.calls = 0

    def __call__(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        self.calls += 1
        return self.objective(w)


def quadratic(A: np.ndarray, b: np.ndarray) -> Objective:
    """Return the objective w.A w / 2 - b.w."""
    return lambda w: (float(w @ A @ w / 2 - b @ w), A @ w - b)


def positive_definite(rng: np.random.Generator, n: int, condition: float) -> np.ndarray:
    """Return a random matrix with eigenvalues from 1 to ``condition``."""
    Q = np.linalg.qr(rng.standard_normal((n, n)))[0]
    A = (Q * np.geomspace(1, condition, n)) @ Q.T
    return (A + A.T) / 2
