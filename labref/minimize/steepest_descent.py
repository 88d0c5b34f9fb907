"""Steepest descent with a line search, and how slow it must be."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.minimize.descent import DirectionRule, descend
from labref.minimize.line_search import LineSearch, strong_wolfe
from labref.minimize.objective import Objective
from labref.minimize.result import Result

_NEARLY_EXACT = partial(strong_wolfe, c2=0.1)


class _SteepestDescent(DirectionRule):
    unit_step: ClassVar[bool] = False

    def direction(self, w: Array, gradient: Array) -> Array:
        return -gradient


def steepest_descent(
    objective: Objective,
    w0: npt.ArrayLike,
    line_search: LineSearch = _NEARLY_EXACT,
    max_iterations: int = 1000,
    tolerance: float = 1e-6,
) -> Result:
    """Minimise along the negative gradient, again and again.

    Parameters
    ----------
    objective
        Maps a vector (n,) to value and gradient, such as ``Network.objective`` returns. The
        network is left at the last point tried: copy ``result.w`` into its parameters.
    w0
        Where to start, shape (n,).
    line_search
        Picks the steps. (For steps of constant size see ``labref.optimizers.SGD``.)
    max_iterations
        The most steps to take.
    tolerance
        The gradient norm that counts as zero.

    Returns
    -------
    Result
        Not converged if the iterations run out, or no lower point is found.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said, or the objective is not finite at ``w0``.

    Notes
    -----
    Equation: eq-steepest-descent.
    w <- w - step * dE/dw. Deck D prints plus. With exact searches each direction is at a right
    angle to the one before: in a valley the path zig-zags (see ``steepest_descent_rate``).
    Source: Cauchy (1847).
    """
    return descend(objective, w0, _SteepestDescent(), line_search, max_iterations, tolerance)


def steepest_descent_rate(condition: float) -> float:
    """Factor by which a step shrinks the error on a quadratic, in the worst case.

    Parameters
    ----------
    condition
        The Hessian's condition number kappa, largest over smallest eigenvalue, at least 1.

    Returns
    -------
    float
        (kappa - 1) / (kappa + 1). With exact line searches this bounds the error's norm
        sqrt(e^T H e), so the value shrinks by its square; with the best constant step, 2 over the
        sum of smallest and largest eigenvalue, it bounds the Euclidean norm of the error.

    Raises
    ------
    TypeError, ValueError
        If ``condition`` is not a number of at least 1.

    Notes
    -----
    Equation: eq-steepest-rate.
    Source: Kantorovich (1948); Nocedal and Wright (2006), theorem 3.3.
    """
    condition = _arguments.number("condition", condition, "[1, inf)")
    return (condition - 1) / (condition + 1)
