"""Line searches: how far to go along a direction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.minimize.objective import Objective, evaluate

_MAX_TRIALS = 40
_MAX_GROWTH = 10.0  # of the step, from one trial to the next


@dataclass(frozen=True)
class Point:
    """A point on the line: the step that leads there, and the objective there.

    Attributes
    ----------
    step
        Multiple of the direction.
    w, value, gradient
        The point, shape (n,), and the objective's value and gradient.
    slope
        Derivative of the value by the step: gradient times direction.
    """

    step: float
    w: Array
    value: float
    gradient: Array
    slope: float


@dataclass(frozen=True)
class LineSearchResult:
    """Where a line search ended.

    Attributes
    ----------
    point
        The point found. If none was, the lowest known one that is low enough for its step, or
        the start of the line (step 0).
    found
        Whether the point fulfils the search's conditions.
    message
        What was found or went wrong, in words.
    evaluations
        Calls of the objective.
    """

    point: Point
    found: bool
    message: str
    evaluations: int


class LineSearch(Protocol):
    """What a minimizer needs of a line search; for other constants use ``functools.partial``."""

    def __call__(
        self,
        objective: Objective,
        w: npt.ArrayLike,
        direction: npt.ArrayLike,
        first_step: float = 1.0,
        *,
        known: tuple[float, Array] | None = None,
    ) -> LineSearchResult:
        """Search from ``w`` along ``direction``; ``known`` is value and gradient at ``w``."""


class _Line:
    """The objective along a line, counting calls; made after checking the arguments."""

    def __init__(
        self,
        objective: Objective,
        w: npt.ArrayLike,
        direction: npt.ArrayLike,
        known: tuple[float, Array] | None,
    ) -> None:
        self.objective = objective
        self.w = _arguments.floats("w", w, shape=("n",)).astype(np.float64)
        direction = _arguments.floats("direction", direction, shape=self.w.shape)
        self.direction = direction.astype(np.float64)
        self.evaluations = 0
        if known is None:
            self.start = self.at(0.0)
        else:
            self.start = Point(0.0, self.w, *known, float(known[1] @ self.direction))

    def at(self, step: float) -> Point:
        """Return the point that ``step`` leads to."""
        with np.errstate(over="ignore", invalid="ignore"):
            w = self.w + step * self.direction
            value, gradient = evaluate(self.objective, w)
            slope = float(gradient @ self.direction)
        self.evaluations += 1
        return Point(step, w, value, gradient, slope)

    def found(self, point: Point, message: str) -> LineSearchResult:
        return LineSearchResult(point, True, message, self.evaluations)

    def failed(self, point: Point, message: str) -> LineSearchResult:
        return LineSearchResult(point, False, message, self.evaluations)

    def no_descent(self) -> LineSearchResult | None:
        """Return the failure of a line that does not go down, else None."""
        if not np.isfinite(self.start.value):
            return self.failed(self.start, f"the objective is {self.start.value} at the start")
        if not self.start.slope < 0:
            slope = f"the slope along it is {self.start.slope:.3g}"
            return self.failed(self.start, f"the direction is no descent direction: {slope}")
        return None


def strong_wolfe(
    objective: Objective,
    w: npt.ArrayLike,
    direction: npt.ArrayLike,
    first_step: float = 1.0,
    *,
    c1: float = 1e-4,
    c2: float = 0.9,
    known: tuple[float, Array] | None = None,
) -> LineSearchResult:
    """Find a step that lowers the value enough and flattens the slope enough.

    Parameters
    ----------
    objective
        Maps a vector to value and gradient.
    w
        Where to start, shape (n,).
    direction
        Where to go, shape (n,).
    first_step
        The step to try first. It is accepted if it will do.
    c1, c2
        The two conditions' constants, 0 < c1 < c2 < 1. A small c2 makes the search nearly exact.
    known
        Value and gradient at ``w``, if known already.

    Returns
    -------
    LineSearchResult
        Not ``found`` if the direction does not descend, the objective falls without bound along
        it, or rounding hides the descent.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said, or ``objective`` returns anything else.

    Notes
    -----
    Equations: eq-armijo, eq-wolfe-curvature.
    With slope phi' of the value phi(step): phi(step) <= phi(0) + c1 step phi'(0), the sufficient
    decrease, and abs(phi'(step)) <= c2 abs(phi'(0)), the curvature condition. Source: Wolfe (1969);
    Nocedal and Wright (2006), algorithm 3.5, with cubic extrapolation.
    """
    first_step = _arguments.number("first_step", first_step, "(0, inf)")
    c2 = _arguments.number("c2", c2, "(0, 1)")
    c1 = _arguments.number("c1", c1, f"(0, {c2})")
    line = _Line(objective, w, direction, known)
    failure = line.no_descent()
    if failure:
        return failure

    start = previous = line.start
    step = first_step
    for _ in range(_MAX_TRIALS):
        point = line.at(step)
        if point.value == -np.inf:
            break
        if _too_high(point, start, c1) or (previous.step > 0 and point.value >= previous.value):
            return _zoom(line, previous, point, c1, c2)
        if abs(point.slope) <= c2 * abs(start.slope):
            return line.found(point, "the strong Wolfe conditions hold")
        if point.slope >= 0:
            return _zoom(line, point, previous, c1, c2)
        step = _interpolate(previous, point, 2 * step, _MAX_GROWTH * step, _MAX_GROWTH * step)
        previous = point
    message = f"the objective seems unbounded below: {point.value:.3g} after a step of {step:.3g}"
    return line.failed(start, message)


def _zoom(line: _Line, low: Point, high: Point, c1: float, c2: float) -> LineSearchResult:
    """Narrow a bracket of acceptable steps until one is found.

    ``low`` is the lowest point so far with sufficient decrease, and the slope there is towards
    ``high``. A bracket that shrank by less than a third is halved next. Source: Nocedal and Wright
    (2006), algorithm 3.6.
    """
    start, last_width = line.start, np.inf
    for _ in range(_MAX_TRIALS):
        left, right = sorted((low.step, high.step))
        width, middle = right - left, (left + right) / 2
        if not left < left + width / 10 < right - width / 10 < right:
            break
        step = middle
        if width < last_width * 2 / 3:
            step = _interpolate(low, high, left + width / 10, right - width / 10, middle)
        last_width = width
        point = line.at(step)
        if _too_high(point, start, c1) or point.value >= low.value:
            high = point
        else:
            if abs(point.slope) <= c2 * abs(start.slope):
                return line.found(point, "the strong Wolfe conditions hold")
            if point.slope * (high.step - low.step) >= 0:
                high = low
            low = point
    if low.value < start.value:
        return line.failed(low, "the value fell, but no point is flat enough")
    return line.failed(start, "no point along the direction is lower: rounding may hide it")


def backtracking(
    objective: Objective,
    w: npt.ArrayLike,
    direction: npt.ArrayLike,
    first_step: float = 1.0,
    *,
    c1: float = 1e-4,
    known: tuple[float, Array] | None = None,
) -> LineSearchResult:
    """Shorten the step until the value is low enough (Armijo's condition, the first of Wolfe's).

    Parameters
    ----------
    objective, w, direction, known
        As for ``strong_wolfe``.
    first_step
        The longest step.
    c1
        The constant of sufficient decrease, in (0, 1).

    Returns
    -------
    LineSearchResult
        As of ``strong_wolfe``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said, or ``objective`` returns anything else.

    Notes
    -----
    Equation: eq-armijo.
    Each step is the minimum of the parabola through value and slope at 0 and the value at the last
    step, kept within 0.1 to 0.5 of that. Nothing makes the slope rise, so y.s > 0, which BFGS
    needs, may fail. Source: Armijo (1966); Nocedal and Wright (2006), section 3.5.
    """
    step = _arguments.number("first_step", first_step, "(0, inf)")
    c1 = _arguments.number("c1", c1, "(0, 1)")
    line = _Line(objective, w, direction, known)
    failure = line.no_descent()
    if failure:
        return failure

    start = line.start
    for _ in range(_MAX_TRIALS):
        point = line.at(step)
        if point.value == -np.inf:
            return line.failed(start, f"the objective is unbounded below: -inf at {step:.3g}")
        if point.value < start.value and not _too_high(point, start, c1):
            return line.found(point, "the value is low enough")
        excess = point.value - start.value - step * start.slope
        parabola = step * (-start.slope * step / (2 * excess))
        step = max(0.1 * step, min(0.5 * step, parabola))
    return line.failed(start, "no point along the direction is lower: rounding may hide it")


def full_step(
    objective: Objective,
    w: npt.ArrayLike,
    direction: npt.ArrayLike,
    first_step: float = 1.0,
    *,
    known: tuple[float, Array] | None = None,
) -> LineSearchResult:
    """Take the first step as it is: no search.

    Takes and raises what ``backtracking`` does. It is not found if the objective is not finite at
    its end.
    """
    first_step = _arguments.number("first_step", first_step, "(0, inf)")
    line = _Line(objective, w, direction, known)
    point = line.at(first_step)
    if np.isfinite(point.value):
        return line.found(point, "the first step was taken")
    return line.failed(line.start, "the objective is not finite after the full step")


def _too_high(point: Point, start: Point, c1: float) -> bool:
    """Say whether the decrease is insufficient."""
    return point.value > start.value + c1 * point.step * start.slope


def _interpolate(a: Point, b: Point, lowest: float, highest: float, otherwise: float) -> float:
    """Return the minimum of the cubic through two points' values and slopes, kept within bounds.

    ``otherwise`` is returned if the cubic has none or an end is not finite. Source: Nocedal and
    Wright (2006), equation 3.59.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        width = np.float64(b.step - a.step)
        d1 = a.slope + b.slope - 3 * (b.value - a.value) / width
        d2 = np.sign(width) * np.sqrt(d1**2 - a.slope * b.slope)
        step = b.step - width * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)
    return float(np.clip(step, lowest, highest)) if np.isfinite(step) else otherwise
