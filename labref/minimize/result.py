"""What a minimizer returns."""

from __future__ import annotations

from dataclasses import dataclass

from labref._arguments import Array


@dataclass(frozen=True)
class Result:
    """Where a minimizer ended, and why.

    Minimizers work in float64 whatever the objective's dtype, so all arrays here are float64. An
    objective in float32 has about 7 digits: it cannot tell points near a minimum apart, and a
    gradient norm much below 1e-4 of the first one is out of reach.

    Attributes
    ----------
    w
        The last point, shape (n,).
    value, gradient_norm
        Of the objective there; the norm is Euclidean.
    iterations
        Steps taken.
    evaluations
        Calls of the objective. Each gives value and gradient.
    converged
        Whether the gradient norm fell to the tolerance. Such a point is stationary: most likely a
        minimum, but a start on a saddle converges at once. Only Newton's methods, which have the
        Hessian, tell the two apart.
    message
        Why it ended, in words.
    path
        The start and the point after each step, shape (iterations + 1, n).
    values
        Of the objective along the path, shape (iterations + 1,).
    """

    w: Array
    value: float
    gradient_norm: float
    iterations: int
    evaluations: int
    converged: bool
    message: str
    path: Array
    values: Array
