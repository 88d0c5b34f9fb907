"""L-BFGS: BFGS that keeps the last few steps and gradient changes instead of a matrix."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.minimize.bfgs import curves_upwards, steepest_direction
from labref.minimize.descent import DirectionRule, descend
from labref.minimize.line_search import LineSearch, strong_wolfe
from labref.minimize.objective import Objective
from labref.minimize.result import Result


def lbfgs_direction(
    grad: npt.ArrayLike, s_list: Sequence[npt.ArrayLike], y_list: Sequence[npt.ArrayLike]
) -> Array:
    """Direction of descent -H gradient, with H the BFGS matrix of the pairs (s, y).

    Parameters
    ----------
    grad
        The gradient, shape (n,).
    s_list
        The last steps, oldest first, each of shape (n,).
    y_list
        How the gradient changed in each, as many.

    Returns
    -------
    Array
        Shape (n,): the negative gradient if there are no pairs.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said, or y.s is not positive for some pair.

    Notes
    -----
    Equation: eq-lbfgs.
    The two-loop recursion: what ``bfgs_update`` makes of gamma times the identity, one pair after
    the other, in some 4 n operations per pair. gamma is s.y / y.y of the latest pair.
    Source: Nocedal (1980).
    """
    grad = _arguments.floats("grad", grad, shape=("n",))
    if len(s_list) != len(y_list):
        raise ValueError(f"y_list: expected {len(s_list)} arrays as in s_list, got {len(y_list)}")
    pairs = []
    for i, (step, change) in enumerate(zip(s_list, y_list, strict=True)):
        s = _arguments.floats(f"s_list[{i}]", step, shape=grad.shape)
        y = _arguments.floats(f"y_list[{i}]", change, shape=grad.shape)
        if not s @ y > 0:
            raise ValueError(f"y_list[{i}]: expected y.s > 0, got {s @ y:.3g}")
        pairs.append((s, y))
    return _two_loops(grad, pairs).astype(grad.dtype, copy=False)


def _two_loops(gradient: Array, pairs: Sequence[tuple[Array, Array]]) -> Array:
    q = -gradient
    alphas = []
    for s, y in reversed(pairs):
        alpha = (s @ q) / (s @ y)
        q = q - alpha * y
        alphas.append(alpha)
    if pairs:
        s, y = pairs[-1]
        q = q * ((s @ y) / (y @ y))
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        q = q + (alpha - (y @ q) / (s @ y)) * s
    return q


class _LBFGS(DirectionRule):
    def __init__(self, memory: int) -> None:
        self.pairs: deque[tuple[Array, Array]] = deque(maxlen=memory)

    def direction(self, w: Array, gradient: Array) -> Array:
        return _two_loops(gradient, self.pairs) if self.pairs else steepest_direction(gradient)

    def update(self, s: Array, y: Array) -> None:
        if curves_upwards(s, y):
            self.pairs.append((s, y))

    def reset(self) -> None:
        self.pairs.clear()


def lbfgs(
    objective: Objective,
    w0: npt.ArrayLike,
    memory: int = 10,
    line_search: LineSearch = strong_wolfe,
    max_iterations: int = 1000,
    tolerance: float = 1e-6,
) -> Result:
    """Minimise as ``bfgs`` does, in memory that grows with n and not with n².

    Returns and raises what ``bfgs`` does.

    Parameters
    ----------
    objective, w0, line_search, max_iterations, tolerance
        As for ``bfgs``.
    memory
        How many pairs of step and gradient change to keep, at least 1.

    Notes
    -----
    Source: Liu and Nocedal (1989); Nocedal and Wright (2006), algorithm 7.5.
    """
    rule = _LBFGS(_arguments.count("memory", memory))
    return descend(objective, w0, rule, line_search, max_iterations, tolerance)
