"""Conjugate gradients: for linear systems, and for any smooth function."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.minimize.descent import DirectionRule, descend
from labref.minimize.line_search import LineSearch, strong_wolfe
from labref.minimize.objective import Objective
from labref.minimize.result import Result

Beta = Callable[[Array, Array], float]

_NEARLY_EXACT = partial(strong_wolfe, c2=0.1)


def conjugate_gradient(
    A: npt.ArrayLike, b: npt.ArrayLike, x0: npt.ArrayLike, tol: float
) -> tuple[Array, int]:
    """Solve A x = b, which minimises x^T A x / 2 - b^T x, along conjugate directions.

    Parameters
    ----------
    A
        Symmetric positive definite matrix, shape (n, n).
    b
        Right-hand side, shape (n,).
    x0
        Where to start, shape (n,).
    tol
        Stop when the Euclidean norm of b - A x is at most this.

    Returns
    -------
    x, iterations
        The last point, shape (n,), and the steps taken, at most n. After n steps x is the
        solution but for rounding, which may leave more than ``tol`` if A is ill-conditioned.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said. That A is not positive definite is noticed when a direction
        has no positive curvature.

    Notes
    -----
    Equations: eq-cg-direction, eq-cg-step.
    The residual r = b - A x is minus the gradient, and d <- r + beta d the next direction: Deck D
    prints plus the gradient, which leads uphill.
    Source: Hestenes and Stiefel (1952).
    """
    A = _arguments.symmetric("A", A)
    b = _arguments.floats("b", b, shape=A.shape[:1])
    x = _arguments.floats("x0", x0, shape=b.shape).astype(np.result_type(A, b))
    tol = _arguments.number("tol", tol, "[0, inf)")
    r = b - A @ x
    d = r
    enough = max(tol, float(np.sqrt(np.finfo(x.dtype).tiny)))  # squares of less are lost
    for iteration in range(len(b)):
        if np.linalg.norm(r) <= enough:
            return x, iteration
        Ad = A @ d
        curvature = d @ Ad
        if not 0 < curvature < np.inf:
            raise ValueError(f"A: expected a positive definite matrix, got d.Ad = {curvature:.3g}")
        step = (r @ r) / curvature
        x = x + step * d
        r_next = r - step * Ad
        d = r_next + fletcher_reeves(r_next, r) * d
        r = r_next
    return x, len(b)


def fletcher_reeves(g: npt.ArrayLike, g_prev: npt.ArrayLike) -> float:
    """How much of the last direction to keep: g.g / g_prev.g_prev.

    Parameters
    ----------
    g, g_prev
        The gradient now and one step before, of one shape.

    Returns
    -------
    float
        beta, never negative.

    Raises
    ------
    TypeError, ValueError
        If they are not finite real numbers of one shape, or ``g_prev`` is zero.

    Notes
    -----
    Equation: eq-fletcher-reeves.
    There is no beta for the first direction, which is the negative gradient: deck D starts with a
    gradient of 0 and would divide by it. Source: Fletcher and Reeves (1964).
    """
    g, g_prev = _two_gradients(g, g_prev)
    return float(np.vdot(g, g) / np.vdot(g_prev, g_prev))


def polak_ribiere(g: npt.ArrayLike, g_prev: npt.ArrayLike) -> float:
    """How much of the last direction to keep: g.(g - g_prev) / g_prev.g_prev.

    Takes and raises what ``fletcher_reeves`` does.

    Returns
    -------
    float
        beta. Equal to ``fletcher_reeves`` on a quadratic with exact searches; near 0 where the
        gradient hardly changed, and it may be negative.

    Notes
    -----
    Equation: eq-polak-ribiere.
    Source: Polak and Ribière (1969).
    """
    g, g_prev = _two_gradients(g, g_prev)
    return float(np.vdot(g, g - g_prev) / np.vdot(g_prev, g_prev))


def polak_ribiere_plus(g: npt.ArrayLike, g_prev: npt.ArrayLike) -> float:
    """Return ``polak_ribiere``, or 0 where that is negative: a restart.

    Takes and raises what ``fletcher_reeves`` does. Source: Powell (1986).

    Notes
    -----
    Equation: eq-polak-ribiere-plus.
    """
    return max(0.0, polak_ribiere(g, g_prev))


def _two_gradients(g: npt.ArrayLike, g_prev: npt.ArrayLike) -> tuple[Array, Array]:
    """Return both, checked and divided by one number that keeps their squares in range."""
    g = _arguments.floats("g", g)
    g_prev = _arguments.floats("g_prev", g_prev, shape=g.shape)
    largest = np.abs(g_prev).max(initial=0)
    if largest == 0:
        raise ValueError("g_prev: expected a gradient other than zero, got zeros")
    return g / largest, g_prev / largest


BETAS: dict[str, Beta] = {
    "fletcher-reeves": fletcher_reeves,
    "polak-ribiere": polak_ribiere,
    "polak-ribiere+": polak_ribiere_plus,
}


class _ConjugateDirections(DirectionRule):
    """Minus the gradient plus beta times the last direction; restarts where that does not descend.

    ``age`` counts the directions since the last restart, that one included.
    """

    unit_step: ClassVar[bool] = False

    def __init__(self, beta: Beta, restart_every: int) -> None:
        self.beta = beta
        self.restart_every = restart_every
        self.age = restart_every
        self.gradient: Array = np.zeros(0)
        self.last: Array = np.zeros(0)

    def direction(self, w: Array, gradient: Array) -> Array:
        d = -gradient
        if self.age < self.restart_every:
            d = d + self.beta(gradient, self.gradient) * self.last
        if self.age == self.restart_every or not d @ gradient < 0:
            d, self.age = -gradient, 0
        self.age += 1
        self.gradient, self.last = gradient, d
        return d

    def reset(self) -> None:
        self.age = self.restart_every


def nonlinear_conjugate_gradient(
    objective: Objective,
    w0: npt.ArrayLike,
    beta: str | Beta = "polak-ribiere+",
    restart_every: int | None = None,
    line_search: LineSearch = _NEARLY_EXACT,
    max_iterations: int = 1000,
    tolerance: float = 1e-6,
) -> Result:
    """Minimise along directions that remember the last one: d <- -gradient + beta d.

    Returns and raises what ``steepest_descent`` does; an unknown ``beta`` is a ValueError too.

    Parameters
    ----------
    objective, w0, max_iterations, tolerance
        As for ``steepest_descent``.
    beta
        A name from ``BETAS``, or a function of the gradient now and one step before.
    restart_every
        After how many directions to go back to the negative gradient; n if not given.
    line_search
        Picks the steps. It should be nearly exact; with c2 below 1/2 the directions of
        Fletcher and Reeves descend.

    Notes
    -----
    Equation: eq-cg-direction.
    A direction that does not descend is replaced by the negative gradient as well.
    Deck D prints d <- +gradient + beta d, which with any small step leads uphill.
    """
    w0 = _arguments.floats("w0", w0, shape=("n",))
    if isinstance(beta, str):
        if beta not in BETAS:
            raise ValueError(f"beta: expected one of {', '.join(BETAS)}, got {beta!r}")
        beta = BETAS[beta]
    every = len(w0) if restart_every is None else _arguments.count("restart_every", restart_every)
    rule = _ConjugateDirections(beta, every)
    return descend(objective, w0, rule, line_search, max_iterations, tolerance)
