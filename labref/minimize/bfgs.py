"""BFGS: an inverse Hessian learnt from steps and gradients."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.minimize.descent import DirectionRule, descend
from labref.minimize.line_search import LineSearch, strong_wolfe
from labref.minimize.objective import Objective
from labref.minimize.result import Result


def bfgs_update(H: npt.ArrayLike, s: npt.ArrayLike, y: npt.ArrayLike) -> Array:
    """Update of the inverse Hessian, such that the new one maps y to s.

    Parameters
    ----------
    H
        The inverse Hessian so far, symmetric positive definite, shape (n, n).
    s
        The step, shape (n,).
    y
        The gradient after the step minus the gradient before it, shape (n,).

    Returns
    -------
    Array
        The new inverse Hessian, shape (n, n), symmetric positive definite too.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said, or y.s is not positive: then no positive definite matrix
        maps y to s. A line search with a curvature condition rules that out.

    Notes
    -----
    Equations: eq-secant, eq-bfgs.
    (I - rho s y^T) H (I - rho y s^T) + rho s s^T with rho = 1 / y.s, multiplied out so that it
    takes some n² operations. Source: Broyden, Fletcher, Goldfarb and Shanno (each 1970); deck D
    calls the last "Shannon", and takes full steps along M^-1 g, without a search.
    """
    H = _arguments.symmetric("H", H)
    s = _arguments.floats("s", s, shape=H.shape[:1])
    y = _arguments.floats("y", y, shape=s.shape)
    if not s @ y > 0:
        raise ValueError(f"y: expected y.s > 0 (the curvature condition), got {s @ y:.3g}")
    return _bfgs_update(H, s, y)


def _bfgs_update(H: Array, s: Array, y: Array) -> Array:
    rho = 1 / (s @ y)
    Hy = H @ y
    mixed = np.outer(rho * s, Hy)
    return H - mixed - mixed.T + np.outer(rho * (1 + rho * (y @ Hy)) * s, s)


def steepest_direction(gradient: Array) -> Array:
    """Return the negative gradient, shortened so that its entries' sizes add to at most 1.

    Quasi-Newton methods start with it: nothing is known yet about how far to go.
    """
    return -gradient * min(1.0, 1.0 / float(np.abs(gradient).sum()))


def curves_upwards(s: Array, y: Array) -> bool:
    """Say whether y.s > 0 by more than rounding, so that a quasi-Newton method may learn from it.

    Skipping other pairs keeps the inverse Hessian positive definite and free of NaN.
    """
    return float(s @ y) > 1e-10 * float(np.linalg.norm(s) * np.linalg.norm(y))


class _BFGS(DirectionRule):
    H: Array | None = None

    def direction(self, w: Array, gradient: Array) -> Array:
        return steepest_direction(gradient) if self.H is None else -(self.H @ gradient)

    def update(self, s: Array, y: Array) -> None:
        if not curves_upwards(s, y):
            return
        if self.H is None:
            self.H = np.eye(len(s)) * (s @ y) / (y @ y)
        self.H = _bfgs_update(self.H, s, y)

    def reset(self) -> None:
        self.H = None


def bfgs(
    objective: Objective,
    w0: npt.ArrayLike,
    line_search: LineSearch = strong_wolfe,
    max_iterations: int = 1000,
    tolerance: float = 1e-6,
) -> Result:
    """Minimise along -H times gradient, with the inverse Hessian H learnt on the way.

    Returns and raises what ``steepest_descent`` does.

    Parameters
    ----------
    objective, w0, max_iterations, tolerance
        As for ``steepest_descent``.
    line_search
        Picks the steps; the full step is tried first. With ``backtracking``, which has no
        curvature condition, updates may have to be skipped.

    Notes
    -----
    H has n² entries: for networks rather use ``lbfgs``. Before its first update it is the identity
    times s.y / y.y. Source: Nocedal and Wright (2006), algorithm 6.1.
    """
    return descend(objective, w0, _BFGS(), line_search, max_iterations, tolerance)
