"""Newton's method: to the minimum of the quadratic model, and what to do if it has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.minimize.descent import DirectionRule, descend
from labref.minimize.line_search import LineSearch, full_step, strong_wolfe
from labref.minimize.objective import Objective
from labref.minimize.result import Result

Hessian = Callable[[Array], Array]

_ROUNDING = 1e-12  # an eigenvalue that small, relative to the largest, may as well be zero


def newton_step(w: npt.ArrayLike, grad: npt.ArrayLike, hess: npt.ArrayLike) -> Array:
    """Go to the stationary point of the quadratic model: w - H^-1 gradient.

    Parameters
    ----------
    w
        Where the model is made, shape (n,).
    grad
        The gradient there, shape (n,).
    hess
        The Hessian there, shape (n, n).

    Returns
    -------
    Array
        The new w, shape (n,). It is the model's minimum if ``hess`` is positive definite; else a
        saddle or maximum, for which the step may head uphill.

    Raises
    ------
    TypeError, ValueError
        If an argument is not finite real numbers of that shape, or ``hess`` is singular.

    Notes
    -----
    Equation: eq-newton.
    The Hessian has N² entries for N weights, and solving with it takes about N³/3 operations.
    Deck D asks that "negative eigenvalues must be close to 0": none may be negative, and one close
    to 0 makes the step long. Deck E takes the step for the model's minimum in any case.
    """
    w = _arguments.floats("w", w, shape=("n",))
    grad = _arguments.floats("grad", grad, shape=w.shape)
    hess = _arguments.floats("hess", hess, shape=(len(w), len(w)))
    try:
        step = np.linalg.solve(hess, grad)
    except np.linalg.LinAlgError:
        raise ValueError("hess: expected an invertible matrix, got a singular one") from None
    return (w - step).astype(w.dtype, copy=False)


class _Newton(DirectionRule):
    """Newton's direction; ends the run where the model has no minimum."""

    def __init__(self, hessian: Hessian) -> None:
        self.hessian = hessian

    def direction(self, w: Array, gradient: Array) -> Array:
        H = _arguments.symmetric("hessian", self.hessian(w), shape=(len(w), len(w)))
        lowest, largest = _extreme_curvatures(H)
        if lowest <= _ROUNDING * largest:
            raise np.linalg.LinAlgError(
                f"the Hessian is not positive definite: its smallest eigenvalue is {lowest:.3g}, "
                "so Newton's step does not head for a minimum (damped_newton can go on)"
            )
        return newton_step(np.zeros_like(w), gradient, H)


class _DampedNewton(_Newton):
    """Newton's direction for the Hessian plus a multiple of the identity, where it needs one."""

    def direction(self, w: Array, gradient: Array) -> Array:
        H = _arguments.symmetric("hessian", self.hessian(w), shape=(len(w), len(w)))
        lowest, largest = _extreme_curvatures(H)
        if lowest <= _ROUNDING * largest:
            shift = max(abs(lowest), 1e-3 * largest) - lowest or 1.0
            H = H + shift * np.eye(len(w))
        return newton_step(np.zeros_like(w), gradient, H)


def newton(
    objective: Objective,
    hessian: Hessian,
    w0: npt.ArrayLike,
    max_iterations: int = 100,
    tolerance: float = 1e-6,
) -> Result:
    """Minimise by full Newton steps, as long as the Hessian is positive definite.

    Parameters
    ----------
    objective
        Maps a vector (n,) to value and gradient.
    hessian
        Maps it to the Hessian (n, n). Its calls are not counted as evaluations.
    w0
        Where to start, shape (n,).
    max_iterations
        The most steps to take.
    tolerance
        The gradient norm that counts as zero.

    Returns
    -------
    Result
        Not converged if the Hessian is not positive definite somewhere on the way, the iterations
        run out, or a step leads where the objective is not finite.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said, or the objective is not finite at ``w0``.

    Notes
    -----
    Equation: eq-newton.
    A full step may raise the value. One step is enough on a convex quadratic.
    """
    result = descend(objective, w0, _Newton(hessian), full_step, max_iterations, tolerance)
    return _unless_saddle(result, hessian)


def damped_newton(
    objective: Objective,
    hessian: Hessian,
    w0: npt.ArrayLike,
    line_search: LineSearch = strong_wolfe,
    max_iterations: int = 200,
    tolerance: float = 1e-6,
) -> Result:
    """Minimise by Newton steps that always descend, whatever the Hessian.

    Raises what ``newton`` does.

    Parameters
    ----------
    objective, hessian, w0, max_iterations, tolerance
        As for ``newton``.
    line_search
        Picks the steps; the full step is tried first.

    Returns
    -------
    Result
        Not converged if the iterations run out, no lower point is found, or the point where the
        gradient vanishes is a saddle.

    Notes
    -----
    Equation: eq-damped-newton.
    Where the smallest eigenvalue is not positive, a multiple of the identity is added that makes
    it as large as it was in size, or a thousandth of the largest if that is more.
    Source: Levenberg (1944); Nocedal and Wright (2006), section 3.4.
    """
    rule = _DampedNewton(hessian)
    result = descend(objective, w0, rule, line_search, max_iterations, tolerance)
    return _unless_saddle(result, hessian)


def _extreme_curvatures(H: Array) -> tuple[float, float]:
    """Return the smallest eigenvalue, and the largest in size."""
    curvatures = np.linalg.eigvalsh(H)
    return float(curvatures[0]), float(np.abs(curvatures).max())


def _unless_saddle(result: Result, hessian: Hessian) -> Result:
    """Return ``result``, flagged if it converged to a point that is no minimum."""
    if not result.converged:
        return result
    H = _arguments.symmetric("hessian", hessian(result.w), shape=(len(result.w), len(result.w)))
    lowest, largest = _extreme_curvatures(H)
    if lowest >= -_ROUNDING * largest:
        return result
    message = f"stationary, but no minimum: the Hessian's smallest eigenvalue is {lowest:.3g}"
    return replace(result, converged=False, message=message)
