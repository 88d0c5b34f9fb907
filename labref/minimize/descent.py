"""The loop that all minimizers share: pick a direction, search along it, learn from the step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labref import _arguments
from labref._arguments import Array
from labref.minimize.line_search import LineSearch, LineSearchResult, Point
from labref.minimize.objective import Objective, evaluate
from labref.minimize.result import Result


class DirectionRule(ABC):
    """How a method picks its directions. A new method is a new subclass.

    Attributes
    ----------
    unit_step
        Whether the directions have a length that makes sense, so that a search tries 1 first.
    """

    unit_step: ClassVar[bool] = True

    @abstractmethod
    def direction(self, w: Array, gradient: Array) -> Array:
        """Return where to go from ``w``; raise numpy.linalg.LinAlgError to end with its message."""

    def update(self, s: Array, y: Array) -> None:
        """Learn from a step ``s`` that changed the gradient by ``y`` (or do not)."""
        return

    def reset(self) -> None:
        """Forget what was learnt (if anything)."""
        return


@np.errstate(over="ignore", invalid="ignore", divide="ignore")
def descend(
    objective: Objective,
    w0: npt.ArrayLike,
    rule: DirectionRule,
    line_search: LineSearch,
    max_iterations: int,
    tolerance: float,
) -> Result:
    """Go down from ``w0`` until the gradient is small or nothing lower is found.

    When nothing lower is found along a direction, what was learnt is forgotten (by the rule, and
    how far the last step led down) and there is one more try; then the loop gives up.

    Parameters
    ----------
    objective
        Maps a vector (n,) to value and gradient.
    w0
        Where to start, shape (n,).
    rule
        Picks the directions.
    line_search
        Picks the steps.
    max_iterations
        The most steps to take.
    tolerance
        The gradient norm that counts as zero.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as said, or the objective is not finite at ``w0``.
    """
    w: Array = _arguments.floats("w0", w0, shape=("n",)).astype(np.float64)
    max_iterations = _arguments.count("max_iterations", max_iterations)
    tolerance = _arguments.number("tolerance", tolerance, "[0, inf)")
    value, gradient = evaluate(objective, w)
    if not np.isfinite(value):
        raise ValueError("objective: expected a finite value and gradient at w0, got others")
    path, values, evaluations, decrease = [w], [value], 1, 0.0
    norm, failure, fresh = float(np.linalg.norm(gradient)), "", True
    while norm > tolerance and len(path) <= max_iterations:
        try:
            search = _search(objective, w, value, gradient, rule, line_search, decrease)
        except np.linalg.LinAlgError as error:
            failure = str(error)
            break
        evaluations += search.evaluations
        point = search.point
        if point.step == 0:
            if fresh:
                failure = search.message
                break
            rule.reset()
            decrease, fresh = 0.0, True
            continue
        rule.update(point.w - w, point.gradient - gradient)
        decrease = value - point.value
        w, value, gradient = point.w, point.value, point.gradient
        norm = float(np.linalg.norm(gradient))
        fresh = False
        path.append(w)
        values.append(value)
    iterations = len(path) - 1
    return Result(
        w=w,
        value=value,
        gradient_norm=norm,
        iterations=iterations,
        evaluations=evaluations,
        converged=norm <= tolerance,
        message=failure or _ending(norm <= tolerance, iterations, norm),
        path=np.array(path),
        values=np.array(values),
    )


def _search(
    objective: Objective,
    w: Array,
    value: float,
    gradient: Array,
    rule: DirectionRule,
    line_search: LineSearch,
    decrease: float,
) -> LineSearchResult:
    """Search along the rule's direction; ``decrease`` is what the last step gained."""
    direction = rule.direction(w, gradient)
    if not np.isfinite(direction).all():
        message = "the direction is not finite: the numbers are too large or too small"
        return LineSearchResult(Point(0.0, w, value, gradient, np.nan), False, message, 0)
    first_step = 1.0 if rule.unit_step else _first_step(decrease, gradient, direction)
    return line_search(objective, w, direction, first_step, known=(value, gradient))


def _ending(converged: bool, iterations: int, norm: float) -> str:
    if not converged:
        return f"stopped after {iterations} iterations, with gradient norm {norm:.3g}"
    if iterations == 0:
        return f"stationary at the start, with gradient norm {norm:.3g}: perhaps a saddle"
    return f"converged, with gradient norm {norm:.3g}"


def _first_step(decrease: float, gradient: Array, direction: Array) -> float:
    """Return the step that would lower the value as much as the last one did, on a parabola.

    Source: Nocedal and Wright (2006), equation 3.60. The very first step has at most length 1.
    """
    if decrease > 0:
        step = float(-2 * decrease / (gradient @ direction))
    else:
        step = float(1.0 / np.maximum(1.0, np.linalg.norm(direction)))
    return step if 0 < step < np.inf else 1.0
